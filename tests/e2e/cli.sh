#!/usr/bin/env bash
# The command line: what is wrong is said with its place and all at once, exit codes mean what the help says, every reference
# prints as text and as JSON, a reload changes rules without a gap, and SIGTERM loses nothing.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"
. "$E2E_ROOT/tests/e2e/lib/said.sh"
cd "$E2E_ROOT"

run_once=("$HULLWATCH" run --listen off --state-dir "$HW_SCRATCH/unused" --duration 1)

# Bad files
bad=$HW_SCRATCH/bad.yaml
cat >"$bad" <<'YAML'
log:
  contnet: all
rings:
  critical_bytes: many
listen: "127.0.0.1:9787"
listen: "127.0.0.1:9788"
rules:
  paths: [/nonexistent/rules]
YAML
said 3 bad_configuration "${run_once[@]}" -c "$bad"
says unknown_key_has_its_place "$bad:2:3: error: unknown key 'contnet'"
says unknown_key_has_line_caret_and_hint $'    contnet: all\n    ^\n  hint: did you mean '"'content'?"
says wrong_type_has_its_place "$bad:4:19: error: "
says duplicate_key_has_its_place "$bad:6:1: error: 'listen' is there twice"
says missing_rules_path_has_its_place "$bad:8:11: error: "
says missing_rules_path_is_named "/nonexistent/rules"
said 3 config_check_of_a_bad_file "$HULLWATCH" config check "$bad"
said 3 config_check_of_a_bad_file_as_json "$HULLWATCH" config check -o json "$bad"
check_equal config_errors_as_json "2:3 4:19 6:1 8:11" "$(jq -r '[.errors[] | "\(.line):\(.column)"] | join(" ")' <<<"$OUT")"
said 3 missing_configuration "${run_once[@]}" -c /nonexistent/hullwatch.yaml
says missing_configuration_is_named /nonexistent/hullwatch.yaml
said 3 missing_rules "${run_once[@]}" --rules /nonexistent/rules.yaml
says missing_rules_are_named /nonexistent/rules.yaml

cat >"$HW_SCRATCH/bad_rules.yaml" <<'YAML'
- rule: first
  desc: a condition that ends too early
  condition: evt.type = execve and
  output: o
  priority: WARNING
- rule: second
  desc: a field that does not exist
  condition: evt.type = execve and proc.nmae = a
  output: o
  priority: WARNING
YAML
said 3 bad_rules "${run_once[@]}" --rules "$HW_SCRATCH/bad_rules.yaml"
says first_bad_condition_has_its_place "$HW_SCRATCH/bad_rules.yaml:3:"
says second_bad_condition_has_its_place "$HW_SCRATCH/bad_rules.yaml:8:36: error: "
says bad_condition_has_line_and_caret $'condition: evt.type = execve and proc.nmae = a\n                                     ^'
says bad_condition_has_a_hint "proc.name"
said 3 rules_check_of_bad_rules "$HULLWATCH" rules check "$HW_SCRATCH/bad_rules.yaml"
said 3 rules_parse_of_what_begins_like_an_option "$HULLWATCH" rules parse '-a'
says what_begins_like_an_option_has_its_place 'condition:1:1: error: '
said 2 rules_parse_of_two_conditions "$HULLWATCH" rules parse a b

