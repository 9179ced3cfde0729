-- Takes a token by the generic cell rate algorithm: the key holds the moment,
-- in microseconds, at which the bucket is full, and expires then.
-- KEYS: bucket   ARGV: nonce, rate, burst
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local token = 1000000 / ARGV[2]
local room = ARGV[3] * token
local full = tonumber(redis.call('GET', KEYS[1]) or '0')
if full < now then full = now end
full = full + token
local over = full - now - room
-- A microsecond of slack absorbs what float arithmetic loses.
if over > 1 then
  return {ARGV[1], 0, 0, math.ceil(over)}
end
redis.call('SET', KEYS[1], string.format('%.17g', full), 'PX', math.max(1, math.ceil((full - now) / 1000)))
return {ARGV[1], 1, math.max(0, math.floor((room - (full - now) + 1) / token)), 0}
