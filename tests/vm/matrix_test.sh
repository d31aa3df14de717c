#!/usr/bin/env bash
# What tests/vm/matrix says of a kernel that cannot be fetched: its column failed, by name, and so did the whole.
set -euo pipefail
. "$(dirname "$0")/../lib/common.sh"
. "$HW_ROOT/tests/lib/check.sh"
scratch

# A series that no Debian release carries; the other column has a guest's kernel, and is not asked for.
printf '%s\n' '9.99 9.99 - - 1 - no yes' '5.10 5.10 - - 1 - yes no' >"$HW_SCRATCH/columns"
status=0
env -u HULLWATCH_RESULTS VM_COLUMNS="$HW_SCRATCH/columns" bash "$HW_ROOT/tests/vm/matrix" default >"$HW_SCRATCH/said" 2>&1 || status=$?
check_equal a_kernel_that_cannot_be_fetched_fails_the_matrix 1 $status
check a_kernel_that_cannot_be_fetched_is_named grep '^fail 9\.99\.kernel: could not be fetched: .*9\.99' "$HW_SCRATCH/said"
check its_column_is_printed grep -E '^9\.99 +FAILED +- ' "$HW_SCRATCH/said"
check nothing_else_is_said_of_it test "$(grep -c '^fail' "$HW_SCRATCH/said")" = 1
rm -f "$HW_ROOT"/build/test-logs/{vm,evasion}-9.99.*
finish
