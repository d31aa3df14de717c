# Sourced after common.sh and check.sh: runs a script in a guest (tests/vm) and takes over what it found.

# run_guest VERSION SCRIPT FILE…: the guest's `pass|fail|skip NAME: DETAIL` lines and GoogleTest's results become ours, prefixed
# with the kernel's version. A guest that ends otherwise than by status 0, or reports nothing, failed.
run_guest() {
  local version=$1 script=$2 kernel console status=0 kind name detail found=0
  shift 2
  kernel=$("$HW_ROOT/tests/vm/fetch" "$version") || { fail "${VM_GUEST_NAME:-$version}.kernel" "could not be fetched"; return; }
  console=$(mktemp)
  at_exit rm -f "$console"
  VM_TIMEOUT=${VM_TIMEOUT:-300} "$HW_ROOT/tests/vm/boot" "$kernel" "$script" "$@" 2>&1 | tee "$console" || status=${PIPESTATUS[0]}
  while IFS=$'\t' read -r kind name detail; do
    hw_result "$kind" "${VM_GUEST_NAME:-$version}.$name" "$detail"
    found=$((found + 1))
  done < <(awk '
    /^(pass|fail|skip) / {kind = $1; sub(/^[a-z]+ /, ""); name = $1; sub(/:$/, "", name); sub(/^[^ ]+ ?/, ""); print kind "\t" name "\t" $0}
    /^\[ RUN      \] / {reason = ""}
    reason == "" && /: Skipped$/ {getline reason}
    reason == "" && /: Failure$/ {place = $0; getline; reason = place " " $0}
    /^\[       OK \] / {print "pass\t" $4 "\t"}
    /^\[  FAILED  \] .*\(.*ms\)$/ {print "fail\t" $4 "\t" reason}
    /^\[  SKIPPED \] .*\(.*ms\)$/ {print "skip\t" $4 "\t" reason}' "$console")
  case $status in
    0) ;;
    124) fail "${VM_GUEST_NAME:-$version}.guest" "was not done in time" ;;
    125) fail "${VM_GUEST_NAME:-$version}.guest" "crashed" ;;
    *) fail "${VM_GUEST_NAME:-$version}.guest" "ended with status $status" ;;
  esac
  if [ $found -eq 0 ]; then fail "${VM_GUEST_NAME:-$version}.guest" "reported nothing"; fi
}
