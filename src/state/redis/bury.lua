#!lua flags=allow-oom
--[[
  Moves an entry from the due queue to the dead-letter set. Does nothing if there is no such entry any more.

  KEYS[1]  the due queue
  KEYS[2]  the alert
  KEYS[3]  the dead-letter set: alert id → JSON
  ARGV[1]  id of the alert
  ARGV[2]  the reason, as JSON text
  ARGV[3]  field of the sink's failures
]]
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then
  return
end
local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HDEL', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[1], '{"reason":' .. ARGV[2] .. ',"at":' .. string.format('%.0f', at) .. '}')
