#pragma once
// Numbers of the kernel as people and rules write them: "CAP_SYS_ADMIN", "MS_BIND|MS_REC", "EPERM".
// The append_ functions add nothing when there is nothing to name. Constant data; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "hullwatch/wire.h"

namespace hullwatch {

/// "CAP_CHOWN"; empty for a number that has no name yet.
std::string_view capability_name(uint32_t number);
/// "CAP_CHOWN CAP_SYS_ADMIN", in the order of their numbers.
void append_capabilities(std::string& out, uint64_t set);
std::string capability_set_text(uint64_t set);
/// "CLONE_NEWNS|CLONE_NEWPID"; bits without a name as one hex number at the end. The same for those below.
void append_clone_flags(std::string& out, uint64_t flags);
/// The flags of a mount call: each call has bits of its own.
void append_mount_flags(std::string& out, uint32_t op, uint64_t flags);
/// HW_ENV_*: "LD_PRELOAD|GLIBC_TUNABLES".
void append_env_flags(std::string& out, uint32_t flags);
/// HW_EXE_*, named as Falco names those it has: "EXE_UPPER_LAYER|EXE_FROM_MEMFD".
void append_exe_flags(std::string& out, uint32_t flags);
/// "SUCCESS" for 0 and above, else "EPERM"; empty for a number no error has.
std::string_view result_name(int64_t result);
/// hw_way: "setid", "exec", …; "unknown" out of range. hw_mount_op: "mount", …
std::string_view way_name(uint32_t way);
std::string_view mount_op_name(uint32_t op);
std::string_view provider_name(uint32_t provider);
/// hw_place: "task_create", …
std::string_view place_name(uint32_t place);
/// "10.0.0.7:40112", "[fd00::1]:40112"; empty when its port is 0.
std::string endpoint_text(const hw_endpoint& endpoint);

}  // namespace hullwatch
