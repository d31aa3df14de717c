#include "log/log_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <tuple>

#include "log/log_tail.h"

namespace hullwatch {
namespace {

constexpr mode_t kDirectoryMode = 0750;
constexpr mode_t kFileMode = 0640;

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return fail(Error::from_errno("cannot make the log directory " + path, errno));
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos || slash == 0 ? std::string() : path.substr(0, slash);
}

/// Copies what follows `from` into `file`, durably, before it is cut off.
Status save_tail(int dir_fd, int segment, uint64_t from, uint64_t size, const std::string& file) {
  const Fd out(::openat(dir_fd, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!out) return fail(Error::from_errno("cannot create " + file, errno));
  std::string chunk(64 * 1024, '\0');
  for (uint64_t at = from; at < size;) {
    const ssize_t n = ::pread(segment, chunk.data(), std::min<uint64_t>(chunk.size(), size - at), static_cast<off_t>(at));
    if (n <= 0) return fail(Error::from_errno("cannot read what " + file + " is to hold", errno));
    if (::write(out.get(), chunk.data(), static_cast<size_t>(n)) != n)
      return fail(Error::from_errno("cannot write " + file, errno));
    at += static_cast<uint64_t>(n);
  }
  if (::fsync(out.get()) != 0 || ::fsync(dir_fd) != 0) return fail(Error::from_errno("cannot sync " + file, errno));
  return {};
}

}  // namespace

Result<LogDirectory> LogDirectory::open(const std::string& path) {
  if (const std::string parent = parent_of(path); !parent.empty()) {
    if (auto made = make_directory(parent); !made) return fail(std::move(made.error()));
  }
  if (auto made = make_directory(path); !made) return fail(std::move(made.error()));
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail(Error::from_errno("cannot open the log directory " + path, errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail("another hullwatch writes the log in " + path);
    return fail(Error::from_errno("cannot lock the log directory " + path, errno));
  }
  if (::faccessat(fd.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return fail(Error::from_errno("cannot write to the log directory " + path, errno));
  }
  return LogDirectory(std::move(fd), path);
}

Result<std::vector<ClosedSegment>> LogDirectory::list() const {
  const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (!dir) return fail(Error::from_errno("cannot list the log directory " + path_, errno));
  std::vector<ClosedSegment> segments;
  while (const dirent* entry = ::readdir(dir.get())) {
    const auto name = SegmentName::parse(entry->d_name);
    struct stat info {};
    if (!name || ::fstatat(fd_.get(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    segments.push_back({*name, static_cast<uint64_t>(info.st_size)});
  }
  std::sort(segments.begin(), segments.end(), [](const ClosedSegment& a, const ClosedSegment& b) {
    return std::tie(a.name.first_seq, a.name.utc) < std::tie(b.name.first_seq, b.name.utc);
  });
  return segments;
}

Result<LogRemains> LogDirectory::mend() {
  auto segments = list();
  if (!segments) return fail(std::move(segments.error()));
  LogRemains remains;
  remains.segments = std::move(*segments);
  if (remains.segments.empty()) return remains;

  ClosedSegment& last = remains.segments.back();
  const std::string file = last.name.file();
  const Fd fd(::openat(fd_.get(), file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail(Error::from_errno("cannot open log segment " + file, errno));
  const auto tail = read_log_tail(fd.get(), last.bytes);
  if (!tail) return fail(Error(tail.error()).context("log segment " + file));
  if (tail->end < last.bytes) {
    remains.torn_bytes = last.bytes - tail->end;
    const std::string torn = file + ".torn";
    if (save_tail(fd_.get(), fd.get(), tail->end, last.bytes, torn)) {
      if (::ftruncate(fd.get(), static_cast<off_t>(tail->end)) != 0 || ::fsync(fd.get()) != 0) {
        return fail(Error::from_errno("cannot cut the torn end off log segment " + file, errno));
      }
      remains.torn_file = torn;
      last.bytes = tail->end;
    } else {
      ::unlinkat(fd_.get(), torn.c_str(),
                 0);  // the disk is full: the torn line stays where it is, and the next segment follows
    }
  }
  remains.last_seq = tail->last_seq != 0 ? tail->last_seq : last.name.first_seq - 1;
  remains.clean = tail->stop && remains.torn_bytes == 0;
  if (last.bytes == 0) {  // nothing in it, and its name would stand in the way of the next
    if (::unlinkat(fd_.get(), file.c_str(), 0) != 0)
      return fail(Error::from_errno("cannot remove empty segment " + file, errno));
    remains.segments.pop_back();
  }
  return remains;
}

Status LogDirectory::remove(const SegmentName& name) {
  const std::string file = name.file();
  ::unlinkat(fd_.get(), (file + ".torn").c_str(), 0);  // mostly there is none
  if (::unlinkat(fd_.get(), file.c_str(), 0) != 0 && errno != ENOENT) {
    return fail(Error::from_errno("cannot remove log segment " + file, errno));
  }
  return {};
}

}  // namespace hullwatch
