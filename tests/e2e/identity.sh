#!/usr/bin/env bash
# Containers cannot lie: whatever a process of a container does with cgroups, namespaces and parents, it stays that container's,
# and the attempt is an alert that names it. Real runc containers that may do all that: every capability, and the host's cgroup
# tree writable below /cg. What honest nesting does (a runtime, systemd or a kubelet in a container) is no alert but one notice.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"

CGROOT=$(awk '$3 == "cgroup2" {print length($2), $2}' /proc/mounts | sort -n | awk 'NR == 1 {print $2}')
mkdir -p "$HW_SCRATCH/rootfs/cg"
make_rootfs "$HW_SCRATCH/rootfs" "$ACTORS/impostor"

new_id() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
# Every capability this shell has itself: a container cannot get others, and needs all of them to look into /proc/PID/ns of ours.
CAP_NAMES=(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK
  IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE
  AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE)
bounding=$((16#$(awk '/^CapBnd:/ {print $2}' /proc/self/status)))
caps=$(for i in "${!CAP_NAMES[@]}"; do if ((bounding >> i & 1)); then echo "CAP_${CAP_NAMES[$i]}"; fi; done | jq -Rcn '[inputs]')
ALMIGHTY=".process.noNewPrivileges = false | .process.capabilities |= with_entries(.value = $caps)"
HOST_CGROUPS="$ALMIGHTY"' | .linux.namespaces |= map(select(.type != "cgroup"))
  | .mounts += [{destination: "/cg", type: "bind", source: "'"$CGROOT"'", options: ["rbind", "rw"]}]'
HOST_PIDS="$HOST_CGROUPS"' | .linux.namespaces |= map(select(.type != "pid"))'

# Ids by name, of those that the kernel side shall know by itself: what is tested is not who is faster.
declare -A IDS
# run_container NAME CGROUP FILTER ARG…
run_container() {
  local name=$1 cgroup=$2 filter=$3
  shift 3
  make_bundle "$HW_SCRATCH/bundle-$name" "$HW_SCRATCH/rootfs" "$cgroup" "$filter" "$@"
  runc run --bundle "$HW_SCRATCH/bundle-$name" "${IDS[$name]:-$name}" >"$HW_SCRATCH/said-$name" 2>&1 || cat "$HW_SCRATCH/said-$name"
}
# Its last program, `echo MARK`, is the container's own in the log.
check_stays() {
  check_records "$1_stays_its_containers" ".type == \"execve\" and .container.id == \"${IDS[$1]:-$1}\" and (.exec.args[0:2] == [\"/bin/echo\", \"$1\"])"
}
attempt() {
  local name=$1 rule=$2 filter=$3
  shift 3
  IDS[$name]=$(new_id)
  run_container "$name" "" "$filter" "$@" /bin/echo "$name"
  check_stays "$name"
  check_alert "$name" ".container.id == \"${IDS[$name]}\" and .rule == \"$rule\""
}

start_monitor main --log-all

victim=$(new_id)
make_bundle "$HW_SCRATCH/bundle-victim" "$HW_SCRATCH/rootfs" "/docker/$victim" . /bin/sleep 1000
runc run -d --bundle "$HW_SCRATCH/bundle-victim" "$victim" </dev/null >/dev/null 2>&1
victim_pid=$(runc state "$victim" | jq .pid)

# ---- cgroups ----
attempt moves-out "Container leaves its cgroup" "$HOST_CGROUPS" /bin/impostor move /cg/cgroup.procs
attempt moves-into-another "Container leaves its cgroup" "$HOST_CGROUPS" /bin/impostor move "/cg/docker/$victim/cgroup.procs"
attempt clones-into-another "Container leaves its cgroup" "$HOST_CGROUPS" /bin/impostor clone_into "/cg/docker/$victim"
look_alike=docker-$(new_id).scope
attempt makes-a-look-alike "Container makes a cgroup outside its own" "$HOST_CGROUPS" /bin/impostor mkdir_move "/cg/$look_alike"
check_alert entering_the_look_alike_alerts_too '.container.id == "'"${IDS[makes-a-look-alike]}"'" and .rule == "Container leaves its cgroup"'
check_equal look_alike_is_no_container "" "$(records ".container.id == \"${look_alike:7:64}\"" | sed -n 1p)"
rmdir "$CGROOT/$look_alike"

# ---- parents ----
# not by the first process, which may not
attempt clones-a-sibling "Process made as another's child in a container" "$ALMIGHTY" /bin/sh -c '"$@"; true' sh /bin/impostor clone_parent
for shape in double_fork subreaper; do
  run_container "$shape" "" . /bin/impostor $shape /bin/echo "$shape"
  check_stays $shape
done

# ---- namespaces ----
attempt makes-namespaces "Container makes namespaces" "$ALMIGHTY" /bin/impostor unshare 0x22020000
attempt enters-another "Container enters another container" "$HOST_PIDS" /bin/impostor enter "$victim_pid" 0x20000000
check_alert entering_tells_which '.container.id == "'"${IDS[enters-another]}"'" and .rule == "Container enters another container" and (.output | contains("'"${victim:0:12}"'"))'
attempt enters-the-host "Container enters the host's namespaces" "$HOST_PIDS" /bin/impostor enter $$ 0x04000000

# ---- the container's own first process, named by user space only ----
run_container plainly-named "" . /bin/sh -c '/bin/echo one; /bin/echo plainly-named'
check_stays plainly-named
check_records the_first_process_itself_becomes_the_containers '.type == "procexit" and .container.id == "plainly-named" and (.process.ns_pid // .exit.ns_pid) == 1'

# ---- honest nesting ----
told_to_be_nested() { alerts ".container.id == \"$1\" and .rule == \"Container inside a container\"" | wc -l; }
nested_as_often() { [ "$(told_to_be_nested "$1")" = "$2" ]; }
quiet() {
  local name=$1 wanted=$2
  check_records "${name}_ran" ".type == \"execve\" and .container.id == \"$name\" and (.exec.args | index(\"$name\"))"
  check_equal "${name}_raises_no_alert_of_identity" "" "$(alerts ".container.id == \"$name\" and (.tags | index(\"cgroup\") or index(\"namespace\")) and (.rule != \"Container inside a container\")" | say_alerts)"
  wait_for "$PATIENCE" nested_as_often "$name" "$wanted" || true # alerts wait for the container's name
  check_equal "${name}_is_told_to_be_nested" "$wanted" "$(told_to_be_nested "$name")"
}
OWN_CGROUPS="$ALMIGHTY"' | .linux.namespaces = ([.linux.namespaces[], {type: "cgroup"}] | unique_by(.type))
  | .mounts += [{destination: "/cg", type: "cgroup2", source: "cgroup2", options: ["rw"]}]'
