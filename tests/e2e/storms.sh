#!/usr/bin/env bash
# A storm is named while it burns, once, and closed with its totals, however it multiplies; what it is not stays quiet. What
# matters arrives meanwhile: from other containers, and from the storm itself.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

PAYLOADS=${PAYLOADS:-5}
cat >"$HW_SCRATCH/payload.yaml" <<'YAML'
- rule: Payload ran
  desc: the program that hides in its own container's storm
  condition: evt.type = execve and proc.exepath = /bin/payload
  output: "payload in %container.name"
  priority: CRITICAL
YAML

# The measured whole: one bomb, one container that floods the critical ring, one whose acts must arrive. How soon is the
# benchmark's to say (tests/bench/flood).
HULLWATCH_KEEP=$HW_SCRATCH "$HW_ROOT/tests/bench/flood" -o json --duration 6 "$HULLWATCH" >"$HW_SCRATCH/flood" || true
jq . "$HW_SCRATCH/flood"
check every_critical_event_arrives jq -e '.critical.submitted == 18 and .critical.received == 18' "$HW_SCRATCH/flood"
check nothing_critical_is_lost jq -e '.ring.lost == 0 and .ring.submitted == .ring.received' "$HW_SCRATCH/flood"
check the_bomb_is_named_once jq -e '.named == 1' "$HW_SCRATCH/flood"
check the_flood_was_one jq -e '.flooded.setuid > 1000 and .flooded.mount > 400 and .flooded.cgroup > 400 and .ring.aggregated > 1000' "$HW_SCRATCH/flood"
check the_end_record_has_all_forks jq -e '.totals[1] - .totals[0] | . >= 0 and . < 20' "$HW_SCRATCH/flood"

cp /bin/busybox "$HW_SCRATCH/payload"
make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/storm" "$HW_SCRATCH/payload"
MON_RULES=$HW_SCRATCH/rules
mkdir "$MON_RULES"
cp "$E2E_ROOT"/rules/*.yaml "$HW_SCRATCH/payload.yaml" "$MON_RULES"

# container NAME LIMIT ARG…: runs it to its end.
container() {
  local name=$1 limit=$2
  shift 2
  make_bundle "$HW_SCRATCH/bundles/$name" "$HW_SCRATCH/rootfs" "" ".linux.resources.pids.limit = $limit" "$@"
  runc run --bundle "$HW_SCRATCH/bundles/$name" "$name" </dev/null
}

# Sleepers, and a program that forks and ends as fast as it can while hullwatch starts: afterwards its count of live tasks is the
# pids controller's own.
container busy 300 sh -c 'for i in $(seq 50); do sleep 120 & done; storm spawn 8; exec sleep 120' >"$HW_SCRATCH/busy.out" 2>&1 &
at_exit runc kill busy KILL
running() { [ "$(runc list -f json | jq -r '.[]? | select(.id == "busy") | .status')" = running ]; }
wait_for "$PATIENCE" running || die "busy does not run"
HW_CONFIG=$'fork_bomb:\n  quiet_ms: 1000' start_monitor main
wait_for 60 test -s "$HW_SCRATCH/busy.out" || die "busy has not told what it did"
cat "$HW_SCRATCH/busy.out"
check it_forked_while_hullwatch_started jq -e '.forks > 1000' "$HW_SCRATCH/busy.out"
current=$(cat "$(findmnt -n -o TARGET -t cgroup,cgroup2 | while read -r mount; do ls "$mount/busy/pids.current" 2>/dev/null; done | sed -n 1p)")
live() { metrics | awk -v name='container="busy"' 'index($0, "hullwatch_container_tasks{") == 1 && index($0, name) {print $2}'; }
live_is_current() { [ "$(live)" = "$current" ]; }
check live_tasks_are_the_pids_controllers wait_for 5 live_is_current
check_equal nobody_is_taken_for_somebody_elses "" "$(alerts '.rule == "Identity in conflict"' | say_alerts)"
check_equal live_tasks_by_number "$current" "$(live)"
runc kill busy KILL

# check_storm NAME REASONS: named once, for one of the reasons, and closed.
check_storm() {
  check_alert "$1_is_named" ".container.name == \"$1\" and .rule == \"Fork bomb in a container\" and (.evidence.reason | IN($2))"
  check_alert "$1_has_an_end" ".container.name == \"$1\" and .rule == \"Fork bomb over\" and .evidence.forks >= $(jq .forks "$HW_SCRATCH/$1.out")"
  check_equal "$1_is_named_once" 1 "$(alerts ".container.name == \"$1\" and .rule == \"Fork bomb in a container\"" | wc -l)"
}

for way in clone3 thread vfork exec; do
  container "$way" 600 storm $way 2 >"$HW_SCRATCH/$way.out"
  check_storm $way '"growth", "near_limit", "failed_forks"'
done
container doubling 700 storm doubling 11 >"$HW_SCRATCH/doubling.out"
check_alert doubling_is_named ".container.name == \"doubling\" and .evidence.reason == \"slow_growth\" and .evidence.forks >= 200"
check_alert doubling_has_an_end ".container.name == \"doubling\" and .rule == \"Fork bomb over\" and .evidence.forks >= 400"
check_equal doubling_is_named_once 1 "$(alerts ".container.name == \"doubling\" and .rule == \"Fork bomb in a container\"" | wc -l)"

# On the host, in a cgroup that bounds it and is no container's.
pids=$(findmnt -n -o TARGET -t cgroup,cgroup2 | while read -r mount; do if [ -e "$mount/pids.max" ] || grep -qsw pids "$mount/cgroup.subtree_control" || [ "$(basename "$mount")" = pids ]; then echo "$mount"; fi; done | sed -n 1p)
if [ -n "$pids" ] && mkdir "$pids/e2e-storm" 2>/dev/null; then
  at_exit rmdir "$pids/e2e-storm"
  echo 900 >"$pids/e2e-storm/pids.max"
  sh -c "echo \$\$ >$pids/e2e-storm/cgroup.procs; exec $ACTORS/storm fork 2" >"$HW_SCRATCH/host.out"
  check_alert a_bomb_on_the_host_is_named ".rule == \"Fork bomb on the host\" and .container.id == \"host\" and .process.comm == \"storm\""
else
  skip a_bomb_on_the_host_is_named "no pids controller in which a cgroup could be made"
fi

for ((i = 1; i <= PAYLOADS; i++)); do container "hidden-$i" 900 storm fork 2 payload=/bin/payload >/dev/null 2>&1; done
told() { [ "$(alerts '.rule == "Payload ran"' | jq -r .container.name | sort -u | wc -l)" = $PAYLOADS ]; }
check a_payload_in_its_own_storm_is_told_of wait_for "$PATIENCE" told

# Twins. Many short commands, forks that exit as fast as they can, and a server with its workers.
container shell-loop 300 sh -c 'i=0; while [ $i -lt 3000 ]; do /bin/true; i=$((i + 1)); done'
container spawner 300 storm spawn 3 >/dev/null
container workers 300 sh -c 'for i in $(seq 128); do sleep 1 & done; wait'
for i in 1 2 3 4 5 6 7 8; do container "short-$i" 300 /bin/true; done
check_stopped main
check_equal benign_twins_are_quiet "" "$(alerts '(.container.name | IN("shell-loop", "spawner", "workers") or startswith("short-")) and (.rule | contains("ork bomb"))' | say_alerts)"
check_equal no_bomb_is_split "" "$(alerts '.evidence.reason == "split"' | say_alerts)"
finish
