# Sourced by tests/bench/loops after lib.sh: what else a user would watch a node with, started as its own documentation tells to, each of it
# on the processors of the monitor. start_NAME returns once the peer has told of something that was done to be told of.

BENCH_PEERS=(sysdig falco bpftrace auditd)

# peer_found NAME: can it be run here?
peer_found() {
  case $1 in
    bpftrace) command -v bpftrace >/dev/null && bpftrace_tool execsnoop >/dev/null && bpftrace_tool setuids >/dev/null ;;
    auditd) command -v auditd >/dev/null && command -v auditctl >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
bpftrace_tool() {
  local file
  for file in "$(command -v "$1.bt" || true)" "/usr/sbin/$1.bt" "/usr/share/bpftrace/tools/$1.bt"; do
    if [ -f "$file" ]; then
      echo "$file"
      return
    fi
  done
  return 1
}

# peer_process NAME COMMAND…: in the background until stop_peer, its words in HW_SCRATCH/NAME.out.
PEER_PIDS=()
peer_process() {
  local name=$1
  shift
  "${bench_elsewhere[@]}" "$@" >"$HW_SCRATCH/$name.out" 2>&1 </dev/null &
  PEER_PIDS+=($!)
}
# peer_tells NAME FILE TEXT COMMAND…: until FILE holds TEXT, does what it should tell of, again and again.
peer_tells() {
  local name=$1 file=$2 text=$3
  shift 3
  wait_for 60 peer_told "$file" "$text" "$@" && ! peer_ended || die "$name tells of nothing: $(tail -n 5 "$HW_SCRATCH/$name.out")"
}
peer_told() {
  local file=$1 text=$2
  shift 2
  "$@" >/dev/null 2>&1
  grep -q -- "$text" "$file" || peer_ended
}
peer_ended() {
  local pid
  for pid in "${PEER_PIDS[@]}"; do
    if hw_ended "$pid"; then return 0; fi
  done
  return 1
}

start_sysdig() {
  peer_process sysdig sysdig --modern-bpf --unbuffered -p '%proc.cmdline' 'evt.type in (execve, execveat)'
  peer_tells sysdig "$HW_SCRATCH/sysdig.out" hullwatch-bench-ready /bin/true hullwatch-bench-ready
}
# Its own rules, whichever are installed; the default ones have an alert about who reads /etc/shadow.
start_falco() {
  peer_process falco falco -U -o engine.kind=modern_ebpf
  peer_tells falco "$HW_SCRATCH/falco.out" /etc/shadow cat /etc/shadow
}
start_bpftrace() {
  local tool
  for tool in execsnoop setuids; do peer_process "bpftrace-$tool" bpftrace "$(bpftrace_tool $tool)"; done
  peer_tells bpftrace-execsnoop "$HW_SCRATCH/bpftrace-execsnoop.out" hullwatch-bench-ready /bin/true hullwatch-bench-ready
  peer_tells bpftrace-setuids "$HW_SCRATCH/bpftrace-setuids.out" setresuid "$workload" setuid 20
}
# Exec, ids and mounts, as its users have them. Once enabled, audit slows every new process of the machine until it restarts, even
# without rules; "never a task" spares new processes that, and so bare loops: it stays behind.
AUDIT_RULES=no
start_auditd() {
  mkdir -p "$HW_SCRATCH/audit"
  printf 'log_file = %s\nlog_format = RAW\nflush = NONE\nmax_log_file = 64\nmax_log_file_action = ROTATE\nspace_left_action = IGNORE\nadmin_space_left_action = IGNORE\n' \
    "$HW_SCRATCH/audit/audit.log" >"$HW_SCRATCH/audit/auditd.conf"
  chmod 700 "$HW_SCRATCH/audit"
  peer_process auditd auditd -n -c "$HW_SCRATCH/audit"
  AUDIT_RULES=yes
  auditctl -d task,never >/dev/null 2>&1 || true
  auditctl -a always,exit -F arch=b64 -S execve,execveat -k hullwatch-bench
  auditctl -a always,exit -F arch=b64 -S setuid,setreuid,setresuid,setgid,setregid,setresgid -k hullwatch-bench
  auditctl -a always,exit -F arch=b64 -S mount,umount2 -k hullwatch-bench
  auditctl -e 1 >/dev/null
  peer_tells auditd "$HW_SCRATCH/audit/audit.log" hullwatch-bench-ready /bin/true hullwatch-bench-ready
}

stop_peer() {
  local pid
  # many probes take their time to go
  for pid in "${PEER_PIDS[@]}"; do stop_pid "$pid" 120; done
  PEER_PIDS=()
  if [ $AUDIT_RULES = yes ]; then
    auditctl -D -k hullwatch-bench >/dev/null 2>&1 || true
    auditctl -a task,never >/dev/null 2>&1 || true
    AUDIT_RULES=no
  fi
}
at_exit stop_peer

# peer_works NAME: can it be started and stopped here? What it dies of is said. In a shell of its own.
peer_works() (
  HW_AT_EXIT=()
  at_exit stop_peer
  trap hw_run_at_exit EXIT
  "start_$1"
)
