#pragma once
// The proc connector as a hook: while one socket listens to it, the kernel tells of each commit of changed uids or gids, in the
// context of the task that commits. What runs on it is a BPF socket filter (bpf/provide/quiet/proc_connector.bpf.c), which sees
// the task and drops the message; nothing is ever queued, so there is nothing to read and nothing to overflow.
//
// Owns the socket; closing it ends the observation. Any thread; open() changes and restores the calling thread's fsgid.
// Needs CAP_NET_ADMIN and the initial network namespace.

#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

class ProcConnector {
 public:
  /// Opens, subscribes, and proves with an own change that messages come. Fails where the kernel has no proc connector
  /// (CONFIG_PROC_EVENTS), without the privilege, or where the proof does not come back.
  static Result<ProcConnector> open();

  /// From now on `filter`, a socket filter program, runs at each commit. Its descriptor may be closed afterwards.
  Status attach(int filter);

 private:
  explicit ProcConnector(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
};

}  // namespace hullwatch
