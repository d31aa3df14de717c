#include "respond/target_cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "enrich/cgroup_hierarchy.h"

namespace hullwatch {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLook{20};
constexpr size_t kFileMax = 256UL << 10;  // of cgroup.procs: some 32,000 processes at once
constexpr size_t kProcessesMax = 65'536;
constexpr size_t kCgroupsMax = 16'384;  // below one container

/// At most kFileMax bytes.
Result<std::string> read_at(int directory, const char* file, const std::string& path) {
  const Fd fd(::openat(directory, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail(Error::from_errno("cannot open " + path, errno));
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() < kFileMax) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno("cannot read " + path, errno));
    if (got == 0) break;
    text.append(piece.data(), static_cast<size_t>(got));
  }
  return text;
}

void add_processes(std::string_view text, std::vector<uint32_t>& out) {
  while (!text.empty() && out.size() < kProcessesMax) {
    const size_t end = text.find('\n');
    if (end == text.npos) return;  // cut off
    uint32_t pid = 0;
    // 0 is a process of another pid namespace, which cannot be named from here.
    if (std::from_chars(text.data(), text.data() + end, pid).ec == std::errc() && pid != 0) out.push_back(pid);
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Result<TargetCgroup> TargetCgroup::open(const std::string& mount, const std::string& path) {
  if (path.size() < 2 || path[0] != '/') return fail("\"" + path + "\" is no cgroup below the root");
  auto hierarchy = CgroupHierarchy::open(mount);
  if (!hierarchy) return fail(std::move(hierarchy.error()));
  Fd fd = hierarchy->open_below(path);
  if (!fd) return fail(Error::from_errno("cannot open cgroup " + mount + path, errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail(Error::from_errno("cannot look at cgroup " + mount + path, errno));
  return TargetCgroup(std::move(fd), mount + path, info.st_ino);
}

bool TargetCgroup::has(const char* file) const { return ::faccessat(fd_.get(), file, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

Result<std::string> TargetCgroup::read(const char* file) const {
  auto text = read_at(fd_.get(), file, path_of(file));
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

Status TargetCgroup::write(const char* file, std::string_view text) const {
  const Fd fd(::openat(fd_.get(), file, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail(Error::from_errno("cannot open " + path_of(file), errno));
  const std::string line = std::string(text) + '\n';
  ssize_t put = 0;
  do {
    put = ::write(fd.get(), line.data(), line.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0) return fail(Error::from_errno("cannot write " + std::string(text) + " to " + path_of(file), errno));
  return {};
}

int64_t TargetCgroup::flag(const char* file, std::string_view name) const {
  const auto text = read(file);
  if (!text) return -1;
  const std::string lines = '\n' + *text, wanted = '\n' + std::string(name) + ' ';
  const size_t at = lines.find(wanted);
  int64_t value = -1;
  if (at != lines.npos) std::from_chars(lines.data() + at + wanted.size(), lines.data() + lines.size(), value);
  return value;
}

bool TargetCgroup::wait(const char* file, std::chrono::milliseconds patience, const std::function<bool()>& holds) const {
  const auto end = Clock::now() + patience;
  const Fd fd(::openat(fd_.get(), file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  while (!holds()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return false;
    pollfd changed{.fd = fd.get(), .events = POLLPRI, .revents = 0};
    const auto pause = static_cast<int>(std::min(left, kLook).count());
    const int ready = ::poll(&changed, 1, pause);
    std::array<char, 512> seen{};  // reading arms the next notification; of a removed cgroup it fails, and poll() never waits
    const ssize_t got = fd ? ::pread(fd.get(), seen.data(), seen.size(), 0) : -1;
    if (ready > 0 && got <= 0) ::poll(nullptr, 0, pause);
  }
  return true;
}

Result<std::vector<uint32_t>> TargetCgroup::processes() const {
  const auto subtree = CgroupHierarchy::open("/proc/self/fd/" + std::to_string(fd_.get()));
  if (!subtree) return fail(subtree.error());
  std::vector<uint32_t> found;
  const auto own = read_at(fd_.get(), "cgroup.procs", path_of("cgroup.procs"));
  if (!own) return fail(own.error());
  add_processes(*own, found);
  const auto end = subtree->walk(
      [&](const CgroupHierarchy::Directory& below) {
        const Fd directory = subtree->open_below(below.path);
        if (!directory) return true;  // gone meanwhile
        // A cgroup of threads (v2) lists no processes; its threads' processes stand in the one above.
        if (const auto text = read_at(directory.get(), "cgroup.procs", below.path)) add_processes(*text, found);
        return found.size() < kProcessesMax;
      },
      kCgroupsMax);
  if (!end) return fail(end.error());
  return found;
}

}  // namespace hullwatch
