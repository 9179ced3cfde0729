-- Checks every condition, then applies the writes and adds them to the feed.
-- The feed goes first: it is the one write that can be refused here.
-- KEYS: meta, records, stream
-- ARGV: nonce, id for a new feed, length of the feed, then for each write:
--       field, ttl in ms ('0' none, '' delete), value, condition, old
local info = redis.call('INFO', 'replication')
local server = string.match(info, 'master_replid:(%x+)')
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

local function value(field)
  local record = redis.call('HGET', KEYS[2], field)
  if not record then return false end
  local colon = string.find(record, ':', 1, true)
  local expires = tonumber(string.sub(record, 1, colon - 1))
  if expires ~= 0 and expires <= now then return false end
  return string.sub(record, colon + 1)
end

for i = 4, #ARGV, 5 do
  local condition = ARGV[i + 3]
  if condition ~= '0' then
    local old = value(ARGV[i])
    if condition == '1' and old or condition == '2' and old ~= ARGV[i + 4] then
      return {ARGV[1], 'conflict'}
    end
  end
end

local feed = redis.call('HGET', KEYS[1], 'id')
if not feed then
  feed = ARGV[2]
  redis.call('DEL', KEYS[3])
  redis.call('HSET', KEYS[1], 'id', feed, 'seq', '0')
end
local seq = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'seq', 1))
local entry = {'XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], seq .. '-0', 't', string.format('%.0f', now)}
for i = 4, #ARGV, 5 do
  entry[#entry + 1] = ARGV[i]
  if ARGV[i + 1] == '' then
    entry[#entry + 1] = ''
  else
    entry[#entry + 1] = ARGV[i + 1] .. ':' .. ARGV[i + 2]
  end
end
local added = redis.pcall(unpack(entry))
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'equal or smaller', 1, true) then
    return added
  end
  -- Somebody put the number back, but not the entries: this is another feed.
  feed, seq, entry[6] = ARGV[2], '1', '1-0'
  redis.call('DEL', KEYS[3])
  redis.call('HSET', KEYS[1], 'id', feed, 'seq', seq)
  redis.call(unpack(entry))
end

for i = 4, #ARGV, 5 do
  local ttl = ARGV[i + 1]
  if ttl == '' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    local expires = '0'
    if ttl ~= '0' then expires = string.format('%.0f', now + ttl) end
    redis.call('HSET', KEYS[2], ARGV[i], expires .. ':' .. ARGV[i + 2])
  end
end
return {ARGV[1], 'ok', feed .. '-' .. string.sub(server, 1, 16), seq}
