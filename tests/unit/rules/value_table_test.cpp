// The keys of a rule and the versions a file asks for, value by value: which load.

#include <gtest/gtest.h>

#include "rules/rule_set.h"

namespace hullwatch::test {
namespace {

struct Written {
  std::string_view key, value;
  bool loads = true;
};
std::ostream& operator<<(std::ostream& out, const Written& written) { return out << written.key << ": " << written.value; }

bool loads(const std::string& text) { return RuleSet::load_text({{"f", text}}, {}).rules != nullptr; }

class KeyOfARule : public testing::TestWithParam<Written> {};
TEST_P(KeyOfARule, TakesTheValueOrDoesNot) {
  std::string text = "- rule: r\n";
  bool given = false;
  for (const auto& [key, value] : {std::pair<std::string_view, std::string_view>{"desc", "d"},
                                   {"condition", "evt.type = execve"},
                                   {"output", "o"},
                                   {"priority", "INFO"}}) {
    const bool this_one = key == GetParam().key;
    given = given || this_one;
    text.append("  ").append(key).append(": ").append(this_one ? GetParam().value : value).append("\n");
  }
  if (!given) text.append("  ").append(GetParam().key).append(": ").append(GetParam().value).append("\n");
  EXPECT_EQ(loads(text), GetParam().loads) << text;
}
constexpr bool kNo = false;
INSTANTIATE_TEST_SUITE_P(Priority, KeyOfARule,
                         testing::Values(Written{"priority", "EMERGENCY"}, Written{"priority", "alert"},
                                         Written{"priority", "Critical"}, Written{"priority", "error"},
                                         Written{"priority", "Warning"}, Written{"priority", "NoTiCe"},
                                         Written{"priority", "info"}, Written{"priority", "INFORMATIONAL"},
                                         Written{"priority", "debug"}, Written{"priority", "err", kNo},
                                         Written{"priority", "warn", kNo}, Written{"priority", "5", kNo},
                                         Written{"priority", "", kNo}, Written{"priority", "[INFO]", kNo}));
INSTANTIATE_TEST_SUITE_P(Booleans, KeyOfARule,
                         testing::Values(Written{"enabled", "true"}, Written{"enabled", "no"}, Written{"enabled", "On"},
                                         Written{"enabled", "y"}, Written{"enabled", "\"true\""}, Written{"enabled", "1", kNo},
                                         Written{"enabled", "tRue", kNo}, Written{"enabled", "[]", kNo},
                                         Written{"enabled", "~", kNo}, Written{"capture", "false"},
                                         Written{"capture", "x", kNo}, Written{"warn_evttypes", "off"},
                                         Written{"warn_evttypes", "3", kNo}, Written{"skip-if-unknown-filter", "yes"},
                                         Written{"skip-if-unknown-filter", "maybe", kNo}));
INSTANTIATE_TEST_SUITE_P(Others, KeyOfARule,
                         testing::Values(Written{"tags", "[a, 1, true]"}, Written{"tags", "[]"}, Written{"tags", "a", kNo},
                                         Written{"tags", "[[a]]", kNo}, Written{"tags", "{a: b}", kNo},
                                         Written{"source", "syscall"}, Written{"source", "k8s_audit"},
                                         Written{"source", "''", kNo}, Written{"source", "[syscall]", kNo},
                                         Written{"capture_duration", "500"}, Written{"capture_duration", "x", kNo},
                                         Written{"desc", "''", kNo}, Written{"desc", "{a: b}", kNo},
                                         Written{"condition", "[a]", kNo}, Written{"output", "''", kNo}));
INSTANTIATE_TEST_SUITE_P(Outputs, KeyOfARule,
                         testing::Values(Written{"output", "'*%proc.name %evt.time'"}, Written{"output", "'%10proc.name'"},
                                         Written{"output", "'%proc.aname[2] %proc.aname'"},
                                         Written{"output", "'%evt.arg.flags %evt.arg[0]'"}, Written{"output", "'%proc.namex'"},
                                         Written{"output", "'x %container.info y'"},
                                         Written{"output", "'%container.info'", kNo},
                                         Written{"output", "'%tolower(nosuch.f)'", kNo}, Written{"output", "'%proc'", kNo},
                                         Written{"output", "'%10'", kNo}, Written{"output", "'% x'", kNo},
                                         Written{"output", "'%*'", kNo}, Written{"output", "'%evt.nosuch'", kNo}));

class VersionOfTheEngine : public testing::TestWithParam<Written> {};
TEST_P(VersionOfTheEngine, IsMetOrNot) {
  EXPECT_EQ(loads("- required_engine_version: " + std::string(GetParam().value) + "\n"), GetParam().loads);
}
INSTANTIATE_TEST_SUITE_P(All, VersionOfTheEngine,
                         testing::Values(Written{"", "0"}, Written{"", "15"}, Written{"", "63"}, Written{"", "'31'"},
                                         Written{"", "0.10.99"}, Written{"", "0.63.0"}, Written{"", "64", kNo},
                                         Written{"", "0.63.1", kNo}, Written{"", "1.0.0", kNo}, Written{"", "0.1", kNo},
                                         Written{"", "-1", kNo}, Written{"", "-0.1.0", kNo}, Written{"", "abc", kNo}));

}  // namespace
}  // namespace hullwatch::test
