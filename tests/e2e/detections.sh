#!/usr/bin/env bash
# What misbehaves in a container is named, with all its facts, whichever runtime runs it: docker, podman, or plain runc in the
# cgroup of a pod. Each alert is compared with its record in the forensic log.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

BOMB='.rule == "Fork bomb in a container"'
GAIN='.rule == "Root gained in a container"'
ASKED='.rule == "Container asks a runtime for the node"'
UNCONFINED=(--security-opt seccomp=unconfined --security-opt apparmor=unconfined)

# check_bomb NAME CONTAINER IMAGE LIMIT
check_bomb() {
  check_whole_alert "$1_fork_bomb" "$2" "$3" "$BOMB"
  check_alert "$1_fork_bomb_tells_its_root_and_its_counts" "(.container.name == \"$2\") and ($BOMB) and .process.ns_pid == 1
    and .process.cmdline == \"fork_bomb 4\" and .evidence.forks > 0 and .evidence.live > 200 and .evidence.pids_max == $4"
  check_alert "$1_fork_bomb_has_an_end" "(.container.name == \"$2\") and .rule == \"Fork bomb over\" and .evidence.over
    and .evidence.forks >= $(alerts "(.container.name == \"$2\") and ($BOMB)" | jq -s '.[0].evidence.forks // 0') and .evidence.duration_ns > 0"
}
check_gain() {
  check_whole_alert "$1_setuid_gain" "$2" "$3" "$GAIN"
  check_alert "$1_setuid_gain_tells_the_file_and_the_ids" "(.container.name == \"$2\") and ($GAIN) and .evidence.way == \"setuid_file\"
    and .process.exe == \"/bin/gain_root\" and (.evidence.credentials_before | contains(\"euid=1000\")) and (.evidence.credentials_after | contains(\" euid=0\"))"
}
check_request() {
  check_whole_alert "$1_docker_socket" "$2" "$3" "$ASKED"
  check_alert "$1_docker_socket_tells_the_request" "(.container.name == \"$2\") and ($ASKED) and .priority == \"Critical\"
    and .evidence.method == \"POST\" and (.evidence.path | test(\"^/v[0-9.]+/containers/create\")) and .evidence.privileged
    and (.evidence.reasons | contains(\"privileged\") and contains(\"mounts the host\")) and .evidence.binds == \"/:/host\"
    and .evidence.socket_name == \"$DOCKER_SOCKET\" and .process.comm == \"ask_docker\""
}

make_rootfs "$HW_SCRATCH/rootfs" "$(demo_program fork_bomb)" "$(demo_program ask_docker)" "$(demo_program gain_root)" "$ACTORS/namespaces"
chmod 4755 "$HW_SCRATCH/rootfs/bin/gain_root"
start_dockerd
docker_image e2e/tools:1 "$HW_SCRATCH/rootfs"
start_podman
podman_image localhost/e2e/tools:2 "$HW_SCRATCH/rootfs"

docker create --name web --network none --pids-limit 300 e2e/tools:1 fork_bomb 4 >/dev/null
docker create --name ci-job --network none -v "$DOCKER_SOCKET:/tmp/build-cache.sock" e2e/tools:1 ask_docker /tmp/build-cache.sock e2e/tools:1 >/dev/null
docker create --name payroll --network none --user 1000 e2e/tools:1 gain_root /bin/id >/dev/null
docker create --name mounter --network none --cap-add SYS_ADMIN "${UNCONFINED[@]}" e2e/tools:1 mount -t tmpfs none /mnt >/dev/null
docker create --name denied --network none "${UNCONFINED[@]}" e2e/tools:1 mount -t tmpfs none /mnt >/dev/null
docker create --name escapee --network none --pid host --cap-add SYS_ADMIN --cap-add SYS_PTRACE "${UNCONFINED[@]}" e2e/tools:1 \
  nsenter -t $$ -u /bin/true >/dev/null
docker create --name nester --network none --cap-add SYS_ADMIN "${UNCONFINED[@]}" e2e/tools:1 unshare -m /bin/true >/dev/null

start_monitor main

docker start web >/dev/null
docker start ci-job payroll mounter denied escapee nester >/dev/null
check_request docker ci-job e2e/tools:1
check_gain docker payroll e2e/tools:1
check_whole_alert docker_mount mounter e2e/tools:1 '.rule == "Mount in a container"'
check_alert docker_mount_tells_what_and_where '.container.name == "mounter" and .evidence.target == "/mnt" and .evidence.fstype == "tmpfs" and .evidence.result == 0'
check_alert docker_refused_mount_is_told_as_refused '.container.name == "denied" and .rule == "Mount refused in a container" and .priority == "Notice" and .evidence.result == -1'
check_whole_alert docker_setns_to_the_host escapee e2e/tools:1 '.rule == "Container enters the host'"'"'s namespaces" and .priority == "Critical"'
check_whole_alert docker_unshare nester e2e/tools:1 '.rule == "Container makes namespaces"'
check_bomb docker web e2e/tools:1 300

podman run -d --name pod-socket -v "$DOCKER_SOCKET:/tmp/other-name.sock" localhost/e2e/tools:2 ask_docker /tmp/other-name.sock e2e/tools:1 >/dev/null
podman run -d --name pod-gain --user 1000 localhost/e2e/tools:2 gain_root /bin/id >/dev/null
check_request podman pod-socket localhost/e2e/tools:2
check_gain podman pod-gain localhost/e2e/tools:2
podman run -d --name pod-bomb --pids-limit 300 localhost/e2e/tools:2 fork_bomb 4 >/dev/null
check_bomb podman pod-bomb localhost/e2e/tools:2 300

# The runtime is started again and listens on another socket: who asks it the moment it answers is judged.
mkdir -p "$HW_SCRATCH/rootfs/runtime"
make_bundle "$HW_SCRATCH/eager" "$HW_SCRATCH/rootfs" "" ".mounts += [{destination: \"/runtime\", type: \"bind\", source: \"$DOCKER_DIR\", options: [\"rbind\", \"rw\"]}]" \
  sh -c 'until [ -e /runtime/go ]; do usleep 1000; done; for try in $(seq 10000); do ask_docker /runtime/docker.sock e2e/tools:1 && break; usleep 1000; done'
runc run -d --bundle "$HW_SCRATCH/eager" eager </dev/null >/dev/null 2>&1
stop_pid "$HW_DOCKERD_PID" 30
touch "$DOCKER_DIR/go"
start_dockerd
check_alert a_restarted_runtime_is_known_at_its_first_request "(.container.name == \"eager\") and ($ASKED) and .priority == \"Critical\"
  and .evidence.socket_name == \"$DOCKER_SOCKET\" and .evidence.binds == \"/:/host\""

# A pod's container as the kubelet's cgroupfs driver lays it out, and its bundle where containerd keeps it: the annotations tell
# name, image and pod.
pod_uid=$(cat /proc/sys/kernel/random/uuid)
id=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
bundle=$CONTAINERD_STATE/io.containerd.runtime.v2.task/k8s.io/$id
make_bundle "$bundle" "$HW_SCRATCH/rootfs" "/kubepods/burstable/pod$pod_uid/$id" '.process.user = {uid: 1000, gid: 1000}
  | .annotations = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "ledger",
      "io.kubernetes.cri.sandbox-name": "ledger-0", "io.kubernetes.cri.sandbox-namespace": "accounts", "io.kubernetes.cri.image-name": "e2e/ledger:7"}
  | .process.noNewPrivileges = false | .process.capabilities.bounding += ["CAP_SETUID", "CAP_SETGID"]' gain_root /bin/id
runc run --bundle "$bundle" "$id" >/dev/null
check_alert kubepods_setuid_gain_carries_the_container_id "($GAIN) and .container.id == \"$id\" and .evidence.way == \"setuid_file\" and .process.exe == \"/bin/gain_root\""
check_alert kubepods_setuid_gain_carries_pod_and_namespace "($GAIN) and .container.id == \"$id\" and .container.name == \"ledger\" and .container.pod == \"ledger-0\"
  and .container.namespace == \"accounts\" and .container.image == \"e2e/ledger:7\""

check_stopped monitor
check_equal every_alert_on_stdout_is_in_the_log "$(alerts true | jq -cS . | sort | sha256sum)" "$(records '.type == "alert" and (.alert.suppressed | not)' | jq -cS .alert | sort | sha256sum)"
check_equal no_number_is_missing_in_the_log "" "$(records true | jq -s '[range(1; length) as $i | select(.[$i].seq != ((.[$i - 1].last_seq // .[$i - 1].seq) + 1)) | .[$i].seq] | map(tostring) | join(" ")' -r)"
finish
