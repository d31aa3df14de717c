# Sourced after monitor.sh by scripts about storms. The root file system is $HW_SCRATCH/rootfs, with the actor `storm` in it.
#
#   container NAME LIMIT ARG…      runs it to its end; what it prints is in NAME.out
#   figure METRIC NAME             what /metrics says of container NAME
#   storm NAME LIMIT ARG…          the actor alone in container NAME, begun when its runtime is done there; BEFORE[NAME]: forks until then
#   check_storm NAME REASONS       the bomb was named once, for one of the reasons, and closed with the actor's own totals
#   churn_begins NAME              a container of sleepers and of processes that end at once, going on until churn_stops
#   churn_forks                    how many forks of them succeeded so far
#   check_live NAME CONTAINER      its count of live tasks is the pids controller's

declare -A BEFORE

container() {
  local name=$1 limit=$2
  shift 2
  make_bundle "$HW_SCRATCH/bundles/$name" "$HW_SCRATCH/rootfs" "" ".linux.resources.pids.limit = $limit" "$@"
  runc run --bundle "$HW_SCRATCH/bundles/$name" "$name" </dev/null >"$HW_SCRATCH/$name.out" 2>"$HW_SCRATCH/$name.err"
}
figure() { metrics | awk -v name="$1{" -v of="container=\"$2\"" 'index($0, name) == 1 && index($0, of) {print $2}'; }
is_alone() { [ "$(figure hullwatch_container_tasks "$1")" = 1 ]; }

# A runtime's own threads and children are the container's too, until it execs: so many forks are counted before the storm begins.
storm() {
  local name=$1 limit=$2 pid
  shift 2
  container "$name" "$limit" storm "$@" "go=/tmp/go-$name" &
  pid=$!
  wait_for "$PATIENCE" is_alone "$name" || die "$name does not wait alone in its container: $(cat "$HW_SCRATCH/$name.err")"
  BEFORE[$name]=$(figure hullwatch_container_forks_total "$name")
  touch "$HW_SCRATCH/rootfs/tmp/go-$name"
  wait $pid || die "$name failed: $(cat "$HW_SCRATCH/$name.err")"
}
check_storm() {
  local over=".container.name == \"$1\" and .rule == \"Fork bomb over\"" forks refused
  check_alert "$1_is_named" ".container.name == \"$1\" and .rule == \"Fork bomb in a container\" and (.evidence.reason | IN($2))"
  check_alert "$1_has_an_end" "$over"
  forks=$(jq .forks "$HW_SCRATCH/$1.out") refused=$(jq .refused "$HW_SCRATCH/$1.out")
  # Whether the runtime's forks are in the total depends on when the window began. Refusals are the pids controller's, which goes with
  # the cgroup: those after the last look, a tenth of a second before, are not told.
  check_equal "$1_has_exact_totals" "" "$(alerts "$over" | jq -r ".evidence | select((.forks == $forks or .forks == $forks + ${BEFORE[$1]} | not) or .failed_forks > $refused or .failed_forks < $refused * 0.8)
    | \"told \(.forks) forks, \(.failed_forks) refused; there were $forks after ${BEFORE[$1]} of the runtime, $refused refused\"")"
  check_equal "$1_is_named_once" 1 "$(alerts ".container.name == \"$1\" and .rule == \"Fork bomb in a container\"" | wc -l)"
}

# cgroup_file NAME FILE: of container NAME, in whichever hierarchy has it.
cgroup_file() { findmnt -n -o TARGET -t cgroup,cgroup2 | while read -r mount; do if [ -e "$mount/$1/$2" ]; then echo "$mount/$1/$2"; fi; done | sed -n 1p; }

# The storm's counts are in a memfd; the first of them is its forks.
churn_counter() {
  local pid fd
  # shellcheck disable=SC2013 # pids
  for pid in $(sort -n "$(cgroup_file "$1" cgroup.procs)"); do
    for fd in "/proc/$pid/fd/"*; do
      if [[ $(readlink "$fd") == /memfd:storm* ]]; then echo "$fd"; return; fi
    done
  done
  return 1
}
churn_begins() {
  CHURN=$1
  container "$1" 300 sh -c "for i in \$(seq 50); do sleep 600 & done; storm spawn 600 until=/tmp/stop-$1; exec sleep 600" &
  CHURN_PID=$!
  at_exit churn_ends
  wait_for "$PATIENCE" churn_counter "$1" || die "$1 does not run: $(cat "$HW_SCRATCH/$1.err")"
  CHURN_COUNTER=$(churn_counter "$1")
}
churn_forks() { od -An -tu8 -N8 "$CHURN_COUNTER" | tr -d ' '; }
churn_stops() {
  touch "$HW_SCRATCH/rootfs/tmp/stop-$CHURN"
  wait_for 60 test -s "$HW_SCRATCH/$CHURN.out" || die "$CHURN has not told what it did"
}
churn_ends() {
  runc kill "$CHURN" KILL 2>/dev/null
  wait "$CHURN_PID" || true
}
live_is_current() { [ "$(figure hullwatch_container_tasks "$1")" = "$(cat "$CURRENT")" ]; }
check_live() {
  CURRENT=$(cgroup_file "$2" pids.current)
  wait_for 5 live_is_current "$2" || true
  check_equal "$1" "$(cat "$CURRENT")" "$(figure hullwatch_container_tasks "$2")"
}
