#pragma once
// The local sockets, and TCP ports, that were listening before hullwatch started, so that their first contact need not be asked
// about. It sees the network namespace of the caller only; all others are met at their first contact. Start-up thread; does
// I/O.

#include <string>
#include <unordered_map>
#include <vector>

#include "hullwatch/wire.h"
#include "probe/listener_classifier.h"
#include "util/result.h"

namespace hullwatch {

struct ScannedListener {
  hw_listener listener;
  uint64_t socket_cookie;
  uint32_t socket_inode;  // of the descriptor: /proc/PID/fd/N -> socket:[…]
  std::string sun_path;   // an abstract name begins with NUL
};

/// Asks the kernel (NETLINK_SOCK_DIAG). Fails where unix_diag is not built in.
Result<std::vector<ScannedListener>> scan_listeners();

/// The same of TCP (v4 and v6).
Result<std::vector<ScannedListener>> scan_tcp_listeners();

/// The processes that hold each of the wanted sockets, by socket inode, from /proc/PID/fd.
std::unordered_map<uint32_t, std::vector<uint32_t>> find_holders(const std::vector<ScannedListener>& listeners,
                                                                 const std::string& proc = "/proc");

/// Classifies all of them. Returns how many are runtimes'. Fails when one of the two scans did; what the other found is
/// classified.
Result<size_t> classify_existing_listeners(ListenerClassifier& classifier);

}  // namespace hullwatch
