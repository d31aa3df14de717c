#!/usr/bin/env bash
# The accounts balance: what the kernel submitted was received, kind by kind, under a mixed load; what did not fit is counted and
# told; and a full disk costs no alert on stdout and leaves a loss record once there is space again.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

LOAD_SECONDS=30
if [ "${HULLWATCH_PRESET:-release}" != release ]; then LOAD_SECONDS=5; fi

# Every kind of record at once, bounded in time and, by each actor, in number. What only a container that misbehaves brings (a
# burst of forks, a flood, a ring, requests to a runtime) comes once; a storm three times: on a slow machine it may be no burst.
mixed_load() {
  local end=$((SECONDS + $1)) round=0
  mkdir -p "$HW_SCRATCH/mounts"
  runc run --bundle "$HW_SCRATCH/bundle-acts" acts >/dev/null
  while [ $SECONDS -lt $end ]; do
    round=$((round + 1))
    seq 60 | xargs -P 2 -n 1 /bin/true &
    "$ACTORS/setid" toggle 300 >/dev/null
    "$ACTORS/capset_actor" toggle 0 >/dev/null
    (cd "$HW_SCRATCH/mounts" && "$ACTORS/mount_calls" all "$HW_SCRATCH/mounts") >/dev/null
    "$ACTORS/namespaces" unshare 0x04000000 >/dev/null
    runc run --bundle "$HW_SCRATCH/bundle" "load-$round" >/dev/null
    wait $!
  done
}
# Rows of the summary: KIND SUBMITTED RECEIVED LOST SUPPRESSED.
summary() { awk '/^  kind /{on = 1; next} /submitted = received/{on = 0} on' "$MON_DIR/err"; }

make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/setid"
make_bundle "$HW_SCRATCH/bundle" "$HW_SCRATCH/rootfs" "" . sh -c 'for i in 1 2 3 4 5; do /bin/true; done'

