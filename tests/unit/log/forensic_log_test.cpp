#include "log/forensic_log.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "log_fixture.h"

namespace hullwatch {
namespace {

using test::LogTest;
using ForensicLogTest = LogTest;

TEST_F(ForensicLogTest, ARecordIsOneLineWithItsNumberTimesAndBoot) {
  start();
  ASSERT_TRUE(log_->write(record("start", "\"version\":\"0.1\"")));
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["schema"], "hullwatch.event/1");
  EXPECT_EQ(all[0]["seq"], 1);
  EXPECT_EQ(all[0]["ts"], "2026-11-22T00:16:41.000000000Z");
  EXPECT_EQ(all[0]["mono_ns"], 1'001'000'000'000);
  EXPECT_EQ(all[0]["boot_id"], options_.boot_id);
  EXPECT_EQ(all[0]["type"], "start");
  EXPECT_EQ(all[0]["version"], "0.1");
}

TEST_F(ForensicLogTest, AnAlertIsLoggedAsItIsWrittenElsewhere) {
  start();
  Alert alert;
  alert.seq = log_->sequence()->next();
  alert.rule = "Fork bomb";
  ASSERT_TRUE(log_->write(alert));
  EXPECT_EQ(records()[0]["alert"]["rule"], "Fork bomb");
  EXPECT_EQ(records()[0]["alert"]["seq"], 1);
  EXPECT_EQ(records()[0]["alert"]["hostname"], "node1");
}

TEST_F(ForensicLogTest, SegmentNamesTellBootFirstNumberAndTimeAndOthersMayNotReadThem) {
  start();
  ASSERT_EQ(files().size(), 1U);
  EXPECT_EQ(files()[0], "events-0b1e2d3c-000000000001-20261122T001641Z.jsonl");
  struct stat info {};
  ASSERT_EQ(stat(path(files()[0]).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0640U);
}

TEST_F(ForensicLogTest, NumbersGoOnOverACleanRestart) {
  start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log_one());
  stop();
  start();
  ASSERT_TRUE(log_one());
  EXPECT_EQ(records().back()["seq"], 5);
  expect_every_number_accounted_for();
}

TEST_F(ForensicLogTest, AfterAnEndThatWasNotCleanNoNumberIsUsedTwiceAndARecordSaysSo) {
  start();
  ASSERT_TRUE(log_one());
  start();
  ASSERT_TRUE(log_one());
  const auto all = records();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1]["type"], "recovery");
  EXPECT_EQ(all[1]["seq"], 2);
  EXPECT_EQ(all[1]["torn_bytes"], 0);
  EXPECT_GT(all[2]["seq"], 100'000);
  expect_every_number_accounted_for();
}

TEST_F(ForensicLogTest, ATornLastLineIsMovedAsideAndReported) {
  start();
  ASSERT_TRUE(log_one());
  log_.reset();
  const std::string file = files()[0];
  std::ofstream(path(file), std::ios::app) << R"({"schema":"hullwatch.event/1","seq":2,"ty)";
  start();
  EXPECT_EQ(bytes(file + ".torn"), R"({"schema":"hullwatch.event/1","seq":2,"ty)");
  EXPECT_EQ(records()[1]["type"], "recovery");
  EXPECT_EQ(records()[1]["torn_bytes"], 41);
  EXPECT_EQ(records()[1]["torn_file"], file + ".torn");
  EXPECT_EQ(log_->stats()->torn, 1U);
  expect_every_number_accounted_for();
}

TEST_F(ForensicLogTest, ZerosThatACrashLeftAtTheEndAreATornLineToo) {
  start();
  ASSERT_TRUE(log_one());
  log_.reset();
  std::ofstream(path(files()[0]), std::ios::app) << std::string(700'000, '\0') << "\n[1]\n{\"seq\":-1}\n";
  start();
  EXPECT_EQ(records().size(), 2U);
  expect_every_number_accounted_for();
}

TEST_F(ForensicLogTest, AFullSegmentIsClosedAndTheNextBegins) {
  options_.segment_bytes = 1000;
  start();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(log_one());
    clock_.pass_seconds(1);
  }
  EXPECT_GT(files().size(), 3U);
  for (const std::string& file : files()) EXPECT_LE(bytes(file).size(), 1000U);
  expect_every_number_accounted_for();
}

TEST_F(ForensicLogTest, TheOldestSegmentsGoWhenTheTotalIsReachedAndARecordNamesThem) {
  options_.segment_bytes = 1000;
  options_.total_bytes = 3000;
  start();
  const std::string oldest = files()[0];
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(log_one());
    ASSERT_TRUE(log_->flush());
    clock_.pass_seconds(1);
  }
  uint64_t total = 0;
  for (const std::string& file : files()) total += bytes(file).size();
  EXPECT_LE(total, 3000U);
  EXPECT_EQ(log_->stats()->stored_bytes, total);
  EXPECT_GT(log_->stats()->segments_removed, 1U);
  EXPECT_FALSE(std::filesystem::exists(path(oldest)));
  bool said = false;
  for (const auto& r : records()) said = said || (r["type"] == "retention" && r["removed"][0].contains("last_seq"));
  EXPECT_TRUE(said);
}

TEST_F(ForensicLogTest, NumbersThatNeverCameAreCoveredByALossRecord) {
  start();
  ASSERT_TRUE(log_one());
  (void)record();  // taken, and dropped at the queue
  (void)record();
  ASSERT_TRUE(log_one());
  const auto all = records();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1]["type"], "loss");
  EXPECT_EQ(all[1]["seq"], 2);
  EXPECT_EQ(all[1]["last_seq"], 3);
  EXPECT_EQ(all[1]["count"], 2);
  EXPECT_EQ(log_->stats()->lost, 2U);
}

TEST_F(ForensicLogTest, ARecordOutOfOrderIsRefused) {
  start();
  const LogRecord early = record();
  ASSERT_TRUE(log_one());
  const Status status = log_->write(early);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "record 1 came after record 2 and was not logged");
}

TEST_F(ForensicLogTest, SyncsOnceASecondButACriticalAlertAtOnce) {
  start();
  const uint64_t before = log_->stats()->syncs;
  clock_.pass_seconds(5);
  ASSERT_TRUE(log_one());
  EXPECT_EQ(log_->stats()->syncs, before + 1);
  clock_.now_ns += 100'000'000;
  ASSERT_TRUE(log_one());
  ASSERT_TRUE(log_->flush());
  EXPECT_EQ(log_->stats()->syncs, before + 1);
  Alert alert;
  alert.priority = Priority::critical;
  alert.seq = log_->sequence()->next();
  ASSERT_TRUE(log_->write(alert));
  EXPECT_EQ(log_->stats()->syncs, before + 2);
}

TEST_F(ForensicLogTest, ASecondWriterIsRefused) {
  start();
  const auto second = ForensicLog::open(options_, clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "another hullwatch writes the log in " + options_.directory);
}

TEST_F(ForensicLogTest, ADirectoryThatCannotBeUsedIsNamed) {
  std::ofstream(root_ + "/state") << "a file";
  const auto opened = ForensicLog::open(options_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "cannot make the log directory " + options_.directory + ": Not a directory");
}

TEST_F(ForensicLogTest, ALinkInTheDirectorysPlaceIsNotFollowed) {
  std::filesystem::create_directories(root_ + "/state");
  std::filesystem::create_directory_symlink("/tmp", options_.directory);
  EXPECT_FALSE(ForensicLog::open(options_, clock_));
}

}  // namespace
}  // namespace hullwatch