inner=$(new_id)
run_container systemd-like "" "$OWN_CGROUPS" /bin/sh -c "mkdir -p /cg/init.scope /cg/system.slice/web.service && echo 0 >/cg/init.scope/cgroup.procs
  /bin/impostor clone_into /cg/system.slice/web.service /bin/echo systemd-like"
quiet systemd-like 0
pod=/cg/kubelet.slice/kubepods.slice/pod$(cat /proc/sys/kernel/random/uuid)
run_container kind-like "" "$OWN_CGROUPS" /bin/sh -c "mkdir -p $pod/cri-containerd-$inner.scope $pod/cri-containerd-$(new_id).scope
  echo 0 >$pod/cri-containerd-$inner.scope/cgroup.procs; /bin/impostor clone_parent /bin/impostor unshare 0x24020000 /bin/echo kind-like; true"
quiet kind-like 1

# A real runtime in a container.
mkdir -p "$HW_SCRATCH/rootfs/inner" "$HW_SCRATCH/rootfs/lib64" "$HW_SCRATCH/rootfs/lib/x86_64-linux-gnu"
cp -r "$HW_SCRATCH/rootfs/bin" "$HW_SCRATCH/rootfs/etc" "$HW_SCRATCH/rootfs/inner/"
mkdir -p "$HW_SCRATCH/rootfs/inner/"{proc,sys,dev,tmp}
cp /usr/sbin/runc "$HW_SCRATCH/rootfs/bin/"
ldd /usr/sbin/runc | grep -o '/[^ ]*' | while read -r file; do cp -L --parents "$file" "$HW_SCRATCH/rootfs/"; done
make_bundle "$HW_SCRATCH/rootfs/inner-bundle" /inner "/docker/$inner" '.linux.resources = {}' /bin/echo docker-in-docker
# Where the v2 hierarchy is one of many, runc leaves it out of a container's mounts.
unified='.'
if [ "$CGROOT" != /sys/fs/cgroup ]; then unified='.mounts += [{destination: "/sys/fs/cgroup/unified", type: "cgroup2", source: "cgroup2", options: ["rw"]}]'; fi
run_container docker-in-docker "" "$OWN_CGROUPS | $unified"' | .mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)
  | .linux.maskedPaths = [] | .linux.readonlyPaths = []' /bin/runc --root /tmp/runc run --bundle /inner-bundle "$inner"
quiet docker-in-docker 1
check_records docker_in_docker_tells_the_inner_identity ".type == \"execve\" and .container.id == \"docker-in-docker\" and .container.nested == \"$inner\""

check_stopped monitor
finish
