#pragma once
// Reads files that runtimes, and whoever can write where they write, keep on the node. A base directory is opened inside the
// host's root, where an administrator's links are followed but cannot lead out of it; below the base no link is followed, only
// regular files of bounded size are read, and opening never blocks. Owns the descriptor of the base. Any one thread at a time.

#include <cstddef>
#include <string>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

class HostDir {
 public:
  /// `path` is absolute, as the host sees it.
  static Result<HostDir> open(const std::string& host_root, const std::string& path);

  /// The whole file, or an error: absent, no regular file, larger than `cap` bytes.
  [[nodiscard]] Result<std::string> read(const std::string& relative, size_t cap) const;
  /// Names in a directory, without "." and "..", at most `limit`; empty when it cannot be read.
  [[nodiscard]] std::vector<std::string> list(const std::string& relative, size_t limit) const;
  [[nodiscard]] bool has_directory(const std::string& relative) const;

 private:
  HostDir(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Fd fd_;
  std::string path_;
};

constexpr size_t kMetadataFileCap = 4UL << 20;
constexpr size_t kStoreFileCap = 8UL << 20;  // files that list all containers of a node

}  // namespace hullwatch
