#!/usr/bin/env bash
# A container is known from its very first program: 200 containers are started fast, by docker and by runc, and the exec of each
# one's own program carries its id in the forensic log. Each program has an argument of its own, so that none is mistaken. So do all
# execs of one container that hullwatch reads of late, when nothing but the cgroup can say whose they are.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

DOCKER_STARTS=50 RUNC_STARTS=150 AT_ONCE=2
# The sanitizers' build reads several times slower: fewer at a time, or what is tested is the size of the rings.
if [ "${HULLWATCH_PRESET:-release}" = asan ]; then DOCKER_STARTS=10 RUNC_STARTS=30 AT_ONCE=1; fi
make_rootfs "$HW_SCRATCH/rootfs"
start_dockerd
docker_image e2e/first:1 "$HW_SCRATCH/rootfs"

for i in $(seq $DOCKER_STARTS); do echo "first-$i"; done | xargs -P 4 -I{} env DOCKER_CONFIG="$DOCKER_DIR/config" "$HW_DOCKER" -H "unix://$DOCKER_SOCKET" \
  create --name {} --network none e2e/first:1 echo {} >"$HW_SCRATCH/created"
docker ps -a --no-trunc --format '{{.Names}} {{.ID}}' | sort >"$HW_SCRATCH/wanted.docker"
make_bundle "$HW_SCRATCH/template" "$HW_SCRATCH/rootfs" "" . echo TEMPLATE
for i in $(seq $RUNC_STARTS); do
  mkdir "$HW_SCRATCH/bundle-$i"
  sed "s/TEMPLATE/runc-first-$i/" "$HW_SCRATCH/template/config.json" >"$HW_SCRATCH/bundle-$i/config.json"
  echo "runc-first-$i rc-$i"
done | sort >"$HW_SCRATCH/wanted.runc"

start_monitor main --log-all
docker_starts() {
  for i in $(seq 1 10 $DOCKER_STARTS); do
    # shellcheck disable=SC2046 # one name each
    docker start $(seq -f 'first-%g' "$i" $((i + 9))) >/dev/null
  done
}
docker_starts &
starts=$!
seq $RUNC_STARTS | xargs -P $AT_ONCE -I{} /usr/sbin/runc --root "$RUNC_ROOT" run --bundle "$HW_SCRATCH/bundle-{}" rc-{} >"$HW_SCRATCH/said"
wait $starts
check_equal every_runc_container_ran $RUNC_STARTS "$(grep -c '^runc-first-' "$HW_SCRATCH/said")"
check_stopped monitor

# ARGUMENT CONTAINER_ID of each exec of a container's own program; an id of the host is said as that.
records '.type == "execve"' | jq -r '(.exec.args | if type == "array" then . else split(" ") end) as $args
  | select($args[0] == "echo" and ($args[1] // "" | test("^(runc-)?first-[0-9]+$"))) | "\($args[1]) \(.container.id // "none")"' | sort >"$HW_SCRATCH/got"
check_equal the_first_exec_of_docker_containers_carries_their_id "$(cat "$HW_SCRATCH/wanted.docker")" "$(grep '^first' "$HW_SCRATCH/got")"
check_equal the_first_exec_of_runc_containers_carries_their_id "$(cat "$HW_SCRATCH/wanted.runc")" "$(grep '^runc' "$HW_SCRATCH/got")"
check_equal first_execs_that_carry_their_container $((DOCKER_STARTS + RUNC_STARTS)) "$(sort "$HW_SCRATCH"/wanted.* | comm -12 - "$HW_SCRATCH/got" | wc -l)"
check_equal first_execs_named_by_docker $DOCKER_STARTS "$(records '.type == "execve" and .container.image == "e2e/first:1" and .container.name != ""' | jq -r .container.name | sort -u | wc -l)"

# A reader that stood still: the record of the cgroup is in one ring, the execs in it are in the other, and the kernel has not been
# told of a container.
# shellcheck disable=SC2016 # the inner shell's
make_bundle "$HW_SCRATCH/bundle" "$HW_SCRATCH/rootfs" "" . sh -c 'for i in $(seq 200); do /bin/busybox echo late-$i; done; echo all >/tmp/all; sleep 600'
start_monitor late --log-all
kill -STOP "$MON_PID"
runc run -d --bundle "$HW_SCRATCH/bundle" late </dev/null >/dev/null 2>&1
check it_ran_while_nobody_read wait_for "$PATIENCE" test -s "$HW_SCRATCH/rootfs/tmp/all"
kill -CONT "$MON_PID"
of_late() { records '.type == "execve" and .exec.args[1] == "echo"' | jq -r 'select(.exec.args[2] | startswith("late-")) | "\(.exec.args[2]) \(.container.id)"' | sort -u; }
all_of_late() { [ "$(of_late | wc -l)" = 200 ]; }
wait_for "$PATIENCE" all_of_late || true
check_equal execs_read_late_carry_their_container "$(seq -f 'late-%g late' 200 | sort)" "$(of_late)"
check_equal what_the_runtime_did_before_is_not_the_containers "" "$(alerts "$SERIOUS and .container.name == \"late\"" | say_alerts)"
check_stopped late
finish
