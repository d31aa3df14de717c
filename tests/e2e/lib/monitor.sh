# Sourced first by every end-to-end script: scratch space, container runtimes, and one monitor whose answers can be asked for.
# HULLWATCH is the daemon under test, ACTORS the folder of tests/actors' programs (tests/run sets both).
#
#   start_monitor NAME [OPTION…]   `hullwatch run` with our rules; HW_CONFIG, when set, is appended to its configuration
#                                  MON_PINS: where maps are pinned, off by default; pin_maps sets it
#                                  MON_RULES, MON_STATE_DIR, MON_FORMAT: other rules, state directory, format
#   stop_monitor                   SIGTERM; MON_STATUS is how it ended
#   alerts FILTER                  alerts on stdout that jq's FILTER selects, one a line;  records FILTER  the same of the log
#   check_alert NAME FILTER        passes once such an alert is there;  check_records NAME FILTER  of the log
#   check_whole_alert NAME CONTAINER IMAGE FILTER
#                                  the same, and the alert carries what every alert about a container does
#   metrics                        what /metrics says

E2E_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
. "$E2E_ROOT/tests/lib/common.sh"
. "$E2E_ROOT/tests/lib/check.sh"
scratch
. "$E2E_ROOT/tests/lib/containers.sh"
HULLWATCH=${HULLWATCH:-$E2E_ROOT/build/release/hullwatch}
ACTORS=${ACTORS:-$E2E_ROOT/build/release/tests/actors}
# Under a sanitizer everything takes longer: only the patience differs, not what must be found.
PATIENCE=15
if [ "${HULLWATCH_PRESET:-release}" != release ]; then PATIENCE=45; fi
CONTAINERD_STATE=$HW_SCRATCH/containerd
SERIOUS='(.priority | IN("Emergency", "Alert", "Critical", "Error", "Warning"))'

free_port() {
  local port
  for port in $(shuf -i 20000-29999 -n 50); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  die "no free port"
}

# On a bpf file system of the script's own. Fails where none may be mounted.
pin_maps() {
  mkdir "$HW_SCRATCH/bpf"
  mount -t bpf bpf "$HW_SCRATCH/bpf" 2>/dev/null || return
  at_exit umount -l "$HW_SCRATCH/bpf"
  MON_PINS=$HW_SCRATCH/bpf/hullwatch
}

start_monitor() {
  MON_DIR=$HW_SCRATCH/monitor/$1
  shift
  MON_PORT=$(free_port) MON_STATUS=''
  MON_STATE=${MON_STATE_DIR:-$MON_DIR/state}
  mkdir -p "$MON_DIR"
  cat >"$MON_DIR/hullwatch.yaml" <<YAML
pin_directory: "${MON_PINS:-off}"
metadata:
  docker_roots: ["$DOCKER_ROOT"]
  podman_storage: ["$PODMAN_ROOT"]
  podman_run: ["$PODMAN_RUN"]
  containerd_state: ["$CONTAINERD_STATE"]
  runc_roots: ["$DOCKER_EXEC/runtime-runc/moby", "$RUNC_ROOT", "/run/runc"]
${HW_CONFIG:-}
YAML
  : >"$MON_DIR/out"
  "$HULLWATCH" run -c "$MON_DIR/hullwatch.yaml" --rules "${MON_RULES:-$E2E_ROOT/rules}" --state-dir "$MON_STATE" \
    --listen "127.0.0.1:$MON_PORT" --output "${MON_FORMAT:-json}" "$@" >"$MON_DIR/out" 2>"$MON_DIR/err" &
  MON_PID=$!
  at_exit stop_pid $MON_PID
  if ! wait_for $((PATIENCE * 2)) hw_ready_or_ended || hw_ended "$MON_PID"; then
    cat "$MON_DIR/err" >&2
    die "hullwatch did not become ready"
  fi
}
hw_ready_or_ended() { hw_ended "$MON_PID" || hw_ready 127.0.0.1 "$MON_PORT"; }

