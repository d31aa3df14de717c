#include "detect/grpc_call.h"

#include <algorithm>
#include <array>

namespace hullwatch {
namespace {

constexpr std::string_view kUnread = "the container's specification is not read: judged as the worst";
constexpr std::string_view kCommand = "runs a command in a container";

/// A service ends with `service`, after a dot or whole: versions and packages come before it.
struct Critical {
  std::string_view service, method, reason;
};
constexpr std::array kCritical = {
    Critical{"services.containers.v1.Containers", "Create", kUnread},
    Critical{"services.containers.v1.Containers", "Update", kUnread},
    Critical{"services.tasks.v1.Tasks", "Create", kUnread},
    Critical{"services.tasks.v1.Tasks", "Exec", kCommand},
    Critical{"services.sandbox.v1.Controller", "Create", kUnread},
    Critical{"task.v2.Task", "Create", kUnread},
    Critical{"task.v2.Task", "Exec", kCommand},
    Critical{"task.v3.Task", "Create", kUnread},
    Critical{"task.v3.Task", "Exec", kCommand},
    Critical{"RuntimeService", "RunPodSandbox", kUnread},
    Critical{"RuntimeService", "CreateContainer", kUnread},
    Critical{"RuntimeService", "Exec", kCommand},
    Critical{"RuntimeService", "ExecSync", kCommand},
    Critical{"RuntimeService", "Attach", "attaches to a container"},
    Critical{"RuntimeService", "PortForward", "leads into a pod's network"},
};

constexpr std::array<std::string_view, 14> kReading = {"Check",   "Connect", "DiskUsage", "Info",    "ListenBuildHistory",
                                                       "Metrics", "Mounts",  "Pids",      "Plugins", "Read",
                                                       "Server",  "State",   "Subscribe", "Wait"};
constexpr std::array<std::string_view, 6> kReadingPrefixes = {"Get", "List", "Stat", "Usage", "Version", "Watch"};
constexpr std::array<std::string_view, 4> kReadingSuffixes = {"Status", "Stats", "Info", "Config"};

bool is_service(std::string_view service, std::string_view wanted) {
  if (!service.ends_with(wanted)) return false;
  service.remove_suffix(wanted.size());
  return service.empty() || service.ends_with('.');
}

bool reads(std::string_view method) {
  if (method.starts_with("Set") || method.starts_with("Update")) return false;
  return std::ranges::find(kReading, method) != kReading.end() ||
         std::ranges::any_of(kReadingPrefixes, [&](std::string_view p) { return method.starts_with(p); }) ||
         std::ranges::any_of(kReadingSuffixes, [&](std::string_view s) { return method.ends_with(s); });
}

}  // namespace

ApiCall judge_grpc_call(std::string_view path) {
  ApiCall call;
  const size_t slash = path.rfind('/');
  const std::string_view service =
      slash == std::string_view::npos || slash == 0 ? std::string_view{} : path.substr(1, slash - 1);
  const std::string_view method = slash == std::string_view::npos ? path : path.substr(slash + 1);
  call.action = std::string(service.substr(service.rfind('.') + 1)) + "/" + std::string(method);
  if (const size_t version = service.find(".v"); version != std::string_view::npos)
    call.version = service.substr(version + 1, service.find('.', version + 1) - version - 1);
  for (const Critical& critical : kCritical) {
    if (critical.method != method || !is_service(service, critical.service)) continue;
    call.danger = ApiDanger::critical;
    call.reasons.emplace_back(critical.reason);
    return call;
  }
  call.danger = reads(method) ? ApiDanger::read : ApiDanger::manage;
  return call;
}

}  // namespace hullwatch
