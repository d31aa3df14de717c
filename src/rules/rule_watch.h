#pragma once
// An event on its way through a stateful rule: what is written into the alert when the rule fires. Evaluator thread.

#include <string>
#include <utility>
#include <vector>

#include "rules/compiled_rules.h"

namespace hullwatch::rules {

using Evidence = std::vector<std::pair<std::string, OutputValue>>;

/// Not empty when the rule fires.
Evidence watch_threshold(Threshold& threshold, CompiledRules& compiled, const EventContext& context);
Evidence watch_sequence(Sequence& sequence, size_t step, CompiledRules& compiled, const EventContext& context);

}  // namespace hullwatch::rules
