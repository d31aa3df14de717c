# Sourced by tests/bench/{loops,hooks,icount} after common.sh: their options, the loops, a daemon to measure, and the machine.

# bench_usage MESSAGE: how it is meant stands at the head of the script.
bench_usage() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" >&2
  exit 2
}
# bench_value OPTION [VALUE …]: the option's value.
bench_value() {
  [ $# -ge 2 ] || bench_usage "$1 wants a value"
  printf '%s' "$2"
}

# bench_tools HULLWATCH: sets workload, the program with the loops, which is built beside the daemon.
bench_tools() {
  workload=$(dirname "$1")/tests/bench/workload
  local file
  for file in "$1" "$workload" "$(dirname "$workload")/nothing"; do
    [ -x "$file" ] || die "$file is not built: cmake --preset release && cmake --build --preset release"
  done
}
# bench_count LOOP: its default number of operations.
bench_count() { "$workload" list | awk -v name="$1" '$1 == name {print $2; found = 1} END {exit !found}' || bench_usage "no loop '$1'; there are: $("$workload" list | cut -d' ' -f1 | tr '\n' ' ')"; }

# The loop is alone with the last processor, everything that watches it on the others: what is compared is what the loop pays.
# Words to put before a command.
BENCH_CPU=$(($(nproc) - 1))
bench_pinned=(taskset -c "$BENCH_CPU")
bench_elsewhere=()
if [ "$BENCH_CPU" -gt 0 ]; then bench_elsewhere=(taskset -c "0-$((BENCH_CPU - 1))"); fi

# start_hullwatch PROGRAM: a daemon with the shipped rules, ready when this returns; HULLWATCH_PID. Nothing of it is pinned, and
# stop_hullwatch, which also runs at exit, leaves nothing of it. Forgets the pid: loops make so many processes that pids come again.
HULLWATCH_PID=
stop_hullwatch() {
  if [ -n "$HULLWATCH_PID" ]; then stop_pid "$HULLWATCH_PID"; fi
  HULLWATCH_PID=
}
at_exit stop_hullwatch
start_hullwatch() {
  ! hw_ready 127.0.0.1 9795 2>/dev/null || die "another hullwatch answers on port 9795"
  printf 'pin_directory: "off"\nrules: {paths: ["%s/rules"]}\n' "$HW_ROOT" >"$HW_SCRATCH/hullwatch.yaml"
  "${bench_elsewhere[@]}" "$1" run -c "$HW_SCRATCH/hullwatch.yaml" --state-dir "$HW_SCRATCH/state" --listen 127.0.0.1:9795 --output json \
    >"$HW_SCRATCH/alerts" 2>"$HW_SCRATCH/err" &
  HULLWATCH_PID=$!
  wait_for 30 bench_ready || die "hullwatch is not ready: $(tail -n 5 "$HW_SCRATCH/err")"
  ! hw_ended "$HULLWATCH_PID" || die "hullwatch ended: $(tail -n 5 "$HW_SCRATCH/err")"
}
bench_ready() { hw_ended "$HULLWATCH_PID" || hw_ready 127.0.0.1 9795; }

# bench_machine: what was measured on, as JSON. The load is that of before.
BENCH_LOAD=$(cut -d' ' -f1 /proc/loadavg)
bench_machine() {
  jq -nc --arg date "$(date -u +%FT%TZ)" --arg kernel "$(uname -r)" --arg cpu "$(awk -F': ' '/^model name/{print $2; exit}' /proc/cpuinfo)" \
    --argjson cpus "$(nproc)" --argjson load "$BENCH_LOAD" --arg tree "$(git -C "$HW_ROOT" describe --always --dirty 2>/dev/null || true)" \
    '{date: $date, kernel: $kernel, cpu: $cpu, cpus: $cpus, load_before: $load, tree: $tree}'
}
bench_machine_line() { jq -r '.machine | "\(.date)  kernel \(.kernel)  \(.cpus) x \(.cpu)  load average before \(.load_before)  \(.tree)"' "$1"; }
