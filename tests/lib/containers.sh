# Sourced after common.sh and scratch: real container runtimes, each with directories of its own under HW_SCRATCH, so that a
# test sees no container of the machine's and leaves none behind. Everything is ended by pid at exit.
#
#   start_dockerd                     then docker … talks to that daemon only; DOCKER_SOCKET, DOCKER_ROOT, DOCKER_EXEC
#   start_podman                      then podman … has private storage; PODMAN_ROOT, PODMAN_RUN
#   make_rootfs DIR [FILE…]           busybox with its applets; each FILE goes to /bin
#   docker_image NAME DIR             a root file system as an image; podman_image likewise
#   make_bundle DIR ROOTFS CGROUP_PATH JQ_FILTER ARG…
#                                     an OCI bundle for runc; an empty cgroup path is runc's own choice, the filter edits config.json
#   runc …                            private state; RUNC_ROOT

HW_DOCKER=/usr/bin/docker  # Debian's: another client in the PATH may be too new for this daemon

DOCKER_DIR=$HW_SCRATCH/docker
DOCKER_SOCKET=$DOCKER_DIR/docker.sock
DOCKER_ROOT=$DOCKER_DIR/data
DOCKER_EXEC=$DOCKER_DIR/exec
PODMAN_ROOT=$HW_SCRATCH/podman/root
PODMAN_RUN=$HW_SCRATCH/podman/run
RUNC_ROOT=$HW_SCRATCH/runc

docker() { DOCKER_CONFIG=$DOCKER_DIR/config $HW_DOCKER -H "unix://$DOCKER_SOCKET" "$@"; }

# No bridge and no iptables: containers here need no network, and the machine's rules are not ours to change.
start_dockerd() {
  mkdir -p "$DOCKER_ROOT" "$DOCKER_EXEC" "$DOCKER_DIR/config"
  at_exit stop_dockerd
  setsid dockerd --data-root "$DOCKER_ROOT" --exec-root "$DOCKER_EXEC" -H "unix://$DOCKER_SOCKET" -p "$DOCKER_DIR/pid" \
    --iptables=false --ip6tables=false --bridge=none >"$DOCKER_DIR/log" 2>&1 </dev/null &
  HW_DOCKERD_PID=$!
  if ! wait_for 60 hw_dockerd_answers || hw_ended "$HW_DOCKERD_PID"; then
    tail -n 20 "$DOCKER_DIR/log" >&2
    die "dockerd did not become ready"
  fi
}
hw_dockerd_answers() { hw_ended "$HW_DOCKERD_PID" || timeout 10 $HW_DOCKER -H "unix://$DOCKER_SOCKET" version; }

stop_dockerd() {
  local ids
  if [ -z "${HW_DOCKERD_PID:-}" ]; then return 0; fi
  ids=$(timeout 20 $HW_DOCKER -H "unix://$DOCKER_SOCKET" ps -q 2>/dev/null) || true
  # shellcheck disable=SC2086 # one word each
  if [ -n "$ids" ]; then timeout 30 $HW_DOCKER -H "unix://$DOCKER_SOCKET" kill $ids >/dev/null 2>&1 || true; fi
  stop_pid "$HW_DOCKERD_PID" 30
  HW_DOCKERD_PID=
  hw_unmount_below "$DOCKER_DIR"
}

hw_unmount_below() {
  local target
  awk -v d="$1/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r target; do
    umount -l "$target" 2>/dev/null || true
  done
}

# Network none, and limits that a machine without CAP_SYS_RESOURCE can set.
start_podman() {
  mkdir -p "$HW_SCRATCH/podman/tmp"
  cat >"$HW_SCRATCH/podman/containers.conf" <<CONF
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$HW_SCRATCH/podman/tmp"
CONF
  at_exit hw_stop_podman
}
podman() {
  [ -e "$HW_SCRATCH/podman/containers.conf" ] || die "call start_podman first"
  CONTAINERS_CONF=$HW_SCRATCH/podman/containers.conf /usr/bin/podman --root "$PODMAN_ROOT" --runroot "$PODMAN_RUN" "$@"
}
hw_stop_podman() {
  podman rm -fa -t 0 >/dev/null 2>&1
  hw_unmount_below "$HW_SCRATCH/podman"
}

make_rootfs() {
  local root=$1 applet file
  shift
  mkdir -p "$root"/{bin,etc,proc,sys,dev,run,tmp,root,home,var,mnt}
  chmod 1777 "$root/tmp"
  cp /bin/busybox "$root/bin/busybox"
  for applet in $(/bin/busybox --list); do
    if [ "$applet" != busybox ]; then ln -sf busybox "$root/bin/$applet"; fi
  done
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
  for file in "$@"; do cp "$file" "$root/bin/"; done
}
docker_image() { tar -C "$2" -c . | docker import - "$1" >/dev/null; }
podman_image() { tar -C "$2" -c . | podman import -q - "$1" >/dev/null; }

runc() { /usr/sbin/runc --root "$RUNC_ROOT" "$@"; }

make_bundle() {
  local bundle=$1 rootfs=$2 cgroup=$3 filter=$4
  shift 4
  mkdir -p "$bundle"
  rm -f "$bundle/config.json"
  runc spec -b "$bundle"
  jq --arg rootfs "$rootfs" --arg cgroup "$cgroup" '
    .root = {path: $rootfs, readonly: false} | .process.terminal = false | .process.args = $ARGS.positional
    | if $cgroup != "" then .linux.cgroupsPath = $cgroup else . end | '"${filter:-.}" \
    "$bundle/config.json" --args -- "$@" >"$bundle/config.json.new"
  mv "$bundle/config.json.new" "$bundle/config.json"
}
# make_bundle's containers end with the shell that ran them; one left running is deleted here.
stop_runc() {
  local id
  for id in $(runc list -q 2>/dev/null); do runc delete -f "$id" >/dev/null 2>&1; done
}
at_exit stop_runc
