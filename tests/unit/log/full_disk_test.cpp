// A disk that is really full: a small tmpfs in a mount namespace of this test's own (needs CAP_SYS_ADMIN), else a limit on the
// size of files; which one it was is printed.

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>

#include "log_fixture.h"

namespace hullwatch {
namespace {

using testing::HasSubstr;

class FullDisk : public test::LogTest {
 protected:
  FullDisk() {
    std::filesystem::create_directories(root_ + "/state");
    mounted_ = unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               mount("tmpfs", (root_ + "/state").c_str(), "tmpfs", 0, "size=64k") == 0;
    std::cout << "the disk is " << (mounted_ ? "a tmpfs of 64 KiB\n" : "RLIMIT_FSIZE: mounting is not permitted here\n");
    signal(SIGXFSZ, SIG_IGN);
  }
  ~FullDisk() override {
    log_.reset();
    make_space();
    if (mounted_) umount2((root_ + "/state").c_str(), MNT_DETACH);
  }

  void fill() {
    if (mounted_) {
      std::ofstream out(root_ + "/state/ballast");
      while (out << std::string(4096, 'x') << std::flush) {
      }
    } else {
      limit(1000);  // within the first page of the segment
    }
  }
  void make_space() {
    if (mounted_) {
      std::filesystem::remove(root_ + "/state/ballast");
    } else {
      limit(RLIM_INFINITY);
    }
  }
  static void limit(rlim_t bytes) {
    const rlimit value{bytes, RLIM_INFINITY};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &value), 0);
  }
  /// Records until the first one that finds no room: a tmpfs page is still open to it.
  int log_until_full() {
    for (int written = 0; written < 1000; ++written) {
      if (!log_one("\"pad\":\"" + std::string(500, 'x') + '"')) return written;
    }
    return -1;
  }

  bool mounted_ = false;
};

TEST_F(FullDisk, TheFailureSaysWhyAndLeavesNoPartOfALine) {
  start();
  fill();
  ASSERT_GE(log_until_full(), 0);
  const Status status = log_one();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr(mounted_ ? "No space left on device" : "File too large"));
  EXPECT_THAT(status.error().message, HasSubstr("cannot write to log segment events-"));
  expect_every_number_accounted_for();
  EXPECT_TRUE(bytes(files()[0]).empty() || bytes(files()[0]).ends_with("}\n"));
}

TEST_F(FullDisk, WritingResumesByItselfAndALossRecordCoversWhatWasLost) {
  start();
  fill();
  const int written = log_until_full();
  ASSERT_FALSE(log_one());
  make_space();
  EXPECT_FALSE(log_->flush()) << "it tries once a second, not at once";
  clock_.pass_seconds(1);
  EXPECT_TRUE(log_->flush());
  const auto loss = records().back();
  EXPECT_EQ(loss["type"], "loss");
  EXPECT_EQ(loss["count"], 2);
  EXPECT_EQ(loss["records_not_written"], 2);
  EXPECT_EQ(loss["seq"], written + 1);
  EXPECT_THAT(loss["error"].get<std::string>(), HasSubstr("cannot write"));
  EXPECT_EQ(log_->stats()->lost, 2U);
  ASSERT_TRUE(log_one());
  expect_every_number_accounted_for();
}

TEST_F(FullDisk, ARecordThatComesAfterTheRetryTimeResumesToo) {
  start();
  fill();
  ASSERT_GE(log_until_full(), 0);
  clock_.pass_seconds(2);
  EXPECT_FALSE(log_one()) << "still full";
  make_space();
  clock_.pass_seconds(2);
  EXPECT_TRUE(log_one());
  expect_every_number_accounted_for();
}

TEST_F(FullDisk, ADiskThatIsFullAtStartIsWaitedFor) {
  start();
  stop();
  fill();
  clock_.pass_seconds(1);
  auto opened = ForensicLog::open(options_, clock_);
  ASSERT_TRUE(opened) << opened.error().message;
  log_ = std::move(*opened);
  while (log_one()) {  // tmpfs may still give the segment its first page; a size limit does
  }
  make_space();
  clock_.pass_seconds(2);
  EXPECT_TRUE(log_one());
  expect_every_number_accounted_for();
}

}  // namespace
}  // namespace hullwatch
