#!lua flags=allow-oom
--[[
  Counts a failed delivery, and makes the entry due again later. Does nothing if there is no such entry any more.

  KEYS[1]  the due queue
  KEYS[2]  the alert
  ARGV[1]  id of the alert
  ARGV[2]  how much later, in ms
  ARGV[3]  field of the sink's failures
]]
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return
end
redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2], ARGV[1])
