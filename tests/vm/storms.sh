#!/usr/bin/env bash
# Storms larger than a shared machine bears, and what is done about them on a node of v2 alone, which the host of these tests is not:
# one guest with 6.12.
set -euo pipefail
. "$(dirname "$0")/../lib/common.sh"
. "$HW_ROOT/tests/lib/check.sh"
. "$HW_ROOT/tests/lib/guest.sh"
scratch
. "$HW_ROOT/tests/lib/containers.sh"

build=${HULLWATCH_BUILD:-$HW_ROOT/build/release}
# No links to busybox: boot would make each a copy.
make_bundle "$HW_SCRATCH/bundle" rootfs CGROUP 'del(.linux.seccomp) | .linux.resources.pids.limit = 31007' ARGS
mkdir -p "$HW_SCRATCH"/bundle/rootfs/{bin,proc,sys,dev,tmp}
cp /bin/busybox "$build/tests/actors/storm" "$HW_SCRATCH/bundle/rootfs/bin/"
mv "$HW_SCRATCH/bundle/config.json" "$HW_SCRATCH/bundle/config.template"

VM_SMP=2 VM_MEMORY=${VM_MEMORY:-6144} VM_TIMEOUT=${VM_TIMEOUT:-600} run_guest "${HULLWATCH_STORM_KERNEL:-6.12}" "$HW_ROOT/tests/vm/guest/storms" \
  "$build/hullwatch" "$HW_ROOT/rules" "$HW_ROOT/tests/vm/guest/storm_rules.yaml" "$HW_SCRATCH/bundle" /usr/bin/crun
finish
