#!/usr/bin/env bash
# Hours in minutes: one daemon, and for SOAK_SECONDS (240) containers that come and go, every kind of record, reloads, scrapes and
# a log that turns over. What it holds (memory, descriptors, threads, the kernel's entries) must not grow with what has passed.
# HULLWATCH and ACTORS as in tests/e2e/lib/monitor.sh.
set -euo pipefail
. "$(cd "$(dirname "$0")" && pwd)/../e2e/lib/monitor.sh"

SOAK_SECONDS=${SOAK_SECONDS:-240}
LOG_BYTES=$((2 * 1024 * 1024))

make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/setid" "$ACTORS/storm"
make_bundle "$HW_SCRATCH/short" "$HW_SCRATCH/rootfs" "" . sh -c 'for i in 1 2 3 4 5; do /bin/true; done'
make_bundle "$HW_SCRATCH/bomb" "$HW_SCRATCH/rootfs" "" '.linux.resources.pids.limit = 200' storm fork 1
cp -r "$E2E_ROOT/rules" "$HW_SCRATCH/rules"
mkdir "$HW_SCRATCH/mounts"

round=0
one_round() {
  round=$((round + 1))
  seq 100 | xargs -P 2 -n 1 /bin/true
  "$ACTORS/setid" toggle 200 >/dev/null
  (cd "$HW_SCRATCH/mounts" && "$ACTORS/mount_calls" all "$HW_SCRATCH/mounts") >/dev/null
  "$ACTORS/namespaces" unshare 0x04000000 >/dev/null
  runc run --bundle "$HW_SCRATCH/short" "short-$round" >/dev/null
  if [ $((round % 10)) = 0 ]; then runc run --bundle "$HW_SCRATCH/bomb" "bomb-$round" >/dev/null 2>&1 || true; fi
  if [ $((round % 5)) = 0 ]; then
    echo "# $round" >>"$HW_SCRATCH/rules/$(basename "$(find "$HW_SCRATCH/rules" -name '*.yaml' | sort | sed -n 1p)")"
    kill -HUP "$MON_PID"
  fi
  metrics >"$HW_SCRATCH/metrics"
}
containers_alive() { awk '/^hullwatch_containers{/{sum += $2} END{print sum + 0}' "$HW_SCRATCH/metrics"; }
# SECONDS, RssAnon in KiB, descriptors, threads, bytes of the log.
sample() {
  local anon threads descriptors bytes
  anon=$(awk '/^RssAnon:/{print $2}' "/proc/$MON_PID/status")
  threads=$(awk '/^Threads:/{print $2}' "/proc/$MON_PID/status")
  descriptors=$(find "/proc/$MON_PID/fd" -mindepth 1 | wc -l)
  bytes=$(find "$MON_STATE/log" -name "*.jsonl" -printf "%s\n" 2>/dev/null | awk "{s += \$1} END{print s + 0}")
  echo "$SECONDS $anon $descriptors $threads $bytes" >>"$HW_SCRATCH/samples"
}
# least|most COLUMN FROM TO: of the samples between these parts, in quarters, of the run.
part_of() { awk -v c="$1" -v from="$2" -v to="$3" -v began="$began" -v whole="$SOAK_SECONDS" '
  {part = ($1 - began) * 4 / whole} part >= from && part < to {print $c}' "$HW_SCRATCH/samples" | sort -n; }
least() { part_of "$@" | sed -n 1p; }
most() { part_of "$@" | tail -n 1; }
# at_most NAME VALUE LIMIT
at_most() { if [ "$2" -le "$3" ]; then pass "$1"; else fail "$1" "$2, at most $3 expected"; fi; }

MON_RULES=$HW_SCRATCH/rules HW_CONFIG="log:
  segment_bytes: 512KiB
  total_bytes: $LOG_BYTES" start_monitor soak --log-all
metrics >"$HW_SCRATCH/metrics"
there_before=$(containers_alive)
began=$SECONDS
while [ $((SECONDS - began)) -lt "$SOAK_SECONDS" ]; do
  one_round
  sample
done
echo "$round rounds; seconds, RssAnon KiB, descriptors, threads, bytes of the log:"
awk -v step=$(($(wc -l <"$HW_SCRATCH/samples") / 20 + 1)) 'NR % step == 1' "$HW_SCRATCH/samples"

check there_was_enough test "$round" -ge 20
# they follow how many processes are remembered, and what is read at the moment: a leak is what never comes back to where it was
at_most memory_does_not_grow "$(least 2 3 5)" "$(most 2 2 3)"
at_most descriptors_do_not_grow "$(least 3 3 5)" "$(most 3 2 3)"
at_most threads_do_not_grow "$(least 4 3 5)" "$(most 4 2 3)"
at_most the_log_stays_in_its_bound "$(most 5 0 5)" "$LOG_BYTES"
all_are_gone() { metrics >"$HW_SCRATCH/metrics" && [ "$(containers_alive)" -le "$there_before" ]; }
check no_container_is_left wait_for "$PATIENCE" all_are_gone
reloads() { awk '/^hullwatch_rules_reloads_total{result="ok"}/{print $2}' "$HW_SCRATCH/metrics"; }
check each_reload_was_done test "$(reloads)" -ge $((round / 5))
check_stopped soak
records true | jq .seq >"$HW_SCRATCH/numbers"
check the_log_turned_over test "$(sed -n 1p "$HW_SCRATCH/numbers")" -gt 1
check_equal records_are_numbered_without_a_gap "" "$(awk 'NR > 1 && $1 != before + 1 && ++gaps <= 3 {print before, $1} {before = $1}' "$HW_SCRATCH/numbers")"
finish
