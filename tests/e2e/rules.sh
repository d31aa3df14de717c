#!/usr/bin/env bash
# The commands about rules, by their own words: what is live and what the rest would need, the same as JSON, syntax trees, cases
# that fail, and what the configuration changes about rules.
set -euo pipefail
. "$(dirname "$0")/lib/monitor.sh"
. "$E2E_ROOT/tests/e2e/lib/said.sh"
cd "$E2E_ROOT"

# rules check
cat >"$HW_SCRATCH/good.yaml" <<'YAML'
- list: nobody
  items: [a, b]
- rule: Shell
  desc: d
  condition: evt.type = execve and proc.name = sh
  output: o
  priority: WARNING
- rule: Reads a secret
  desc: d
  condition: evt.type in (open, openat) and fd.name = /etc/shadow
  output: o
  priority: WARNING
- rule: In a directory
  desc: d
  condition: evt.type = execve and fd.directory = /tmp
  output: o
  priority: NOTICE
- rule: Mount over proc
  desc: d
  condition: evt.type = mount and mount.resolved = /proc
  output: o
  priority: NOTICE
- rule: Begins a file system
  desc: d
  condition: evt.type = fsopen
  output: o
  priority: NOTICE
- rule: Off
  desc: d
  condition: evt.type = execve
  output: o
  priority: NOTICE
  enabled: false
YAML
said 0 check_of_good_rules "$HULLWATCH" rules check "$HW_SCRATCH/good.yaml"
check_equal check_ends_with_what_is_live_and_what_the_rest_would_need \
  '6 rules: 3 live, 1 disabled, 2 inert (1: events open, openat; 1: fields fd.directory); to be live they need the events open, openat (no tier) and the fields fd.directory (no tier); 2 of the live need a tier: fsopen (T2 fentry, T3 quiet or T4 dispatch), mount.resolved (T1 lsm or T2 fentry)' \
  "$OUT"
says check_warns_with_the_place "$HW_SCRATCH/good.yaml:1:3: warning: list 'nobody': nothing refers to it [LOAD_UNUSED_LIST]"
said 0 check_of_good_rules_as_json "$HULLWATCH" rules check -o json "$HW_SCRATCH/good.yaml"
check_equal check_as_json_succeeds '[true,[]]' "$(jq -c '[.successful, .errors]' <<<"$OUT")"
check_equal check_as_json_has_warnings '[["LOAD_UNUSED_LIST",1,3,"list '"'nobody'"'"]]' \
  "$(jq -c '[.warnings[] | [.code, .line, .column, .item]]' <<<"$OUT")"
check_equal check_as_json_has_each_rules_state_and_reason "$(cat <<'TEXT'
Shell live -
Reads a secret inert needs events hullwatch does not observe: open, openat
In a directory inert needs fields hullwatch does not have: fd.directory (needs the events open, openat, openat2, creat)
Mount over proc live -
Begins a file system live -
Off disabled enabled: false
TEXT
)" "$(jq -r '.rules[] | "\(.name) \(.state) \(.reason // "-")"' <<<"$OUT")"
check_equal check_as_json_sums_up '[6,3,1,2,["open","openat"],["fd.directory"],2,["fsopen","mount.resolved"]]' \
  "$(jq -c '.summary | [.rules, .live, .disabled, .inert, .needs_events, .needs_fields, .live_needing_tier, [.needs_tier[].what]]' <<<"$OUT")"

cat >"$HW_SCRATCH/bad.yaml" <<'YAML'
- rule: Shell
  desc: d
  condition: evt.type = execve and proc.nmae = sh
  output: o
  priority: WARNING
- rule: Other
  desc: d
  condition: evt.type = execve
  output: "%nosuch.field"
  priority: WARNING
- macro: unused
  condition: evt.type = execve
  colour: red
