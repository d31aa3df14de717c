#include "probe/privileges.h"

#include <linux/capability.h>

#include <array>
#include <fstream>

namespace hullwatch {
namespace {

struct Wanted {
  int number;
  const char* name;
  const char* costs;
  bool fatal;
};

constexpr std::array kWanted = {
    Wanted{CAP_BPF, "CAP_BPF", "BPF programs cannot be loaded", true},
    Wanted{CAP_PERFMON, "CAP_PERFMON", "kernel memory cannot be read by tracing programs", true},
    Wanted{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "command lines and programs of processes that ran before hullwatch stay unknown",
           false},
    Wanted{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "names and images of containers cannot be read from the runtimes' files",
           false},
    Wanted{CAP_NET_ADMIN, "CAP_NET_ADMIN", "changes of ids are found at their next use where fexit is not to be had", false},
};

uint64_t effective_capabilities() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) return std::stoull(line.substr(7), nullptr, 16);
  return 0;
}

}  // namespace

std::vector<MissingPrivilege> missing_privileges() {
  const uint64_t held = effective_capabilities();
  // Before 5.8 there was only CAP_SYS_ADMIN, and it still implies the first two.
  const bool admin = (held >> CAP_SYS_ADMIN & 1) != 0;
  std::vector<MissingPrivilege> missing;
  for (const Wanted& wanted : kWanted) {
    const bool has = (held >> wanted.number & 1) != 0 || (wanted.fatal && admin);
    if (!has) missing.push_back({wanted.name, wanted.costs, wanted.fatal});
  }
  return missing;
}

}  // namespace hullwatch
