#!/usr/bin/env bash
# Threads confuse nobody about where a process belongs: a leader that exits first, before hullwatch starts or after, an exec from
# another thread, and a process of many threads that the host moves into a container and that then forks from a worker.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/thread_shapes"
start_dockerd
docker_image e2e/threads:1 "$HW_SCRATCH/rootfs"

# Older than hullwatch, and its leader is gone.
older=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
make_bundle "$HW_SCRATCH/bundle" "$HW_SCRATCH/rootfs" "/docker/$older" '.process.capabilities |= with_entries(.value += ["CAP_SETUID"])' \
  thread_shapes leaderless /bin/echo mark-older
mkfifo "$HW_SCRATCH/older"
exec 7<>"$HW_SCRATCH/older"
runc run --bundle "$HW_SCRATCH/bundle" older <"$HW_SCRATCH/older" >"$HW_SCRATCH/older.out" 7>&- &
older_runs=$!
wait_for "$PATIENCE" grep -q ready "$HW_SCRATCH/older.out" || die "the older process is not ready"

start_monitor main --log-all
its_tasks() { metrics | awk -v of="id=\"${older:0:12}" '/^hullwatch_container_tasks\{/ && index($0, of) {print $NF}'; }
check_equal a_leader_that_is_over_is_none_of_the_living 1 "$(its_tasks)"
echo go >&7
wait $older_runs
of_older=".container.id == \"$older\" and (.flags // [] | index(\"home_inferred\") | not)"
check_records an_older_process_without_its_leader_is_known ".type == \"setresuid\" and $of_older
  and (.process | .exe == \"/bin/thread_shapes\" and .cmdline == \"thread_shapes leaderless /bin/echo mark-older\" and .ns_pid == 1)
  and (.ancestors[0].comm | startswith(\"runc\"))"
check_records and_judged_from_its_true_credentials ".type == \"setresuid\" and $of_older and (.credential
  | (.before | .uid == 2000 and .euid == 1000 and .suid == 0) and (.after | .uid == 1000 and .suid == 1000) and (.uncertain | not))"
check_records its_child_is_the_containers ".type == \"execve\" and .exec.args == [\"/bin/echo\", \"mark-older\"] and $of_older"
docker run -d --name home --network none e2e/threads:1 sleep 120 >/dev/null
id=$(docker inspect -f '{{.Id}}' home)
for shape in leader_exits exec_from_thread; do
  check "$shape" docker run --name "$shape" --network none e2e/threads:1 thread_shapes $shape /bin/echo "mark-$shape"
  shape_id=$(docker inspect -f '{{.Id}}' "$shape")
  check_records "${shape}_is_seen_in_its_container" ".type == \"execve\" and .exec.args == [\"/bin/echo\", \"mark-$shape\"] and .container.id == \"$shape_id\""
  check_records "${shape}_ends_in_its_container" ".type == \"procexit\" and .process.comm == \"echo\" and .container.id == \"$shape_id\""
done

# The host starts it, waits until its threads run, moves it, and lets its worker go on.
mkfifo "$HW_SCRATCH/go" "$HW_SCRATCH/ready"
"$ACTORS/thread_shapes" worker_forks /bin/echo mark-moved <"$HW_SCRATCH/go" >"$HW_SCRATCH/ready" &
moved=$!
exec 5>"$HW_SCRATCH/go" 6<"$HW_SCRATCH/ready"
read -r _ <&6
"$ACTORS/thread_shapes" worker_forks /bin/echo mark-stayed <<<go >/dev/null
main_pid=$(docker inspect -f '{{.State.Pid}}' home)
cgroup=$(awk -F: '$1 == 0 {print $3}' "/proc/$main_pid/cgroup")
tree=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
echo $moved >"$tree$cgroup/cgroup.procs"
echo go >&5
wait $moved
check_records a_moved_process_forks_into_its_new_home ".type == \"execve\" and .exec.args == [\"/bin/echo\", \"mark-moved\"] and .container.id == \"$id\""
check_records a_process_that_stayed_is_the_hosts '.type == "execve" and .exec.args == ["/bin/echo", "mark-stayed"] and .container.id == "host"'
docker kill home >/dev/null
check_stopped monitor
check_equal a_process_ends_once_and_not_with_its_leader 1 "$(records '.type == "procexit" and .process.comm == "thread_shapes" and .container.name == "leader_exits"' | wc -l)"
check_equal nothing_serious_is_told "" "$(alerts "$SERIOUS" | say_alerts)"
finish
