#pragma once
// One alert, whole: what sinks write. Made by the evaluator, then shared read-only between sink threads.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "alert/response_action.h"

namespace hullwatch {

/// Falco's priorities, 0 is the worst.
enum class Priority : uint8_t { emergency, alert, critical, error, warning, notice, informational, debug };

using OutputValue = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string>;

struct AlertContainer {
  std::string id, name, image, image_digest, runtime, pod, pod_namespace;  // id whole; all empty for the host
  bool pending = false;                                                    // metadata had not arrived in time
};

struct AlertProcess {
  uint32_t pid = 0, tid = 0, ns_pid = 0, uid = 0, euid = 0, gid = 0, loginuid = 0xffffffffU;
  uint64_t start_ns = 0;
  uint32_t execs = 0;
  std::string comm, exe, cmdline, cwd, user;  // cmdline redacted
};

struct Alert {
  uint64_t time_ns = 0;  // CLOCK_REALTIME of the event
  uint64_t boot_ns = 0;  // CLOCK_BOOTTIME of the hook
  std::string uuid;
  std::string rule;
  Priority priority = Priority::notice;
  std::string source = "syscall";
  std::string output;  // rendered, redacted
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, OutputValue>> output_fields;
  AlertContainer container;
  AlertProcess process;
  std::vector<AlertProcess> ancestors;  // nearest first
  std::vector<std::pair<std::string, OutputValue>> evidence;
  bool reduced = false;
  bool suppressed = false;              // held back by its rule's `suppress`: for the forensic log alone
  uint64_t repeated = 0;                // a closing alert: so many were held back
  uint64_t home = 0;                    // cgroup id of the container, 0: the host
  std::vector<ResponseAction> respond;  // what its rule asks for; empty once the alert is held back
  uint64_t seq = 0;                     // its record in the forensic log, 0: not written there
};
using AlertPtr = std::shared_ptr<const Alert>;

std::string_view priority_name(Priority priority);  // "Critical"

}  // namespace hullwatch
