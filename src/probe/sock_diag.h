#pragma once
// One question to the kernel's socket tables (NETLINK_SOCK_DIAG). Any thread; does I/O.

#include <linux/netlink.h>

#include <cstddef>
#include <functional>

#include "util/result.h"

namespace hullwatch {

/// Dumps what `request` (the family's request struct, `size` bytes) asks for; `each` gets every answer. Sees the caller's
/// network namespace. Fails where the kernel has no such table (*_diag is not built in).
Status dump_sockets(const void* request, size_t size, const std::function<void(const nlmsghdr&)>& each);

}  // namespace hullwatch
