#include "alert/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>

namespace hullwatch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// Notes what it is given; fails or stays in a write as told.
struct Notes {
  std::mutex mutex;
  std::vector<std::string> lines;
  std::promise<void> entered;
  std::shared_future<void> gate;
  bool failing = false;
};

class NotingSink final : public Sink {
 public:
  NotingSink(std::shared_ptr<Notes> notes, std::string name) : notes_(std::move(notes)), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  Status write(const Alert& alert) override { return note("alert " + std::to_string(alert.seq)); }
  Status write(const LogRecord& record) override { return note("record " + std::to_string(record.seq)); }
  Status flush() override { return {}; }

 private:
  Status note(std::string line) {
    if (notes_->gate.valid()) {
      if (!std::exchange(entered_, true)) notes_->entered.set_value();
      notes_->gate.wait();
    }
    const std::lock_guard lock(notes_->mutex);
    if (notes_->failing) return fail("no space left");
    notes_->lines.push_back(std::move(line));
    return {};
  }
  std::shared_ptr<Notes> notes_;
  std::string name_;
  bool entered_ = false;
};

AlertPtr alert(uint64_t seq) {
  auto made = std::make_shared<Alert>();
  made->seq = seq;
  return made;
}
LogRecordPtr record(uint64_t seq) {
  auto made = std::make_shared<LogRecord>();
  made->seq = seq;
  return made;
}

struct Reports {
  std::vector<std::string> lines;  // written by the reporter's thread, read once the dispatcher is gone
  Dispatcher::Hooks hooks() {
    return {.report = [this](const std::string& line) { lines.push_back(line); }, .written = {}};
  }
};

TEST(Dispatcher, AlertsGoToAllSinksAndRecordsOnlyToThoseThatTakeThem) {
  const auto out = std::make_shared<Notes>();
  const auto log = std::make_shared<Notes>();
  Dispatcher dispatcher;
  dispatcher.add(std::make_unique<NotingSink>(out, "out"), {});
  dispatcher.add(std::make_unique<NotingSink>(log, "log"), {.records = true});
  dispatcher.push(record(1));
  dispatcher.push(alert(2));
  EXPECT_TRUE(dispatcher.stop(10s));
  EXPECT_THAT(out->lines, ElementsAre("alert 2"));
  EXPECT_THAT(log->lines, ElementsAre("record 1", "alert 2"));
}

TEST(Dispatcher, AStuckSinkNeitherBlocksThePusherNorTheOtherSink) {
  const auto stuck = std::make_shared<Notes>();
  const auto fine = std::make_shared<Notes>();
  std::promise<void> open;
  stuck->gate = open.get_future().share();
  Reports reports;
  {
    Dispatcher dispatcher(reports.hooks());
    dispatcher.add(std::make_unique<NotingSink>(stuck, "stuck"), {.queue = 4});
    dispatcher.add(std::make_unique<NotingSink>(fine, "fine"), {.queue = 64});
    dispatcher.push(alert(1));
    stuck->entered.get_future().wait();
    for (uint64_t seq = 2; seq <= 9; ++seq) dispatcher.push(alert(seq));
    EXPECT_EQ(dispatcher.stats()[0].dropped, 4U);
    open.set_value();
    EXPECT_TRUE(dispatcher.stop(10s));
    EXPECT_EQ(dispatcher.stats()[0].written, 5U);
    EXPECT_EQ(dispatcher.stats()[1].written, 9U);
    EXPECT_EQ(dispatcher.stats()[1].dropped, 0U);
  }
  EXPECT_THAT(reports.lines, ElementsAre(HasSubstr("sink stuck: its queue is full"), HasSubstr("4 dropped so far")));
}

TEST(Dispatcher, RecordsLeaveAQuarterOfTheQueueToAlerts) {
  const auto log = std::make_shared<Notes>();
  std::promise<void> open;
  log->gate = open.get_future().share();
  Dispatcher dispatcher({.report = [](const std::string&) {}, .written = {}});
  dispatcher.add(std::make_unique<NotingSink>(log, "log"), {.queue = 8, .records = true});
  dispatcher.push(record(1));
  log->entered.get_future().wait();
  for (uint64_t seq = 2; seq <= 20; ++seq) dispatcher.push(record(seq));
  dispatcher.push(alert(21));
  open.set_value();
  dispatcher.stop(10s);
  EXPECT_EQ(log->lines.size(), 8U);
  EXPECT_EQ(log->lines.back(), "alert 21");
}

TEST(Dispatcher, AQueueIsBoundedInBytesToo) {
  const auto log = std::make_shared<Notes>();
  std::promise<void> open;
  log->gate = open.get_future().share();
  Dispatcher dispatcher({.report = [](const std::string&) {}, .written = {}});
  dispatcher.add(std::make_unique<NotingSink>(log, "log"), {.queue = 1000, .queue_bytes = 8192, .records = true});
  auto large = std::make_shared<LogRecord>();
  large->members.assign(3000, 'x');
  for (int i = 0; i < 10; ++i) dispatcher.push(LogRecordPtr(large));
  EXPECT_GE(dispatcher.stats()[0].dropped, 8U);
  open.set_value();
  dispatcher.stop(10s);
}

TEST(Dispatcher, FailuresAreCountedAndOnlyTheFirstOfARowIsSaid) {
  const auto notes = std::make_shared<Notes>();
  notes->failing = true;
  Reports reports;
  {
    Dispatcher dispatcher(reports.hooks());
    dispatcher.add(std::make_unique<NotingSink>(notes, "log"), {});
    for (uint64_t seq = 1; seq <= 5; ++seq) dispatcher.push(alert(seq));
    dispatcher.stop(10s);
    EXPECT_EQ(dispatcher.stats()[0].failed, 5U);
    EXPECT_EQ(dispatcher.stats()[0].last_success_ns, 0U);
  }
  EXPECT_THAT(reports.lines, ElementsAre("sink log: no space left"));
}

TEST(Dispatcher, WhatIsLeftAtTheDeadlineIsCountedAsDropped) {
  const auto notes = std::make_shared<Notes>();
  std::promise<void> open;
  notes->gate = open.get_future().share();
  Dispatcher dispatcher({.report = [](const std::string&) {}, .written = {}});
  dispatcher.add(std::make_unique<NotingSink>(notes, "slow"), {.queue = 1 << 20, .queue_bytes = 1 << 30});
  for (uint64_t seq = 1; seq <= 3; ++seq) dispatcher.push(alert(seq));
  notes->entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { return dispatcher.stop(0ms); });
  while (dispatcher.stats()[0].dropped == 0) dispatcher.push(alert(4));  // refused once it stops
  open.set_value();
  EXPECT_FALSE(stopped.get());
  EXPECT_EQ(notes->lines.size(), 1U);
  EXPECT_GE(dispatcher.stats()[0].dropped, 3U);
}

TEST(Dispatcher, TellsOfEachAlertThatWasWritten) {
  const auto notes = std::make_shared<Notes>();
  std::vector<std::string> written;
  Dispatcher dispatcher({.report = {}, .written = [&](const Alert& a, std::string_view sink) {
                           written.push_back(std::string(sink) + std::to_string(a.seq));
                         }});
  dispatcher.add(std::make_unique<NotingSink>(notes, "out"), {});
  dispatcher.push(alert(7));
  dispatcher.stop(10s);
  EXPECT_THAT(written, ElementsAre("out7"));
}

}  // namespace
}  // namespace hullwatch
