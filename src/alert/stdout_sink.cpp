#include "alert/stdout_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "alert/alert_json.h"
#include "alert/alert_text.h"

namespace hullwatch {

StdoutSink::StdoutSink(int fd, OutputFormat format, std::string hostname)
    : fd_(fd), format_(format), hostname_(std::move(hostname)) {}

Status StdoutSink::write(const Alert& alert) {
  std::string line = (format_ == OutputFormat::json ? alert_json(alert, hostname_) : alert_text(alert)) + '\n';
  if (in_line_) line.insert(0, 1, '\n');  // what there is of the last line must not spoil this one
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{fd_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      in_line_ = in_line_ || rest.size() < line.size();
      return fail(Error::from_errno("cannot write an alert to stdout", errno));
    }
  }
  in_line_ = false;
  return {};
}

}  // namespace hullwatch
