#!lua
--[[
  Takes or renews a lease.

  KEYS[1]  the lease
  ARGV[1]  who wants to hold it
  ARGV[2]  for how long, in ms

  Returns 1 if it is held by ARGV[1] now, else 0.
]]
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
