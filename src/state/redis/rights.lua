#!lua flags=no-writes
--[[
  Says which commands this user may not run on keys of ours. Asked when a connection opens: inside of commit.lua a command
  that is not permitted would stop the script halfway.

  ARGV[1]  a key that begins as all of ours do; it stands for the further arguments too, which DEL takes as keys
  ARGV[2…] commands that take a key first

  Returns the commands that are not permitted.
]]
local missing = {}
for i = 2, #ARGV do
  if not redis.acl_check_cmd(ARGV[i], ARGV[1], ARGV[1], ARGV[1]) then
    missing[#missing + 1] = ARGV[i]
  end
end
return missing
