"""
The steps of a job's life in Redis, each one script and so each whole or not at all.

Keys, of the queue `jobs`: the stream `bursar:jobs`, with one consumer group; `bursar:jobs:incomplete`, a sorted set of
the keys of unfinished jobs (score 0: on the stream, above: due then, in epoch seconds by Redis's clock);
`bursar:jobs:entries`, a hash from a job's key to its entry on the stream; `bursar:jobs:job:<key>`, a job's record;
`bursar:jobs:abort:<key>`, there while an abort is under way. A key's entry is the fence: whoever holds another one, or
one that was taken away, changes nothing.

Only commands of Redis 7.0. Records' names are put together in the scripts, so this is for one server, not a cluster.
"""

_COMMON = """
local stream, incomplete, entries = KEYS[1], KEYS[2], KEYS[3]
local prefix, group = ARGV[1], ARGV[2]
local function record_of(key) return prefix .. 'job:' .. key end
local function abort_of(key) return prefix .. 'abort:' .. key end
local function now() local t = redis.call('TIME') return t[1] + t[2] / 1000000 end
local function put(key)
  redis.call('ZADD', incomplete, 0, key)
  redis.call('HSET', entries, key, redis.call('XADD', stream, '*', 'job', key))
end
local function lost(key)
  local entry = redis.call('HGET', entries, key)
  return not entry or #redis.call('XRANGE', stream, entry, entry) == 0
end
local function drop(entry)
  redis.call('XACK', stream, group, entry)
  redis.call('XDEL', stream, entry)
end
local function forget(key)
  redis.call('HDEL', entries, key)
  redis.call('ZREM', incomplete, key)
end
local function pending(entry, consumer)
  local found
  if consumer then
    found = redis.pcall('XPENDING', stream, group, entry, entry, 1, consumer)
  else
    found = redis.pcall('XPENDING', stream, group, entry, entry, 1)
  end
  return not found.err and #found > 0
end
local function keep(key, record, seconds)
  if seconds > 0 then redis.call('SET', record_of(key), record, 'EX', seconds)
  elseif seconds == 0 then redis.call('SET', record_of(key), record)
  else redis.call('DEL', record_of(key)) end
end
local function release(key, entry, consumer)
  if entry == '' then
    local current = redis.call('HGET', entries, key)
    if current then drop(current) end
    return true
  end
  local mine = pending(entry, consumer)
  if mine then drop(entry) end
  return mine and redis.call('HGET', entries, key) == entry
end
"""
"""`release` ends a delivery. An entry of '' means whichever there is: an operator acts, not a worker. Whoever holds an
entry that is no longer its job's puts the entry away and is told no."""

# ARGV: (key, record, seconds to wait, the longest that it waits between attempts) for each. Answers 1 or 0 for each:
# queued, or there already. One whose entry was lost with its stream gets another; one that is due later than now asked
# for, or later than its attempts ever are apart (Redis's clock was set back, or a setting was another), is due earlier.
ENQUEUE = (
    _COMMON
    + """
local queued = {}
for i = 3, #ARGV, 4 do
  local key, record, delay, longest = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local score, due = redis.call('ZSCORE', incomplete, key), now() + delay
  if score or redis.call('EXISTS', abort_of(key)) == 1 then
    queued[#queued + 1] = 0
    if score and tonumber(score) == 0 and lost(key) then
      put(key)
    elseif score and tonumber(score) > 0 and delay ~= 0 and due < tonumber(score) - 1 then
      redis.call('SET', record_of(key), record)
      redis.call('ZADD', incomplete, due, key)
    elseif score and longest > 0 and tonumber(score) > due + longest + 1 then
      redis.call('ZADD', incomplete, due, key)
    end
  else
    redis.call('SET', record_of(key), record)
    if delay == 0 then put(key) else redis.call('ZADD', incomplete, due, key) end
    queued[#queued + 1] = 1
  end
end
return queued"""
)

# ARGV: how many at most. Puts due jobs on the stream and answers their keys.
SCHEDULE = (
    _COMMON
    + """
local due = redis.call('ZRANGEBYSCORE', incomplete, '(0', now(), 'LIMIT', 0, ARGV[3])
for _, key in ipairs(due) do put(key) end
return due"""
)

# ARGV: key, entry. The record of a delivered job; nil, and the entry gone, if there is none for it to do.
TAKE = (
    _COMMON
    + """
local key, entry = ARGV[3], ARGV[4]
if redis.call('HGET', entries, key) ~= entry then drop(entry) return false end
local record = redis.call('GET', record_of(key))
if not record then drop(entry) forget(key) end
return record"""
)

# ARGV: key, record, entry, consumer. While an abort is under way, its mark in the record stays.
STORE = (
    _COMMON
    + """
local key, record, entry, consumer = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if entry ~= '' then
  if redis.call('HGET', entries, key) ~= entry or not pending(entry, consumer) then return 0 end
  if redis.call('EXISTS', abort_of(key)) == 1 then return 0 end
end
redis.call('SET', record_of(key), record, 'KEEPTTL')
return 1"""
)

