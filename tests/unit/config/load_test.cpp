#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "config/print.h"

namespace hullwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> errors_of(std::string_view text) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : load_config_text(text, "h.yaml").diagnostics)
    out.push_back(format_diagnostic(diagnostic));
  return out;
}

TEST(LoadConfig, EmptyFileGivesTheDefaults) {
  for (const char* empty : {"", "# nothing\n", "---\n", "rules:\n"}) {
    const LoadedConfig loaded = load_config_text(empty, "h.yaml");
    EXPECT_TRUE(loaded.ok()) << empty;
    EXPECT_EQ(print_config(loaded.config), print_config(Config{}));
  }
}

TEST(LoadConfig, EveryKindOfValueIsRead) {
  const LoadedConfig loaded = load_config_text(R"(
state_dir: /srv/hw
listen: 0.0.0.0:99
rules: {paths: [/etc], minimum_priority: warning, matching: all}
output: {format: json}
log: {enabled: false, content: all, segment_bytes: 1MiB, total_bytes: 2 GiB}
fork_bomb: {near_limit: 0.5, net_growth: 7}
runtime_socket:
  allow:
    - {image: "traefik:*", actions: read, reason: routes by labels}
    - {image: portainer, actions: manage, reason: our console}
redact: {patterns: ['badge-(\d+)']}
)",
                                               "h.yaml");
  ASSERT_TRUE(loaded.ok()) << format_diagnostic(loaded.diagnostics[0]);
  const Config& c = loaded.config;
  EXPECT_EQ(c.state_dir, "/srv/hw");
  EXPECT_EQ(c.listen, "0.0.0.0:99");
  EXPECT_EQ(c.rules.minimum_priority, Priority::warning);
  EXPECT_TRUE(c.rules.match_all);
  EXPECT_TRUE(c.output.json);
  EXPECT_FALSE(c.log.enabled);
  EXPECT_EQ(c.log.content, LogConfig::Content::all);
  EXPECT_EQ(c.log.segment_bytes, 1ULL << 20);
  EXPECT_EQ(c.log.total_bytes, 2ULL << 30);
  EXPECT_EQ(c.fork_bomb.near_limit, 0.5);
  EXPECT_EQ(c.fork_bomb.net_growth, 7);
  ASSERT_EQ(c.runtime_socket.allow.size(), 2U);
  EXPECT_FALSE(c.runtime_socket.allow[0].manage);
  EXPECT_TRUE(c.runtime_socket.allow[1].manage);
  EXPECT_EQ(c.runtime_socket.allow[1].reason, "our console");
  EXPECT_THAT(c.redact.patterns, ElementsAre("badge-(\\d+)"));
}

