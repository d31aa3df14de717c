#pragma once
// Can a task with these credentials have come to those by calls the kernel allows? Pure: no state, no I/O, any thread.
// What is not reachable is a kernel exploit, or a bug here; what is reachable but was not seen happening is only late.
// The rules are those of capabilities(7), credentials(7) and user_namespaces(7), from security/commoncap.c and kernel/sys.c.

#include <cstdint>
#include <string>

#include "hullwatch/wire.h"

namespace hullwatch {

/// What is known of an exec between the two sets of credentials.
struct ExecStep {
  bool setuid_file = false, setgid_file = false;
  uint32_t file_owner = 0;
  bool no_new_privs = false;
};

struct Reachability {
  bool reachable = true;
  std::string why_not;  // the first rule broken, for the alert's evidence
};

/// `exec`: null when no exec lay between. Without one, any sequence of set*id, capset, prctl, setns and unshare is allowed for.
Reachability reachable(const hw_cred& before, const hw_cred& after, const ExecStep* exec);

}  // namespace hullwatch
