# Sourced by tests/run: one function suite_NAME for each suite, run in a shell of its own from the root of the tree.
# They report through check.sh's pass, fail and skip.

. "$HW_ROOT/tests/lib/check.sh"
. "$HW_ROOT/tests/lib/build.sh"

cxx_files() { git ls-files '*.cpp' '*.h' '*.c'; }

suite_format() {
  local file
  while read -r file; do check "$file" clang-format --dry-run -Werror "$file"; done < <(cxx_files)
}

# The documents that are generated: file, then the command whose output it holds.
suite_docs() {
  local file command
  build release hullwatch || { fail build; return; }
  while read -r file command; do
    case $file in '' | '#'*) continue ;; esac
    # shellcheck disable=SC2086 # words of a command
    check "$file" diff -u "docs/$file" <(build/release/hullwatch $command)
  done <docs/generated.txt
  check evasions.md diff -u docs/evasions.md <(tests/evasion/document)
}

# gtest BINARY…: runs GoogleTest executables, $1 at once, and reports each test by its name.
gtests() {
  local jobs=$1 binary json name
  shift
  json=$(mktemp -d)
  at_exit rm -rf "$json"
  printf '%s\n' "$@" | xargs -r -P "$jobs" -I{} bash -c '
    name=$(basename "$1")
    timeout -k 5 300 "$1" --gtest_output=json:"$2/$name.json" >"$2/$name.out" 2>&1
    echo $? >"$2/$name.status"' _ {} "$json"
  for binary in "$@"; do
    name=$(basename "$binary")
    cat "$json/$name.out"
    hw_report_gtest "$name" "$json/$name.json" "$json/$name.out" "$(cat "$json/$name.status")"
  done
}
# hw_report_gtest BINARY_NAME JSON OUTPUT STATUS
hw_report_gtest() {
  local kind name detail
  if [ ! -s "$2" ]; then
    fail "$1" "ended with status $4 before it could report, after: $(grep '^\[ RUN' "$3" | tail -n 1)"
    return
  fi
  while IFS=$'\t' read -r kind name detail; do
    if [ "$kind" = skip ]; then detail=$(hw_skip_reason "$name" "$3"); fi
    hw_result "$kind" "$name" "$detail"
  done < <(jq -r '
    .testsuites[].testsuite[]
    | [(if .failures then "fail" elif .result == "SKIPPED" or .status == "NOTRUN" then "skip" else "pass" end),
       .classname + "." + .name, ([.failures[]?.failure] | join(" ") | gsub("[\\n\\t]"; " "))] | @tsv' "$2")
  if [ "$4" != 0 ] && ! jq -e '.failures > 0' "$2" >/dev/null; then fail "$1" "ended with status $4"; fi
}
# What GTEST_SKIP was told is only in the text.
hw_skip_reason() {
  local reason
  reason=$(awk -v name="$1" '$0 == "[ RUN      ] " name {on = 1; next} /^\[  SKIPPED \]/ {on = 0} on && !/: Skipped$/' "$2" | tr '\n' ' ')
  printf '%s' "${reason:-no reason given}"
}

# ctest_binaries PRESET FOLDER: the test executables that folder of tests/ registered; of those that are not built ctest knows none.
ctest_binaries() {
  ctest --test-dir "build/$1" --show-only=json-v1 | jq -r --arg folder "/tests/$2/" '.tests[].command // [] | .[0] // empty | select(contains($folder))'
}
# hw_unit PRESET [TARGET…]: without targets the whole tree is built.
hw_unit() {
  local binaries
  build "$@" || { fail build; return; }
  mapfile -t binaries < <(ctest_binaries "$1" unit)
  gtests "$HW_JOBS" "${binaries[@]}"
}
suite_unit() { hw_unit release; }
suite_unit_asan() { hw_unit asan tests/unit/all; }

# The running kernel has one proc connector, one set of thresholds and two CPUs: these run one at a time.
suite_bpf() {
  local binaries
  build release || { fail build; return; }
  mapfile -t binaries < <(ctest_binaries release bpf)
  gtests 1 "${binaries[@]}"
  check compiles_for_arm64 cmake --build build/release --target bpf_arm64
}

# What has threads, under ThreadSanitizer.
suite_unit_tsan() {
  local folders=(alert enrich guard log metrics pipeline probe reload respond) binaries
  build tsan "${folders[@]/%/_test}" || { fail build; return; }
  mapfile -t binaries < <(ctest_binaries tsan unit | grep -E "/($(IFS='|'; echo "${folders[*]}"))_test$")
  check_equal every_executable_is_there ${#folders[@]} ${#binaries[@]}
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  gtests "$HW_JOBS" "${binaries[@]}"
}

suite_rules() {
  local hullwatch=build/release/hullwatch
  build release hullwatch || { fail build; return; }
  check rules_load $hullwatch rules check rules
  check rules_pass_their_tests $hullwatch rules test rules
  check_equal rules_have_tests_of_their_own "" "$(hw_rules_without_tests $hullwatch)"
  check_equal rules_name_a_technique_of_mitre "" "$($hullwatch rules list rules -o json |
    jq -r '.rules[] | select((any(.tags[]; startswith("mitre_")) and any(.tags[]; test("^T[0-9]{4}"))) | not) | .name')"
  check_equal rules_tell_false_positives "" "$(awk '
    FNR == 1 { told = 0 }
    /^#/ { told = told || /False positives: ./; next }
    /^- rule:/ && !told { print FILENAME ": " $0 }
    { told = 0 }' rules/*.yaml)"
  hw_published_rules $hullwatch
}
hw_rules_without_tests() {
  comm -13 <("$1" rules test rules -o json | jq -r '.cases[].rule' | sort -u) <("$1" rules list rules -o json | jq -r '.rules[].name' | sort)
}
# The rules that Falco publishes are not part of this tree. FALCO_RULES names a copy of them: falco_rules.yaml or others.
hw_published_rules() {
  local said
  if [ -z "${FALCO_RULES:-}" ]; then
    skip published_rules "FALCO_RULES names no copy of the rules that Falco publishes"
    return
  fi
  said=$("$1" rules check -o json "$FALCO_RULES") || true
  check_equal published_rules_load_without_errors "true 0" "$(jq -r '"\(.successful) \(.errors | length)"' <<<"$said")"
  check_equal published_rules_are_live_or_tell_why_not "" "$(jq -r '
    .rules[] | select(.state != "live" and ((.reason // "") | length) < 10) | .name' <<<"$said")"
  check published_rules_are_there jq -e '.rules | length > 0' <<<"$said"
  jq -r '"published rules: \(.summary.rules), \(.summary.live) live, \(.summary.inert) inert, \(.summary.disabled) disabled"' <<<"$said"
}

# End-to-end scripts, each in a shell of its own. They find the daemon in HULLWATCH and the actors in ACTORS.
hw_e2e() {
  local script name status began
  build "$1" hullwatch tests/actors/all alert_times || { fail build; return; }
  export HULLWATCH=$HW_ROOT/build/$1/hullwatch ACTORS=$HW_ROOT/build/$1/tests/actors HULLWATCH_PRESET=$1
  for script in tests/e2e/*.sh; do
    name=$(basename "$script")
    echo "--- $name"
    status=0 began=$SECONDS
    timeout -k 30 300 bash "$script" || status=$?
    echo "--- $name: $((SECONDS - began)) s"
    if ! grep -q "^done $name" "$HULLWATCH_RESULTS"; then fail "$name" "stopped before its end, with status $status"; fi
  done
}
suite_e2e() { hw_e2e release; }
suite_e2e_asan() {
  export ASAN_OPTIONS=detect_leaks=1:halt_on_error=1:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  hw_e2e asan
}

# hw_script NAME SCRIPT: one script with the release build, which says itself what it found.
hw_script() {
  build release hullwatch tests/actors/all || { fail build; return; }
  HULLWATCH=$HW_ROOT/build/release/hullwatch ACTORS=$HW_ROOT/build/release/tests/actors bash "$2" || true
  grep -q "^done $(basename "$2")" "$HULLWATCH_RESULTS" || fail "$1" "stopped before its end"
}
# A hundred thousand forks while hullwatch starts.
suite_starts() { hw_script starts tests/storms/starts.sh; }
# What is no fork bomb, for real; needs packages that nothing else does.
suite_twins() {
  HULLWATCH_APT_LOG=build/test-logs/apt-twins.log deploy/install-packages twins || { fail packages; return; }
  command -v npm >/dev/null || HULLWATCH_APT_LOG=build/test-logs/apt-twins.log deploy/install-packages npm || { fail packages; return; }
  hw_script twins tests/storms/twins.sh
}

# hw_icount TIERS…: instructions of an operation against tests/bench/icount.json, whatever else this machine does. Each word is one
# guest's tiers, "T1,T2"; the guests run at once.
hw_icount() {
  local tiers
  build release hullwatch workload nothing || { fail build; return; }
  for tiers in "$@"; do hw_icount_guest "$tiers" & done
  wait
}
hw_icount_guest() {
  local figures=build/test-logs/icount-$1.json verdicts=build/test-logs/icount-$1.verdicts options=() tier status=0
  for tier in ${1//,/ }; do options+=(--tier "$tier"); done
  tests/bench/icount -o json "${options[@]}" >"$figures" || { fail "guest.$1" "ended with status $?"; return; }
  tests/bench/icount --check --from "$figures" 2>"$verdicts" || status=$?
  cat "$verdicts"
  hw_icount_verdicts "$verdicts" || fail "verdicts.$1" "none, and status $status: $(tail -n 3 "$verdicts")"
  # that it would tell: against the baseline of a tree that was cheaper by a seventh
  jq '.loops |= map(.watched |= map_values(.instructions *= 0.85 | .tolerance_percent = 8))' tests/bench/icount.json >"$figures.cheaper"
  check_not "growth_is_told.$1" tests/bench/icount --check --baseline "$figures.cheaper" --from "$figures"
}
# hw_icount_verdicts FILE: one result for each line "holds|GREW LOOP TIER GROWTH (TOLERANCE)". Fails when there is none.
hw_icount_verdicts() {
  local verdict loop tier growth tolerance found=1
  while read -r verdict loop tier growth tolerance; do
    case $verdict in
      holds) pass "$loop.$tier" "$growth $tolerance" ;;
      GREW) fail "$loop.$tier" "$growth instructions more than tests/bench/icount.json has, tolerated are $tolerance" ;;
      *) continue ;;
    esac
    found=0
  done <"$1"
  return $found
}
suite_icount() { hw_icount ladder,T3; }
suite_icount_all() { hw_icount ladder,T3,T4 T1,T2; }

# Four minutes of everything, for what grows.
suite_soak() {
  build release hullwatch tests/actors/all || { fail build; return; }
  HULLWATCH=$HW_ROOT/build/release/hullwatch ACTORS=$HW_ROOT/build/release/tests/actors bash tests/soak/soak.sh ||
    grep -q '^fail ' "$HULLWATCH_RESULTS" || fail soak.sh "ended with status $?"
}

# Each kernel once, without the evasion suite.
suite_vm() {
  build release || { fail build; return; }
  bash tests/vm/matrix_test.sh || fail matrix_test "ended with status $?"
  bash tests/vm/matrix default || fail matrix "ended with status $?"
}
# Credentials overwritten by a kernel module: four guests, which download kernel headers and build it.
suite_vm_credentials() {
  build release || { fail build; return; }
  bash tests/vm/credentials.sh || fail credentials "ended with status $?"
}
# Storms too large for this machine, and responses on v2 alone: one guest.
suite_vm_storms() {
  build release hullwatch tests/actors/all || { fail build; return; }
  bash tests/vm/storms.sh || fail storms "ended with status $?"
}
# Every kernel and tier of tests/vm/columns: all that `vm` does, and more.
suite_vm_matrix() {
  build release || { fail build; return; }
  bash tests/vm/matrix_test.sh || fail matrix_test "ended with status $?"
  bash tests/vm/matrix full || fail matrix "ended with status $?"
}

# hw_fuzz SECONDS [NAME SECONDS]…: each fuzzer for so long, $HW_JOBS at once; those that are named for as long as it says, all of
# them at once beside the others, and behind them where processors are short.
hw_fuzz() {
  local seconds=$1 fuzzer name out long=()
  shift
  build asan fuzzers || { fail build; return; }
  out=$(mktemp -d)
  at_exit rm -rf "$out"
  while [ $# -gt 0 ]; do
    hw_fuzz_one "$1" "$out" "$2" nice -n 10 &
    long+=("$1")
    shift 2
  done
  export -f hw_fuzz_one
  for fuzzer in build/asan/tests/fuzz/*_fuzzer; do
    name=$(basename "$fuzzer" _fuzzer)
    case " ${long[*]} " in *" $name "*) ;; *) echo "$name" ;; esac
  done | xargs -P "$HW_JOBS" -I{} bash -c 'hw_fuzz_one "$@"' _ {} "$out" "$seconds"
  wait
  for fuzzer in build/asan/tests/fuzz/*_fuzzer; do
    name=$(basename "$fuzzer" _fuzzer)
    cat "$out/$name"
    if [ "$(cat "$out/$name.status")" = 0 ]; then
      pass "${name}_fuzzer" "$(grep -Eo '^Done .*' "$out/$name")"
    else
      fail "${name}_fuzzer" "$(tail -n 3 "$out/$name" | tr '\n' ' ')"
    fi
  done
}
# hw_fuzz_one NAME DIRECTORY SECONDS [COMMAND…]: by that command; what it said and how it ended go to the directory.
hw_fuzz_one() {
  local name=$1 out=$2 seconds=$3 corpus=("build/asan/corpus/$1_fuzzer") status=0
  shift 3
  mkdir -p "${corpus[0]}"
  if [ -d "tests/fuzz/corpus/$name" ]; then corpus+=("tests/fuzz/corpus/$name"); fi
  "$@" "build/asan/tests/fuzz/${name}_fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -verbosity=1 \
    -artifact_prefix="build/test-logs/${name}_fuzzer-" "${corpus[@]}" >"$out/$name" 2>&1 || status=$?
  echo $status >"$out/$name.status"
}
suite_fuzz() { hw_fuzz 10 rule_file 60 condition 60 output_template 60; }
suite_fuzz_long() { hw_fuzz 60; }

# hw_tidy deep|shallow FILE…: how far clang-tidy's analyzer follows paths. Deep takes it twice as long.
hw_tidy() {
  local file depth=$1
  shift
  if [ $# -eq 0 ]; then
    pass no_source_file_changed
    return
  fi
  build tidy hullwatch_skeleton_header hullwatch_revision || { fail build; return; }
  printf '%s\n' "$@" | xargs -P "$HW_JOBS" -I{} bash -c '
    clang-tidy -quiet -p build/tidy --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=mode="$3" "$1" \
      >"$2/${1//\//_}" 2>/dev/null; echo $? >"$2/${1//\//_}.status"' _ {} "$HW_TIDY_OUT" "$depth"
  for file in "$@"; do
    if [ "$(cat "$HW_TIDY_OUT/${file//\//_}.status")" = 0 ]; then
      pass "$file"
    else
      cat "$HW_TIDY_OUT/${file//\//_}"
      fail "$file" "$(grep -m 3 -E 'error|warning' "$HW_TIDY_OUT/${file//\//_}" | tr '\n' ' ')"
    fi
  done
}
# Files that clang-tidy can look at: those that CMake compiles.
tidy_files() {
  git ls-files 'src/*.cpp' 'tests/*.cpp' | sort
}
# The whole tree. What a change touches was looked at deeply with that change.
suite_tidy() {
  local files
  HW_TIDY_OUT=$(mktemp -d)
  at_exit rm -rf "$HW_TIDY_OUT"
  mapfile -t files < <(tidy_files)
  hw_tidy shallow "${files[@]}"
}
# What differs from the branch this one grew from, or, where that is this very commit, what the commit changed; HULLWATCH_BASE
# names another base. A changed header is looked at through one file that includes it.
suite_tidy_changed() {
  local files base
  HW_TIDY_OUT=$(mktemp -d)
  at_exit rm -rf "$HW_TIDY_OUT"
  base=${HULLWATCH_BASE:-$(git merge-base HEAD '@{upstream}' 2>/dev/null || true)}
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse -q --verify HEAD~1 || git hash-object -t tree /dev/null)
  fi
  mapfile -t files < <(comm -12 <(tidy_files) <({
    git diff --name-only --diff-filter=d "$base"
    git diff --name-only --diff-filter=d "$base" -- 'src/*.h' 'tests/*.h' | while read -r header; do
      git grep -l --fixed-strings "/$(basename "$header")\"" -- 'src/*.cpp' 'tests/*.cpp' | sed -n 1p
    done
  } | sort -u))
  hw_tidy deep "${files[@]}"
}

# Every evasion of tests/evasion/rows on the running kernel; its twin must be quiet. A miss passes only when doctor explains it.
suite_evasion() {
  local results name kind detail status=0
  build release hullwatch evasion || { fail build; return; }
  results=build/test-logs/evasion.jsonl
  rm -f "$results"
  sh tests/evasion/run -k build/test-logs/evasion -o "$results" build/release/hullwatch build/release/tests/evasion rules || status=$?
  if [ $status -gt 1 ]; then
    fail run "ended with status $status"
    return
  fi
  check_equal daemon_drains_and_exits_0 0 "$(cat build/test-logs/evasion/ended)"
  while IFS=$'\t' read -r kind name detail; do hw_result "$kind" "$name" "$detail"; done < <(jq -r '
    [.verdict, .row,
     (if .attributed then "" else .reason end) + (if .alerts == "" then "" else " alerts: " + .alerts end)
       + (if .quiet then "" else " twin: " + .twin_alerts end)] | @tsv' "$results")
  check_equal doctor_knows_each_row_and_no_other "" "$(diff <(jq -r '.evasions[].evasion' build/test-logs/evasion/doctor | sort) <(jq -r .row "$results" | sort))"
  # Of the running kernel's own best rungs, whichever these are.
  check share tests/evasion/share running-T3 "$results"
  bash tests/evasion/crash_test build/release/hullwatch build/release/tests/evasion rules || fail crash_test "ended with status $?"
}

# The README's demonstration, as a new user runs it: three containers misbehave, each is named in its alert.
suite_demo() {
  local out=build/test-logs/demo.alerts err=build/test-logs/demo.err status=0
  deploy/quickstart --demo --duration 30 --output json >"$out" 2>"$err" || status=$?
  cat "$out" "$err"
  check_equal exits_0 0 $status
  demo_told() { jq -e --slurp --arg container "$1" --arg rule "$2" "any(.[]; .container.name == \$container and .rule == \$rule and (${3:-true}))" "$out"; }
  check the_bomb_is_named_with_its_container demo_told web "Fork bomb in a container"
  check the_request_is_told_with_its_container demo_told ci-job "Container asks a runtime for the node" '.output | test("POST /v[0-9.]+/containers/create")'
  check the_gain_is_told_with_its_container demo_told payroll "Root gained in a container"
  check every_record_is_accounted_for grep -q 'submitted = received: yes; critical records lost: 0' "$err"
  check latency_is_told grep -qE 'hook to alert written: [0-9]+ alerts, p50 [0-9.]+ ms, p99 [0-9.]+ ms' "$err"
}
