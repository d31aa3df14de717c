#pragma once
// A directory of files that a test writes and that goes with it: a node's root, or a cgroup hierarchy.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace hullwatch::test {

class TempTree {
 public:
  TempTree() {
    std::string pattern = ::testing::TempDir() + "/hullwatch-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  std::string write(const std::string& relative, const std::string& text) const {
    const std::filesystem::path file = path_ + "/" + relative;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  /// Returns the directory's inode number: the id of a cgroup.
  uint64_t make(const std::string& relative) const {
    std::filesystem::create_directories(path_ + "/" + relative);
    struct stat info {};
    EXPECT_EQ(::stat((path_ + "/" + relative).c_str(), &info), 0);
    return info.st_ino;
  }
  void remove(const std::string& relative) const { std::filesystem::remove_all(path_ + "/" + relative); }

 private:
  std::string path_;
};

/// 64 hex digits, different for each first digit.
inline std::string id64(char first) {
  return std::string(1, first) + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
}

}  // namespace hullwatch::test
