#include "config/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <set>

#include "config/config_keys.h"
#include "config/load.h"

namespace hullwatch {
namespace {

std::string file(const std::string& path) {
  std::ifstream in(HULLWATCH_SOURCE_DIR "/" + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The defaults, but for paths that this machine need not have.
Config usable_defaults() {
  Config config;
  config.rules.paths = {"/etc"};
  return config;
}

TEST(PrintConfig, IsReadBackToTheSameConfiguration) {
  Config config = usable_defaults();
  config.log.content = LogConfig::Content::all;
  config.rules.minimum_priority = Priority::error;
  config.output.json = true;
  config.log.segment_bytes = 65537;
  config.fork_bomb.near_limit = 0.123;
  config.runtime_socket.allow = {{"a:*", true, "say \"why\" \x01"}};
  config.redact.patterns = {"a\\d", "b: c"};
  const LoadedConfig loaded = load_config_text(print_config(config), "p");
  ASSERT_TRUE(loaded.ok()) << format_diagnostic(loaded.diagnostics[0]);
  EXPECT_EQ(print_config(loaded.config), print_config(config));
}

TEST(PrintConfig, JsonHoldsTheSameValues) {
  Config config;
  config.listen = "off";
  config.rings.critical_bytes = 2U << 20;
  config.runtime_socket.allow = {{.image = "traefik:*", .manage = true, .reason = "\"why\""}};
  const auto json = nlohmann::json::parse(print_config_json(config));
  EXPECT_EQ(json["schema"], "hullwatch.config/1");
  EXPECT_EQ(json["listen"], "off");
  EXPECT_EQ(json["rings"]["critical_bytes"], 2U << 20);
  EXPECT_EQ(json["output"]["format"], "text");
  EXPECT_EQ(json["runtime_socket"]["allow"][0]["reason"], "\"why\"");
}

TEST(PrintConfig, TheDefaultsAreWithinTheirOwnRanges) {
  const LoadedConfig loaded = load_config_text(print_config(usable_defaults()), "p");
  EXPECT_TRUE(loaded.ok()) << format_diagnostic(loaded.diagnostics[0]);
}

TEST(ConfigKeys, EachHasItsOwnSlotAndAKnownSection) {
  Config config;
  std::set<const void*> slots;
  std::set<std::string_view> sections;
  for (const ConfigSection& section : config_sections()) sections.insert(section.name);
  for (const ConfigKey& key : config_keys()) {
    const void* slot = std::visit([](auto* v) { return static_cast<const void*>(v); }, key.slot(config));
    EXPECT_TRUE(slots.insert(slot).second) << key.path;
    EXPECT_TRUE(sections.contains(key.section())) << key.path;
  }
}

TEST(DefaultConfigFile, TheOneWeShipIsTheTablesOwn) { EXPECT_EQ(file("deploy/hullwatch.yaml"), default_config_file()); }

TEST(DefaultConfigFile, WithoutItsCommentMarksItIsAConfiguration) {
  std::istringstream lines(default_config_file());
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find('#');
    // "# prose" has a space after the mark and no indent, or an indent before it; "#key:" and "#  key:" are values.
    if (at == 0 && line.size() > 1 && (line[1] != ' ' || line.starts_with("#  "))) text += line.substr(1) + '\n';
  }
  const size_t paths = text.find("  paths: [");
  ASSERT_NE(paths, std::string::npos);
  text.replace(paths, text.find('\n', paths) - paths, "  paths: [/etc]");
  const LoadedConfig loaded = load_config_text(text, "d");
  ASSERT_TRUE(loaded.ok()) << format_diagnostic(loaded.diagnostics[0]) << '\n' << text;
  EXPECT_EQ(print_config(loaded.config), print_config(usable_defaults()));
}

TEST(ConfigurationDocument, ItsTableIsGeneratedFromTheKeys) {
  const std::string document = file("docs/configuration.md");
  const std::string begin = "<!-- keys: generated from src/config/config_keys.cpp -->\n", end = "<!-- end of keys -->\n";
  const size_t from = document.find(begin), to = document.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  EXPECT_EQ(document.substr(from + begin.size(), to - from - begin.size()), config_reference_markdown());
}

}  // namespace
}  // namespace hullwatch