# ARGV: key, record, entry, consumer, seconds to keep the record, status.
FINISH = (
    _COMMON
    + """
local key, record, entry, consumer, seconds, status = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
if not release(key, entry, consumer) then return 0 end
forget(key)
keep(key, record, tonumber(seconds))
redis.call('PUBLISH', record_of(key), status)
return 1"""
)

# ARGV: key, record, entry, consumer, seconds to wait, status.
RETRY = (
    _COMMON
    + """
local key, record, entry, consumer, delay, status = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
if not release(key, entry, consumer) then return 0 end
if record ~= '' then redis.call('SET', record_of(key), record) end
if tonumber(delay) > 0 then
  redis.call('HDEL', entries, key)
  redis.call('ZADD', incomplete, now() + delay, key)
else
  put(key)
end
redis.call('PUBLISH', record_of(key), status)
return 1"""
)

# ARGV: key, record aborting, record aborted, seconds to keep that, error, milliseconds to keep the mark.
# Answers 'running', 'aborted', or 'over'.
ABORT = (
    _COMMON
    + """
local key, aborting, aborted, seconds, error, mark = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local entry = redis.call('HGET', entries, key)
if not entry and not redis.call('ZSCORE', incomplete, key) then return 'over' end
if entry and pending(entry) then
  redis.call('ZREM', incomplete, key)
  redis.call('SET', record_of(key), aborting)
  redis.call('SET', abort_of(key), error, 'PX', mark)
  redis.call('PUBLISH', record_of(key), 'aborting')
  return 'running'
end
if entry then drop(entry) end
forget(key)
keep(key, aborted, tonumber(seconds))
redis.call('PUBLISH', record_of(key), 'aborted')
return 'aborted'"""
)

# ARGV: consumer, entries. Makes those that are still the consumer's young again; answers those that are not.
RENEW = (
    _COMMON
    + """
local consumer, lost = ARGV[3], {}
for i = 4, #ARGV do
  if pending(ARGV[i], consumer) then
    redis.call('XCLAIM', stream, group, consumer, 0, ARGV[i], 'JUSTID')
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost"""
)

# ARGV: consumer, milliseconds, where to go on, how many at most, and from when to when this clock may stand (epoch
# seconds; '' for anything). Makes entries idle for so long the consumer's own. Answers the clock, and what XAUTOCLAIM
# says, or nothing when the clock stands elsewhere: then everything may look idle, and is not.
# What was delivered in the future, before the clock was set back, would not become idle until then: it is stamped anew,
# for whoever has it. Redis calls it idle for 0 ms, as it does what was renewed this instant, which loses nothing.
CLAIM = (
    _COMMON
    + """
local consumer, idle, cursor, count, earliest, latest = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local clock = now()
local told = string.format('%.6f', clock)
if earliest ~= '' and (clock < tonumber(earliest) or clock > tonumber(latest)) then return {told} end
if cursor == '0-0' then
  local held = redis.pcall('XPENDING', stream, group, '-', '+', 1000)
  if held.err then return held end
  for _, one in ipairs(held) do
    if one[3] == 0 then redis.call('XCLAIM', stream, group, one[2], 0, one[1], 'JUSTID') end
  end
end
local claimed = redis.pcall('XAUTOCLAIM', stream, group, consumer, idle, cursor, 'COUNT', count)
if claimed.err then return claimed end
return {told, claimed[1], claimed[2]}"""
)

# ARGV: how many at most. Keys of the jobs that are held now, oldest entry first.
HELD = (
    _COMMON
    + """
local keys = {}
local found = redis.pcall('XPENDING', stream, group, '-', '+', ARGV[3])
if found.err then return keys end
for _, held in ipairs(found) do
  local read = redis.call('XRANGE', stream, held[1], held[1])
  if #read == 1 and read[1][2][1] == 'job' then keys[#keys + 1] = read[1][2][2] end
end
return keys"""
)

# ARGV: consumer, milliseconds. Takes consumers with nothing to do and silent for so long off the group's list:
# the one named, at once, or with '' all of them.
TIDY = (
    _COMMON
    + """
local listed = redis.pcall('XINFO', 'CONSUMERS', stream, group)
if listed.err then return 0 end
local gone = 0
for _, fields in ipairs(listed) do
  local one = {}
  for i = 1, #fields, 2 do one[fields[i]] = fields[i + 1] end
  local is_named = one.name == ARGV[3]
  if one.pending == 0 and (is_named or (ARGV[3] == '' and one.idle > tonumber(ARGV[4]))) then
    redis.call('XGROUP', 'DELCONSUMER', stream, group, one.name)
    gone = gone + 1
  end
end
return gone"""
)
