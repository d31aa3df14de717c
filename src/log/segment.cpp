#include "log/segment.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace hullwatch {

Result<Segment> Segment::create(int dir_fd, const std::string& file) {
  constexpr mode_t kMode = 0640;
  Fd fd(::openat(dir_fd, file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!fd) return fail(Error::from_errno("cannot create log segment " + file, errno));
  if (::fsync(dir_fd) != 0) return fail(Error::from_errno("cannot sync the log directory", errno));
  return Segment(std::move(fd), file);
}

Status Segment::append(std::string_view line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    const Error error = Error::from_errno("cannot write to log segment " + file_, errno);
    if (rest.size() < line.size() && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) usable_ = false;
    return fail(error);
  }
  size_ += line.size();
  return {};
}

Status Segment::sync() {
  if (::fdatasync(fd_.get()) == 0) return {};
  usable_ = false;
  return fail(Error::from_errno("cannot sync log segment " + file_, errno));
}

}  // namespace hullwatch
