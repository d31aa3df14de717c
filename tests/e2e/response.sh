#!/usr/bin/env bash
# What a rule's `respond` names is done, to the container or process of the alert and to nobody else, and recorded; without
# response.enabled nothing is, in a dry run nothing but the record. A frozen storm thaws by rule, and by command: that is recorded too.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

# Names of this run's own: a cgroup of that name may be another run's. Rules ask for the id, which needs no file of the runtime.
n=$((BASHPID % 1000))
cat >"$HW_SCRATCH/rules.yaml" <<YAML
- macro: sleeper
  condition: (evt.type = execve and proc.exepath endswith /busybox-sleeper)
- rule: Freeze the storm
  desc: d
  condition: evt.type = fork_bomb and fork_bomb.over = false and container.id in (storm$n, thawed$n)
  output: storm
  priority: CRITICAL
  respond: freeze
- rule: Thaw what has calmed down
  desc: d
  condition: evt.type = fork_bomb and fork_bomb.over = true and container.id = thawed$n
  output: thaw
  priority: NOTICE
  respond: thaw
- rule: All at once
  desc: d
  condition: sleeper and container.id in (off$n, dry$n)
  output: all
  priority: CRITICAL
  respond: [{clamp_pids: 17}, kill_container, {signal: KILL}, freeze]
- rule: Kill the container
  desc: d
  condition: (sleeper or (evt.type = fork_bomb and fork_bomb.over = false)) and container.id = victim$n
  output: victim
  priority: CRITICAL
  respond: kill_container
- rule: Clamp the container
  desc: d
  condition: sleeper and container.id = clamped$n
  output: clamped
  priority: WARNING
  respond: [{clamp_pids: 17}, {clamp_pids: 17}]
- rule: Signal the process
  desc: d
  condition: sleeper and container.id = signalled$n
  output: signalled
  priority: CRITICAL
  respond: {signal: KILL}
- rule: A process of the host
  desc: d
  condition: sleeper and container.id = host
  output: host
  priority: CRITICAL
  respond: [{signal: KILL}, kill_container]
YAML
MON_RULES=$HW_SCRATCH/rules.yaml
cp /bin/busybox "$HW_SCRATCH/busybox-sleeper"
make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/storm" "$HW_SCRATCH/busybox-sleeper"

# container NAME ARG…: NAME$n in the background; what it prints is in NAME.out, its pid in PIDS[NAME].
declare -A PIDS
container() {
  local name=$1$n
  shift
  make_bundle "$HW_SCRATCH/bundles/$name" "$HW_SCRATCH/rootfs" "" ".linux.resources.pids.limit = 600" "$@"
  /usr/sbin/runc --root "$RUNC_ROOT" run --bundle "$HW_SCRATCH/bundles/$name" "$name" </dev/null >"$HW_SCRATCH/${name%"$n"}.out" 2>&1 &
  PIDS[${name%"$n"}]=$!
}
# file NAME FILE: that file of NAME$n's cgroup, whichever hierarchy has it.
file() { findmnt -n -o TARGET -t cgroup,cgroup2 | while read -r mount; do if [ -e "$mount/$1$n/$2" ]; then echo "$mount/$1$n/$2"; fi; done | sed -n 1p; }
is_frozen() { [ "$(cat "$(file "$1" cgroup.freeze)")" = 1 ] && grep -qx 'frozen 1' "$(file "$1" cgroup.events)"; }
thaw() { "$HULLWATCH" respond thaw -c "$MON_DIR/hullwatch.yaml" --state-dir "$MON_STATE" "$@"; }
# check_response NAME CONTAINER ACTION OUTCOME [FILTER]
check_response() {
  check_records "$1" ".type == \"response\" and .response.action == \"$3\" and .response.outcome == \"$4\"
    and .container.id == \"$2\" and (.response.rule | length > 0) and .response.alert_seq > 0
    and (.response.time | length > 0) and (${5:-true})"
}

# untouched NAME NAME$n: nothing of `All at once` was done to that container.
untouched() {
  check_equal "$1_clamps_nothing" 600 "$(cat "$(file "${2%"$n"}" pids.max)")"
  check_equal "$1_freezes_nothing" 0 "$(cat "$(file "${2%"$n"}" cgroup.freeze)")"
  check_not "$1_ends_nothing" hw_ended "${PIDS[${2%"$n"}]}"
}

