#!/usr/bin/env bash
# Whoever hinders hullwatch is told of within two seconds: what it pinned is changed, it is stopped or killed, its watchdog is
# killed. The canary itself is in no alert and no record.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

LIMIT_MS=2000
if [ "${HULLWATCH_PRESET:-release}" = asan ]; then LIMIT_MS=6000; fi
now_ms() { date +%s%3N; }
# check_soon NAME FILTER SINCE: such an alert is there, and came in time.
check_soon() {
  local took
  if ! wait_for "$PATIENCE" hw_some alerts "$2"; then
    fail "$1" "no alert has $2; there were: $(alerts "$SERIOUS" | say_alerts | tr '\n' ';')"
    return
  fi
  took=$(($(alerts "$2" | jq -r '.time' | sed -n 1p | xargs -I{} date -d {} +%s%3N) - $3))
  if [ $took -le $LIMIT_MS ]; then pass "$1" "after $took ms"; else fail "$1" "after $took ms"; fi
}
pin_maps || true
make_rootfs "$HW_SCRATCH/rootfs"
victim=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
make_bundle "$HW_SCRATCH/bundle" "$HW_SCRATCH/rootfs" "/docker/$victim" . /bin/sleep 600
runc run -d --bundle "$HW_SCRATCH/bundle" victim </dev/null >/dev/null 2>&1
# One that makes and removes cgroups of its own, more often than is told of each.
make_rootfs "$HW_SCRATCH/rootfs-flood" "$ACTORS/critical_flood"
flooder=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
make_bundle "$HW_SCRATCH/bundle-flood" "$HW_SCRATCH/rootfs-flood" "/docker/$flooder" \
  ".mounts += [{destination: \"/cg\", type: \"bind\", source: \"$(findmnt -n -o TARGET -t cgroup2 | sed -n 1p)\", options: [\"bind\", \"rw\"]}]" \
  critical_flood 6 "/cg/docker/$flooder"

start_monitor main --log-all
watchdog_of() {
  local pid
  for pid in $(cat "/proc/$1/task/"*/children); do if [ "$(cat "/proc/$pid/comm")" = hullwatch-watch ]; then echo "$pid"; fi; done
}
dog=$(watchdog_of "$MON_PID")
check "the_watchdog_is_there" test -n "$dog"

# Five acts: hullwatch receives them, and nobody else sees them.
received() { metrics | awk '/^hullwatch_records_received_total\{.*kind="mount"/ {n = $NF} END {print n + 0}'; }
five_acts() { [ "$(received)" -ge 5 ]; }
check the_canary_is_received wait_for "$PATIENCE" five_acts
check_equal nothing_hinders "" "$(alerts '.rule == "hullwatch hindered"' | say_alerts)"
check_equal the_canary_is_in_no_record "" "$(records ".process.pid == $dog or (.exec.args // [] | index(\"hullwatch-canary\"))" | sed -n 1p)"

# To another monitor it is a process as any other.
"$HULLWATCH" run -c "$MON_DIR/hullwatch.yaml" --rules "$E2E_ROOT/rules" --state-dir "$HW_SCRATCH/other" --listen off --log-all --duration 3 >/dev/null 2>&1
check_equal the_canary_execs_the_program_beside_the_daemon "$(dirname "$HULLWATCH")/hullwatch-canary" \
  "$(cat "$HW_SCRATCH/other/log/"*.jsonl | jq -r "select(.type == \"execve\" and .exec.parent.pid == $dog) | .exec.exe" | sort -u)"

# Cgroups that are gone have no entry, and nobody took it.
runc run --bundle "$HW_SCRATCH/bundle-flood" flooder </dev/null >"$HW_SCRATCH/flooder.out" &
flood=$!
check_alert the_flood_of_cgroups_is_one ".rule == \"Critical flood\" and .evidence.kind == \"cgroup\" and .container.id == \"$flooder\""
if [ -n "${MON_PINS:-}" ]; then
  map=$(find "$MON_PINS" -name containers)
  since=$(now_ms)
  bpftool map dump pinned "$map" -j | jq -r '.[].key | if type == "array" then join(" ") else empty end' | while read -r key; do
    # shellcheck disable=SC2086 # bytes
    bpftool map delete pinned "$map" key hex ${key//0x/} || true # one of the flood, gone meanwhile
  done
  check_soon deleted_entries_are_told \
    ".rule == \"hullwatch hindered\" and .evidence.what == \"map_changed\" and (.evidence.detail | contains(\"${victim:0:12}\"))" "$since"
else
  skip deleted_entries_are_told "no bpf file system may be mounted here"
fi
wait $flood
check it_made_and_removed_cgroups_all_the_while jq -e '.cgroup > 2000' "$HW_SCRATCH/flooder.out"
check_equal of_its_cgroups_only_its_own_was_changed "${MON_PINS:+1}" "$(grep -c "hindered: map_changed: .*${flooder:0:12}" "$MON_DIR/err" | grep -v '^0$')"

kill -STOP "$MON_PID"
since=$(now_ms)
check "a_stop_is_noted_at_once" wait_for 3 grep -q '"what":"stopped"' "$MON_STATE/watchdog.jsonl"
check "within_two_seconds" test $(($(now_ms) - since)) -le $LIMIT_MS
check "and_said_on_stderr" grep -q 'hullwatch watchdog: the daemon is stopped' "$MON_DIR/err"
kill -CONT "$MON_PID"
check_alert the_stop_alerts_afterwards '.rule == "hullwatch hindered" and .evidence.what == "stopped"'

# A root of the node takes the daemon's own programs off their hooks, from inside the daemon.
since=$(now_ms) status=0
"$ACTORS/fd_closer" "$MON_PID" bpf || status=$?
if [ $status = 3 ]; then
  skip detached_programs_are_told "fd_closer is for x86-64"
else
  check_soon detached_programs_are_told '.rule == "hullwatch hindered" and .evidence.what == "blind"' "$since"
  for class in process credential mount namespace cgroup capability runtime_socket; do
    check_soon "detached_programs_are_told_of_$class" \
      ".rule == \"hullwatch hindered\" and .evidence.what == \"blind\" and (.evidence.detail | startswith(\"$class: \"))" "$since"
  done
  check_not not_ready_while_blind hw_ready 127.0.0.1 "$MON_PORT"
fi
kill -KILL "$MON_PID"
wait "$MON_PID" 2>/dev/null || true

start_monitor dogless
dog=$(watchdog_of "$MON_PID")
kill -KILL "$dog"
check_soon a_killed_watchdog_is_told '.rule == "hullwatch hindered" and .evidence.what == "watchdog_gone"' "$(now_ms)"
check_not not_ready_without_a_canary hw_ready 127.0.0.1 "$MON_PORT"
stop_monitor

start_monitor killed
kill -KILL "$MON_PID"
since=$(now_ms)
check "a_kill_is_noted_at_once" wait_for 3 grep -q "\"pid\":$MON_PID,\"what\":\"ended\"" "$MON_STATE/watchdog.jsonl"
check "the_kill_within_two_seconds" test $(($(now_ms) - since)) -le $LIMIT_MS
finish
