-- Removes expired records among some.
-- KEYS: records   ARGV: nonce, cursor, count
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local found = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local removed = 0
for i = 1, #found[2], 2 do
  local expires = tonumber(string.match(found[2][i + 1], '^(%d+):'))
  if expires and expires ~= 0 and expires <= now then
    removed = removed + redis.call('HDEL', KEYS[1], found[2][i])
  end
end
return {ARGV[1], found[1], removed}
