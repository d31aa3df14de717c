#pragma once
// What is known of one container. Passive data, owned by ContainerIndex.

#include <cstdint>
#include <map>
#include <string>

namespace hullwatch {

/// Name, image and labels as the node's files tell them; they come later than the container itself.
struct ContainerMetadata {
  std::string runtime;  // whose files told it; empty when they do not say
  std::string name;
  std::string image;         // as the user typed it: "nginx:1.27"
  std::string image_id;      // "sha256:…"
  std::string image_digest;  // "sha256:…", empty when unknown
  std::map<std::string, std::string> labels;
  std::string pod, pod_namespace, pod_uid;
  bool privileged = false;
};

struct Container {
  enum class Metadata : uint8_t { pending, ready, unavailable };

  uint64_t cgroup_id = 0;   // of its outermost cgroup: the `home` of its processes
  std::string cgroup_path;  // from the hierarchy's root
  std::string id;           // full id: 64 hex where the runtime uses such
  std::string runtime;      // "docker", "podman", "containerd", "cri-o", "runc", "lxc", "nspawn", …; metadata may correct it
  std::string nested;       // innermost claimed identity below it, empty when none
  uint64_t created_ns = 0;  // CLOCK_BOOTTIME; 0: was there before hullwatch
  uint64_t removed_ns = 0;  // 0: lives
  bool kubepods = false;
  bool duplicate = false;  // another living container has this id: the name cannot be believed, no metadata is asked for
  Metadata state = Metadata::pending;
  ContainerMetadata meta;
  uint32_t userns = 0;  // inode of the user namespace its first process ran in, 0: not seen yet
  uint32_t userns_level = 0;

  /// Falco's container.id: the first 12 characters.
  [[nodiscard]] std::string_view short_id() const { return std::string_view(id).substr(0, 12); }
};

}  // namespace hullwatch
