-- What wrk sends: new goals, spread over the children that bench/children.py has entered.
-- Arguments: mode (single, batch), number of children, a word that makes ids unique, bearer token.

local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local GOAL = '{"type":"maal","id":"%s-%d-%d","logg":"barn-%d","endret":"2026-11-21T12:00:00.000+01:00",'
  .. '"endretAv":"barn-%d-laerer","tekst":"Ha minst en fast lekekamerat i friminuttene, og noen som venter '
  .. 'paa en naar klokka ringer.","egneOrd":"Jeg vil at noen skal vente paa meg","status":"aktiv",'
  .. '"start":"2026-11-21","evalueringsfrist":"2027-02-01"}'

function init(args)
  mode, children, word = args[1], tonumber(args[2]), args[3]
  count = 0
  headers = { ["Authorization"] = "Bearer " .. args[4], ["Content-Type"] = "application/json" }
  if mode == "batch" then headers["Content-Type"] = "application/x-ndjson" end
end

local function goal()
  count = count + 1
  local child = (count * 7) % children
  return string.format(GOAL, word, id, count, child, child)
end

function request()
  if mode ~= "batch" then return wrk.format("POST", nil, headers, goal()) end
  local lines = {}
  for line = 1, 100 do lines[line] = goal() end
  return wrk.format("POST", nil, headers, table.concat(lines, "\n"))
end

function done(summary, latency)
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
