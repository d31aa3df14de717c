#pragma once
// Which cgroup belongs to which container. Kept by cgroup events and a scan of the cgroup tree at start (v2, hybrid, v1).
// A container is named by its outermost cgroup below a runtime's parent, never by a deeper name anyone can spell.
// Metadata arrives asynchronously from MetadataResolver's thread; everything here runs on the evaluator thread.
// Pointers to containers are valid until the next update(), find(), scan() or expire().

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "enrich/cgroup_hierarchy.h"
#include "enrich/cgroup_path.h"
#include "enrich/container.h"
#include "event/event.h"
#include "util/result.h"

namespace hullwatch {

struct ContainerIndexStats {
  uint64_t resolved_by_event = 0, resolved_by_scan = 0, unknown = 0, evicted = 0;
  uint64_t looked_up = 0;        // ids that no event and no scan had told, looked for in the cgroup tree
  uint64_t cgroups_shed = 0;     // cgroups inside containers beyond what is remembered: looked up when they are needed
  uint64_t duplicates = 0;       // containers that claimed the id of another, living one
  uint64_t removals_missed = 0;  // found gone by a scan: their removal was never told
  uint64_t scans_truncated = 0;
  uint64_t look_alikes = 0;  // cgroups named like a container that a container made outside its own: none of them is one
};

class ContainerIndex {
 public:
  static constexpr size_t kCgroupsPerContainer = 4;  // remembered, on average; the kernel's map holds as many
  /// What a container takes but for its labels, with names of usual length: itself, its place in two indexes, its cgroups and
  /// as many refused ones.
  static constexpr size_t kEntryBytes = sizeof(Container) + 1024 + 2 * kCgroupsPerContainer * 48;

  /// `cgroup_root`: the hierarchy whose ids the kernel side uses, e.g. /sys/fs/cgroup/unified. `grace_ns`: how long a removed
  /// container stays findable.
  ContainerIndex(std::string cgroup_root, size_t capacity, uint64_t grace_ns);

  /// Names containers whose cgroup's name says nothing; asked with a path that no known container holds. See RuntimeStates.
  using NamedLookup = std::function<std::optional<CgroupIdentity>(std::string_view path)>;
  void set_named_lookup(NamedLookup lookup);

  /// Walks the cgroup tree; fills the index with what is there, and marks removed what is there no more. Call at start, once
  /// the programs are attached, and again when cgroup records were lost. Returns the number of living containers.
  Result<size_t> scan();
  /// Takes up cgroup_mkdir and cgroup_rmdir. Returns the container if one began with this event.
  const Container* update(const Event& event);
  /// Which of these cgroups of homes() still exist. The others are forgotten: a flood's removals are counted instead of told,
  /// and records are lost. Fails, forgetting nothing, where the tree does not tell.
  Result<std::unordered_set<uint64_t>> forget_gone(std::span<const uint64_t> cgroups);
  /// That cgroup is no container, whatever its name says: a container made it, outside its own.
  void refuse(uint64_t cgroup);
  /// By the id of its home cgroup. An unknown id is looked up in the cgroup tree at once (rare, counted). Null: no container.
  const Container* find(uint64_t home);
  /// Metadata that arrived for a container; ignored when it is gone.
  void set_metadata(uint64_t home, Container::Metadata state, ContainerMetadata metadata);
  /// First user namespace seen for its processes.
  void set_userns(uint64_t home, uint32_t userns, uint32_t level);
  void expire(uint64_t now_ns);

  /// Called for each container that began, scan included: the place where metadata is asked for.
  void on_container(std::function<void(const Container&)> callback);
  /// Called when the kernel's map should say of a cgroup that it is `home`'s (0: nothing, it is gone), and may not: for each
  /// container that began, each cgroup inside that the kernel had not said so of, and each that was removed.
  void on_cgroup(std::function<void(uint64_t cgroup, uint64_t home)> callback);
  /// cgroup id -> home, for each cgroup inside a container that the scan found: what the kernel's map must hold.
  /// A container's own cgroup maps to itself.
  [[nodiscard]] const std::unordered_map<uint64_t, uint64_t>& homes() const { return homes_; }
  [[nodiscard]] std::vector<const Container*> all() const;
  [[nodiscard]] const ContainerIndexStats& stats() const { return stats_; }

 private:
  struct Seen {  // one cgroup, from an event or from the tree
    std::string path;
    uint64_t id = 0, parent_id = 0;
    uint64_t time_ns = 0;    // 0: not from an event
    uint64_t outermost = 0;  // the container the kernel takes it for a part of, itself perhaps
  };

  Result<CgroupHierarchy*> hierarchy();
  void forget(uint64_t cgroup, uint64_t time_ns);
  Container* adopt(const Seen& seen);
  Container* begin(const Seen& seen, const CgroupIdentity& identity);
  Container* inside(const Seen& seen, uint64_t home, const std::optional<CgroupIdentity>& identity);
  Container* look_up(uint64_t id);
  void remember(uint64_t id, uint64_t home);
  void remember_unknown(uint64_t id);
  bool is_duplicate(const Seen& seen, const CgroupIdentity& identity);
  void disbelieve(Container& container);
  void mark_removed(Container& container, uint64_t time_ns);
  void make_room();
  void erase(uint64_t home);

  std::string root_;
  size_t capacity_;
  uint64_t grace_ns_;
  std::optional<CgroupHierarchy> hierarchy_;
  NamedLookup named_;
  std::function<void(const Container&)> on_container_;
  std::function<void(uint64_t, uint64_t)> on_cgroup_;
  std::unordered_map<uint64_t, Container> containers_;  // by home
  std::unordered_map<uint64_t, uint64_t> homes_;
  std::unordered_map<std::string, uint64_t> living_by_id_;
  std::unordered_set<uint64_t> refused_;  // made by containers outside their own: none is a container, whatever its name
  std::unordered_set<uint64_t> unknown_;  // ids looked up in vain, the oldest forgotten first
  std::deque<uint64_t> unknown_order_;
  uint64_t last_event_ns_ = 1;
  ContainerIndexStats stats_;
};

}  // namespace hullwatch
