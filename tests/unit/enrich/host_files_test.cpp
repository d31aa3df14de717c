#include "enrich/host_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "temp_tree.h"

namespace hullwatch {
namespace {

TEST(HostFiles, ReadsAFileWhole) {
  const test::TempTree root;
  root.write("var/lib/x/file", std::string(200'000, 'x'));
  EXPECT_EQ(HostDir::open(root.path(), "/var/lib/x")->read("file", 1 << 20)->size(), 200'000U);
  EXPECT_FALSE(HostDir::open(root.path(), "/var/lib/absent"));
}

TEST(HostFiles, LinksOfAnAdministratorStayInsideTheHostsRoot) {
  const test::TempTree root;
  root.write("data/docker/file", "inside");
  root.make("var/lib");
  std::filesystem::create_symlink("/data/docker", root.path() + "/var/lib/docker");
  EXPECT_EQ(HostDir::open(root.path(), "/var/lib/docker")->read("file", 100).value(), "inside");
  std::filesystem::create_symlink("../../../../../../../../etc", root.path() + "/var/lib/escape");
  EXPECT_FALSE(HostDir::open(root.path(), "/var/lib/escape"));
}

TEST(HostFiles, BelowTheBaseNoLinkIsFollowedAndNothingLeadsOut) {
  const test::TempTree root;
  root.write("base/real/file", "x");
  std::filesystem::create_symlink("/etc/passwd", root.path() + "/base/link");
  std::filesystem::create_symlink("real", root.path() + "/base/dirlink");
  const auto base = HostDir::open(root.path(), "/base");
  EXPECT_FALSE(base->read("link", 1 << 20));
  EXPECT_FALSE(base->read("dirlink/file", 100));
  EXPECT_FALSE(base->read("../base/real/file", 100));
  EXPECT_FALSE(base->read("/etc/passwd", 1 << 20));
  EXPECT_FALSE(base->has_directory("dirlink"));
  EXPECT_TRUE(base->has_directory("real"));
}

TEST(HostFiles, AFifoOrADirectoryIsNoFileAndDoesNotBlock) {
  const test::TempTree root;
  ASSERT_EQ(::mkfifo((root.path() + "/fifo").c_str(), 0600), 0);
  root.make("dir");
  const auto base = HostDir::open(root.path(), "/");
  EXPECT_NE(base->read("fifo", 100).error().message.find("not a regular file"), std::string::npos);
  EXPECT_FALSE(base->read("dir", 100));
}

TEST(HostFiles, AFileBeyondItsCapIsAnErrorThatSaysSo) {
  const test::TempTree root;
  root.write("file", std::string(101, 'x'));
  const auto base = HostDir::open(root.path(), "/");
  EXPECT_NE(base->read("file", 100).error().message.find("larger than 100 bytes"), std::string::npos);
  EXPECT_TRUE(base->read("file", 101));
}

TEST(HostFiles, FilesOfProcAreReadThoughTheirSizeIsZero) {
  EXPECT_GT(HostDir::open("/", "/proc/self")->read("status", 1 << 20)->size(), 100U);
}

}  // namespace
}  // namespace hullwatch
