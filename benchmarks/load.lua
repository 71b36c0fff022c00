-- Single transfers for wrk: wrk -t1 -c64 -d8s -s load.lua URL
-- Environment: KEYS, a file with "API-key wallet-id" a line; MODE, random, hot (every request names the first wallet
-- of its line's tenant) or read (balances).
local lines, mode = {}, os.getenv("MODE") or "random"
for line in io.lines(os.getenv("KEYS")) do
  local key, id = line:match("(%S+) (%S+)")
  lines[key] = lines[key] or {}
  table.insert(lines[key], id)
end
local keys = {}
for key in pairs(lines) do keys[#keys + 1] = key end

local threads, count = 0, 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  math.randomseed(os.time() + number * 7919)
  prefix = string.format("%d-%d-%d", os.time(), number, math.random(1e9))
end

function request()
  count = count + 1
  local key = keys[math.random(#keys)]
  local wallets = lines[key]
  local authorization = "Bearer " .. key
  if mode == "read" then
    return wrk.format("GET", "/v1/wallets/" .. wallets[math.random(#wallets)] .. "/balance", { ["authorization"] = authorization })
  end
  local from = mode == "hot" and 1 or math.random(#wallets)
  local to = math.random(2, #wallets)
  while to == from do to = math.random(2, #wallets) end
  local headers = {
    ["authorization"] = authorization,
    ["content-type"] = "application/json",
    ["idempotency-key"] = prefix .. "-" .. count,
  }
  local body = string.format('{"from_wallet_id":"%s","to_wallet_id":"%s","amount":%d}', wallets[from], wallets[to], math.random(100))
  return wrk.format("POST", "/v1/transfers", headers, body)
end

function done(summary, latency)
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"p50_ms":%.2f,"p90_ms":%.2f,"p99_ms":%.2f,"max_ms":%.2f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(90) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
