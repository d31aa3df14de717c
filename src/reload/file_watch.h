#pragma once
// Tells that rule files may have changed, by inotify: files named, and the .yaml and .yml files of directories named. Parents
// are watched too, so that a file or directory that is replaced as a whole is seen (editors, ConfigMaps). One thread at a time.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

class FileWatch {
 public:
  static Result<FileWatch> open();

  /// Replaces what is watched. Returns the paths that cannot be, with the reason.
  std::vector<std::string> watch(const std::vector<std::string>& paths);
  /// Readable when something happened.
  [[nodiscard]] int fd() const { return inotify_.get(); }
  /// Reads what happened: whether any of it can have changed the rules. Never blocks.
  bool take();

 private:
  explicit FileWatch(Fd inotify) : inotify_(std::move(inotify)) {}
  struct Directory {
    std::string path;
    bool rule_files = false;      // any .yaml or .yml of it
    std::set<std::string> names;  // and these
  };
  Status add(const std::string& directory, bool rule_files, const std::string& name);

  Fd inotify_;
  std::map<int, Directory> directories_;  // by watch descriptor
};

}  // namespace hullwatch
