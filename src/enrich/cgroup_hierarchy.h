#pragma once
// One mounted cgroup hierarchy: walks it, and answers which path has an id and the reverse. An id is the kernfs id the kernel
// side sends, which is the directory's inode number. Owns a descriptor of the mount. Names below a container are hostile: links
// are not followed, walks are bounded. One thread at a time.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

class CgroupHierarchy {
 public:
  struct Directory {
    std::string path;  // from the hierarchy's root: "/docker/<id>"
    uint64_t id;
    uint64_t parent_id;
  };
  struct WalkEnd {
    size_t seen = 0;
    size_t unreadable = 0;   // gone meanwhile, or a path too long to open
    bool truncated = false;  // the limit was met; what lies deepest is missing
  };

  static Result<CgroupHierarchy> open(const std::string& root);

  /// Visits all cgroups below the root, level by level: parents first, and the host's own before what containers made. The
  /// visitor returns false to end the walk.
  Result<WalkEnd> walk(const std::function<bool(const Directory&)>& visit, size_t limit = kWalkLimit) const;
  /// Path of a cgroup by its id; by file handle where the kernel allows that, else by a walk. Empty: no such cgroup.
  [[nodiscard]] std::optional<std::string> path_of(uint64_t id) const;
  [[nodiscard]] std::optional<uint64_t> id_of(const std::string& path) const;
  /// Which of these cgroups exist. Fails when that cannot be told: more cgroups than a walk visits, no descriptor left.
  [[nodiscard]] Result<std::unordered_set<uint64_t>> living(std::span<const uint64_t> ids) const;
  /// The directory of a cgroup; not open, with errno, where there is none.
  [[nodiscard]] Fd open_below(const std::string& path) const;

  static constexpr size_t kWalkLimit = 200'000;

 private:
  CgroupHierarchy(Fd root, std::string mount, bool handles)
      : root_(std::move(root)), mount_(std::move(mount)), handles_(handles) {}

  [[nodiscard]] Fd open_by_id(uint64_t id) const;

  Fd root_;
  std::string mount_;  // as /proc/self/fd shows the root
  bool handles_;       // a real cgroup file system, so an id can be opened
};

}  // namespace hullwatch
