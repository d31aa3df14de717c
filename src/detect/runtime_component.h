#pragma once
// Programs that runtimes are made of: what they ask of each other is counted, not told. Pure; evaluator thread only.

#include "enrich/context.h"

namespace hullwatch {

/// On the host, its exe root's own and not writable by others, and either the listener of the socket (`listening`, 0: not
/// known) or its child, or one of the programs runtimes are made of.
bool is_runtime_component(const EventContext& context, uint32_t listening);

}  // namespace hullwatch
