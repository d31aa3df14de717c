#pragma once
// The facts an alert rests on, from the record itself: how it was seen, and what the event's body says. Evaluator thread only.

#include <string>
#include <utility>
#include <vector>

#include "alert/alert.h"
#include "enrich/context.h"

namespace hullwatch {

using Evidence = std::vector<std::pair<std::string, OutputValue>>;
Evidence evidence_of(const EventContext& context);

}  // namespace hullwatch
