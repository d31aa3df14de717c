#pragma once
// Names of Linux capabilities, as capabilities(7) has them. Constant data; any thread.

#include <cstdint>
#include <string>
#include <string_view>

namespace hullwatch {

/// "CAP_SYS_ADMIN"; empty for a number this table does not know.
std::string_view capability_name(uint32_t number);
/// "CAP_CHOWN CAP_KILL"; unknown bits as "CAP_41". Empty for the empty set.
std::string capability_set_text(uint64_t set);

}  // namespace hullwatch
