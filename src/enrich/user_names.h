#pragma once
// User and group names of the host, from /etc/passwd and /etc/group under a root path, read again when the files change.
// Never NSS: no network, no sockets. Evaluator thread only.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hullwatch {

class UserNames {
 public:
  /// Reads the files; a missing one means no names.
  explicit UserNames(const std::string& root = "/");
  /// Reads the files again if they changed; cheap. Call about once a second.
  void refresh();
  /// Empty when the id has no name. Valid until the next refresh().
  [[nodiscard]] std::string_view user(uint32_t uid) const;
  [[nodiscard]] std::string_view group(uint32_t gid) const;

 private:
  using Names = std::unordered_map<uint32_t, std::string>;

  // One file, and what of it tells that it changed.
  struct Source {
    std::string path;
    int64_t mtime_ns = -1;
    uint64_t inode = 0;
    uint64_t size = 0;
    Names names = {};
    void refresh();
  };

  Source passwd_, group_;
};

}  // namespace hullwatch
