#!/usr/bin/env bash
# A hundred thousand forks while hullwatch starts: it starts again and again beside a container that forks as fast as it can, and after
# each start its count of live tasks is the pids controller's own. One start leaves room for some ten thousand of them.
# HULLWATCH and ACTORS as in tests/e2e/lib/monitor.sh; FORKS: how many.
set -euo pipefail
here=$(cd "$(dirname "$0")/../e2e" && pwd)
. "$here/lib/monitor.sh"
. "$here/lib/storms.sh"

FORKS=${FORKS:-100000}
make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/storm"
total=0 start=0
while [ $total -lt "$FORKS" ] && [ $start -lt 60 ]; do
  start=$((start + 1))
  churn_begins "busy-$start"
  before=$(churn_forks)
  start_monitor "start-$start"
  made=$(($(churn_forks) - before))
  total=$((total + made))
  churn_stops
  check_live "live_after_${made}_forks_of_start_$start" "busy-$start"
  check_stopped "start-$start"
  churn_ends
done
if [ $total -ge "$FORKS" ]; then pass forks_while_it_started "$total in $start starts"; else fail forks_while_it_started "$total in $start starts"; fi
finish
