#pragma once
// Exceptions of a rule: `and not (…)` in another form. Load time, one thread.

#include <optional>
#include <vector>

#include "rules/item_reader.h"

namespace hullwatch::rules {

/// The `exceptions` of a rule item. `append`: fields may be missing, and an exception without values is worth a warning.
std::vector<ExceptionDefinition> read_exceptions(ItemReader& item, bool append);

/// The condition with its exceptions, as text: "(condition) and not ((f1 = v1 and f2 in (v2)) or …) and not (…)"; unchanged
/// when there are none. Nothing, having said why, when values do not fit their fields.
std::optional<TrackedText> with_exceptions(const RuleDefinition& rule, Diagnostics& diagnostics);

}  // namespace hullwatch::rules
