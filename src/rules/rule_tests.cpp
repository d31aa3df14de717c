#include "rules/rule_tests.h"

namespace hullwatch {

std::vector<RuleTestResult> run_rule_tests(const RuleSet& rules) {
  std::vector<RuleTestResult> results;
  for (const auto& test_case : rules.test_cases()) results.push_back({&test_case, rules.holds(test_case) == test_case.fires});
  return results;
}

}  // namespace hullwatch
