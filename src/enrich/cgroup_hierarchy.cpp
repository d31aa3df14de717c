#include "enrich/cgroup_hierarchy.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>

namespace hullwatch {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

std::string path_of_fd(int fd) {
  std::array<char, 4096 + 1> buffer{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), buffer.data(), buffer.size() - 1);
  return length < 0 ? std::string() : std::string(buffer.data(), static_cast<size_t>(length));
}

bool is_directory(int parent, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info {};
  return ::fstatat(parent, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

/// The handle by which exportfs finds a kernfs node; fixed since 5.5.
constexpr int kKernfsHandle = 0xfe;

/// Not permitted here (no CAP_DAC_READ_SEARCH in the first user namespace), or no cgroup file system: look for it.
bool cannot_ask(int error) { return error == EPERM || error == EACCES || error == EOPNOTSUPP || error == EINVAL; }

}  // namespace

Result<CgroupHierarchy> CgroupHierarchy::open(const std::string& root) {
  Fd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(Error::from_errno("cannot open the cgroup hierarchy " + root, errno));
  struct statfs info {};
  const bool cgroups =
      ::fstatfs(fd.get(), &info) == 0 && (info.f_type == CGROUP2_SUPER_MAGIC || info.f_type == CGROUP_SUPER_MAGIC);
  std::string mount = path_of_fd(fd.get());
  if (mount == "/") mount.clear();
  return CgroupHierarchy(std::move(fd), std::move(mount), cgroups);
}

Fd CgroupHierarchy::open_below(const std::string& path) const {
  const std::string relative = path == "/" ? "." : path.substr(1);
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return Fd(static_cast<int>(::syscall(SYS_openat2, root_.get(), relative.c_str(), &how, sizeof how)));
}

Result<CgroupHierarchy::WalkEnd> CgroupHierarchy::walk(const std::function<bool(const Directory&)>& visit, size_t limit) const {
  struct stat info {};
  if (::fstat(root_.get(), &info) != 0) return fail(Error::from_errno("cannot look at the cgroup hierarchy " + mount_, errno));
  WalkEnd end;
  std::deque<Directory> queue;
  queue.push_back({"/", info.st_ino, 0});
  while (!queue.empty()) {
    const Directory parent = std::move(queue.front());
    queue.pop_front();
    Fd fd = open_below(parent.path);
    Dir dir(fd ? ::fdopendir(fd.get()) : nullptr);
    if (!dir) {
      ++end.unreadable;
      continue;
    }
    const int parent_fd = fd.release();  // the stream owns it now
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || !is_directory(parent_fd, *entry)) continue;
      if (end.seen == limit) {
        end.truncated = true;
        return end;
      }
      ++end.seen;
      Directory child{(parent.path == "/" ? "" : parent.path) + "/" + entry->d_name, entry->d_ino, parent.id};
      if (!visit(child)) return end;
      queue.push_back(std::move(child));
    }
  }
  return end;
}

/// Not open, with errno: ESTALE where there is no such cgroup; cannot_ask(errno) where a walk has to find it.
Fd CgroupHierarchy::open_by_id(uint64_t id) const {
  alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof id> storage{};
  auto* handle = reinterpret_cast<file_handle*>(storage.data());
  handle->handle_bytes = sizeof id;
  handle->handle_type = kKernfsHandle;
  std::memcpy(storage.data() + offsetof(file_handle, f_handle), &id, sizeof id);
  if (handles_) return Fd(::open_by_handle_at(root_.get(), handle, O_PATH | O_CLOEXEC));
  errno = EOPNOTSUPP;
  return {};
}

std::optional<std::string> CgroupHierarchy::path_of(uint64_t id) const {
  if (const Fd fd = open_by_id(id)) {
    const std::string path = path_of_fd(fd.get());
    if (path == mount_) return "/";
    if (!path.starts_with(mount_ + "/")) return {};  // outside of what this mount shows
    return path.substr(mount_.size());
  }
  if (errno == ESTALE) return {};
  std::optional<std::string> found;
  const auto end = walk([&](const Directory& directory) {
    if (directory.id == id) found = directory.path;
    return !found;
  });
  return end ? found : std::nullopt;
}

Result<std::unordered_set<uint64_t>> CgroupHierarchy::living(std::span<const uint64_t> ids) const {
  constexpr std::string_view kAttempt = "cannot tell which cgroups exist";
  std::unordered_set<uint64_t> there;
  for (const uint64_t id : ids) {
    const Fd fd = open_by_id(id);
    if (!fd && errno == ESTALE) continue;
    if (!fd && !cannot_ask(errno)) return fail(Error::from_errno(kAttempt, errno));
    if (!fd) {
      const std::unordered_set<uint64_t> asked(ids.begin(), ids.end());
      there.clear();
      const auto end = walk([&](const Directory& directory) {
        if (asked.contains(directory.id)) there.insert(directory.id);
        return there.size() < asked.size();
      });
      if (!end) return fail(end.error());
      if (end->truncated) return fail(std::string(kAttempt) + ": there are more than " + std::to_string(kWalkLimit));
      return there;
    }
    // Below 5.11 one that was removed can be opened as long as something holds it: its name must lead to it.
    const std::string path = path_of_fd(fd.get());
    if (!path.starts_with(mount_ + "/") || id_of(path.substr(mount_.size())) == id) there.insert(id);
  }
  return there;
}

std::optional<uint64_t> CgroupHierarchy::id_of(const std::string& path) const {
  if (path.empty() || path[0] != '/') return {};
  const Fd fd = open_below(path);
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return {};
  return info.st_ino;
}

}  // namespace hullwatch