YAML
said 3 check_of_bad_rules "$HULLWATCH" rules check "$HW_SCRATCH/bad.yaml"
check_equal check_of_bad_rules_ends_with_how_many 'not loaded: 2 errors, 2 warnings' "$OUT"
said 3 check_of_bad_rules_as_json "$HULLWATCH" rules check -o json "$HW_SCRATCH/bad.yaml"
check_equal check_as_json_fails '[false,[]]' "$(jq -c '[.successful, .rules]' <<<"$OUT")"
check_equal check_as_json_has_errors '[["LOAD_ERR_COMPILE_CONDITION",3,36,"rule '"'Shell'"'","did you mean '"'proc.name'"'?"],["LOAD_ERR_COMPILE_OUTPUT",9,13,"rule '"'Other'"'",null]]' \
  "$(jq -c '[.errors[] | [.code, .line, .column, .item, .hint]]' <<<"$OUT")"
check_equal check_as_json_has_the_line "  condition: evt.type = execve and proc.nmae = sh" "$(jq -r '.errors[0].snippet' <<<"$OUT")"
check check_as_json_warns_of_unknown_keys jq -e 'any(.warnings[]; .code == "LOAD_UNKNOWN_KEY" and .line == 13)' <<<"$OUT"

# rules parse
said 0 parse "$HULLWATCH" rules parse 'proc.name = sh and not (container or tolower(fd.name) in (a, "b c"))'
tree='{"type":"and","children":[{"type":"check","left":{"type":"field","name":"proc.name"},"operator":"=","right":{"type":"value","value":"sh"}},{"type":"not","child":{"type":"or","children":[{"type":"macro","name":"container"},{"type":"check","left":{"type":"transformer","name":"tolower","arguments":[{"type":"field","name":"fd.name"}]},"operator":"in","right":{"type":"list","values":[{"type":"value","value":"a"},{"type":"value","value":"b c"}]}}]}}]}'
check_equal parse_prints_the_tree "[true,$tree]" "$(jq -c '[.successful, (.tree | walk(if type == "object" then del(.offset) else . end))]' <<<"$OUT")"
check_equal parse_knows_where_things_stand 19 "$(jq '.tree.children[1].offset' <<<"$OUT")"
printf 'any.field[x] exists\n  or m' >"$HW_SCRATCH/condition"
SAID_IN=$HW_SCRATCH/condition said 0 parse_of_stdin "$HULLWATCH" rules parse -
check_equal parse_of_stdin_prints_the_tree '["or","any.field","x","m"]' \
  "$(jq -c '[.tree.type, .tree.children[0].left.name, .tree.children[0].left.argument, .tree.children[1].name]' <<<"$OUT")"
printf 'proc.name = sh\n  and' >"$HW_SCRATCH/condition"
SAID_IN=$HW_SCRATCH/condition said 3 parse_of_what_ends_too_early "$HULLWATCH" rules parse -
says parse_tells_the_place 'condition:2:6: error: '
said 3 parse_of_trailing_text "$HULLWATCH" rules parse -o json 'proc.name = sh proc.pid = 1'
check_equal parse_as_json_tells_the_place '[false,"LOAD_ERR_COMPILE_CONDITION",15,1,16]' \
  "$(jq -c '[.successful, .error.code, .error.offset, .error.line, .error.column]' <<<"$OUT")"
check parse_tells_what_was_expected jq -e ".error.message | contains(\"expecting 'or', 'and'\")" <<<"$OUT"

# rules test
cat >"$HW_SCRATCH/cases.yaml" <<'YAML'
- rule: Many mounts
  desc: d
  condition: evt.type = mount and container.id != host
  threshold: {count: 3, window: 1s, by: container.id}
  output: o
  priority: NOTICE
  tests:
    - name: three
      events: [{repeat: 3, every: 100ms, type: mount, container.id: 3ad7b26145d6}]
      fires: 1
    - name: two are few
      events: [{repeat: 2, every: 100ms, type: mount, container.id: 3ad7b26145d6}]
      fires: 1