# Off by default: the alert, and no more.
start_monitor off
check a_rule_that_would_respond_is_said_to_be_off grep -q "'respond' is off" "$MON_DIR/err"
container off sh -c 'true; exec busybox-sleeper sleep 300'
check_alert a_rule_that_may_not_respond_alerts ".rule == \"All at once\" and .container.id == \"off$n\""
check_stopped off
check_equal nothing_is_recorded_as_done "" "$(records '.type == "response"' | sed -n 1p)"
untouched without_response_enabled "off$n"

HW_CONFIG=$'response:\n  enabled: true\nfork_bomb:\n  quiet_ms: 1000' start_monitor main
check_not no_rule_is_said_to_be_off grep -q "'respond' is off" "$MON_DIR/err"

container storm storm fork 60
check a_storm_is_frozen wait_for "$PATIENCE" is_frozen storm
check_response the_freeze_is_recorded "storm$n" freeze "done" ".response.target | endswith(\"/storm$n/cgroup.freeze\")"

container thawed storm fork 2
check_response a_rule_freezes "thawed$n" freeze "done"
check_response and_a_rule_thaws_when_it_is_over "thawed$n" thaw "done" '(.response.reason // "") == ""'
check what_a_rule_thawed_ends_by_itself wait_for "$PATIENCE" hw_ended "${PIDS[thawed]}"

container victim sh -c 'sleep 300 & sleep 300 & exec busybox-sleeper sleep 300'
check a_killed_container_ends wait_for "$PATIENCE" hw_ended "${PIDS[victim]}"
check_response the_kill_is_recorded "victim$n" kill_container "done" '.response.reason | endswith("killed")'

container clamped busybox-sleeper sleep 300
clamped() { [ "$(cat "$(file clamped pids.max)")" = 17 ]; }
check pids_max_is_clamped wait_for "$PATIENCE" clamped
check_response the_clamp_is_recorded "clamped$n" clamp_pids "done" '.response.reason == "pids.max was 600"'
check_response the_same_again_says_so "clamped$n" clamp_pids "done" '.response.reason == "already: pids.max is 17"'

container signalled sh -c 'busybox-sleeper sleep 300; echo "ended $?"'
check a_process_is_signalled wait_for "$PATIENCE" grep -qx 'ended 137' "$HW_SCRATCH/signalled.out"
check_response the_signal_is_recorded "signalled$n" signal "done" '.process.pid > 1 and .response.target == "pid \(.process.pid)"'

"$HW_SCRATCH/busybox-sleeper" sleep 300 &
host=$!
at_exit stop_pid $host
check_response a_process_of_the_host_is_not_signalled host signal refused ".process.pid == $host"
check_response the_host_is_not_killed host kill_container refused
check_not the_hosts_process_lives hw_ended "$host"

# By command, beside the daemon.
# check_command NAME OUTCOME [FILTER]: recorded with who gave the order, and with no rule.
check_command() {
  check_records "$1" ".type == \"response\" and .response.action == \"thaw\" and .response.outcome == \"$2\" and (.response | has(\"rule\") | not)
    and .command.uid == 0 and .command.pid > 1 and (.response.time | length > 0) and (${3:-true})"
}
echo 1 >"$(file clamped cgroup.freeze)"
check another_hand_froze_it wait_for "$PATIENCE" is_frozen clamped
check a_command_thaws_while_hullwatch_runs grep -q "^done: thaw clamped$n" <(thaw "clamped$n")
check_command and_it_is_in_the_log_at_once "done" ".container.id == \"clamped$n\""
refused() { metrics >"$HW_SCRATCH/metrics" && grep -qx 'hullwatch_responses_total{action="kill_container",outcome="refused"} 1' "$HW_SCRATCH/metrics"; }
check responses_are_counted wait_for 5 refused
check_stopped main

# The daemon is gone; the storm is not.
# thaw_exits STATUS ARG…
thaw_exits() {
  local wanted=$1 status=0
  shift
  "$HULLWATCH" respond thaw --state-dir "$MON_STATE" "$@" || status=$?
  [ $status = "$wanted" ] || { echo "it ended with $status"; return 1; }
}
check thaw_needs_one_that_is_there thaw_exits 1 -c "$MON_DIR/hullwatch.yaml" nosuch
check thaw_needs_a_name thaw_exits 2
check thaw_reads_the_configuration_it_is_given thaw_exits 3 -c /nonexistent.yaml storm
check a_dry_thaw_says_what_it_would_do grep -q "^dry_run: thaw storm$n: would thaw" <(thaw --dry-run "storm$n")
check a_dry_thaw_leaves_it_frozen is_frozen storm
check it_thaws_by_command grep -q "^done: thaw storm$n" <(thaw "storm$n")
check_not it_is_frozen_no_more is_frozen storm
check what_is_not_frozen_is_said_so jq -e '.response.outcome == "done" and .response.reason == "not frozen"' <(thaw -o json "storm$n")
# shellcheck disable=SC2016 # the inner shell's
check the_cgroup_that_holds_hullwatch_is_refused grep -q '^refused: .*: hullwatch itself runs in cgroup' <(
  sh -c 'echo $$ >"$1" && exec "$2" respond thaw -c "$3" --state-dir "$5" "$4"' sh "$(file clamped cgroup.procs)" "$HULLWATCH" "$MON_DIR/hullwatch.yaml" "clamped$n" "$MON_STATE")
