#pragma once
// What a stateful rule counts apart: the values of its `by` fields, as one text. Evaluator thread.

#include <span>
#include <string>

#include "rules/evaluation.h"

namespace hullwatch::rules {

/// Longer keys are cut and end in a hash of the whole.
inline constexpr size_t kMaxKey = 512;

/// Into `out`, whose memory is used again. A missing value is one of its own.
void build_key(Evaluation& evaluation, std::span<const SlotId> by, std::string& out);
/// "container.id=3ad7b26145d6 proc.name=sh", for people.
std::string key_text(Evaluation& evaluation, std::span<const SlotId> by, const SlotTable& slots);

}  // namespace hullwatch::rules
