#pragma once
// One event together with what is known around it: all that a field accessor, a rule or a detector may look at.
// Views only; valid for the evaluation of that event. Evaluator thread only.

#include "enrich/container.h"
#include "enrich/process_tree.h"
#include "enrich/user_names.h"
#include "event/event.h"

namespace hullwatch {

struct EventContext {
  const Event& event;
  const Process* process = nullptr;      // null: not in the tree
  const Container* container = nullptr;  // of event.header.home; null: the host, or not yet resolved
  const ProcessTree& tree;
  const UserNames& users;
  uint64_t wall_ns = 0;  // event time as CLOCK_REALTIME
  uint64_t number = 0;   // evt.num
};

}  // namespace hullwatch