printf '{}' >"$MON_STATE/orders/0.json"
check_equal what_is_ordered_without_a_daemon_waits 4 "$(find "$MON_STATE/orders" -name '*.json' | wc -l)"
runc kill "storm$n" KILL
wait_for "$PATIENCE" hw_ended "${PIDS[storm]}"
runc delete -f "storm$n"
runc delete -f "victim$n"

# On a node of v1 alone the freezer is another hierarchy than the one that tells containers apart, and nothing kills at once.
unified=$(findmnt -n -o TARGET -t cgroup2 | sed -n 1p)
if [ -n "$unified" ] && [ -n "$(file clamped freezer.state)" ] && [ -n "$(file clamped pids.max)" ]; then
  # shellcheck disable=SC2016 # the inner shell's
  printf '#!/bin/sh\nexec unshare -m sh -c %s sh "$@"\n' "'umount -l $unified && exec $HULLWATCH \"\$@\"'" >"$HW_SCRATCH/on-v1"
  chmod +x "$HW_SCRATCH/on-v1"
  runc delete -f "clamped$n"
  HW_CONFIG=$'response:\n  enabled: true' HULLWATCH=$HW_SCRATCH/on-v1 start_monitor v1
  container storm storm fork 60
  is_frozen_v1() { grep -qx FROZEN "$(file storm freezer.state)"; }
  check v1_freezes_a_storm wait_for "$PATIENCE" is_frozen_v1
  check_response v1_freeze_is_recorded "storm$n" freeze "done" ".response.target | endswith(\"/storm$n/freezer.state\")"
  container victim storm fork 60
  check v1_kills_each_of_a_storm wait_for "$PATIENCE" hw_ended "${PIDS[victim]}"
  check_response v1_kill_is_recorded "victim$n" kill_container "done" ".response.target | endswith(\"/victim$n/cgroup.procs\")"
  check_stopped v1
  check v1_thaws_by_command grep -q "^done: thaw storm$n" <(HULLWATCH=$HW_SCRATCH/on-v1 thaw "storm$n")
  check_equal v1_is_thawed THAWED "$(cat "$(file storm freezer.state)")"
  runc kill "storm$n" KILL
else
  skip v1_thaws_by_command "no v1 freezer and pids hierarchies beside the unified one"
fi

# The same state directory as that of the first: its log goes on with what was ordered in between.
HW_CONFIG=$'response:\n  enabled: true\n  dry_run: true' MON_STATE_DIR=$HW_SCRATCH/monitor/main/state start_monitor dry
check_command a_thaw_without_a_daemon_is_recorded_by_the_next "done" ".container.id == \"storm$n\" and (.response.reason // \"\") == \"\""
check_command that_it_was_not_frozen_is_recorded "done" ".container.id == \"storm$n\" and .response.reason == \"not frozen\""
check_command a_refused_command_is_recorded refused ".container.id == \"clamped$n\" and (.response.reason | startswith(\"hullwatch itself runs\"))"
check_records what_is_no_record_of_a_command_is_told '.type == "response" and .response.outcome == "failed" and (.response.target | endswith("/orders/0.json"))'
check_equal a_dry_thaw_by_command_is_not_recorded 4 "$(records '.type == "response" and has("command")' | wc -l)"
check_equal nothing_waits_any_more "" "$(find "$MON_STATE/orders" -type f)"
container dry sh -c 'true; exec busybox-sleeper sleep 300'
check_response a_dry_clamp_is_recorded "dry$n" clamp_pids dry_run '.response.reason == "pids.max was 600"'
check_response a_dry_kill_is_recorded "dry$n" kill_container dry_run
check_response a_dry_signal_is_recorded "dry$n" signal dry_run '.response.signal == 9 and .response.target == "pid \(.process.pid)"'
check_response a_dry_freeze_is_recorded "dry$n" freeze dry_run
check_stopped dry
untouched a_dry_run "dry$n"
finish
