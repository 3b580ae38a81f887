#!lua
--[[
  Applies the writes of one step, all or none, if no other commit has come between its reads and now.
  Decides nothing: which writes, and in which order, was settled before.

  KEYS[1]   tok of the cluster
  KEYS[2…]  each key that is written, once; all share the cluster's hash tag, hence one slot of Redis Cluster
  ARGV[1]   tok as it was read, '' if there was none
  ARGV[2]   the new, random tok
  ARGV[3…]  the writes in order, each: operation, flag, index into KEYS, expiry, number of arguments, arguments
            operation  the name of a command, or DUE (arguments: member, delay in ms)
            expiry     '-' leaves it, 'never' takes it away, else ms: the least that a key which expires must still live

  Returns 1 if the writes are applied, else the tok that is there.

  The first line is not an ornament: a script with it is refused as a whole when memory is short (OOM) or when the server is
  a read-only replica, before its first write. Nothing below can fail halfway: the sender checks the numbers, the connection checks the rights (rights.lua), and a name stands for one type of key for ever.
]]
local CHUNK = 4000 -- what unpack puts on Lua's stack at once; even, so that pairs stay together

local tok = redis.call('GET', KEYS[1]) or ''
if tok ~= ARGV[1] then
  return tok
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function variadic(command, flag, key, first, last)
  for from = first, last, CHUNK do
    local to = math.min(from + CHUNK - 1, last)
    if flag == '' then
      redis.call(command, key, unpack(ARGV, from, to))
    else
      redis.call(command, key, flag, unpack(ARGV, from, to))
    end
  end
end

local special = {
  DEL = function(key)
    redis.call('DEL', key)
  end,
  HSETNX = function(key, first, last)
    for i = first, last, 2 do
      redis.call('HSETNX', key, ARGV[i], ARGV[i + 1])
    end
  end,
  HINCRBY = function(key, first)
    local field, by = ARGV[first], ARGV[first + 1]
    local answer = redis.pcall('HINCRBY', key, field, by)
    if type(answer) == 'table' and answer.err then -- what is there is not an integer, which counts as 0
      redis.call('HSET', key, field, by)
    end
  end,
  DUE = function(key, first)
    redis.call('ZADD', key, 'NX', now() + ARGV[first + 1], ARGV[first])
  end,
}

local at = 3
while at <= #ARGV do
  local operation, flag, key, expiry = ARGV[at], ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])], ARGV[at + 3]
  local first = at + 5
  local last = first + ARGV[at + 4] - 1
  local keep = tonumber(expiry)
  local ttl = keep and redis.call('PTTL', key) -- -1: there and does not expire, -2: not there
  if special[operation] then
    special[operation](key, first, last)
  else
    variadic(operation, flag, key, first, last)
  end
  if expiry == 'never' then
    redis.call('PERSIST', key)
  elseif keep and ttl ~= -1 and keep > ttl then
    redis.call('PEXPIRE', key, expiry)
  end
  at = last + 1
end

redis.call('SET', KEYS[1], ARGV[2])
return 1
