# Sourced after monitor.sh: commands, what they said and how they ended.

# said STATUS NAME COMMAND…: runs it; OUT and ERR are what it said, and it must have ended with STATUS. Of SAID_IN, its input.
said() {
  local wanted=$1 name=$2 status=0
  shift 2
  timeout $((PATIENCE * 2)) "$@" <"${SAID_IN:-/dev/null}" >"$HW_SCRATCH/said.out" 2>"$HW_SCRATCH/said.err" || status=$?
  OUT=$(cat "$HW_SCRATCH/said.out") ERR=$(cat "$HW_SCRATCH/said.err")
  check_equal "${name}_exits_with_$wanted" "$wanted" "$status"
}
# says NAME TEXT: stderr has it.
says() { if [[ $ERR == *"$2"* ]]; then pass "$1"; else fail "$1" "no '$2' in: $ERR"; fi; }
