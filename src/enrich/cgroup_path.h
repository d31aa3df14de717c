#pragma once
// What a cgroup's path says about containers: the table of runtimes' naming schemes. Pure; docs/architecture.md lists it.

#include <optional>
#include <string>
#include <string_view>

namespace hullwatch {

struct CgroupIdentity {
  std::string runtime;  // "docker", "podman", "containerd", "cri-o", "lxc", …; "runc" for /<64hex> under an unknown parent
  std::string id;       // full
  std::string cgroup_path;  // the prefix of the path that is the container's own cgroup
  std::string nested_id;    // innermost claim below it, empty when none
  std::string nested_runtime;
  bool kubepods = false;
  std::string pod_uid;
};

/// Outermost container that a path from the hierarchy's root names; empty for the host's own cgroups (conmon, shims, units).
/// Names below it never change who it is, whatever they spell; they are the nested claim.
std::optional<CgroupIdentity> identify_cgroup(std::string_view path);

/// The last name is one that runtimes and systemd use for the host's own processes (conmon, monitors, units).
bool is_runtime_helper(std::string_view path);

}  // namespace hullwatch