- rule: Shell
  desc: d
  condition: evt.type = execve and proc.name = sh
  output: o
  priority: NOTICE
  tests:
    - event: {type: execve, proc.name: bash}
      fires: true
    - event: {type: execve, proc.name: sh}
      fires: false
YAML
said 1 test_of_cases_that_fail "$HULLWATCH" rules test "$HW_SCRATCH/cases.yaml"
check_equal test_shows_what_became_of_each_event "$(cat <<TEXT
$HW_SCRATCH/cases.yaml:11: Many mounts: two are few: expected 1 alert, got 0
    +0.000s  mount: condition holds: 1 of 3 (container.id=3ad7b26145d6)
    +0.100s  mount: condition holds: 2 of 3 (container.id=3ad7b26145d6)
$HW_SCRATCH/cases.yaml:20: Shell: expected an alert, got 0
    +0.000s  execve: condition does not hold (it reads proc.name = bash)
$HW_SCRATCH/cases.yaml:22: Shell: expected no alert, got 1
    +0.000s  execve: condition holds -> FIRES
1 passed, 3 failed
TEXT
)" "$OUT"
said 1 test_of_cases_that_fail_as_json "$HULLWATCH" rules test -o json "$HW_SCRATCH/cases.yaml"
check_equal test_as_json_tells_each_case '[1,3,[["three",true,1],["two are few",false,0],[null,false,0],[null,false,1]]]' \
  "$(jq -c '[.passed, .failed, [.cases[] | [.name, .passed, .fired]]]' <<<"$OUT")"
said 3 test_of_bad_rules "$HULLWATCH" rules test "$HW_SCRATCH/bad.yaml"

# What the configuration changes
cat >"$HW_SCRATCH/mine.yaml" <<'YAML'
- rule: Not mine
  desc: d
  condition: evt.type = execve and proc.name = e2e_rule
  output: not mine
  priority: WARNING
- rule: Mine
  desc: d
  condition: evt.type = execve and proc.name = e2e_rule
  output: "mine %proc.name"
  priority: WARNING
  enabled: false
  tags: [ours]
- rule: Reads a secret
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: o
  priority: WARNING
YAML
mkdir "$HW_SCRATCH/bin"
cp /bin/true "$HW_SCRATCH/bin/e2e_rule"
HW_CONFIG='rules:
  select: [{disable: {rule: "*"}}, {enable: {tag: ours}}, {enable: {rule: "Reads*"}}]
  append_output:
    - match: {tags: [ours]}
      extra_output: "pid=%proc.pid"
      extra_fields: [proc.exepath, {who: "%user.uid of %container.id"}]
    - match: {rule: Not mine}
      extra_fields: [proc.tty]' MON_RULES=$HW_SCRATCH/mine.yaml start_monitor configured
check_equal rules_are_selected_by_wildcard_and_tag "disabled 1 inert 1 live 1" \
  "$(metrics | sed -n 's/^hullwatch_rules{state="\(.*\)"} /\1 /p' | sort | tr '\n' ' ' | sed 's/ $//')"
check the_first_load_worked grep -q '^hullwatch_rules_last_reload_successful 1' <<<"$(metrics)"
"$HW_SCRATCH/bin/e2e_rule" &
pid=$!
wait $pid
check_alert a_rule_the_configuration_enables_fires '.rule == "Mine"'
check_equal text_is_appended_to_its_output "mine e2e_rule pid=$pid" \
  "$(alerts '.rule == "Mine"' | jq -r '.output | sub(".*Warning "; "")')"
check_equal fields_are_appended_to_its_output_fields "$HW_SCRATCH/bin/e2e_rule,0 of host,$pid,false" \
  "$(alerts '.rule == "Mine"' | jq -r '.output_fields | "\(.["proc.exepath"]),\(.who),\(.["proc.pid"]),\(has("proc.tty"))"')"
check_stopped configured
check_equal a_rule_the_configuration_disables_does_not_fire "" "$(alerts '.rule == "Not mine"')"
finish
