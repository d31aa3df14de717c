#!/usr/bin/env bash
# A restart launders nothing. Processes of containers moved themselves to the host's cgroup; hullwatch is killed, and the next
# one still knows whose they are: from the maps it adopts, or, where these are of another layout, from their namespaces, and then
# the conflict is told. Many containers survive a SIGKILL of the daemon with their homes.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

CONTAINERS=${HULLWATCH_RESTART_CONTAINERS:-100}
if ! pin_maps; then
  skip state_outlives_the_daemon "no bpf file system may be mounted here"
  finish
fi
CGROOT=$(awk '$3 == "cgroup2" {print length($2), $2}' /proc/mounts | sort -n | awk 'NR == 1 {print $2}')
make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/impostor"
mkdir -p "$HW_SCRATCH/rootfs/cg"
MON_STATE_DIR=$HW_SCRATCH/state

kill_monitor() {
  kill -KILL "$MON_PID"
  wait "$MON_PID" 2>/dev/null || true
}
# The kernel side itself knows a container of such a name: what is tested is not who is faster.
new_id() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
# ID: waits in the container, out of its cgroup, for a line; then execs. Its fifo is made outside.
start_mover() {
  mkfifo "$HW_SCRATCH/rootfs/tmp/$1"
  make_bundle "$HW_SCRATCH/bundle-$1" "$HW_SCRATCH/rootfs" "" '.linux.namespaces |= map(select(.type != "cgroup"))
    | .process.capabilities |= with_entries(.value += ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]) | .mounts += [{destination: "/cg", type: "bind", source: "'"$CGROOT"'", options: ["rbind", "rw"]}]' \
    /bin/sh -c "echo 0 >/cg/cgroup.procs; /bin/echo moved >/tmp/$1.moved; read -r _ </tmp/$1; exec /bin/echo $1-after"
  runc run -d --bundle "$HW_SCRATCH/bundle-$1" "$1" </dev/null >/dev/null 2>&1
  wait_for 20 test -s "$HW_SCRATCH/rootfs/tmp/$1.moved" || fail the_container_moves_itself "it did not"
}
let_go() { echo go >"$HW_SCRATCH/rootfs/tmp/$1"; }
check_after() { check_records "$1" ".type == \"execve\" and .container.id == \"$2\" and .exec.args == [\"/bin/echo\", \"$2-after\"]"; }
stock() { records '.type == "start"' | tail -n 1 | jq -c .stock; }

start_monitor first
kept=$(new_id)
start_mover "$kept"
check_alert moving_out_alerts '.container.id == "'"$kept"'" and .rule == "Container leaves its cgroup"'
make_bundle "$HW_SCRATCH/many" "$HW_SCRATCH/rootfs" "" . /bin/sleep 600
seq "$CONTAINERS" | xargs -P 4 -I{} sh -c '/usr/sbin/runc --root "$1" run -d --bundle "$2" many-{} </dev/null' sh "$RUNC_ROOT" "$HW_SCRATCH/many" >"$HW_SCRATCH/many.log" 2>&1 || head -n 3 "$HW_SCRATCH/many.log"
started=$(runc list -q | grep -c '^many-' || true)
# A process of the host that changes its ids only under the second daemon: it tells both credentials, and that it did not see
# whether something happened in between.
mkfifo "$HW_SCRATCH/changer"
exec 7<>"$HW_SCRATCH/changer"
perl -e '<STDIN>; $> = 1000; <STDIN>' <"$HW_SCRATCH/changer" 7>&- &
changer=$!
at_exit stop_pid $changer
wait_for 5 grep -q perl "/proc/$changer/comm"
forks_of_the_host() { metrics | awk '/^hullwatch_container_forks_total\{.*"host"/ {print $NF}'; }
forks=$(forks_of_the_host)
kill_monitor
check "the_watchdog_notes_the_end" wait_for 3 grep -q '"what":"ended"' "$MON_STATE/watchdog.jsonl"

start_monitor second --log-all
let_go "$kept"
echo go >&7
check_records credentials_of_an_older_process_are_known ".type == \"setresuid\" and .process.pid == $changer and .credential.before.euid == 0
  and .credential.before.cap_effective > 0 and .credential.after.euid == 1000 and .credential.after.cap_effective == 0 and .credential.uncertain"
check counts_go_on_where_they_were test "$(forks_of_the_host)" -ge "$forks" -a "$forks" -gt "$CONTAINERS"
check_after home_survives_a_sigkill "$kept"
check_equal maps_were_adopted true "$(stock | jq .state_adopted)"
check_equal no_process_of_ours_is_in_conflict "" "$(alerts ".rule == \"Identity in conflict\" and .container.id == \"$kept\"" | sed -n 1p)"
check "the_gap_is_told" jq -e '.gap_ns > 0 and .unclean' <<<"$(stock)"
check_alert the_kill_alerts '.rule == "hullwatch hindered" and .evidence.what == "killed"'
check_equal every_container_is_known "$started" "$("$HULLWATCH" containers -c "$MON_DIR/hullwatch.yaml" -o json 2>/dev/null | grep -o '"many-[0-9]*"' | sort -u | wc -l)"
echo "containers over the restart: $started; $(stock)"
stop_monitor

# ---- another layout: nothing is adopted, everything inferred, and who contradicts himself is told ----
export HULLWATCH_STATE_SCHEMA=other
start_monitor third
check_equal another_layout_is_not_adopted false "$(stock | jq .state_adopted)"
check "and_its_maps_are_told" jq -e '.maps_superseded > 0 and .adopted == 0' <<<"$(stock)"
inferred=$(new_id)
start_mover "$inferred"
stop_monitor
export HULLWATCH_STATE_SCHEMA=again
start_monitor fourth
check_alert the_conflict_is_told '.rule == "Identity in conflict" and .container.id == "'"$inferred"'"'
check "the_start_record_counts_it" jq -e '.conflicts >= 1' <<<"$(stock)"
let_go "$inferred"
check_after home_is_inferred_by_namespaces "$inferred"
stop_monitor
unset HULLWATCH_STATE_SCHEMA

MON_PINS=/nonexistent/hullwatch start_monitor without_bpffs
check "without_a_bpffs_it_runs_and_says_so" grep -q 'cannot keep state over restarts' "$MON_DIR/err"
stop_monitor
finish
