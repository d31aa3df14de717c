#pragma once
// Exceptions of a rule: `and not (…)` in another form.

#include "rules/definitions.h"

namespace hullwatch::rules {

/// The condition with its exceptions, as text: "(condition) and not ((f1 = v1 and f2 in (v2)) or …)".
std::optional<TrackedText> with_exceptions(const RuleDefinition& rule, Diagnostics& diagnostics);

}  // namespace hullwatch::rules
