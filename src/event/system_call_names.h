#pragma once
// System calls by name and by number. Constant data; any thread.

#include <cstdint>
#include <string_view>

#include "event/event.h"

namespace hullwatch {

/// True for the name of any Linux system call, and for the few event names Falco has besides.
bool is_system_call_name(std::string_view name);

/// The tables of numbers a record may refer to.
enum class SystemCallTable : uint8_t { x86_64, i386, arm64, arm };

/// The table of this machine that a header's flags name.
SystemCallTable system_call_table(uint32_t header_flags);
/// Which credential event a call makes; `credential_change` for any other number, -1 included.
EventType credential_event_of(SystemCallTable table, int32_t number);
/// True when the number is execveat's. x32 has numbers of its own within the x86-64 table.
bool is_execveat(SystemCallTable table, int32_t number);

}  // namespace hullwatch
