#pragma once
// What /proc tells of one process, for those that ran before hullwatch did: the strings the task iterator cannot give.
// Everything read is bounded and hostile: a process writes its own cmdline and comm. Stateless; any thread; does I/O.

#include <cstdint>
#include <string>
#include <string_view>

#include "enrich/process_tree.h"
#include "hullwatch/wire.h"
#include "util/result.h"

namespace hullwatch {

struct ProcDetails {
  std::string comm;
  std::string exe_path;  // without " (deleted)"; empty for kernel threads and where it may not be read
  std::string cwd;
  std::string args;  // NUL separated, argv[0] first, at most HW_ARGS_MAX bytes
  bool args_truncated = false;
  bool exe_deleted = false;
  uint64_t start_ticks = 0;  // since boot, in units of sysconf(_SC_CLK_TCK)
};

struct ProcStat {
  uint32_t parent = 0;
  uint64_t start_ticks = 0;  // as above
};

class ProcReader {
 public:
  explicit ProcReader(std::string proc_root = "/proc");
  /// Fails, naming the file, when the process is gone. Single strings that cannot be read stay empty.
  [[nodiscard]] Result<ProcDetails> read(uint32_t pid) const;
  /// The same without the strings.
  [[nodiscard]] Result<ProcStat> stat(uint32_t pid) const;
  /// Its cgroup in the hierarchy of that v1 controller, of the unified one when empty; "/" begins it. Empty: it is gone, or
  /// there is no such hierarchy.
  [[nodiscard]] std::string cgroup(uint32_t pid, std::string_view controller) const;

 private:
  std::string root_;
};

/// A process with that start is the one whose /proc/PID/stat says so. Both clocks round on their own: one tick apart is alike.
bool same_start(uint64_t start_ns, uint64_t start_ticks);

/// One process of the start-up snapshot: identity from the kernel's iterator, strings from /proc. Details of another process
/// that took the pid meanwhile (its start differs) are left out.
Process process_from_snapshot(const hw_task& task, const ProcDetails& details);

}  // namespace hullwatch
