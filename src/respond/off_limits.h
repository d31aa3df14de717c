#pragma once
// What no response touches, whatever a rule says: the host, the root cgroup, hullwatch itself, its watchdog, whatever holds
// them. Reads /proc at each question: a process may be moved. Any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hullwatch {

class OffLimits {
 public:
  /// `own`: hullwatch's own processes.
  OffLimits(std::vector<uint32_t> own, std::string proc_root) : own_(std::move(own)), proc_root_(std::move(proc_root)) {}

  /// Why that cgroup is not to be touched; empty: it may be. `controller`: a v1 controller of its hierarchy, empty for the
  /// unified one.
  [[nodiscard]] std::string cgroup(const std::string& path, std::string_view controller) const;
  /// The same of a process.
  [[nodiscard]] std::string process(uint32_t pid) const;

 private:
  std::vector<uint32_t> own_;
  std::string proc_root_;
};

}  // namespace hullwatch
