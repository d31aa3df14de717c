#!/usr/bin/env bash
# Credentials that nobody committed, by the test-only kernel module: every way and every use of them on 6.1 and 6.12, with BPF LSM
# (T1) and without (T2). HULLWATCH_EXPLOIT_KERNELS names other kernels: 5.10 and 7.2. Each way, once, in all columns of the matrix, T3 and
# T4 among them, is family 19 of tests/evasion.
set -euo pipefail
. "$(dirname "$0")/../lib/common.sh"
. "$HW_ROOT/tests/lib/check.sh"
. "$HW_ROOT/tests/lib/guest.sh"

build=${HULLWATCH_BUILD:-$HW_ROOT/build/release}
actors=(setid capset_actor namespaces exploit)
files=("$build/hullwatch" "$HW_ROOT/rules" "$build/tests/vm/vm_exploit_test" "${actors[@]/#/$build/tests/actors/}"
  "$HW_ROOT/tests/vm/guest/bundle.json" "$(command -v crun)" "$(command -v setpriv)")
without_bpf=landlock,lockdown,yama,integrity,apparmor

for version in ${HULLWATCH_EXPLOIT_KERNELS:-6.1 6.12}; do
  if ! module=$("$HW_ROOT/tests/vm/module/build" "$version"); then
    fail "$version.module" "could not be built"
    continue
  fi
  run_guest "$version" "$HW_ROOT/tests/vm/guest/exploits" "$module" "${files[@]}"
  VM_LSM=$without_bpf run_guest "$version" "$HW_ROOT/tests/vm/guest/exploits" "$module" "${files[@]}"
done
finish
