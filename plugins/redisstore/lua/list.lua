-- Reads some records.
-- KEYS: records   ARGV: nonce, cursor, pattern, count
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
local found = redis.call('HSCAN', KEYS[1], ARGV[2], 'MATCH', ARGV[3], 'COUNT', ARGV[4])
return {ARGV[1], now, found[1], found[2]}
