#include "probe/cgroup_root.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstdio>
#include <memory>
#include <string_view>

namespace hullwatch {
namespace {

struct CloseTable {
  void operator()(FILE* table) const { endmntent(table); }
};

constexpr ino_t kRootInode = 1;  // of every cgroup v2 hierarchy's real root

bool is_real_root(const Fd& directory) {
  struct statfs system {};
  struct stat info {};
  return directory && ::fstatfs(directory.get(), &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC &&
         ::fstat(directory.get(), &info) == 0 && info.st_ino == kRootInode;
}

}  // namespace

Result<Fd> open_cgroup_root() {
  const std::unique_ptr<FILE, CloseTable> table(setmntent("/proc/self/mounts", "re"));
  if (!table) return fail(Error::from_errno("cannot read /proc/self/mounts", errno));
  bool mounted = false;
  mntent entry{};
  char text[4096];
  while (getmntent_r(table.get(), &entry, text, sizeof(text)) != nullptr) {
    if (std::string_view(entry.mnt_type) != "cgroup2") continue;
    mounted = true;
    Fd directory(::open(entry.mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (is_real_root(directory)) return directory;
  }
  if (mounted) return fail("only a part of the cgroup v2 hierarchy is shown here (a cgroup namespace)");
  return fail("no cgroup v2 hierarchy is mounted");
}

}  // namespace hullwatch
