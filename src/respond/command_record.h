#pragma once
// What somebody ordered by command (`hullwatch respond …`) is told in the forensic log as what a rule ordered is. The log has
// one writer, the daemon; so the command leaves a file in STATE_DIR/orders, and the daemon writes what it finds there into the
// log: at once while it runs, else at its next start. Whoever can write there could write the log itself.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "respond/response.h"
#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

/// Who gave the order.
struct Commander {
  uint32_t pid = 0, uid = 0;
  uint32_t loginuid = UINT32_MAX;  // who logged in to do so; UINT32_MAX: nobody did

  /// The calling process.
  static Commander self();
};

/// The command's side: whole and on the disk when it returns. Fails, having left nothing, where it cannot be written, or where
/// kOrdersMax wait already.
Status leave_command_record(const std::string& state_dir, const ResponseOutcome& outcome, const Commander& by);

/// The daemon's side. One thread at a time.
class CommandRecords {
 public:
  static constexpr size_t kOrdersMax = 1024;  // that may wait
  static constexpr size_t kBytesMax = 64UL << 10;

  /// Makes the directory where it is missing.
  static Result<CommandRecords> open(const std::string& state_dir);

  /// Readable when there may be a new one.
  [[nodiscard]] int fd() const { return inotify_.get(); }
  /// Members of the log records of what was ordered, the oldest first, and takes the files away. A file that is no such record
  /// is told as a failed response that names it. Never blocks for longer than reading takes.
  std::vector<std::string> take();

 private:
  CommandRecords(std::string directory, Fd inotify) : directory_(std::move(directory)), inotify_(std::move(inotify)) {}

  std::string directory_;
  Fd inotify_;
};

}  // namespace hullwatch