stop_monitor() {
  MON_STATUS=0
  kill -TERM "$MON_PID"
  if ! wait_for $((PATIENCE * 2)) hw_ended "$MON_PID"; then kill -KILL "$MON_PID"; fi
  wait "$MON_PID" || MON_STATUS=$?
}
# HULLWATCH_KEEP=DIR keeps what the monitors wrote.
keep_monitors() { if [ -n "${HULLWATCH_KEEP:-}" ]; then cp -r "$HW_SCRATCH/monitor/." "$HULLWATCH_KEEP/"; fi; }
at_exit keep_monitors

# The monitor ended as asked, nothing was lost and no record was bad.
check_stopped() {
  stop_monitor
  check_equal "$1_ends_with_0" 0 "$MON_STATUS"
  if [ "$MON_STATUS" != 0 ]; then tail -n 40 "$MON_DIR/err"; fi
  check_said "$1_lost_nothing" 'submitted = received: yes; critical records lost: 0; records skipped: 0' "$MON_DIR/err"
}

# Lines still being written are left out.
whole_lines() { sed -n '/}$/p' "$@"; }
alerts() { whole_lines "$MON_DIR/out" | jq -c "select($1)"; }
records() { find "$MON_STATE/log" -name '*.jsonl' -print0 | sort -z | xargs -0 -r sed -n '/}$/p' | jq -c "select($1)"; }
hw_some() { [ -n "$("$@" | sed -n 1p)" ]; }

# What a line of alerts says, for a person: failures show what there was instead.
say_alerts() { jq -r '"\(.priority) \(.rule) | \(.output)"' | cut -c 1-300 | sed -n "1,${1:-15}p"; }

check_alert() {
  if wait_for "$PATIENCE" hw_some alerts "$2"; then
    pass "$1"
    alerts "$2" | say_alerts 1
  else
    fail "$1" "no alert has $2; there were: $(alerts "$SERIOUS" | say_alerts | tr '\n' ';')"
  fi
}
check_records() {
  if wait_for "$PATIENCE" hw_some records "$2"; then pass "$1"; else fail "$1" "no record has $2"; fi
}

check_whole_alert() {
  local name=$1 container=$2 image=$3 filter=$4 alert record
  check_alert "$name" "(.container.name == \"$container\") and ($filter)"
  alert=$(alerts "(.container.name == \"$container\") and ($filter)" | sed -n 1p)
  if [ -z "$alert" ]; then return; fi
  check "${name}_names_container_process_and_ancestors" jq -e --arg image "$image" '
    .schema == "hullwatch.alert/1" and (.container.id | test("^[0-9a-f]{12,64}$|^[a-z]")) and .container.image == $image
    and .process.pid > 1 and .process.comm != "" and .process.exe != "" and .process.start_ns > 0
    and (.ancestors | length) > 0 and (.ancestors[0].pid > 0) and (.ancestors[0].comm != "")
    and (.evidence | length) > 3 and .seq > 0' <<<"$alert"
  record=$(records ".type == \"alert\" and .seq == $(jq .seq <<<"$alert")")
  check_equal "${name}_is_the_same_in_the_log" "$(jq -cS . <<<"$alert")" "$(jq -cS .alert <<<"$record")"
}

metrics() {
  exec 4<>"/dev/tcp/127.0.0.1/$MON_PORT" || return 1
  printf 'GET /metrics HTTP/1.0\r\n\r\n' >&4
  cat <&4
  exec 4>&-
}

# The demonstration's programs, compiled here: the quickstart does the same.
demo_program() {
  mkdir -p "$HW_SCRATCH/bin"
  gcc -static -O1 -o "$HW_SCRATCH/bin/$1" "$E2E_ROOT/deploy/demo/$1.c"
  echo "$HW_SCRATCH/bin/$1"
}
