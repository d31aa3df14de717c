// Rule files, sentence by sentence: what loads, what does not and with which code, what is worth which warning. Real fields.

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/rule_set.h"

namespace hullwatch::test {
namespace {

const std::string kRule = "- rule: r\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n";

struct File {
  const char* what;
  std::string text;
  std::string code{};  // empty: loads; LOAD_ERR_…: refused with it; else a warning it loads with
};
std::ostream& operator<<(std::ostream& out, const File& file) { return out << file.what; }

class FileOfRules : public testing::TestWithParam<File> {};
TEST_P(FileOfRules, LoadsOrDoesNot) {
  const auto loaded = RuleSet::load_text({{"f", GetParam().text}}, {});
  const std::string& code = GetParam().code;
  const bool refused = code.starts_with("LOAD_ERR");
  std::string all;
  for (const auto& d : loaded.diagnostics) all += format_diagnostic(d) + "\n";
  EXPECT_EQ(loaded.rules == nullptr, refused) << GetParam().what << "\n" << GetParam().text << all;
  if (!code.empty()) {
    EXPECT_TRUE(std::ranges::any_of(loaded.diagnostics, [&](const Diagnostic& d) { return d.code == code; }))
        << GetParam().what << ": no " << code << "\n"
        << GetParam().text << all;
  }
}

std::string rule(const std::string& keys) { return "- rule: r\n" + keys; }
std::string with(const std::string& key, const std::string& value) {
  std::string out = "- rule: r\n";
  for (const auto& [k, v] : {std::pair<std::string, std::string>{"desc", "d"},
                             {"condition", "evt.type = execve"},
                             {"output", "o"},
                             {"priority", "INFO"}})
    out += "  " + k + ": " + (k == key ? value : v) + "\n";
  if (key != "desc" && key != "condition" && key != "output" && key != "priority") out += "  " + key + ": " + value + "\n";
  return out;
}
std::string after(const std::string& keys) { return kRule + rule(keys); }
std::string exception(const std::string& keys) { return kRule + "  exceptions:\n  - name: e\n" + keys; }
std::string appended(const std::string& keys, const std::string& how = "  override: {exceptions: append}\n") {
  return exception("    fields: [proc.name, proc.pname]\n    values: [[a, b]]\n") + "- rule: r\n" + how +
         "  exceptions:\n  - name: e\n" + keys;
}
constexpr const char* kYaml = "LOAD_ERR_YAML_VALIDATE";
constexpr const char* kValidate = "LOAD_ERR_VALIDATE";
constexpr const char* kCompile = "LOAD_ERR_COMPILE_CONDITION";
constexpr const char* kOutput = "LOAD_ERR_COMPILE_OUTPUT";

INSTANTIATE_TEST_SUITE_P(
    Shape, FileOfRules,
    testing::Values(File{"nothing", ""}, File{"null document", "~"},
                    File{"documents", "---\n" + kRule + "---\n---\n- list: l\n  items: []\n"}, File{"null item", "-\n" + kRule},
                    File{"text", "text", kYaml}, File{"map", "rule: r", kYaml}, File{"item is text", "- r", kYaml},
                    File{"item is a list", "- [r]", kYaml},
                    File{"error in the second document", "---\n" + kRule + "---\n- r\n", kYaml},
                    File{"not YAML", "- rule: [", "LOAD_ERR_YAML_PARSE"},
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
        File{"other source", after("  condition: and evt.num=1\n  source: x\n  override: {condition: append}\n"), kValidate},
        File{"empty override", after("  enabled: true\n  override: {}\n"), "LOAD_DEPRECATED_ITEM"},
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
INSTANTIATE_TEST_SUITE_P(
    Exceptions, FileOfRules,
    testing::Values(
        File{"list form", exception("    fields: [proc.name, proc.pname]\n    comps: [=, in]\n    values: [[a, [b, c]]]\n")},
        File{"string form", exception("    fields: proc.name\n    values: [a, b c]\n")},
        File{"default comps", exception("    fields: [proc.name]\n    values: [[a]]\n")},
        File{"no values", exception("    fields: proc.name\n")}, File{"no fields", exception("    values: [a]\n"), kYaml},
        File{"no name", kRule + "  exceptions:\n  - fields: proc.name\n", kYaml},
        File{"no map", kRule + "  exceptions: [e]\n", kYaml}, File{"no list", kRule + "  exceptions: e\n", kYaml},
        File{"null", kRule + "  exceptions:\n"},
        File{"same name twice", exception("    fields: proc.name\n  - name: e\n    fields: proc.pname\n"),
             "LOAD_EXCEPTION_NAME_NOT_UNIQUE"},
        File{"too few comps", exception("    fields: [proc.name, proc.pname]\n    comps: [=]\n"), kValidate},
        File{"too short a tuple", exception("    fields: [proc.name, proc.pname]\n    values: [[a]]\n"), kValidate},
        File{"unknown operator", exception("    fields: [proc.name]\n    comps: [like]\n"), kValidate},
        File{"modifier", exception("    fields: proc.name\n    comps: startswith oneof\n    values: [a]\n")},
        File{"two blanks before the modifier",
             exception("    fields: proc.name\n    comps: startswith  oneof\n    values: [a]\n"), kValidate},
        File{"blanks around", exception("    fields: [proc.name]\n    comps: [' = ']\n    values: [[a]]\n")},
        File{"one field, scalar operator", exception("    fields: proc.name\n    comps: startswith\n    values: [a]\n"),
             kValidate},
        File{"one field, tuples", exception("    fields: proc.name\n    values: [[a]]\n"), kValidate},
        File{"unknown field", exception("    fields: nosuch.f\n"), kValidate},
        File{"transformed field", exception("    fields: tolower(proc.name)\n    values: [a]\n")},
        File{"comps for one field are a list", exception("    fields: proc.name\n    comps: [in]\n"), kValidate},
        File{"values no list", exception("    fields: proc.name\n    values: a\n"), kYaml},
        File{"empty value", exception("    fields: proc.name\n    values: ['']\n"), kYaml},
        File{"scalar for a list operator", exception("    fields: [proc.name]\n    comps: [in]\n    values: [['(a, b)']]\n")},
        File{"append values", appended("    values: [[c, d]]\n")},
        File{"append wrong values", appended("    values: [[c]]\n"), kValidate},
        File{"append fields to an old one", appended("    fields: [proc.name]\n    values: [[c]]\n"), kValidate},
        File{"append comps to an old one", appended("    comps: [=, =]\n    values: [[c, d]]\n"), kValidate},
        File{"append no values", appended(""), "LOAD_APPEND_NO_VALUES"},
        File{"append a new one", appended("    values: [[c, d]]\n  - name: n\n    fields: proc.name\n    values: [a]\n")},
        File{"append a new one without values", appended("    values: [[c, d]]\n  - name: n\n    fields: proc.name\n"),
             kValidate},
        File{"append a new one without fields", appended("    values: [[c, d]]\n  - name: n\n    values: [a]\n"), kValidate},
        File{"replace",
             appended("    fields: proc.name\n    comps: in\n    values: [a]\n", "  override: {exceptions: replace}\n")}));
INSTANTIATE_TEST_SUITE_P(
    Outputs, FileOfRules,
    testing::Values(File{"field", with("output", "'%proc.name'")}, File{"padded", with("output", "'%10proc.name|'")},
                    File{"field before a parenthesis", with("output", "'(%proc.name)'")},
                    File{"field before a dot", with("output", "'%proc.name.'")},
                    File{"transformer", with("output", "'%tolower(proc.name)'")},
                    File{"join", with("output", "\"%join(',', (proc.name, proc.pname))\"")},
                    File{"star", with("output", "'*%proc.name'")}, File{"trailing %", with("output", "'100%'"), kOutput},
                    File{"%%", with("output", "'%% %proc.name'"), kOutput},
                    File{"unknown field", with("output", "'%nosuch.f'"), kOutput},
                    File{"no field", with("output", "'50% of'"), kOutput}, File{"blank", with("output", "' '"), kOutput},
                    File{"container.info", with("output", "'x %container.info'"), "LOAD_DEPRECATED_ITEM"},
                    File{"evt.latency", with("output", "'%evt.latency'"), "LOAD_DEPRECATED_ITEM"},
                    File{"argument", with("output", "'%proc.aname[2] %evt.arg.flags %evt.arg[0]'")},
                    File{"unclosed argument", with("output", "'%proc.aname[2'")},
                    File{"wrong transformer", with("output", "'%len(proc.pid)'"), kOutput}));
std::string skipping(const std::string& key, const std::string& value) {
  return with(key, value) + "  skip-if-unknown-filter: true\n";
}
INSTANTIATE_TEST_SUITE_P(SkipIfUnknownFilter, FileOfRules,
                         testing::Values(File{"field", skipping("condition", "nosuch.f = 1"), "LOAD_UNKNOWN_FILTER"},
                                         File{"event type", skipping("condition", "evt.type = nosuch"), "LOAD_UNKNOWN_FILTER"},
                                         File{"argument not taken", skipping("condition", "proc.name[1] = x"),
                                              "LOAD_UNKNOWN_FILTER"},
                                         File{"field of an output", skipping("output", "'%nosuch.f'"), "LOAD_UNKNOWN_FILTER"},
                                         File{"syntax", skipping("condition", "proc.name ="), kCompile},
                                         File{"type", skipping("condition", "proc.pid = x"), kCompile},
                                         File{"macro", skipping("condition", "nosuch"), kValidate},
                                         File{"event argument", skipping("condition", "evt.arg.nosuch = 1"), kCompile},
                                         File{"trailing %", skipping("output", "'100%'"), kOutput}));

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
