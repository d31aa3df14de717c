#pragma once
// A detector turns events into findings: conclusions that one record alone does not give (a bomb, a gain, a request). A finding
// is itself an Event (fork_bomb, privilege_gain, runtime_request), so that rules decide priority, wording and exceptions.
// Evaluator thread only; no I/O: what must be read (pids.max) is handed in.

#include <functional>

#include "enrich/context.h"
#include "event/event.h"

namespace hullwatch {

/// Receives a finding where it is made, and is done with it when it returns; its header names who is to be shown as its
/// process.
using FindingSink = std::function<void(Event finding)>;

class Detector {
 public:
  virtual ~Detector() = default;
  /// Looks at one event, after the tree and the index have taken it up.
  virtual void on_event(const EventContext& context, const FindingSink& found) = 0;
  /// About ten times a second, with the injected clock's time.
  virtual void on_tick(uint64_t now_ns, const FindingSink& found) = 0;
};

}  // namespace hullwatch