make_rootfs "$HW_SCRATCH/rootfs-acts" "$ACTORS/storm" "$ACTORS/unix_client" "$ACTORS/critical_flood"
mkdir -p "$HW_SCRATCH/sockets" "$HW_SCRATCH/rootfs-acts/sockets"
make_bundle "$HW_SCRATCH/bundle-acts" "$HW_SCRATCH/rootfs-acts" "" ".linux.resources.pids.limit = 700 | del(.linux.seccomp)
  | .mounts += [{destination: \"/sockets\", type: \"bind\", source: \"$HW_SCRATCH/sockets\", options: [\"rbind\", \"rw\"]}]" \
  sh -c 'critical_flood 1 ""; unix_client /sockets/api path write 200; unix_client /sockets/api uring write 200; for i in 1 2 3; do storm fork 1; done'
"$ACTORS/unix_server" "$HW_SCRATCH/sockets/api" 2 >"$HW_SCRATCH/served" &
at_exit stop_pid $!
wait_for 5 test -S "$HW_SCRATCH/sockets/api"

HW_CONFIG=$'runtime_socket:\n  extra_sockets: ["'"$HW_SCRATCH/sockets/api"$'"]' start_monitor balance
mixed_load $LOAD_SECONDS
check_stopped balance
cat "$MON_DIR/err"
check_equal each_kind_was_received_as_submitted "" "$(summary | awk '$2 != $3')"
check_equal no_alert_about_a_runtime_that_sets_up "" "$(alerts "$SERIOUS and .container.id != \"host\" and .container.name != \"acts\"" | say_alerts)"
check_equal each_kind_was_there "" "$(summary | awk '$1 ~ /^(exec|fork|exit|credential|capability|mount|namespace|cgroup|socket|request|burst|flood|io_uring)$/ && $2 == 0 {print $1}')"

# A reader that stands still while both rings, made small, fill: the bulk one by nine homes together, of which the host is beyond
# its share; the critical one by one container. The loss is exact, told by kind, and whose it is. Cgroups with a container's name:
# the kernel knows them at once, nobody else does meanwhile.
new_id() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
may_set_ids='.process.capabilities |= with_entries(.value += ["CAP_SETUID"])'
flooder=$(new_id)
make_bundle "$HW_SCRATCH/bundles/flooder" "$HW_SCRATCH/rootfs" "/docker/$flooder" "$may_set_ids" sleep 600
for i in 1 2 3 4 5 6 7 8; do
  make_bundle "$HW_SCRATCH/bundles/$i" "$HW_SCRATCH/rootfs" "/docker/$(new_id)" . sh -c 'for i in $(seq 20); do /bin/true; done'
done
HW_CONFIG=$'rings:\n  bulk_bytes: 64KiB\n  critical_bytes: 64KiB' start_monitor overflow
runc run --bundle "$HW_SCRATCH/bundles/flooder" flooder >/dev/null </dev/null &
at_exit runc kill flooder KILL
is_known() { metrics | grep -q "^hullwatch_container_tasks{.*${flooder:0:12}"; }
check the_flooder_is_known wait_for "$PATIENCE" is_known
kill -STOP "$MON_PID"
seq 600 | xargs -P 2 -n 1 /bin/true
runc exec flooder setid flood 1000 >/dev/null
for i in 1 2 3 4 5 6 7 8; do runc run --bundle "$HW_SCRATCH/bundles/$i" "sharer-$i" >/dev/null; done
kill -CONT "$MON_PID"
check_alert a_loss_is_an_alert '.rule | IN("Events lost", "Critical events lost")'
check_alert a_critical_loss_names_who_made_most ".rule == \"Critical events lost\" and (.evidence.producers | test(\"^(flooder|${flooder:0:12}) made [0-9]+ and lost [1-9]\")) and (.evidence.producers as \$who | .output | contains(\$who))"
check_alert what_is_held_back_is_told '.rule == "Flood of processes" and .container.id == "host"'
stop_monitor
check_equal overflow_ends_with_0 0 "$MON_STATUS"
check_equal overflow_received_what_was_submitted "" "$(summary | awk '$2 != $3')"
lost=$(summary | awk '$1 ~ /^(exec|fork|exit)$/ {sum += $4} END {print sum}')
happened=$(summary | awk '$1 == "exec" {print $2 + $4 + $5}')
check overflow_lost_something test "$lost" -gt 0
check_equal the_alerts_of_loss_name_three_at_most "" "$(alerts '.rule | IN("Events lost", "Critical events lost")' | jq -r '.evidence.producers | select(split(", ") | length > 3)')"
check the_host_was_held_back awk '$1 == "exec" && $5 > 0 {found = 1} END {exit !found}' <(summary)
check every_exec_is_submitted_lost_or_suppressed test "$happened" -ge 600
check_equal the_alerts_tell_the_whole_loss "$(summary | awk '{sum += $4} END {print sum}')" "$(alerts '.rule | IN("Events lost", "Critical events lost")' | jq -s 'map(.evidence.lost) | add // 0')"

# The disk of the state directory is full, then has space again.
cp /bin/true "$HW_SCRATCH/e2e_mark"
cat >"$HW_SCRATCH/mark.yaml" <<'YAML'
- rule: Marked program
  desc: the test's own program ran
  condition: evt.type = execve and proc.name = e2e_mark
  output: "mark %proc.args"
  priority: WARNING
YAML
mark() { seq "$1" "$2" | xargs -n 1 "$HW_SCRATCH/e2e_mark"; }
marks_on_stdout() { [ "$(alerts '.rule == "Marked program"' | wc -l)" -ge "$1" ]; }
loss_recorded() { [ -n "$(records '.type == "loss"')" ]; }
mkdir "$HW_SCRATCH/disk"
if mount -t tmpfs -o size=1m none "$HW_SCRATCH/disk" 2>"$HW_SCRATCH/mount.err"; then
  at_exit umount -l "$HW_SCRATCH/disk"
  mkdir "$HW_SCRATCH/rules-and-mark"
  cp "$E2E_ROOT"/rules/*.yaml "$HW_SCRATCH/mark.yaml" "$HW_SCRATCH/rules-and-mark/"
  MON_RULES=$HW_SCRATCH/rules-and-mark MON_STATE_DIR=$HW_SCRATCH/disk/state start_monitor disk
  mark 1 20
  check alerts_before_the_disk_is_full wait_for "$PATIENCE" marks_on_stdout 20
  head -c 2M /dev/zero >"$HW_SCRATCH/disk/filler" 2>/dev/null || true
  full=$(date +%s%3N)
  mark 21 60
  check alerts_go_to_stdout_while_the_disk_is_full wait_for "$PATIENCE" marks_on_stdout 60
  hindered='.rule == "hullwatch hindered" and .evidence.what == "log"'
  check_alert the_full_disk_alerts "$hindered"
  took=$(($(alerts "$hindered" | jq -r .time | sed -n 1p | xargs -I{} date -d {} +%s%3N) - full))
  check "within_two_seconds_of_a_write_that_fails" test $took -le $((PATIENCE > 15 ? 6000 : 2000))
  check_not not_ready_while_the_log_fails hw_ready 127.0.0.1 "$MON_PORT"
  metrics >"$HW_SCRATCH/metrics"
  check the_loss_is_counted grep -q '^hullwatch_log_lost_records_total [1-9]' "$HW_SCRATCH/metrics"
  rm "$HW_SCRATCH/disk/filler"
  mark 61 80
  check a_loss_record_comes_with_the_space wait_for "$PATIENCE" loss_recorded
  check ready_again wait_for "$PATIENCE" hw_ready 127.0.0.1 "$MON_PORT"
  check_stopped disk
  check_equal stdout_has_every_alert "$(seq 80)" "$(alerts '.rule == "Marked program"' | jq -r '.output | split(" ") | last' | sort -n)"
  check_equal the_log_states_each_missing_number "" "$(records true | jq -s -r '[range(1; length) as $i | select(.[$i].seq != ((.[$i - 1].last_seq // .[$i - 1].seq) + 1)) | .[$i].seq | tostring] | join(" ")')"
  check_equal each_alert_is_in_the_log_or_counted_as_lost "$(alerts true | wc -l)" "$(records '.type == "alert" or .type == "loss"' | jq -s 'map(if .type == "loss" then .alerts_not_written else 1 end) | add')"
  check_equal the_loss_names_its_cause true "$(records '.type == "loss"' | jq -s 'any(.error | contains("No space left"))')"
else
  skip full_disk "no tmpfs can be mounted here: $(cat "$HW_SCRATCH/mount.err")"
fi
finish
