# Sourced by tests/run, tests/vm, deploy/quickstart --demo and the end-to-end scripts: a scratch directory, cleaning up by pid,
# bounded waiting. Sets HW_ROOT, the tree. Every background process is ended by whoever started it, by its pid.
# Of a pipe's first lines: `sed -n 1p`. `head` and `grep -q` leave early, the writer gets SIGPIPE, and pipefail ends the script.

HW_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# at_exit COMMAND…: runs when the shell ends, the latest first. The command keeps its words.
HW_AT_EXIT=()
at_exit() {
  local words
  printf -v words '%q ' "$@"
  HW_AT_EXIT=("$words" "${HW_AT_EXIT[@]}")
}
hw_run_at_exit() {
  local status=$? words
  trap '' INT TERM
  set +e
  for words in "${HW_AT_EXIT[@]}"; do eval "$words"; done
  exit "$status"
}
trap hw_run_at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# scratch: makes HW_SCRATCH, a directory of this shell's own, removed at exit. Short, because socket paths have 108 bytes.
scratch() {
  HW_SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/hw.XXXXXX")
  chmod 755 "$HW_SCRATCH"
  at_exit rm -rf --one-file-system "$HW_SCRATCH"
}

# wait_for SECONDS COMMAND…: polls until the command succeeds; fails when the time is over.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ]; then return 1; fi
    sleep 0.05
  done
}

pid_gone() { ! kill -0 "$1" 2>/dev/null; }

# stop_pid PID [SECONDS]: asks a process to end, then makes it. Works for children and for daemons that left.
stop_pid() {
  local pid=$1 seconds=${2:-10}
  pid_gone "$pid" && return 0
  kill -TERM "$pid" 2>/dev/null
  # A child stays a zombie until waited for, which kill -0 cannot tell from alive.
  if ! wait_for "$seconds" hw_ended "$pid"; then
    kill -KILL "$pid" 2>/dev/null
    wait_for 5 hw_ended "$pid"
  fi
  wait "$pid" 2>/dev/null
  return 0
}
hw_ended() {
  local state
  state=$(awk '/^State:/{print $2}' "/proc/$1/status" 2>/dev/null) || return 0
  [ -z "$state" ] || [ "$state" = Z ]
}

# hw_ready HOST PORT: does the daemon's /readyz say 200? It does once a child's exec came back through the whole pipeline.
hw_ready() {
  local answer
  exec 3<>"/dev/tcp/$1/$2" || return 1
  printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
  read -r -t 2 answer <&3
  exec 3>&-
  [[ $answer == *' 200 '* ]]
}
