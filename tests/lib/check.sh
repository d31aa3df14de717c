# Sourced by end-to-end scripts: how a script says what it found. Each fact is one line "pass|fail|skip NAME: DETAIL" on
# stdout and, when tests/run asks for it, in the file HULLWATCH_RESULTS. A script that ends otherwise than by `finish` failed.

HW_FAILED=0

hw_result() {
  local line="$1 $2${3:+: $3}"
  printf '%s\n' "$line"
  if [ -n "${HULLWATCH_RESULTS:-}" ]; then printf '%s\n' "${line//$'\n'/ }" >>"$HULLWATCH_RESULTS"; fi
}
pass() { hw_result pass "$1" "${2:-}"; }
fail() {
  HW_FAILED=1
  hw_result fail "$1" "${2:-}"
}
skip() { hw_result skip "$1" "${2:?a skip gives its reason}"; }

# check NAME COMMAND…: passes when the command succeeds; what it printed is the detail when it does not.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    pass "$name"
  else
    fail "$name" "\`$*\` ${output:+said: ${output:0:2000}}"
  fi
}
# check_not NAME COMMAND…: passes when the command fails.
check_not() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    fail "$name" "\`$*\` succeeded${output:+ and said: ${output:0:2000}}"
  else
    pass "$name"
  fi
}
# check_said NAME TEXT FILE: passes when FILE holds TEXT; the end of FILE is the detail when it does not.
check_said() {
  if grep -qF -- "$2" "$3"; then pass "$1"; else fail "$1" "not said: '$2'; at the end: $(tail -n 40 "$3")"; fi
}
# check_equal NAME WANTED GOT
check_equal() {
  if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "wanted '$2', got '$3'"; fi
}

finish() {
  hw_result done "$(basename "$0")"
  exit $HW_FAILED
}
