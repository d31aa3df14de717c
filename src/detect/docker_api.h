#pragma once
// What a request to a container runtime's API asks for, and how dangerous that is: the Docker Engine API and podman's libpod
// API, by method and path, and for creating a container by an allow-list of body fields. Nothing else of a body gets out.
// Pure; the request is hostile input. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "detect/http_request.h"

namespace hullwatch {

enum class ApiDanger : uint8_t {
  read,      // tells something: containers/json, info, events
  manage,    // changes something: start, stop, an ordinary create, build
  critical,  // hands out the node or another container: privileged, host mounts, host namespaces, exec
};
std::string_view api_danger_name(ApiDanger danger);

struct ApiCall {
  ApiDanger danger = ApiDanger::critical;
  std::string version;  // "v1.41", empty when the path has none
  std::string action;   // "containers/create", "containers/exec", "images/pull"; the path's shape, ids taken out
  std::string target;   // the id or name that was in the path, or the name asked for
  // of a create:
  std::string image, binds, pid_mode, network_mode, cap_add, command, security_opt;
  bool privileged = false;
  std::vector<std::string> reasons;  // why it is critical, in words
};

/// A request that was readable. Where its body was cut short what may be missing is judged as the worst.
ApiCall judge_api_call(const ParsedRequest& request);

}  // namespace hullwatch
