#include <fmt/format.h>

#include <iterator>

#include "event/kernel_names.h"
#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

constexpr std::string_view kNoScheduler = "needs scheduler accounting, which is not recorded";

template <auto Set>
Value capabilities(Context c, Argument, Scratch scratch) {
  const hw_cred* cred = own_credentials(c);
  if (cred == nullptr) return {};
  return built(scratch, [&](std::string& out) { append_capabilities(out, cred->*Set); });
}
Value thread_id(Context c, Argument, Scratch) { return c.event.header.tid == 0 ? Value{} : signed_number(c.event.header.tid); }
Value is_main(Context c, Argument, Scratch) {
  return c.event.header.tid == 0 ? Value{} : truth(c.event.header.tid == c.event.header.process.tgid);
}
Value name_and_id(Context c, Argument, Scratch scratch) {
  if (c.event.header.tid == 0) return {};
  return built(scratch,
               [&](std::string& out) { fmt::format_to(std::back_inserter(out), "{}:{}", c.event.comm(), c.event.header.tid); });
}
Value cgroup_of(Context c, Argument, Scratch) { return c.event.header.cgroup == 0 ? Value{} : number(c.event.header.cgroup); }

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"thread.tid", integer, kNone, "Id of the thread that acted", thread_id},
    {"thread.ismain", boolean, kNone, "True when the main thread acted", is_main},
    {"thread.nametid", string, kNone, "Name and id of the thread, as name:id", name_and_id},
    {"thread.cap_effective", string, kNone, "Effective capabilities, as CAP_CHOWN CAP_KILL", capabilities<&hw_cred::cap_effective>},
    {"thread.cap_permitted", string, kNone, "Permitted capabilities", capabilities<&hw_cred::cap_permitted>},
    {"thread.cap_inheritable", string, kNone, "Inheritable capabilities", capabilities<&hw_cred::cap_inheritable>},
    {"thread.cap_bounding", string, kNone, "Bounding capabilities", capabilities<&hw_cred::cap_bounding>},
    {"thread.cap_ambient", string, kNone, "Ambient capabilities", capabilities<&hw_cred::cap_ambient>},
    {"thread.cgroup_id", unsigned_integer, kNone, "Id of the cgroup the process is in now", cgroup_of},
    {"thread.vtid", integer, kNone, "Id of the thread in its pid namespace", nullptr, "needs thread ids as their pid namespace numbers them"},
    {"thread.vpid", integer, kNone, "Process id in the pid namespace", nullptr, "use proc.vpid"},
    {"thread.pnametid", string, kNone, "Name and id of the process and the thread", nullptr, "use proc.name and thread.nametid"},
    {"thread.cgroups", string, kNone, "All cgroups of the thread", nullptr, "needs the paths of all cgroup hierarchies; container.cgroup_path has the container's"},
    {"thread.cgroup", string, Field::Argument::key, "Cgroup of one controller", nullptr, "needs the paths of all cgroup hierarchies; container.cgroup_path has the container's"},
    {"thread.exectime", relative_time, kNone, "CPU time of the last scheduled stretch", nullptr, kNoScheduler},
    {"thread.totexectime", relative_time, kNone, "CPU time so far", nullptr, kNoScheduler},
    {"thread.cpu", integer, kNone, "CPU share in the last second", nullptr, kNoScheduler},
    {"thread.cpu.user", integer, kNone, "User CPU share in the last second", nullptr, kNoScheduler},
    {"thread.cpu.system", integer, kNone, "System CPU share in the last second", nullptr, kNoScheduler},
    {"thread.vmsize", unsigned_integer, kNone, "Virtual memory of the process in KiB", nullptr, kNoScheduler},
    {"thread.vmrss", unsigned_integer, kNone, "Resident memory of the process in KiB", nullptr, kNoScheduler},
    {"thread.vmsize.b", unsigned_integer, kNone, "Virtual memory of the process in bytes", nullptr, kNoScheduler},
    {"thread.vmrss.b", unsigned_integer, kNone, "Resident memory of the process in bytes", nullptr, kNoScheduler},
    {"thread.pfmajor", unsigned_integer, kNone, "Major page faults", nullptr, kNoScheduler},
    {"thread.pfminor", unsigned_integer, kNone, "Minor page faults", nullptr, kNoScheduler},
};
// clang-format on

}  // namespace

std::span<const Field> thread_fields() { return kFields; }

}  // namespace hullwatch::field
