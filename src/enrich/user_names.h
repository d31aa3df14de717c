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
  explicit UserNames(std::string root = "/");
  /// Reads the files again if they changed; cheap. Call about once a second.
  void refresh();
  /// Empty when the id has no name.
  [[nodiscard]] std::string_view user(uint32_t uid) const;
  [[nodiscard]] std::string_view group(uint32_t gid) const;

 private:
  std::string root_;
  int64_t passwd_mtime_ns_ = 0, group_mtime_ns_ = 0;
  std::unordered_map<uint32_t, std::string> users_, groups_;
};

}  // namespace hullwatch
