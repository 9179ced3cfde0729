-- Writes one plain key under its condition.
-- KEYS: name   ARGV: nonce, ttl in ms ('0' none, '' delete), value, condition, old
local condition = ARGV[4]
if condition ~= '0' then
  local value = redis.call('GET', KEYS[1])
  if condition == '1' and value or condition == '2' and value ~= ARGV[5] then
    return {ARGV[1], 'conflict'}
  end
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[2] == '0' then
  redis.call('SET', KEYS[1], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
end
return {ARGV[1], 'ok'}
