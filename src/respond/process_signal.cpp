#include "respond/process_signal.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "util/fd.h"

namespace hullwatch {

Result<bool> signal_process(uint32_t pid, int signal, const std::function<bool()>& is_it) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0U)));
  if (!process && errno == ESRCH) return false;
  if (!process) return fail(Error::from_errno("cannot open process " + std::to_string(pid), errno));
  if (!is_it()) return false;
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0U) == 0) return true;
  if (errno == ESRCH) return false;
  return fail(Error::from_errno("cannot signal process " + std::to_string(pid), errno));
}

}  // namespace hullwatch
