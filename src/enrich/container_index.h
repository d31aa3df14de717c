#pragma once
// Which cgroup belongs to which container. Kept by cgroup events and a scan of the cgroup tree at start (v2, hybrid, v1).
// A container is named by its outermost cgroup below a runtime's parent, never by a deeper name anyone can spell.
// Metadata arrives asynchronously from MetadataResolver's thread; everything here runs on the evaluator thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "enrich/container.h"
#include "event/event.h"
#include "util/result.h"

namespace hullwatch {

struct ContainerIndexStats {
  uint64_t resolved_by_event = 0, resolved_by_scan = 0, unknown = 0, evicted = 0;
};

class ContainerIndex {
 public:
  /// `cgroup_root`: the hierarchy whose ids the kernel side uses, e.g. /sys/fs/cgroup/unified. `grace_ns`: how long a removed
  /// container stays findable.
  ContainerIndex(std::string cgroup_root, size_t capacity, uint64_t grace_ns);

  /// Walks the cgroup tree; fills the index with what is there. Returns the number of containers.
  Result<size_t> scan();
  /// Takes up cgroup_mkdir and cgroup_rmdir. Returns the container if one began with this event.
  const Container* update(const Event& event);
  /// By the id of its home cgroup. An unknown id is looked up in the cgroup tree at once (rare, counted). Null: no container.
  const Container* find(uint64_t home);
  /// Metadata that arrived for a container; ignored when it is gone.
  void set_metadata(uint64_t home, Container::Metadata state, ContainerMetadata metadata);
  /// First user namespace seen for its processes.
  void set_userns(uint64_t home, uint32_t userns, uint32_t level);
  void expire(uint64_t now_ns);

  /// Called for each container that began, scan included: the place where metadata is asked for and the kernel's map filled.
  void on_container(std::function<void(const Container&)> callback);
  /// cgroup id -> home, for each cgroup inside a container that the scan found: what the kernel's map must hold.
  [[nodiscard]] const std::unordered_map<uint64_t, uint64_t>& homes() const;
  [[nodiscard]] std::vector<const Container*> all() const;
  [[nodiscard]] const ContainerIndexStats& stats() const;
};

}  // namespace hullwatch
