#include "enrich/user_names.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hullwatch {
namespace {

namespace fs = std::filesystem;

class UserNamesTest : public testing::Test {
 protected:
  UserNamesTest() : root_(fs::temp_directory_path() / ("hullwatch-users-" + std::to_string(::getpid()))) {
    fs::create_directories(root_ / "etc");
  }
  ~UserNamesTest() override { fs::remove_all(root_); }
  void write(const char* file, const std::string& text) { std::ofstream(root_ / "etc" / file, std::ios::binary) << text; }

  fs::path root_;
};

TEST_F(UserNamesTest, NamesAreReadFromTheFilesBelowTheRoot) {
  write("passwd", "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n");
  write("group", "root:x:0:\ndocker:x:998:alice\n");
  const UserNames names(root_.string());
  EXPECT_EQ(names.user(33), "www-data");
  EXPECT_EQ(names.group(998), "docker");
  EXPECT_EQ(names.user(4), "");
}

TEST_F(UserNamesTest, TheFirstNameOfAnIdWins) {
  write("passwd", "root:x:0:0:::\ntoor:x:0:0:::\n");
  EXPECT_EQ(UserNames(root_.string()).user(0), "root");
}

TEST_F(UserNamesTest, MalformedLinesAreSkipped) {
  write("passwd", "nonsense\n::\n:x:5:\nneg:x:-1:\nhuge:x:99999999999:\nlast:x:7");
  const UserNames names(root_.string());
  EXPECT_EQ(names.user(7), "last");
  EXPECT_EQ(names.user(5), "");
}

TEST_F(UserNamesTest, AChangedFileIsReadAgain) {
  write("passwd", "old:x:7:7:::\n");
  UserNames names(root_.string());
  write("passwd", "newer:x:7:7:::\n");
  names.refresh();
  EXPECT_EQ(names.user(7), "newer");
}

TEST_F(UserNamesTest, AMissingFileMeansNoNames) {
  write("passwd", "a:x:7:7:::\n");
  UserNames names(root_.string());
  fs::remove(root_ / "etc/passwd");
  names.refresh();
  EXPECT_EQ(names.user(7), "");
}

}  // namespace
}  // namespace hullwatch
