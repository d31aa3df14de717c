#!/usr/bin/env bash
# Debian 13's kernel: BPF LSM and fentry work there (T1), and the tracepoints that T3 stands on do not all exist.
set -euo pipefail
. "$(dirname "$0")/../../lib/common.sh"
. "$HW_ROOT/tests/lib/check.sh"
. "$HW_ROOT/tests/lib/guest.sh"

build=${HULLWATCH_BUILD:-$HW_ROOT/build/release}
actors=(setid capset_actor compat_calls namespaces mount_calls unix_client unix_server)
run_guest 6.12 "$HW_ROOT/tests/vm/guest/smoke" "$build/hullwatch" "$HW_ROOT/rules" \
  "$build/tests/vm/vm_tier_test" "${actors[@]/#/$build/tests/actors/}"
finish
