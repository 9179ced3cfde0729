-- Answers what follows a position, or that nobody can know.
-- The feed's name holds the server's replication id: a server that was started
-- again or promoted has another one, and may have lost the newest entries.
-- KEYS: meta, stream   ARGV: nonce, feed, seq, most entries, most bytes
local info = redis.call('INFO', 'replication')
if string.match(info, 'role:(%a+)') ~= 'master' then
  return redis.error_reply('READONLY the feed is followed on a primary only')
end
local t = redis.call('TIME')
local meta = redis.call('HMGET', KEYS[1], 'id', 'seq')
local feed, newest = '', 0
if meta[1] then
  feed = meta[1] .. '-' .. string.sub(string.match(info, 'master_replid:(%x+)'), 1, 16)
  newest = tonumber(meta[2])
end
local after, most = tonumber(ARGV[3]), tonumber(ARGV[4])
local state = {ARGV[1], 'ok', t[1], t[2], feed, string.format('%.0f', newest), {}}
if most == 0 then
  return state
end
local beginning = ARGV[2] == '' and ARGV[3] == '0'
if not beginning and ARGV[2] ~= feed or after > newest then
  return {ARGV[1], 'lost'}
end
if after < newest then
  local entries = redis.call('XRANGE', KEYS[2], string.format('%.0f-0', after + 1), '+', 'COUNT', most)
  if not entries[1] then
    return {ARGV[1], 'lost'}
  end
  local size = 0
  for i, entry in ipairs(entries) do
    if size > tonumber(ARGV[5]) then break end
    state[7][i] = entry
    for _, part in ipairs(entry[2]) do size = size + #part end
  end
end
return state
