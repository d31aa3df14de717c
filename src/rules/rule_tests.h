#pragma once
// The cases written beside a rule, run by `hullwatch rules test`:
//
//   tests:
//     - name: a shell in a container           # optional
//       event: {type: execve, proc.name: bash, container.id: 0123456789ab, "proc.aname[2]": sshd}
//       fires: true
//     - name: three within a second            # for thresholds, sequences and suppress
//       events:
//         - {at: 0ms, type: mount, container.id: 0123456789ab}
//         - {at: 400ms, repeat: 2, every: 100ms, type: mount, container.id: 0123456789ab}
//       fires: 1
//
// A case gives the values of fields by name; a field it does not give is missing, and a check on it is false. `type` is
// evt.type and must be there. Fields that hold lists, and proc.aname and its like without an index, take a sequence. `fires` is
// true, false, or how many alerts go out. The case looks at its rule alone (with exceptions and state): whether it is enabled,
// or another would match first, is of no concern.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "rules/evaluation.h"
#include "rules/rule_set.h"

namespace hullwatch {

struct RuleTestEvent {
  EventType type = EventType::unknown;
  FieldOverlay values;
  uint64_t at_ns = 0;  // since the case's beginning
  uint32_t repeat = 1;
  uint64_t every_ns = 0;
};

struct RuleTestCase {
  size_t rule = 0;  // index of RuleSet::rules()
  std::string name;
  std::vector<RuleTestEvent> events;
  std::shared_ptr<std::deque<std::string>> texts;  // what the values view
  bool exact = false;                              // `fires` is a number
  uint32_t fires = 1;                              // alerts; when not exact: none, or at least one
  SourcePosition position;
};

struct RuleTestResult {
  const RuleTestCase* test_case = nullptr;
  bool passed = false;
  uint32_t fired = 0;       // alerts that went out
  uint32_t suppressed = 0;  // and that were held back
  std::string account;      // of a case that failed: event by event, what the rule made of it
};

/// All cases of the set, in order. Evaluator thread.
std::vector<RuleTestResult> run_rule_tests(const RuleSet& rules);

}  // namespace hullwatch
