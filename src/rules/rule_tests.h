#pragma once
// The cases written beside a rule, run by `hullwatch rules test`:
//
//   tests:
//     - name: a shell in a container           # optional
//       event: {type: execve, proc.name: bash, container.id: 0123456789ab, "proc.aname[2]": sshd}
//       fires: true
//
// A case gives the values of fields by name; a field it does not give is missing, and a check on it is false. `type` is
// evt.type and must be there. Fields that hold lists, and proc.aname and its like without an index, take a sequence. The case
// looks at its rule's condition (with exceptions) alone: whether the rule is enabled, or another would match first, is of no
// concern.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "rules/evaluation.h"
#include "rules/rule_set.h"

namespace hullwatch {

struct RuleTestCase {
  size_t rule = 0;  // index of RuleSet::rules()
  std::string name;
  EventType type = EventType::unknown;
  FieldOverlay values;
  std::shared_ptr<std::deque<std::string>> texts;  // what the values view
  bool fires = true;
  SourcePosition position;
};

struct RuleTestResult {
  const RuleTestCase* test_case;
  bool passed;
};

/// All cases of the set, in order. Evaluator thread.
std::vector<RuleTestResult> run_rule_tests(const RuleSet& rules);

}  // namespace hullwatch
