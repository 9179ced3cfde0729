-- Reads plain keys, and fields of the records, which are then the last key.
-- KEYS: names..., [records]   ARGV: nonce, fields...
local names, now, values, records = #KEYS, '0', {}, {}
if #ARGV > 1 then
  records = redis.call('HMGET', KEYS[names], unpack(ARGV, 2))
  names = names - 1
  local t = redis.call('TIME')
  now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
end
if names > 0 then
  values = redis.call('MGET', unpack(KEYS, 1, names))
end
return {ARGV[1], now, values, records}
