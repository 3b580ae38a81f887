#!lua flags=allow-oom
--[[
  Leases the entries of a due queue that have been due longest, and drops those whose alert is gone.
  Runs when memory is short too: delivering is what makes room.

  KEYS[1]  the due queue: alert id → not before, in ms
  KEYS[2]  tok of the cluster, which begins with the schema of its state
  ARGV[1]  at most so many
  ARGV[2]  for how long, in ms, at least 1
  ARGV[3]  what the names of the alerts' hashes begin with; they share the queue's hash tag, hence its slot
  ARGV[4]  the newest schema that the caller reads
  ARGV[5…] the fields of an alert: spec, state, version, delivered, failures

  Returns a list of {id, spec, state, version, delivered or nil, failures or nil}; the schema if it is newer.
]]
local schema = tonumber(string.match(redis.call('GET', KEYS[2]) or '', '^(%d+)%.') or 1)
if schema > tonumber(ARGV[4]) then
  return schema
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit = tonumber(ARGV[1])
local claims = {}
while #claims < limit do
  local ids = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, limit - #claims)
  if #ids == 0 then
    break
  end
  for _, id in ipairs(ids) do
    local alert = redis.call('HMGET', ARGV[3] .. id, unpack(ARGV, 5))
    if alert[1] and alert[2] and alert[3] then
      redis.call('ZADD', KEYS[1], now + ARGV[2], id)
      table.insert(alert, 1, id)
      claims[#claims + 1] = alert
    else
      redis.call('ZREM', KEYS[1], id)
    end
  end
end
return claims
