#pragma once
// A container's directory in one cgroup hierarchy, held open: what is written goes to that cgroup, whatever takes its path
// meanwhile. Its files are the kernel's; links are not followed. One thread at a time.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

class TargetCgroup {
 public:
  /// `path` from the root of the hierarchy that is mounted there.
  static Result<TargetCgroup> open(const std::string& mount, const std::string& path);

  /// The id the kernel side knows it by.
  [[nodiscard]] uint64_t id() const { return id_; }
  [[nodiscard]] std::string path_of(std::string_view file) const { return path_ + '/' + std::string(file); }
  [[nodiscard]] bool has(const char* file) const;
  /// Without the newline at its end.
  [[nodiscard]] Result<std::string> read(const char* file) const;
  [[nodiscard]] Status write(const char* file, std::string_view text) const;
  /// The number after a name in a file of "name number" lines; -1: not there.
  [[nodiscard]] int64_t flag(const char* file, std::string_view name) const;
  /// Waits until `holds`, looking again whenever the kernel says that `file` changed, and each 20 ms: v1 says nothing. The
  /// last answer of `holds`.
  [[nodiscard]] bool wait(const char* file, std::chrono::milliseconds patience, const std::function<bool()>& holds) const;
  /// Process ids in it and the cgroups below; bounded, what is left out is found by the next call once these are gone.
  [[nodiscard]] Result<std::vector<uint32_t>> processes() const;

 private:
  TargetCgroup(Fd fd, std::string path, uint64_t id) : fd_(std::move(fd)), path_(std::move(path)), id_(id) {}

  Fd fd_;
  std::string path_;
  uint64_t id_;
};

}  // namespace hullwatch
