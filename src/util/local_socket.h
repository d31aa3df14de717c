#pragma once
// A local (AF_UNIX) stream socket met by its own maker: what hullwatch does to see whether such contacts are seen.

#include <string_view>

namespace hullwatch {

/// Listens at abstract name `name` (at most 107 bytes) in the network namespace of the caller, connects to it once, and closes
/// both. False when that could not be done: the name is another's, a limit on descriptors. Allocates nothing. Any thread.
bool connect_to_oneself(std::string_view name);

}  // namespace hullwatch
