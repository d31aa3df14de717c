#include "enrich/container_index.h"

#include <algorithm>

namespace hullwatch {
namespace {

constexpr size_t kUnknownMax = 4096;

/// The innermost claim inside `container`: what its own path's identity does not explain.
std::string nested_claim(const Container& container, const CgroupIdentity& identity) {
  if (!identity.nested_id.empty()) return identity.nested_id;
  return identity.cgroup_path.size() > container.cgroup_path.size() ? identity.id : std::string();
}

/// Systemd gives these to users, who may make and name cgroups there.
bool is_delegated(std::string_view path) { return path.starts_with("/user.slice/"); }

}  // namespace

ContainerIndex::ContainerIndex(std::string cgroup_root, size_t capacity, uint64_t grace_ns)
    : root_(std::move(cgroup_root)), capacity_(std::max<size_t>(capacity, 1)), grace_ns_(grace_ns) {}

void ContainerIndex::set_named_lookup(NamedLookup lookup) { named_ = std::move(lookup); }
void ContainerIndex::on_container(std::function<void(const Container&)> callback) { on_container_ = std::move(callback); }
void ContainerIndex::on_cgroup(std::function<void(uint64_t, uint64_t)> callback) { on_cgroup_ = std::move(callback); }

Result<CgroupHierarchy*> ContainerIndex::hierarchy() {
  if (!hierarchy_) {
    auto opened = CgroupHierarchy::open(root_);
    if (!opened) return fail(std::move(opened.error()));
    hierarchy_.emplace(std::move(*opened));
  }
  return &*hierarchy_;
}

Result<size_t> ContainerIndex::scan() {
  auto tree = hierarchy();
  if (!tree) return fail(std::move(tree.error()));
  std::unordered_set<uint64_t> there;
  auto end = (*tree)->walk([&](const CgroupHierarchy::Directory& directory) {
    const bool known = containers_.contains(directory.id);
    const Container* container = adopt({directory.path, directory.id, directory.parent_id, 0, 0});
    if (!known && container != nullptr && container->cgroup_id == directory.id) ++stats_.resolved_by_scan;
    there.insert(directory.id);
    return true;
  });
  if (!end) return fail(std::move(end.error()));
  stats_.scans_truncated += end->truncated;
  size_t living = 0;
  for (auto& [home, container] : containers_) {
    if (container.removed_ns != 0) continue;
    if (end->truncated || there.contains(home)) {
      ++living;
    } else {
      ++stats_.removals_missed;
      mark_removed(container, last_event_ns_);
    }
  }
  return living;
}

const Container* ContainerIndex::update(const Event& event) {
  const auto* cgroup = event.get<CgroupEvent>();
  if (cgroup == nullptr) return nullptr;
  last_event_ns_ = std::max<uint64_t>(last_event_ns_, event.header.time_ns);
  const hw_cgroup& facts = cgroup->facts;
  if (event.type == EventType::cgroup_rmdir) {
    refused_.erase(facts.id);
    if (homes_.contains(facts.id)) forget(facts.id, event.header.time_ns);
    return nullptr;
  }
  if (event.type != EventType::cgroup_mkdir) return nullptr;
  if (unknown_.erase(facts.id) > 0) std::erase(unknown_order_, facts.id);
  if (event.in_container() && facts.outermost == 0) {
    refuse(facts.id);
    return nullptr;
  }

  Seen seen{std::string(cgroup->path), facts.id, facts.parent_id, event.header.time_ns, facts.outermost};
  if (!homes_.contains(seen.parent_id) && containers_.contains(facts.outermost)) seen.parent_id = facts.outermost;
  if (!seen.path.starts_with('/') || (facts.path.flags & HW_PATH_TRUNCATED) != 0) {
    // The side of the path that says whose it is is missing: the parent knows, or the tree does.
    if (!homes_.contains(seen.parent_id)) return look_up(facts.id);
    seen.path.clear();
  }
  Container* container = adopt(seen);
  if (container == nullptr || container->cgroup_id != facts.id) return nullptr;
  ++stats_.resolved_by_event;
  return container;
}

/// A cgroup of homes() that is no more. A container's own stays findable for a while.
void ContainerIndex::forget(uint64_t cgroup, uint64_t time_ns) {
  if (const auto found = containers_.find(cgroup); found != containers_.end())
    mark_removed(found->second, time_ns);
  else
    homes_.erase(cgroup);
  if (on_cgroup_) on_cgroup_(cgroup, 0);
}

Result<std::unordered_set<uint64_t>> ContainerIndex::forget_gone(std::span<const uint64_t> cgroups) {
  auto tree = hierarchy();
  if (!tree) return fail(std::move(tree.error()));
  auto there = (*tree)->living(cgroups);
  if (!there) return there;
  for (const uint64_t cgroup : cgroups) {
    if (there->contains(cgroup)) continue;
    stats_.removals_missed += containers_.contains(cgroup);
    forget(cgroup, last_event_ns_);
  }
  return there;
}

Container* ContainerIndex::adopt(const Seen& seen) {
  if (refused_.contains(seen.id)) return nullptr;
  const auto parent = homes_.find(seen.parent_id);
  auto identity = identify_cgroup(seen.path);
  if (parent != homes_.end() && parent->second != seen.id) return inside(seen, parent->second, identity);
  if (!identity && named_) identity = named_(seen.path);
  if (!identity && seen.outermost == seen.id && !is_runtime_helper(seen.path)) {
    identity.emplace();
    identity->runtime = "runc";
    identity->id = seen.path.substr(seen.path.rfind('/') + 1);
    identity->cgroup_path = seen.path;
  }
  if (!identity) return nullptr;
  if (identity->cgroup_path == seen.path) return begin(seen, *identity);

  // Inside a container whose own beginning was never told: find that first.
  auto tree = hierarchy();
  const auto home = tree ? (*tree)->id_of(identity->cgroup_path) : std::nullopt;
  if (!home) return nullptr;
  if (!containers_.contains(*home)) {
    CgroupIdentity own = *identity;
    own.nested_id.clear();
    own.nested_runtime.clear();
    if (begin({identity->cgroup_path, *home, 0, 0, 0}, own) != nullptr) ++stats_.resolved_by_scan;
  }
  return inside(seen, *home, identity);
}

Container* ContainerIndex::begin(const Seen& seen, const CgroupIdentity& identity) {
  if (const auto known = containers_.find(seen.id); known != containers_.end()) {
    Container& container = known->second;
    if (container.cgroup_path == seen.path && container.removed_ns == 0) {
      if (container.created_ns == 0) container.created_ns = seen.time_ns;  // the scan was faster than its event
      return &container;
    }
    erase(seen.id);  // the id is used again
  }
  const bool duplicate = is_duplicate(seen, identity);
  make_room();
  Container& container = containers_[seen.id];
  container.cgroup_id = seen.id;
  container.cgroup_path = seen.path;
  container.id = identity.id;
  container.runtime = identity.runtime;
  container.created_ns = seen.time_ns;
  container.kubepods = identity.kubepods;
  container.meta.pod_uid = identity.pod_uid;
  if (duplicate) {
    disbelieve(container);
  } else {
    living_by_id_[identity.id] = seen.id;
  }
  remember(seen.id, seen.id);
  if (on_cgroup_) on_cgroup_(seen.id, seen.id);
  if (on_container_) on_container_(container);
  return &container;
}

void ContainerIndex::disbelieve(Container& container) {
  container.duplicate = true;
  container.state = Container::Metadata::unavailable;
  container.meta = {};
  ++stats_.duplicates;
}

Container* ContainerIndex::inside(const Seen& seen, uint64_t home, const std::optional<CgroupIdentity>& identity) {
  const auto found = containers_.find(home);
  if (found == containers_.end()) return nullptr;
  remember(seen.id, home);
  if (on_cgroup_ && seen.outermost != home) on_cgroup_(seen.id, home);
  if (identity) {
    if (std::string claim = nested_claim(found->second, *identity); !claim.empty()) found->second.nested = std::move(claim);
  }
  return &found->second;
}

/// Two containers of one id: a runtime never has that, but anyone who may make cgroups can spell an id.
bool ContainerIndex::is_duplicate(const Seen& seen, const CgroupIdentity& identity) {
  const auto other = living_by_id_.find(identity.id);
  if (other == living_by_id_.end() || other->second == seen.id) return false;
  const auto found = containers_.find(other->second);
  if (found == containers_.end()) return false;
  auto tree = hierarchy();
  const bool lives =
      found->second.cgroup_path != seen.path && tree && (*tree)->id_of(found->second.cgroup_path) == other->second;
  if (lives && is_delegated(found->second.cgroup_path) && !is_delegated(seen.path)) {
    disbelieve(found->second);  // a user's cgroup was met first
    return false;
  }
  if (lives) return true;
  ++stats_.removals_missed;  // it was restarted, and the end of the former one was not told
  mark_removed(found->second, last_event_ns_);
  return false;
}

/// As many as the kernel's map of cgroups holds at most; one more is only not refused.
void ContainerIndex::refuse(uint64_t cgroup) {
  if (refused_.size() < capacity_ * kCgroupsPerContainer && refused_.insert(cgroup).second) ++stats_.look_alikes;
}

const Container* ContainerIndex::find(uint64_t home) {
  if (home == 0) return nullptr;
  if (const auto found = containers_.find(home); found != containers_.end()) return &found->second;
  if (const auto outer = homes_.find(home); outer != homes_.end()) {
    const auto found = containers_.find(outer->second);
    return found == containers_.end() ? nullptr : &found->second;
  }
  return look_up(home);
}

Container* ContainerIndex::look_up(uint64_t id) {
  if (unknown_.contains(id)) return nullptr;
  ++stats_.looked_up;
  auto tree = hierarchy();
  const auto path = tree ? (*tree)->path_of(id) : std::nullopt;
  if (path && path->size() > 1) {
    const std::string above = path->substr(0, std::max<size_t>(path->rfind('/'), 1));
    const uint64_t parent_id = (*tree)->id_of(above).value_or(0);
    if (Container* container = adopt({*path, id, parent_id, 0, 0})) {
      stats_.resolved_by_scan += container->cgroup_id == id;
      return container;
    }
  }
  ++stats_.unknown;
  remember_unknown(id);
  return nullptr;
}

void ContainerIndex::remember(uint64_t id, uint64_t home) {
  if (id != home && homes_.size() >= capacity_ * kCgroupsPerContainer && !homes_.contains(id)) {
    ++stats_.cgroups_shed;
    return;
  }
  homes_[id] = home;
}

void ContainerIndex::remember_unknown(uint64_t id) {
  if (unknown_order_.size() == kUnknownMax) {
    unknown_.erase(unknown_order_.front());
    unknown_order_.pop_front();
  }
  if (unknown_.insert(id).second) unknown_order_.push_back(id);
}

void ContainerIndex::mark_removed(Container& container, uint64_t time_ns) {
  if (container.removed_ns != 0) return;
  container.removed_ns = std::max<uint64_t>(time_ns, 1);
  const auto living = living_by_id_.find(container.id);
  if (living != living_by_id_.end() && living->second == container.cgroup_id) living_by_id_.erase(living);
}

/// The removed one that left first goes; when all live, the one that began first.
void ContainerIndex::make_room() {
  while (containers_.size() >= capacity_) {
    const auto rank = [](const Container& c) {
      return std::pair(c.removed_ns == 0, c.removed_ns != 0 ? c.removed_ns : c.created_ns);
    };
    const auto victim = std::min_element(containers_.begin(), containers_.end(),
                                         [&](const auto& a, const auto& b) { return rank(a.second) < rank(b.second); });
    ++stats_.evicted;
    erase(victim->first);
  }
}

void ContainerIndex::erase(uint64_t home) {
  const auto found = containers_.find(home);
  if (found == containers_.end()) return;
  mark_removed(found->second, last_event_ns_);
  containers_.erase(found);
  std::erase_if(homes_, [&](const auto& entry) { return entry.second == home; });
}

void ContainerIndex::set_metadata(uint64_t home, Container::Metadata state, ContainerMetadata metadata) {
  const auto found = containers_.find(home);
  if (found == containers_.end() || found->second.duplicate) return;
  Container& container = found->second;
  if (metadata.pod_uid.empty()) metadata.pod_uid = std::move(container.meta.pod_uid);
  if (!metadata.runtime.empty()) container.runtime = metadata.runtime;
  container.meta = std::move(metadata);
  container.state = state;
}

void ContainerIndex::set_userns(uint64_t home, uint32_t userns, uint32_t level) {
  const auto found = containers_.find(home);
  if (found == containers_.end() || found->second.userns != 0) return;
  found->second.userns = userns;
  found->second.userns_level = level;
}

void ContainerIndex::expire(uint64_t now_ns) {
  std::vector<uint64_t> gone;
  for (const auto& [home, container] : containers_) {
    if (container.removed_ns != 0 && container.removed_ns + grace_ns_ < now_ns) gone.push_back(home);
  }
  for (const uint64_t home : gone) erase(home);
}

std::vector<const Container*> ContainerIndex::all() const {
  std::vector<const Container*> out;
  out.reserve(containers_.size());
  for (const auto& [home, container] : containers_) out.push_back(&container);
  std::sort(out.begin(), out.end(), [](const Container* a, const Container* b) { return a->cgroup_path < b->cgroup_path; });
  return out;
}

}  // namespace hullwatch
