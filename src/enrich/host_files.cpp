#include "enrich/host_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

namespace hullwatch {
namespace {

Fd open_at(int base, const std::string& path, uint64_t flags, uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC | O_NONBLOCK;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how)));
}

constexpr uint64_t kHostile = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

}  // namespace

Result<HostDir> HostDir::open(const std::string& host_root, const std::string& path) {
  const Fd root(::open(host_root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail(Error::from_errno("cannot open the host's root " + host_root, errno));
  Fd fd = open_at(root.get(), path, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
  if (!fd) return fail(Error::from_errno("cannot open " + path, errno));
  return HostDir(std::move(fd), path);
}

Result<std::string> HostDir::read(const std::string& relative, size_t cap) const {
  const std::string name = path_ + "/" + relative;
  const Fd fd = open_at(fd_.get(), relative, O_RDONLY | O_NOFOLLOW | O_NOCTTY, kHostile);
  if (!fd) return fail(Error::from_errno("cannot open " + name, errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail(Error::from_errno("cannot look at " + name, errno));
  if (!S_ISREG(info.st_mode)) return fail("cannot read " + name + ": not a regular file");
  std::string text;
  // The size told by stat is only a hint (0 in /proc, and files grow): read until the end, or one byte beyond the cap.
  while (text.size() <= cap) {
    const size_t had = text.size();
    const size_t want = std::min<size_t>(had == 0 ? static_cast<size_t>(info.st_size) + 4096 : 1UL << 16, cap + 1 - had);
    text.resize(had + want);
    const ssize_t got = ::read(fd.get(), text.data() + had, want);
    if (got < 0 && errno == EINTR) {
      text.resize(had);
      continue;
    }
    if (got < 0) return fail(Error::from_errno("cannot read " + name, errno));
    text.resize(had + static_cast<size_t>(got));
    if (got == 0) return text;
  }
  return fail("cannot read " + name + ": larger than " + std::to_string(cap) + " bytes");
}

std::vector<std::string> HostDir::list(const std::string& relative, size_t limit) const {
  struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  Fd fd = open_at(fd_.get(), relative, O_RDONLY | O_DIRECTORY, kHostile);
  const std::unique_ptr<DIR, CloseDir> dir(fd ? ::fdopendir(fd.get()) : nullptr);
  std::vector<std::string> names;
  if (!dir) return names;
  static_cast<void>(fd.release());  // the stream owns it now
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == limit) break;
    names.emplace_back(name);
  }
  return names;
}

bool HostDir::has_directory(const std::string& relative) const {
  return static_cast<bool>(open_at(fd_.get(), relative, O_RDONLY | O_DIRECTORY, kHostile));
}

}  // namespace hullwatch
