// Rule files, sentence by sentence: what loads, what does not and with which code, what is worth which warning. Real fields.
// Exceptions, outputs and what is said of conditions are in rule_table_test.

#include "unit/rules/rule_file_table.h"

namespace hullwatch::test {
namespace {

class FileOfRules : public testing::TestWithParam<File> {};
TEST_P(FileOfRules, LoadsOrDoesNot) { expect_it_loads_or_does_not(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Shape, FileOfRules,
    testing::Values(File{"nothing", ""}, File{"null document", "~"},
                    File{"documents", "---\n" + kRule + "---\n---\n- list: l\n  items: []\n"}, File{"null item", "-\n" + kRule},
                    File{"text", "text", kYaml}, File{"map", "rule: r", kYaml}, File{"item is text", "- r", kYaml},
                    File{"item is a list", "- [r]", kYaml},
                    File{"error in the second document", "---\n" + kRule + "---\n- r\n", kYaml},
                    File{"not YAML", "- rule: [", "LOAD_ERR_YAML_PARSE"},
                    File{"a tab for a blank", "- rule: r\n\tdesc: d\n", "LOAD_ERR_YAML_PARSE"},
                    File{"an alias of nothing", "- list: l\n  items: *x\n", "LOAD_ERR_YAML_PARSE"},
                    File{"cut off within quotes", kRule + "  tags: [a]\n- macro: \"m\n", "LOAD_ERR_YAML_PARSE"},
                    File{"cut off within a quoted output",
                         "- rule: r\n  desc: d\n  condition: evt.type = open\n  priority: INFO\n  output: 'it''s\n",
                         "LOAD_ERR_YAML_PARSE"},
                    File{"cut off behind an escaped quote", "- list: \"a\\\"\n", "LOAD_ERR_YAML_PARSE"},
                    File{"the second document cut off", kRule + "---\n- list: 'm\n", "LOAD_ERR_YAML_PARSE"},
                    File{"quotes that end with the file", "- list: l\n  items: ['it''s', \"a\\\"b\", \"\", '']\n# it's\n"},
                    File{"byte order mark", "\xef\xbb\xbf" + kRule}, File{"a directive", "%YAML 1.2\n---\n" + kRule},
                    File{"aliases", "- list: l\n  items: &i [a]\n- list: m\n  items: *i\n", "LOAD_UNUSED_LIST"},
                    File{"text null", "- 'null'\n", kYaml}, File{"an empty map", "{}", kYaml},
                    File{"an empty item", "- {}\n", "LOAD_UNKNOWN_ITEM"},
                    File{"a list before a rule", "- rule: r\n  list: l\n  items: [a]\n", "LOAD_UNKNOWN_KEY"},
                    File{"a version before a rule", "- rule: r\n  required_engine_version: 5\n", "LOAD_UNKNOWN_KEY"},
                    File{"unknown item", "- foo: bar\n", "LOAD_UNKNOWN_ITEM"},
                    File{"unknown key", kRule + "  foo: bar\n", "LOAD_UNKNOWN_KEY"},
                    File{"list with a rule's key", "- list: l\n  items: []\n  priority: INFO\n", "LOAD_UNKNOWN_KEY"},
                    File{"a key that is a list", kRule + "  ? [a]\n  : b\n", kValidate}));
INSTANTIATE_TEST_SUITE_P(
    EngineVersion, FileOfRules,
    testing::Values(File{"old number", "- required_engine_version: 6"}, File{"ours", "- required_engine_version: 63"},
                    File{"hexadecimal", "- required_engine_version: 0x3f"}, File{"octal", "- required_engine_version: 077"},
                    File{"newer", "- required_engine_version: 64", kValidate},
                    File{"semver", "- required_engine_version: 0.63.0"},
                    File{"pre-release", "- required_engine_version: 0.57.0-rc1"},
                    File{"newer semver", "- required_engine_version: 0.64.0", kValidate},
                    File{"other major", "- required_engine_version: 1.0.0", kValidate},
                    File{"two parts", "- required_engine_version: 0.57", kYaml},
                    File{"four parts, of which three count", "- required_engine_version: 0.1.2.3"},
                    File{"signed number", "- required_engine_version: +5"},
                    File{"more than 32 bits", "- required_engine_version: 99999999999999", kYaml},
                    File{"with another key", "- required_engine_version: 5\n  foo: x\n", "LOAD_UNKNOWN_KEY"},
                    File{"text", "- required_engine_version: x", kYaml}, File{"empty", "- required_engine_version:", kYaml},
                    File{"list", "- required_engine_version: [1]", kYaml}));
INSTANTIATE_TEST_SUITE_P(
    PluginVersions, FileOfRules,
    testing::Values(
        File{"container", "- required_plugin_versions: [{name: container, version: 0.4.0}]"},
        File{"alternatives",
             "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: [{name: container, version: 0.1.0}]}]"},
        File{"other plugin", "- required_plugin_versions: [{name: json, version: 0.7.0}]", "LOAD_WARNING_EXTENSION"},
        File{"no list", "- required_plugin_versions: {name: x, version: 1.0.0}", kYaml},
        File{"no map", "- required_plugin_versions: [x]", kYaml},
        File{"no name", "- required_plugin_versions: [{version: 1.0.0}]", kYaml},
        File{"no version", "- required_plugin_versions: [{name: x}]", kYaml},
        File{"no semver", "- required_plugin_versions: [{name: x, version: 1}]", kValidate},
        File{"alternatives no list", "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: x}]", kYaml},
        File{"null", "- required_plugin_versions:", kYaml}, File{"none", "- required_plugin_versions: []"},
        File{"alternatives null", "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: }]", kYaml},
        File{"alternative without version",
             "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: [{name: y}]}]", kYaml},
        File{"alternative of no version",
             "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: [{name: y, version: z}]}]", kValidate},
        File{"version is a list", "- required_plugin_versions: [{name: x, version: [1]}]", kYaml},
        File{"same name twice",
             "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: [{name: x, version: 2.0.0}]}]", kValidate}));
INSTANTIATE_TEST_SUITE_P(
    Keys, FileOfRules,
    testing::Values(
        File{"no condition", rule("  desc: d\n  output: o\n  priority: INFO\n"), kYaml},
        File{"no output", rule("  desc: d\n  condition: evt.num=1\n  priority: INFO\n"), kYaml},
        File{"no desc", rule("  condition: evt.num=1\n  output: o\n  priority: INFO\n"), kYaml},
        File{"no priority", rule("  desc: d\n  condition: evt.num=1\n  output: o\n"), kYaml},
        File{"empty desc", with("desc", "''"), kYaml}, File{"null output", with("output", "~"), kYaml},
        File{"list as condition", with("condition", "[a]"), kYaml},
        File{"priority in small letters", with("priority", "warning")}, File{"Info", with("priority", "Info")},
        File{"Informational", with("priority", "INFORMATIONAL")}, File{"WARN", with("priority", "WARN"), kYaml},
        File{"priority by number", with("priority", "3"), kYaml}, File{"enabled: yes", with("enabled", "yes")},
        File{"enabled: maybe", with("enabled", "maybe"), kYaml}, File{"enabled: 1", with("enabled", "1"), kYaml},
        File{"empty enabled", with("enabled", ""), kYaml}, File{"capture", with("capture", "true")},
        File{"capture text", with("capture", "x"), kYaml}, File{"capture_duration", with("capture_duration", "500")},
        File{"capture_duration text", with("capture_duration", "1s"), kYaml},
        File{"negative capture_duration", with("capture_duration", "-1"), kYaml}, File{"tags", with("tags", "[a, b, '']")},
        File{"tags text", with("tags", "a"), kYaml}, File{"null tag", with("tags", "[~]"), kYaml},
        File{"source", with("source", "syscall")}, File{"empty source", with("source", "''"), kYaml},
        File{"other source", with("source", "k8s_audit"), "LOAD_UNKNOWN_SOURCE"},
        File{"other source, other fields",
             "- rule: r\n  desc: d\n  condition: ka.verb = get\n  output: '%ka.verb'\n  priority: INFO\n  source: k8s_audit\n",
             "LOAD_UNKNOWN_SOURCE"},
        File{"null source", with("source", ""), kYaml},
        File{"source in capitals", with("source", "Syscall"), "LOAD_UNKNOWN_SOURCE"},
        File{"other source, other grammar", with("condition", "evt.type =") + "  source: x\n", "LOAD_UNKNOWN_SOURCE"},
        File{"other source, other exceptions",
             with("source", "x") + "  exceptions: [{name: e, fields: [no.such], values: [[a]]}]\n", "LOAD_UNKNOWN_SOURCE"},
        File{"disabled and of no field", with("condition", "no.such = 1") + "  enabled: false\n", kCompile},
        File{"blank condition", with("condition", "' '"), kCompile},
        File{"blank macro", "- macro: m\n  condition: ' '\n", kCompile},
        File{"priority with a blank", with("priority", "' INFO'"), kYaml},
        File{"enabled: tRue", with("enabled", "tRue"), kYaml}, File{"enabled in quotes", with("enabled", "'true'")},
        File{"null tags", with("tags", ""), kYaml},
        File{"fraction as capture_duration", with("capture_duration", "1.5"), kYaml},
        File{"list append: 1", "- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: 1\n", kYaml},
        File{"list append: yes", "- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: yes\n", "LOAD_DEPRECATED_ITEM"},
        File{"null append", "- list: l\n  items: [b]\n  append:\n", kYaml},
        File{"null item of a list", "- list: l\n  items: [a, ~]\n", kYaml}, File{"null items", "- list: l\n  items:\n", kYaml},
        File{"list name is a list", "- list: [a]\n  items: [a]\n", kYaml}, File{"list name 1a", "- list: 1a\n  items: [a]\n"},
        File{"list name with =", "- list: a=b\n  items: [a]\n", "LOAD_INVALID_LIST_NAME"},
        File{"macro name with a dot", "- macro: a.b\n  condition: evt.num=1\n", "LOAD_INVALID_MACRO_NAME"},
        File{"macro name _a", "- macro: _a\n  condition: evt.num=1\n", "LOAD_INVALID_MACRO_NAME"},
        File{"skip text", with("skip-if-unknown-filter", "x"), kYaml}, File{"list without items", "- list: l\n", kYaml},
        File{"items text", "- list: l\n  items: a\n", kYaml}, File{"nested items", "- list: l\n  items: [[a]]\n", kYaml},
        File{"macro without condition", "- macro: m\n", kYaml}, File{"empty macro", "- macro: m\n  condition: ''\n", kYaml},
        File{"list name with a blank", "- list: a b\n  items: []\n", "LOAD_INVALID_LIST_NAME"},
        File{"macro name with a dash", "- macro: a-b\n  condition: evt.num=1\n", "LOAD_INVALID_MACRO_NAME"},
        File{"unused list", "- list: l\n  items: []\n", "LOAD_UNUSED_LIST"},
        File{"unused macro", "- macro: m\n  condition: evt.num=1\n", "LOAD_UNUSED_MACRO"},
        File{"any event", with("condition", "proc.name = x"), "LOAD_NO_EVTTYPE"},
        File{"evt.dir", with("condition", "evt.dir = < and evt.type = open"), "LOAD_DEPRECATED_ITEM"}));
INSTANTIATE_TEST_SUITE_P(Enabled, FileOfRules,
                         testing::Values(File{"alone", after("  enabled: false\n"), "LOAD_DEPRECATED_ITEM"},
                                         File{"of no rule", rule("  enabled: false\n"), kValidate},
                                         File{"nothing at all", rule(""), kYaml},
                                         File{"with tags", after("  enabled: true\n  tags: [x]\n"), "LOAD_DEPRECATED_ITEM"},
                                         File{"with desc is a new rule", after("  enabled: true\n  desc: x\n"), kYaml},
                                         File{"replaced", after("  enabled: false\n  override: {enabled: replace}\n")}));
INSTANTIATE_TEST_SUITE_P(
    Override, FileOfRules,
    testing::Values(
        File{"append condition", after("  condition: and proc.name = x\n  override: {condition: append}\n")},
        File{"append and replace",
             after("  condition: and proc.name = x\n  priority: ERROR\n  override: {condition: append, priority: replace}\n")},
        File{"all that append", after("  output: o\n  desc: x\n  tags: [t]\n  exceptions: []\n  override: {output: append, "
                                      "desc: append, tags: append, exceptions: append}\n")},
        File{"priority cannot append", after("  priority: INFO\n  override: {priority: append}\n"), kYaml},
        File{"enabled cannot append", after("  enabled: true\n  override: {enabled: append}\n"), kYaml},
        File{"source cannot be replaced", after("  source: syscall\n  override: {source: replace}\n"), kYaml},
        File{"unknown key", after("  foo: x\n  override: {foo: replace}\n"), kYaml},
        File{"unknown operation", after("  desc: x\n  override: {desc: remove}\n"), kYaml},
        File{"operation in capitals", after("  desc: x\n  override: {desc: Append}\n"), kYaml},
        File{"key is missing", after("  override: {desc: append}\n"), kYaml},
        File{"key without an entry", after("  desc: x\n  output: o\n  override: {desc: append}\n"), kYaml},
        File{"with append: true", after("  append: true\n  desc: x\n  override: {desc: append}\n"), kYaml},
        File{"with append: false", after("  append: false\n  desc: x\n  override: {desc: append}\n")},
        File{"no earlier rule", rule("  desc: x\n  override: {desc: append}\n"), kValidate},
        File{"no earlier rule, and keys too many", kRule + "  override: {desc: append}\n", kValidate},
        File{"keys too many", kRule + kRule + "  override: {desc: append}\n", kYaml},
        File{"other source", after("  condition: and evt.num=1\n  source: x\n  override: {condition: append}\n"), kValidate},
        File{"empty override", after("  enabled: true\n  override: {}\n"), "LOAD_DEPRECATED_ITEM"},
        File{"null operation", after("  desc: x\n  override: {desc: }\n"), kYaml},
        File{"operation is a number", after("  desc: x\n  override: {desc: 5}\n"), kYaml},
        File{"unknown key beside", after("  desc: x\n  foo: y\n  override: {desc: append}\n"), "LOAD_UNKNOWN_KEY"},
        File{"other source, output alone", after("  output: x\n  source: k8s_audit\n  override: {output: append}\n")},
        File{"unknown field in an appended output", after("  output: '%no.such'\n  override: {output: append}\n"), kOutput},
        File{"a condition that does not go on", after("  condition: evt.num=1\n  override: {condition: append}\n"), kCompile},
        File{"empty condition", after("  condition: ''\n  override: {condition: replace}\n"), kYaml},
        File{"all that replace", after("  condition: evt.type = open\n  capture: true\n  capture_duration: 5\n  enabled: no\n  "
                                       "warn_evttypes: no\n  skip-if-unknown-filter: yes\n  override: {condition: replace, "
                                       "capture: replace, capture_duration: replace, enabled: replace, warn_evttypes: "
                                       "replace, skip-if-unknown-filter: replace}\n")},
        File{"whole rule with a scalar for it", kRule + "  override: append\n"},
        File{"macro replace without a macro", "- macro: m\n  condition: evt.num=2\n  override: {condition: replace}\n"},
        File{"macro items", "- macro: m\n  condition: evt.num=2\n  override: {items: replace}\n", kYaml},
        File{"list, both ways",
             "- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: true\n  override: {items: append}\n", kYaml},
        File{"list without items", "- list: l\n  items: [a]\n- list: l\n  override: {items: append}\n", kYaml},
        File{"override is a list", after("  enabled: true\n  override: [desc]\n"), kValidate},
        File{"list append", "- list: l\n  items: [a]\n- list: l\n  items: [b]\n  override: {items: append}\n"},
        File{"list append without a list", "- list: l\n  items: [b]\n  override: {items: append}\n", kValidate},
        File{"list replace without a list", "- list: l\n  items: [b]\n  override: {items: replace}\n"},
        File{"list condition", "- list: l\n  items: [b]\n  override: {condition: append}\n", kYaml},
        File{"macro append",
             "- macro: m\n  condition: evt.num=1\n- macro: m\n  condition: or evt.num=2\n  override: {condition: append}\n"},
        File{"macro append without a macro", "- macro: m\n  condition: or evt.num=2\n  override: {condition: append}\n",
             kValidate}));
INSTANTIATE_TEST_SUITE_P(
    Append, FileOfRules,
    testing::Values(File{"condition", after("  append: true\n  condition: and proc.name = x\n"), "LOAD_DEPRECATED_ITEM"},
                    File{"nothing", after("  append: true\n"), kValidate},
                    File{"output alone", after("  append: true\n  output: x\n"), kValidate},
                    File{"no earlier rule", rule("  append: true\n  condition: and evt.num=1\n"), kValidate},
                    File{"empty source", after("  append: true\n  source: ''\n  condition: and evt.num=1\n"),
                         "LOAD_DEPRECATED_ITEM"},
                    File{"other source", after("  append: true\n  source: x\n  condition: and evt.num=1\n"), kValidate},
                    File{"without and", after("  append: true\n  condition: evt.num=1\n"), kCompile},
                    File{"list", "- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: true\n", "LOAD_DEPRECATED_ITEM"},
                    File{"no list", "- list: l\n  items: [b]\n  append: true\n", kValidate},
                    File{"no macro", "- macro: m\n  condition: evt.num=1\n  append: true\n", kValidate}));
INSTANTIATE_TEST_SUITE_P(Redefinition, FileOfRules,
                         testing::Values(File{"rule", kRule + kRule},
                                         File{"other source", kRule + with("source", "x"), kValidate},
                                         File{"mends an error of meaning", with("condition", "nosuch.f = 1") + kRule},
                                         File{"brings one", kRule + with("condition", "nosuch.f = 1"), kCompile}));
INSTANTIATE_TEST_SUITE_P(
    Macros, FileOfRules,
    testing::Values(
        File{"unknown", with("condition", "m"), kValidate},
        File{"defined later is seen by rules", with("condition", "m") + "- macro: m\n  condition: evt.type = open\n"},
        File{"defined later is not seen by macros", "- macro: a\n  condition: b\n- macro: b\n  condition: evt.type = open\n",
             kValidate},
        File{"unless changed later still",
             "- macro: a\n  condition: evt.num=1\n- macro: b\n  condition: evt.type = open\n- macro: a\n  condition: b\n"},
        File{"loop", "- macro: a\n  condition: evt.num=1\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n", kValidate},
        File{"itself", "- macro: a\n  condition: a\n", kValidate},
        File{"broken and unused", "- macro: a\n  condition: proc.name =\n", kCompile},
        File{"unknown field and unused", "- macro: a\n  condition: nosuch.f = 1\n"}));
INSTANTIATE_TEST_SUITE_P(
    Lists, FileOfRules,
    testing::Values(File{"defined later", with("condition", "proc.name in (l)") + "- list: l\n  items: [a]\n"},
                    File{"empty beside others", "- list: l\n  items: []\n" + with("condition", "proc.name in (a, l, b)")},
                    File{"empty alone", "- list: l\n  items: []\n" + with("condition", "proc.name in (l)")},
                    File{"empty as a value", "- list: l\n  items: []\n" + with("condition", "proc.name = l"), kCompile},
                    File{"several as one value", "- list: l\n  items: [a, b]\n" + with("condition", "proc.name = l"), kCompile},
                    File{"one as one value", "- list: l\n  items: [a]\n" + with("condition", "proc.name = l")},
                    File{"without parentheses", "- list: l\n  items: [a, b]\n" + with("condition", "proc.name in l"), kCompile},
                    File{"items with blanks", "- list: l\n  items: [a b]\n" + with("condition", "proc.name in (l)")},
                    File{"numbers that are none", "- list: l\n  items: [x]\n" + with("condition", "proc.pid in (l)"), kCompile},
                    File{"part of a word is none",
                         "- list: l\n  items: ['(']\n" + with("condition", "proc.name in (lx, xl, l.x)")}));

class OwnKey : public testing::TestWithParam<const char*> {};
TEST_P(OwnKey, IsWarnedOfWhereTheItemOnlyChangesAnEarlierRule) {
  const std::string key = GetParam();
  for (const std::string& change :
       {std::string("  append: true\n  condition: and evt.num=1\n"), std::string("  desc: x\n  override: {desc: replace}\n"),
        std::string("  enabled: true\n")}) {
    const auto loaded = RuleSet::load_text({{"f", after(change + "  " + key + ": {}\n")}}, {});
    EXPECT_NE(loaded.rules, nullptr) << change;
    const auto told = std::ranges::find_if(loaded.diagnostics, [&](const Diagnostic& d) {
      return d.code == "LOAD_WARNING_EXTENSION" && d.message.starts_with("'" + key + "' is ignored");
    });
    ASSERT_NE(told, loaded.diagnostics.end()) << change;
    EXPECT_EQ(told->position.line, 7U + static_cast<uint32_t>(std::ranges::count(change, '\n'))) << change;
    EXPECT_EQ(told->position.column, 3U);
  }
}
INSTANTIATE_TEST_SUITE_P(All, OwnKey, testing::Values("threshold", "sequence", "by", "within", "suppress", "respond", "tests"));

TEST(RuleFiles, EachMustMakeSenseWithThoseBeforeIt) {
  const std::string uses = with("condition", "m"), defines = "- macro: m\n  condition: evt.type = open\n";
  EXPECT_EQ(RuleSet::load_text({{"a", uses}, {"b", defines}}, {}).rules, nullptr);
  EXPECT_NE(RuleSet::load_text({{"a", defines}, {"b", uses}}, {}).rules, nullptr);
  // A change that breaks a rule of an earlier file, mended by a third.
  EXPECT_EQ(
      RuleSet::load_text({{"a", defines + uses}, {"b", "- macro: m\n  condition: nosuch.f = 1\n"}, {"c", defines}}, {}).rules,
      nullptr);
}

TEST(Selections, ApplyInOrderAndWinOverEnabled) {
  const std::string text =
      with("tags", "[net]") +
      "- rule: Terminal shell\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n  enabled: false\n";
  RuleSetOptions options;
  options.selections = {{false, "*", ""}, {true, "", "net"}, {true, "Term*l*", ""}};
  auto loaded = RuleSet::load_text({{"f", text}}, options);
  ASSERT_NE(loaded.rules, nullptr);
  for (const auto& info : loaded.rules->rules()) EXPECT_EQ(info.state, RuleInfo::State::live) << info.name << info.reason;
  options.selections.push_back({false, "r", ""});
  loaded = RuleSet::load_text({{"f", text}}, options);
  EXPECT_EQ(loaded.rules->rules()[0].state, RuleInfo::State::disabled);
  EXPECT_EQ(loaded.rules->rules()[0].reason, "disabled by the configuration: rules.select");
  options.selections = {{false, "Terminal", ""}};
  loaded = RuleSet::load_text({{"f", text}}, options);
  EXPECT_TRUE(std::ranges::any_of(
      loaded.diagnostics, [](const Diagnostic& d) { return d.message == "rules.select: no rule is named 'Terminal'"; }));
}

TEST(AppendedOutput, IsAddedToTheRulesItMatches) {
  RuleSetOptions options;
  AppendedOutput added;
  added.tags = {"net"};
  added.output = "pid=%proc.pid";
  added.fields = {{"proc.name", ""}, {"who", "%user.name of %container.id"}};
  options.append_output = {added};
  EXPECT_NE(RuleSet::load_text({{"f", with("tags", "[net, x]")}}, options).rules, nullptr);
  options.append_output[0].output = "%nosuch.f";
  EXPECT_EQ(RuleSet::load_text({{"f", with("tags", "[net, x]")}}, options).rules, nullptr);
  EXPECT_NE(RuleSet::load_text({{"f", with("tags", "[x]")}}, options).rules, nullptr);
  options.append_output = {{.rule = "r", .source = "syscall", .tags = {}, .output = "", .fields = {}, .suggested = true}};
  EXPECT_NE(RuleSet::load_text({{"f", kRule}}, options).rules, nullptr);
}

}  // namespace
}  // namespace hullwatch::test