# Usage, privilege
said 2 unknown_option "$HULLWATCH" run --bogus
said 2 no_verb "$HULLWATCH"
said 2 unknown_format "$HULLWATCH" fields -o xml
said 4 no_privilege setpriv --bounding-set=-all "$HULLWATCH" run --rules rules --listen off --state-dir "$HW_SCRATCH/unused"
check_equal no_privilege_is_one_sentence 1 "$(grep -c . <<<"$ERR")"
says no_privilege_names_what_is_missing CAP_
: >"$HW_SCRATCH/file"
said 1 state_below_a_file "$HULLWATCH" run --rules rules --listen off --state-dir "$HW_SCRATCH/file/state"
says state_below_a_file_is_named "$HW_SCRATCH/file/state"
mkdir "$HW_SCRATCH/empty"
# In a mount namespace of their own: a kernel without type information, a state directory on a file system mounted read-only.
hidden() { said "$1" "$2" unshare --mount sh -c 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"' _ "$3" "$4" "${@:5}"; }
hidden 4 no_type_information ro /sys/kernel/btf "$HULLWATCH" run --rules rules --listen off --state-dir "$HW_SCRATCH/unused"
says no_type_information_is_named BTF
hidden 1 state_on_a_read_only_file_system ro "$HW_SCRATCH/empty" \
  "$HULLWATCH" run --rules rules --listen off --state-dir "$HW_SCRATCH/empty/state"
says state_on_a_read_only_file_system_is_named "$HW_SCRATCH/empty/state"
says state_on_a_read_only_file_system_tells_why 'Read-only file system'

# References
said 0 version "$HULLWATCH" version
check version_names_the_revision grep -Eq '[0-9a-f]{12}' <<<"$OUT"
# What nothing on a kernel provides: judged by the configuration that run would use. The LSM rung has no capability checks.
cat >"$HW_SCRATCH/capable.rules" <<'YAML'
- {rule: uses a capability, desc: d, condition: evt.type = capable, output: o, priority: INFO}
- {rule: runs a program, desc: d, condition: evt.type = execve, output: o, priority: INFO}
YAML
printf 'rules:\n  paths: [%s]\npin_directory: "off"\n' "$HW_SCRATCH/capable.rules" >"$HW_SCRATCH/capable.yaml"
said 3 doctor_with_a_bad_configuration "$HULLWATCH" doctor -c "$bad"
OUT=$(HULLWATCH_TIERS=lsm "$HULLWATCH" doctor -c "$HW_SCRATCH/capable.yaml" 2>&1) || true # 4: a core observation may be missing, too
check doctor_judges_the_configured_rules grep -q '^rules *2 rules: 1 live, 1 inert (1: events capable)' <<<"$OUT"
check doctor_names_the_tiers_they_would_come_by \
  grep -qF 'to be live they need the events capable (T2 fentry, T3 quiet or T4 dispatch)' <<<"$OUT"
check doctor_names_the_evasions_left_open test "$(grep -A 1 '^  no provider for mount$' <<<"$OUT" | grep -c ' bind_root ')" = 1
check doctor_names_the_rules_without_events grep -q 'nothing on this kernel provides events for: uses a capability$' <<<"$OUT"
said 0 run_on_one_rung env HULLWATCH_TIERS=lsm "${run_once[@]}" -c "$HW_SCRATCH/capable.yaml"
says run_counts_the_live_rules 'ready: 1 rules live'
says run_names_the_rules_without_events 'nothing on this kernel provides their events (hullwatch doctor tells why): uses a capability'

for verb in fields events metrics containers doctor version 'rules check rules' 'rules list rules' 'rules test rules' 'config check deploy/hullwatch.yaml'; do
  # shellcheck disable=SC2086 # words of a command
  said 0 "${verb// /_}_as_text" "$HULLWATCH" $verb
  check "${verb// /_}_says_something" test -n "$OUT$ERR"
  # shellcheck disable=SC2086
  said 0 "${verb// /_}_as_json" "$HULLWATCH" $verb -o json
  check "${verb// /_}_names_its_schema" jq -e '.schema | startswith("hullwatch.")' "$HW_SCRATCH/said.out"
done
printf 'rules:\n  paths: ["%s/rules"]\nlog: {content: all}\n' "$E2E_ROOT" >"$HW_SCRATCH/own.yaml"
said 0 config_print "$HULLWATCH" config print -c "$HW_SCRATCH/own.yaml"
printf '%s\n' "$OUT" >"$HW_SCRATCH/printed.yaml"
check_equal config_print_prints_what_it_reads "$OUT" "$("$HULLWATCH" config print -c "$HW_SCRATCH/printed.yaml")"

# Reload
mark_rules() {
  cat >"$HW_SCRATCH/mark.yaml" <<YAML
- rule: Marked program
  desc: the test's own program ran
  condition: evt.type = execve and proc.name = e2e_mark
  output: "$1 %proc.args"
  priority: WARNING
YAML
}
mkdir "$HW_SCRATCH/bin"
cp /bin/true "$HW_SCRATCH/bin/e2e_mark"
# mark FROM TO: one alert each.
mark() { seq "$1" "$2" | xargs -n 1 "$HW_SCRATCH/bin/e2e_mark"; }
marked() { alerts '.rule == "Marked program"' | jq -r .output | sed 's/.* //' | sort -n; }
mark_rules first
HW_CONFIG=$'rules:\n  watch: false' MON_RULES=$HW_SCRATCH/mark.yaml start_monitor reload

said 1 port_in_use "$HULLWATCH" run --rules rules --state-dir "$HW_SCRATCH/unused" --listen "127.0.0.1:$MON_PORT"
says port_in_use_is_named ":$MON_PORT"
said 1 state_directory_in_use "$HULLWATCH" run --rules rules --listen off --state-dir "$MON_STATE"
says state_directory_in_use_is_named "$MON_STATE"

reloaded() { [ "$(grep -c "$1" "$MON_DIR/err")" -ge "$2" ]; }
mark 1 300 &
marking=$!
for i in 1 2 3 4; do
  mark_rules "again$i"
  kill -HUP "$MON_PID"
  check "reload_$i" wait_for "$PATIENCE" reloaded 'rules reloaded' $i
done
wait $marking
printf -- '- rule: Broken\n  desc: d\n  condition: evt.type = \n  output: o\n  priority: WARNING\n' >"$HW_SCRATCH/mark.yaml"
kill -HUP "$MON_PID"
check a_bad_reload_is_refused wait_for "$PATIENCE" reloaded 'the old ones stay' 1
check a_bad_reload_has_its_place grep -q "$HW_SCRATCH/mark.yaml:3:[0-9]*: error" "$MON_DIR/err"
mark 301 400
check_stopped reload
check_equal no_event_is_missed_by_reloads_and_at_the_end "$(seq 400)" "$(marked)"
check_equal the_old_rules_stay_after_a_bad_reload 100 "$(alerts '.output | contains("again4 ")' | jq -r '.output | split(" ") | last | tonumber | select(. > 300)' | wc -l)"
check_equal alerts_before_the_end_are_in_the_log "$(seq 400)" "$(records '.type == "alert"' | jq -r '.alert.output | split(" ") | last' | sort -n)"
check_equal reloads_are_in_the_log "true true true true false" "$(records '.type == "reload"' | jq -r .ok | tr '\n' ' ' | sed 's/ $//')"

# Files that change are loaded without being asked; rules that did not change go on counting, and what is held back is told.
many_rules() {
  cat <<YAML
- rule: Marked thrice
  desc: the test's own program ran three times
  condition: evt.type = execve and proc.name = e2e_mark
  threshold: {count: 3, window: 10m}
  output: "thrice %proc.args"
  priority: WARNING
- rule: Marked
  desc: the test's own program ran
  condition: evt.type = execve and proc.name = e2e_mark
  suppress: {for: 10m, by: proc.name}
  output: "marked %proc.args"
  priority: WARNING
- rule: Another
  desc: $1
  condition: evt.type = execve and proc.name = $1
  output: another
  priority: NOTICE
YAML
}
mkdir "$HW_SCRATCH/watched"
many_rules nobody >"$HW_SCRATCH/watched/rules.yaml"
MON_RULES=$HW_SCRATCH/watched start_monitor watch
seen() { alerts '.output | endswith("Warning marked 1")'; }
mark 1 2
check the_first_mark_is_told wait_for "$PATIENCE" hw_some seen
many_rules somebody >"$HW_SCRATCH/watched/.next"
mv "$HW_SCRATCH/watched/.next" "$HW_SCRATCH/watched/rules.yaml"
check a_changed_file_is_loaded wait_for "$PATIENCE" reloaded 'rules reloaded (a file changed)' 1
echo '- rule: [' >"$HW_SCRATCH/watched/rules.yaml"
check a_changed_file_that_is_not_good_is_refused wait_for "$PATIENCE" reloaded 'the old ones stay (a file changed)' 1
digest=$(many_rules somebody | sha256sum | cut -d ' ' -f 1)
check the_rules_that_run_are_known_by_their_content grep -q "^hullwatch_rules_file_info{file=\"$HW_SCRATCH/watched/rules.yaml\",sha256=\"$digest\"} 1" <<<"$(metrics)"
check reloads_are_counted grep -q '^hullwatch_rules_reloads_total{result="error"} 1' <<<"$(metrics)"
check the_last_reload_failed grep -q '^hullwatch_rules_last_reload_successful 0' <<<"$(metrics)"
check_equal the_rules_that_run_are_counted_by_state "disabled 0 inert 0 live 3" \
  "$(metrics | sed -n 's/^hullwatch_rules{state="\(.*\)"} /\1 /p' | sort | tr '\n' ' ' | sed 's/ $//')"
check_equal a_rule_that_did_not_change_has_not_fired_yet "" "$(alerts '.rule == "Marked thrice"')"
mark 3 3
check_alert a_rule_that_did_not_change_counts_on_over_a_reload '.rule == "Marked thrice" and (.output | endswith("thrice 3")) and .evidence.threshold_count == 3'
check_stopped watch
check_equal what_is_alike_is_told_once_and_closed "marked 1,0 marked 3 [2 alerts like this held back within 10m],2" \
  "$(alerts '.rule == "Marked"' | jq -r '"\(.output | sub(".*Warning "; "")),\(.repeated // 0)"' | tr '\n' ' ' | sed 's/ $//')"
check_equal the_log_has_each "marked 1 marked 2 marked 3" \
  "$(records '.type == "alert" and .alert.rule == "Marked" and .alert.repeated == null' | jq -r '.alert.output | sub(".*Warning "; "")' | tr '\n' ' ' | sed 's/ $//')"
finish
