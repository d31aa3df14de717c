// What a rule file may hold, and where the loader says an error is.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {
namespace {

using Places = std::vector<std::string>;
const std::string kRule = "- rule: r\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n";

bool loads(const std::string& yaml) {
  const auto loaded = load(yaml);
  return loaded.rules != nullptr;
}

TEST(Loader, AFileMayBeEmptyOrHoldSeveralDocuments) {
  EXPECT_TRUE(loads(""));
  EXPECT_TRUE(loads("# nothing\n"));
  EXPECT_TRUE(loads("---\n- list: a\n  items: []\n---\n---\n" + kRule));
  EXPECT_TRUE(loads("- \n" + kRule));
}

TEST(Loader, ADocumentIsASequenceOfMaps) {
  EXPECT_EQ(error_places(load("rule: r\n")), Places{"1:1 a rule file must be a sequence of items"});
  EXPECT_EQ(error_places(load("text")), Places{"1:1 a rule file must be a sequence of items"});
  EXPECT_EQ(error_places(load("- text\n- [a]\n")),
            (Places{"1:3 each item of a rule file must be a map", "2:3 each item of a rule file must be a map"}));
}

TEST(Loader, BrokenYamlHasItsPlace) {
  const auto loaded = load("- rule: r\n  desc: [a\n");
  ASSERT_NE(find_code(loaded, "LOAD_ERR_YAML_PARSE"), nullptr);
  EXPECT_EQ(find_code(loaded, "LOAD_ERR_YAML_PARSE")->position.line, 3U);
}

TEST(Loader, OfADuplicateKeyTheFirstCountsAndAWarningSaysSo) {
  const auto loaded = load(kRule + "  priority: ERROR\n");
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_EQ(loaded.rules->rules().at(0).priority, Priority::informational);
  const auto* warning = find_code(loaded, "LOAD_WARNING_EXTENSION");
  ASSERT_NE(warning, nullptr);
  EXPECT_EQ(warning->position.line, 6U);
  EXPECT_EQ(warning->message, "duplicate key 'priority': the first one counts");
}

TEST(Loader, AnAliasBombIsRefused) {
  std::string yaml = "- list: l0\n  items: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    yaml += "- list: l\n  items: &a" + std::to_string(i) + " [" + last;
    for (int k = 0; k < 9; ++k) yaml += ", " + last;
    yaml += "]\n";
  }
  EXPECT_NE(errors_of(load(yaml)).find("aliases multiply"), std::string::npos);
}

TEST(Loader, AStrayTokenDoesNotHoldTheParserUp) {
  EXPECT_EQ(error_places(load(",- list: l\n  items: [a]\n")), Places{"1:1 unexpected text"});
}

TEST(Loader, ExcessiveNestingIsRefused) {
  EXPECT_EQ(error_places(load("- " + std::string(20'000, '['))), Places{"1:1 the file nests too deeply"});
}

TEST(Loader, AnOrdinaryAliasIsFine) { EXPECT_TRUE(loads("- list: a\n  items: &x [a, b]\n- list: b\n  items: *x\n")); }

TEST(Loader, EveryErrorOfEveryItemIsReported) {
  EXPECT_EQ(error_places(load(
                "- rule: a\n  desc: d\n- macro: m\n- list: l\n  items: x\n- rule: b\n  priority: HIGH\n  desc: d\n  output: o\n"
                "  condition: evt.type = execve\n")),
            (Places{"1:3 key 'condition' is missing", "1:3 key 'output' is missing", "1:3 key 'priority' is missing",
                    "3:3 key 'condition' is missing", "5:10 the value of 'items' must be a sequence",
                    "7:13 invalid priority 'HIGH'"}));
}

TEST(Loader, ValuesMustNotBeEmpty) {
  EXPECT_EQ(error_places(load("- macro: m\n  condition:\n")), Places{"2:3 the value of 'condition' is empty"});
  EXPECT_EQ(error_places(load("- macro: m\n  condition: ''\n")), Places{"2:14 the value of 'condition' is empty"});
  EXPECT_FALSE(loads("- rule:\n"));
  EXPECT_FALSE(loads("- macro: [m]\n  condition: evt.num > 0\n"));
}

TEST(Loader, UnknownItemsAndKeysAreWarnedOf) {
  const auto loaded = load(kRule + "  prioritty: ERROR\n- something: x\n");
  ASSERT_NE(loaded.rules, nullptr);
  const auto* key = find_code(loaded, "LOAD_UNKNOWN_KEY");
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->position.line, 6U);
  EXPECT_EQ(key->hint, "did you mean 'priority'?");
  EXPECT_NE(find_code(loaded, "LOAD_UNKNOWN_ITEM"), nullptr);
}

TEST(Loader, TheFirstKnownKindDecidesWhatAnItemIs) {
  const auto loaded = load("- priority: INFO\n  list: l\n  items: [a]\n");
  EXPECT_NE(loaded.rules, nullptr);
  EXPECT_NE(find_code(loaded, "LOAD_UNKNOWN_KEY"), nullptr);
}

TEST(Loader, PrioritiesAreCaseInsensitive) {
  for (const char* priority :
       {"emergency", "ALERT", "Critical", "error", "Warning", "NOTICE", "info", "INFORMATIONAL", "Debug"})
    EXPECT_TRUE(
        loads("- rule: r\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: " + std::string(priority) + "\n"))
        << priority;
  EXPECT_FALSE(loads("- rule: r\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: fatal\n"));
}

TEST(Loader, EngineVersions) {
  for (const char* version : {"1", "63", "0.63.0", "0.57.0", "\"0.10.0\""})
    EXPECT_TRUE(loads("- required_engine_version: " + std::string(version) + "\n")) << version;
  for (const char* version : {"64", "0.64.0", "1.0.0", "abc", "0.63", "-1", "[1]"})
    EXPECT_FALSE(loads("- required_engine_version: " + std::string(version) + "\n")) << version;
}

TEST(Loader, PluginVersionsAreChecked) {
  const auto with = [](const std::string& text) { return loads("- required_plugin_versions:\n" + text); };
  EXPECT_TRUE(with("    - name: container\n      version: 0.4.0\n"));
  EXPECT_TRUE(with("    - name: a\n      version: 1.0.0\n      alternatives:\n        - name: b\n          version: 1.0.0\n"));
  EXPECT_FALSE(with("    - name: a\n      version: 1.0.0\n      alternatives:\n        - name: a\n          version: 1.0.0\n"));
  EXPECT_FALSE(with("    - name: a\n"));
  EXPECT_FALSE(with("    - name: a\n      version: new\n"));
  EXPECT_FALSE(with("    name: a\n"));
}

TEST(Loader, AnUnknownSourceSkipsTheRule) {
  const auto loaded = load(kRule + "  source: k8s_audit\n");
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_TRUE(loaded.rules->rules().empty());
  EXPECT_NE(find_code(loaded, "LOAD_UNKNOWN_SOURCE"), nullptr);
}

TEST(Loader, ARuleBelowTheMinimumPriorityIsDisabled) {
  RuleSetOptions options;
  options.minimum_priority = Priority::warning;
  EXPECT_EQ(load(kRule, options).rules->rules()[0].state, RuleInfo::State::disabled);
}

TEST(Loader, SkipIfUnknownFilterForgivesUnknownNamesOnly) {
  const std::string skip = "  skip-if-unknown-filter: true\n";
  const auto loaded = load(rule_with("proc.nosuch = a", skip));
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_TRUE(loaded.rules->rules().empty());
  EXPECT_NE(find_code(loaded, "LOAD_UNKNOWN_FILTER"), nullptr);
  EXPECT_NE(load(rule_with("evt.type = nosuch", skip)).rules, nullptr);
  EXPECT_EQ(load(rule_with("proc.pid = abc", skip)).rules, nullptr);
  EXPECT_EQ(load(rule_with("proc.name like x", skip)).rules, nullptr);
}

// --- where an error in a condition is ---

std::string place_of(const std::string& yaml) {
  const auto places = error_places(load(yaml));
  return places.size() == 1 ? places[0].substr(0, places[0].find(' ')) : "errors: " + std::to_string(places.size());
}
std::string macro(const std::string& condition) { return "- macro: m\n  condition: " + condition + "\n"; }

TEST(Positions, InAPlainScalar) { EXPECT_EQ(place_of(macro("proc.name = sh or proc.pid > x")), "2:43"); }
TEST(Positions, InAQuotedScalar) {
  EXPECT_EQ(place_of(macro("'proc.name = ''sh'' or proc.pid > x'")), "2:48");
  EXPECT_EQ(place_of(macro("\"proc.name = \\\"sh\\\" or proc.pid > x\"")), "2:48");
}
TEST(Positions, InALiteralBlock) {
  EXPECT_EQ(place_of(macro("|\n    proc.name = sh\n    or proc.pid > x")), "4:19");
  EXPECT_EQ(place_of(macro("|-\n\n      proc.pid > x")), "4:18");
}
TEST(Positions, InAFoldedBlock) { EXPECT_EQ(place_of(macro(">\n    proc.name = sh\n    or proc.pid\n    > x")), "5:7"); }
TEST(Positions, InAPlainScalarOfSeveralLines) { EXPECT_EQ(place_of(macro("proc.name = sh\n    or proc.pid\n    > x")), "4:7"); }
TEST(Positions, InAnAppendedPart) {
  EXPECT_EQ(place_of(macro("proc.name = sh") + "- macro: m\n  condition: or proc.pid > x\n  override: {condition: append}\n"),
            "4:28");
}
TEST(Positions, OfAListsItemIsTheListsName) {
  EXPECT_EQ(place_of("- list: l\n  items: [1, x]\n- rule: r\n  desc: d\n  output: o\n  priority: INFO\n"
                     "  condition: evt.type = execve and proc.pid in (5, l)\n"),
            "7:52");
}
TEST(Positions, OfAMacroUsedByARuleIsInTheMacro) {
  EXPECT_EQ(place_of(macro("proc.nosuch = x") + "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: m\n"),
            "2:14");
}
TEST(Positions, InAnOutput) {
  EXPECT_EQ(
      place_of("- rule: r\n  desc: d\n  output: user %proc.nosuch did\n  priority: INFO\n  condition: evt.type = execve\n"),
      "3:17");
}

TEST(Diagnostic, ShowsTheLineACaretAndAHint) {
  const auto loaded = load(rule_with("evt.type = execve and proc.nmae = sh"));
  EXPECT_EQ(format_diagnostic(loaded.diagnostics.at(0)),
            "rules.yaml:6:27: error: rule 'r': unknown field 'proc.nmae' [LOAD_ERR_COMPILE_CONDITION]\n"
            "      evt.type = execve and proc.nmae = sh\n"
            "                            ^\n"
            "  hint: did you mean 'proc.name'?");
}

// --- files ---

TEST(Loader, DirectoriesAreReadInLexicalOrder) {
  const auto directory = std::filesystem::path(testing::TempDir()) / "hullwatch_rules_order";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "b.yaml") << "- macro: m\n  condition: evt.type = mount\n  override: {condition: replace}\n";
  std::ofstream(directory / "a.yml") << "- macro: m\n  condition: evt.type = execve\n- rule: r\n  desc: d\n  output: o\n"
                                        "  priority: INFO\n  condition: m\n";
  std::ofstream(directory / "c.txt") << "not rules";
  RuleSetOptions options;
  options.fields = &TestFields::instance();
  const auto loaded = RuleSet::load({directory.string()}, options);
  std::filesystem::remove_all(directory);
  ASSERT_NE(loaded.rules, nullptr) << errors_of(loaded);
  EXPECT_EQ(loaded.rules->rules()[0].event_types, std::vector<EventType>{EventType::mount});
  ASSERT_EQ(loaded.rules->file_digests().size(), 2U);
  EXPECT_EQ(loaded.rules->file_digests()[0].second.size(), 64U);
}

TEST(Loader, AMissingFileIsAnErrorWithItsName) {
  const auto loaded = RuleSet::load({"/nonexistent/rules.yaml"}, {});
  EXPECT_EQ(loaded.rules, nullptr);
  ASSERT_NE(find_code(loaded, "LOAD_ERR_FILE_READ"), nullptr);
  EXPECT_EQ(find_code(loaded, "LOAD_ERR_FILE_READ")->position.file, "/nonexistent/rules.yaml");
}

TEST(Loader, AFileMustMakeSenseWithTheFilesBeforeIt) {
  RuleSetOptions options;
  options.fields = &TestFields::instance();
  const std::string uses = "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: later\n";
  const std::string defines = "- macro: later\n  condition: evt.type = execve\n";
  EXPECT_EQ(RuleSet::load_text({{"a", uses}, {"b", defines}}, options).rules, nullptr);
  EXPECT_NE(RuleSet::load_text({{"b", defines}, {"a", uses}}, options).rules, nullptr);
  EXPECT_NE(RuleSet::load_text({{"a", uses + defines}}, options).rules, nullptr);
}

}  // namespace
}  // namespace hullwatch::test
