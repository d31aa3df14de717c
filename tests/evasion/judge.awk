# awk -v said=DIR -v kernel=RELEASE -v tier=NAME -f judge.awk DOCTOR ALERTS ROWS: tests/evasion/run's verdicts, one JSON object a row;
# run's header tells what each means. One process for all rows: in an emulated guest every fork counts.
#   DOCTOR  `hullwatch doctor -o json`      ALERTS  what the daemon wrote, a JSON object a line
#   ROWS    family|row|rules|who|the attack's container|the twin's
#   said    of each row and side: ROW.SIDE, what the actor said, .err and .status; of guard rows .from and .to, the lines of ALERTS
#           between which the twin acted
# Exits 1 when a row failed.

function after(text, key,   at) { at = index(text, key); return at ? substr(text, at + length(key)) : "" }
function until(text, end,   at) { at = index(text, end); return at ? substr(text, 1, at - 1) : text }
function text_of(json, key) { return until(after(json, "\"" key "\":\""), "\"") }
function slurp(path,   line, all) {
  all = ""
  while ((getline line < path) > 0) all = all line "\n"
  close(path)
  return all
}

# What an actor says it cannot do here, with the status of that; empty: it did, or failed.
function cannot_of(side) { return status_of(side) == 77 ? text_of(slurp(said "/" row "." side), "cannot") : "" }
function status_of(side) { return slurp(said "/" row "." side ".status") + 0 }
function broken_of(side,   status, err) {
  status = status_of(side)
  if (status == 0 || status == 77) return ""
  err = slurp(said "/" row "." side ".err")
  gsub(/"/, "'", err)
  gsub(/\n/, " ", err)
  gsub(/\\/, "/", err)
  return "the " side "'s actor failed: status " status " " err
}

function is_of_rules(alert,   i, count, names) {
  count = split(rules, names, " / ")
  for (i = 1; i <= count; i++)
    if (rule_of[alert] == names[i]) return 1
  return 0
}
# "Priority: Rule;…" of the alerts whose numbers are given, sorted, each once, at most four.
function told(numbers,   i, j, count, n, words, key, seen, list, out) {
  count = split(numbers, words, " ")
  n = 0
  for (i = 1; i <= count; i++) {
    key = priority_of[words[i]] ": " rule_of[words[i]]
    if (key in seen) continue
    seen[key] = 1
    for (j = n++; j > 0 && list[j] > key; j--) list[j + 1] = list[j]
    list[j + 1] = key
  }
  out = ""
  for (i = 1; i <= n && i <= 4; i++) out = out (i > 1 ? ";" : "") list[i]
  return out
}
function yes(what) { return what ? "true" : "false" }

function judge(   named, provider, cannot, broken, why, pid, i, count, words, alert, caught, attributed, visible, noise, verdict, from, to) {
  provider = observation == "guard" ? "watchdog" : provider_of[observation]
  # Who hinders the daemon is not known: that it was hindered must be told, and what was done to it.
  named = observation == "guard" ? "host" : attack
  cannot = cannot_of("attack")
  if (cannot == "") cannot = cannot_of("twin")
  broken = broken_of("attack") broken_of("twin")
  pid = slurp(said "/" row ".attack")
  while (after(pid, "\"pid\":") != "") pid = after(pid, "\"pid\":") # the last one told
  pid = pid + 0
  caught = attributed = 0
  count = split(alerts_of[named], words, " ")
  for (i = 1; i <= count; i++) {
    alert = words[i]
    if (!is_of_rules(alert)) continue
    caught = 1
    if (index(line[alert], who) == 0 && who != "") continue
    if (observation == "guard" || line[alert] ~ ("\"process\":[{]\"pid\":[0-9]+,\"tid\":[0-9]+,\"ns_pid\":" pid ",")) attributed = 1
  }
  noise = alerts_of[twin]
  if (observation == "guard") {
    from = slurp(said "/" row ".from") + 1
    to = slurp(said "/" row ".to") + 0
    for (alert = from; alert <= to; alert++)
      if (is_of_rules(alert) && index(line[alert], who)) noise = noise " " alert
  }
  # A miss is explained only by what doctor says of this kernel.
  why = because_of[row]
  visible = why == ""
  if (observation == "") broken = broken "doctor knows no such evasion"
  # An excuse that no longer holds is wrong where doctor prints it, too.
  if (!visible && attributed) broken = broken "doctor calls it open, yet it was caught: " why
  verdict = "fail"
  if (broken != "") {
    why = broken
  } else if (cannot != "") {
    verdict = "skip"
    why = cannot
  } else if (noise == "" && (attributed || !visible)) {
    verdict = "pass"
  }
  if (verdict == "fail") failed = 1
  printf "{\"row\":\"%s\",\"verdict\":\"%s\",\"family\":%s,\"kernel\":\"%s\",\"tier\":\"%s\",\"observation\":\"%s\",\"performed\":%s,\"caught\":%s,\"attributed\":%s,\"quiet\":%s,\"visible\":%s,\"reason\":\"%s\",\"alerts\":\"%s\",\"twin_alerts\":\"%s\"}\n", \
    row, verdict, family, kernel, tier == "" ? provider : tier, observation, yes(verdict != "skip"), yes(caught), yes(attributed), yes(noise == ""), yes(visible),
    why, told(alerts_of[named]), told(noise)
}

FNR == 1 { file++ }
file == 1 {
  count = split($0, parts, "{")
  for (i = 1; i <= count; i++) {
    observation = text_of(parts[i], "observation")
    row = text_of(parts[i], "evasion")
    if (row != "") {
      observation_of[row] = observation
      because_of[row] = text_of(parts[i], "because")
    } else if (observation != "" && !(observation in provider_of)) {
      provider_of[observation] = text_of(parts[i], "provider")
    }
  }
}
file == 2 {
  line[FNR] = $0
  id = text_of(after($0, "\"container\":{"), "id")
  alerts_of[id] = alerts_of[id] " " FNR
  rule_of[FNR] = text_of($0, "rule")
  priority_of[FNR] = text_of($0, "priority")
}
file == 3 {
  split($0, columns, "|")
  family = columns[1]; row = columns[2]; rules = columns[3]; who = columns[4]; attack = columns[5]; twin = columns[6]
  observation = observation_of[row]
  judge()
}
END { exit failed }
