#!lua flags=allow-oom
--[[
  Records that a sink has delivered a version of an alert.

  KEYS[1]  the due queue
  KEYS[2]  the alert
  KEYS[3]  the sink's dead-letter set: what is delivered is not dead
  ARGV[1]  id of the alert
  ARGV[2]  the version
  ARGV[3]  how long the next delivery waits if the alert has moved on, in ms
  ARGV[4]  field of the current version
  ARGV[5]  field of the version that the sink has delivered
  ARGV[6]  field of the sink's failures
]]
local version = redis.call('HGET', KEYS[2], ARGV[4])
if not version then -- the alert is gone, and must not come back as a hash of two fields
  redis.call('ZREM', KEYS[1], ARGV[1])
  return
end
-- A delivery that outlived its lease may report after a later one: what was delivered never goes back.
local before = tonumber(redis.call('HGET', KEYS[2], ARGV[5]) or '') or -1
if tonumber(ARGV[2]) > before then
  redis.call('HSET', KEYS[2], ARGV[5], ARGV[2])
end
redis.call('HDEL', KEYS[2], ARGV[6])
redis.call('HDEL', KEYS[3], ARGV[1])
if version == ARGV[2] then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[1], 'XX', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3], ARGV[1])
end