struct Bad {
  const char* text;
  const char* error;
};
class BadConfig : public testing::TestWithParam<Bad> {};
TEST_P(BadConfig, IsRefusedWithItsPlace) { EXPECT_THAT(errors_of(GetParam().text), ElementsAre(GetParam().error)); }
INSTANTIATE_TEST_SUITE_P(
    Corpus, BadConfig,
    testing::Values(
        Bad{"lsiten: off\n", "h.yaml:1:1: error: unknown key 'lsiten'\n  lsiten: off\n  ^\n  hint: did you mean 'listen'?"},
        Bad{"log:\n  contnet: all\n",
            "h.yaml:2:3: error: unknown key 'contnet' in log\n    contnet: all\n    ^\n  hint: did you mean 'content'?"},
        Bad{"listen: off\nlisten: off\n", "h.yaml:2:1: error: 'listen' is there twice\n  listen: off\n  ^"},
        Bad{"log: {enabled: maybe}\n",
            "h.yaml:1:16: error: log.enabled: expected true or false, got 'maybe'\n  log: {enabled: maybe}\n                 "
            "^"},
        Bad{"log: {content: alert}\n",
            "h.yaml:1:16: error: log.content: 'alert' is none of alerts, security, all\n"
            "  log: {content: alert}\n                 ^\n  hint: did you mean 'alerts'?"},
        Bad{"rings: {critical_bytes: 1Mb}\n",
            "h.yaml:1:25: error: rings.critical_bytes: expected a size in bytes, got '1Mb'\n  rings: {critical_bytes: 1Mb}\n"
            "                          ^\n  hint: as in 4096, 64KiB, 64MiB, 1GiB"},
        Bad{"rings: {critical_bytes: 100000}\n",
            "h.yaml:1:25: error: rings.critical_bytes must be a power of two\n"
            "  rings: {critical_bytes: 100000}\n                          ^"},
        Bad{"fork_bomb:\n  near_limit: 2\n",
            "h.yaml:2:15: error: fork_bomb.near_limit: 2 is out of range: from 0.1 to 1\n    near_limit: 2\n                ^"},
        Bad{"limits: {processes: -1}\n",
            "h.yaml:1:21: error: limits.processes: expected a whole number, got '-1'\n  limits: {processes: -1}\n              "
            "        ^"},
        Bad{"rules: {paths: [/nonexistent/r.yaml]}\n",
            "h.yaml:1:17: error: rules.paths: there is no file or directory '/nonexistent/r.yaml'\n"
            "  rules: {paths: [/nonexistent/r.yaml]}\n                  ^"},
        Bad{"rules: {paths: /etc}\n",
            "h.yaml:1:16: error: rules.paths: expected a list, got '/etc'\n  rules: {paths: /etc}\n                 ^"},
        Bad{"listen: 9787\n",
            "h.yaml:1:9: error: listen: expected ADDRESS:PORT or off, got '9787'\n  listen: 9787\n          ^\n"
            "  hint: as in 127.0.0.1:9787; an IPv4 address, since Debian's civetweb has no IPv6"},
        Bad{"state_dir: here\n",
            "h.yaml:1:12: error: state_dir: expected an absolute path, got 'here'\n  state_dir: here\n             ^"},
        Bad{"redact: {patterns: ['(x']}\n",
            "h.yaml:1:21: error: redact.patterns: redact pattern '(x': missing ): (x\n"
            "  redact: {patterns: ['(x']}\n                      ^"},
        Bad{"runtime_socket:\n  allow:\n    - {image: x}\n",
            "h.yaml:3:7: error: runtime_socket.allow: an allowance needs a reason\n      - {image: x}\n        ^\n"
            "  hint: who asked for it, and what for: it stands in the log"},
        Bad{"log: {segment_bytes: 1GiB}\n",
            "h.yaml:1:22: error: log.total_bytes must be at least twice log.segment_bytes\n"
            "  log: {segment_bytes: 1GiB}\n                       ^"},
        Bad{"- a\n", "h.yaml:1:1: error: expected a mapping of keys, got a list\n  - a\n  ^"},
        Bad{"log: [\n", "h.yaml:2:1: error: end of sequence flow not found"}));

TEST(LoadConfig, AllErrorsAreReportedAtOnceInTheOrderOfTheFile) {
  const auto errors = errors_of("zzzzzz: 1\nlog:\n  enabled: 3\n  content: x\nlisten: here\n");
  ASSERT_EQ(errors.size(), 4U);
  EXPECT_THAT(errors[0], HasSubstr("h.yaml:1:1: error: unknown key"));
  EXPECT_THAT(errors[1], HasSubstr("h.yaml:3:12: error: log.enabled"));
  EXPECT_THAT(errors[2], HasSubstr("h.yaml:4:12: error: log.content"));
  EXPECT_THAT(errors[3], HasSubstr("h.yaml:5:9: error: listen"));
}

TEST(LoadConfig, AFileThatIsNotThereIsNamed) {
  const LoadedConfig loaded = load_config("/nonexistent/h.yaml");
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(format_diagnostic(loaded.diagnostics[0]),
            "/nonexistent/h.yaml: error: cannot open the configuration: No such file or directory");
}

TEST(LoadConfig, ADirectoryIsNoConfiguration) { EXPECT_FALSE(load_config("/etc").ok()); }

TEST(LoadConfig, HostileTextIsAnErrorNeverADeath) {
  std::mt19937 random(5);
  const std::vector<std::string> bits = {"log", ":",  " ",     "\n",   "- ",   "{",  "}",  "[",
                                         "&a ", "*a", "rules", "\xff", "!!x ", "\"", "? ", "<<"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t n = random() % 14; n > 0; --n) text += bits[random() % bits.size()];
    (void)errors_of(text);
  }
  EXPECT_FALSE(errors_of("a: &a [*a]\n").empty());
}

}  // namespace
}  // namespace hullwatch
