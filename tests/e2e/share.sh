#!/usr/bin/env bash
# The daemon's share of the processor: a cgroup of its own with a weight, in it also the watchdog and threads with real-time
# priority; gone with the daemon, and never where somebody else has put it. What is not permitted, doctor says.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

# Where the cpu controller's hierarchy is mounted, and its line of /proc/PID/cgroup.
cpu=$(findmnt -rn -t cgroup -o TARGET,OPTIONS | awk '{if (("," $2 ",") ~ /,cpu,/) {print $1; exit}}') line='^[0-9]+:([^:]*,)?cpu(,[^:]*)?:'
if [ -z "$cpu" ]; then cpu=$(findmnt -rn -t cgroup2 -o TARGET | sed -n 1p) line='^0::'; fi
cgroup_of() { sed -nE "s/$line//p" "/proc/$1/cgroup"; }
here=$(cgroup_of $$)
doctor() { "$HULLWATCH" doctor -o json; }

if [ "$here" = / ] && [ ! -e /run/systemd/system ] && [ -n "$cpu" ]; then
  check doctor_says_that_there_will_be_one jq -e '.processor | contains("a cgroup of its own with cpu.weight 1000")' <(doctor)
  start_monitor main
  dog=$(grep -lx hullwatch-watch /proc/[0-9]*/comm | while read -r comm; do awk -v daemon="$MON_PID" '/^PPid:/ && $2 == daemon {print FILENAME}' "${comm%comm}status"; done | cut -d/ -f3)
  check_equal the_daemon_has_a_cgroup_of_its_own /hullwatch-daemon "$(cgroup_of "$MON_PID")"
  check_equal and_so_has_its_watchdog /hullwatch-daemon "$(cgroup_of "$dog")"
  check_equal it_has_the_weight 1 "$(cat "$cpu/hullwatch-daemon/cpu.weight" "$cpu/hullwatch-daemon/cpu.shares" 2>/dev/null | grep -cxE '1000|10240')"
  check real_time_priority_is_kept_in_it grep -qx 2 <(awk '{print $41}' "/proc/$MON_PID/task/"*/stat)
  check_not it_is_there_without_a_word grep -q 'no cgroup of its own' "$MON_DIR/err"
  check_equal it_is_no_containers 0 "$("$HULLWATCH" containers -o json -c "$MON_DIR/hullwatch.yaml" | jq '[.containers[] | select(.cgroup_path | startswith("/hullwatch-daemon"))] | length')"
  check_stopped main
  # another hullwatch of this machine may be in it still
  left=$(cat "$cpu/hullwatch-daemon/cgroup.procs" 2>/dev/null || true)
  check it_goes_with_the_last_daemon test -n "$left" -o ! -e "$cpu/hullwatch-daemon"

  HW_CONFIG=$'scheduling:\n  cpu_weight: 0' start_monitor without
  check_equal it_can_be_done_without / "$(cgroup_of "$MON_PID")"
  check_stopped without

  if mkdir "$cpu/e2e-unit-$$"; then
    at_exit rmdir "$cpu/e2e-unit-$$"
    # shellcheck disable=SC2016 # the inner shell's
    sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$cpu/e2e-unit-$$" "$HULLWATCH" doctor -o json >"$HW_SCRATCH/doctor"
    check where_somebody_put_it_it_stays jq -e '.processor | contains("no cgroup of its own: hullwatch was started in cgroup /e2e-unit-")' "$HW_SCRATCH/doctor"
  fi
else
  skip the_daemon_has_a_cgroup_of_its_own "these tests run in cgroup $here${cpu:+ of $cpu}, or below systemd: it is not for hullwatch to leave"
  check doctor_says_that_there_is_none jq -e '.processor | contains("no cgroup of its own: ")' <(doctor)
fi

check priority_is_permitted jq -e '.processor | startswith("real-time priority and nice -10 are granted")' <(doctor)
capsh --drop=cap_sys_nice -- -c "'$HULLWATCH' doctor -o json" >"$HW_SCRATCH/dropped"
check what_is_not_permitted_is_said jq -e '[.problems[].problem | select(startswith("not permitted: real-time priority: Operation not permitted; nice -10: Permission denied"))] | length == 1' "$HW_SCRATCH/dropped"
check and_what_to_do_about_it jq -e '[.problems[].remedy | select(contains("CAP_SYS_NICE"))] | length >= 1' "$HW_SCRATCH/dropped"
check and_what_is_granted_instead jq -e '.processor | startswith("nice 0 ")' "$HW_SCRATCH/dropped"
finish
