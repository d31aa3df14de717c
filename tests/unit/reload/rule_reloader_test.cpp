#include "reload/rule_reloader.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <future>

namespace hullwatch {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

std::string rule(const std::string& name) {
  return "- rule: " + name + "\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n";
}

class Reloading : public testing::Test {
 protected:
  Reloading() {
    fs::create_directories(directory_);
    write("a.yaml", rule("first"));
  }
  ~Reloading() override {
    reloader_.reset();
    fs::remove_all(root_);
  }
  void start(const std::vector<std::string>& paths, milliseconds quiet = milliseconds(20)) {
    const auto load = [this, paths] {
      RuleReloader::Loaded loaded{RuleSet::load(paths, {}).rules, paths};
      ++loads_;
      return loaded;
    };
    auto started = RuleReloader::start(load, {RuleSet::load(paths, {}).rules, paths}, quiet);
    ASSERT_TRUE(started) << started.error().message;
    reloader_ = std::move(*started);
  }
  /// As an editor does that writes in place.
  void write(const std::string& name, const std::string& text) const { std::ofstream(directory_ / name) << text; }
  /// Names of the rules of the next outcome; "bad" when they are not good, "none" when none comes.
  std::string next() {
    pollfd ready{reloader_->event_fd(), POLLIN, 0};
    if (::poll(&ready, 1, 10'000) != 1) return "none";
    const auto outcome = reloader_->take();
    if (!outcome) return "none";
    by_change_ = outcome->by_change;
    if (outcome->rules == nullptr) return "bad";
    std::string names;
    for (const RuleInfo& info : outcome->rules->rules()) names += (names.empty() ? "" : " ") + info.name;
    return names;
  }

  const fs::path root_ = fs::path(testing::TempDir()) / ("reload." + std::to_string(::getpid()));
  const fs::path directory_ = root_ / "rules";
  std::unique_ptr<RuleReloader> reloader_;
  std::atomic<int> loads_ = 0;  // that have read their files
  bool by_change_ = false;
};

TEST_F(Reloading, LoadsWhenAsked) {
  start({directory_.string()}, std::chrono::hours(1));
  reloader_->request();
  EXPECT_EQ(next(), "first");
  EXPECT_FALSE(by_change_);
}

TEST_F(Reloading, LoadsWhenAFileOfADirectoryIsChangedMadeRenamedOrRemoved) {
  start({directory_.string()});
  write("a.yaml", rule("second"));
  EXPECT_EQ(next(), "second");
  EXPECT_TRUE(by_change_);
  write("b.yml", rule("third"));
  EXPECT_EQ(next(), "second third");
  write("new", rule("fourth"));
  fs::rename(directory_ / "new", directory_ / "b.yml");
  EXPECT_EQ(next(), "second fourth");
  fs::remove(directory_ / "b.yml");
  EXPECT_EQ(next(), "second");
}

TEST_F(Reloading, LoadsWhenANamedFileIsReplaced) {
  start({(directory_ / "a.yaml").string()});
  write("a.yaml~", rule("second"));
  fs::rename(directory_ / "a.yaml~", directory_ / "a.yaml");
  EXPECT_EQ(next(), "second");
  fs::remove(directory_ / "a.yaml");
  EXPECT_EQ(next(), "bad");
  write("a.yaml", rule("third"));
  EXPECT_EQ(next(), "third");
}

TEST_F(Reloading, SeesADirectoryThatIsReplacedAsAWhole) {
  start({directory_.string()});
  fs::create_directories(root_ / "next");
  std::ofstream(root_ / "next" / "a.yaml") << rule("second");
  fs::rename(directory_, root_ / "old");
  EXPECT_EQ(next(), "bad");
  fs::rename(root_ / "next", directory_);
  EXPECT_EQ(next(), "second");
  write("a.yaml", rule("third"));
  EXPECT_EQ(next(), "third") << "the new directory is watched";
}

/// The kubelet makes a new directory and renames a link to it; the files are links through that link.
TEST_F(Reloading, SeesAConfigMapThatIsSwapped) {
  fs::create_directories(directory_ / "..1");
  fs::create_directories(directory_ / "..2");
  write("..1/c.yaml", rule("one"));
  write("..2/c.yaml", rule("two"));
  fs::create_directory_symlink("..1", directory_ / "..data");
  fs::create_symlink("..data/c.yaml", directory_ / "c.yaml");
  start({directory_.string()});
  fs::create_directory_symlink("..2", directory_ / "..data_tmp");
  fs::rename(directory_ / "..data_tmp", directory_ / "..data");
  EXPECT_EQ(next(), "first two");
}

TEST_F(Reloading, ABadFileIsToldAndTheNextGoodOneLoaded) {
  start({directory_.string()});
  write("a.yaml", "- rule: [\n");
  EXPECT_EQ(next(), "bad");
  write("a.yaml", rule("second"));
  EXPECT_EQ(next(), "second");
}

TEST_F(Reloading, WhatChangesNoContentAndOtherFilesChangeNothing) {
  start({directory_.string()});
  write("a.yaml", rule("first"));
  write("readme.txt", "text");
  while (loads_ == 0) std::this_thread::yield();
  write("a.yaml", rule("second"));
  EXPECT_EQ(next(), "second");
}

TEST_F(Reloading, ManyChangesAreOneLoad) {
  start({directory_.string()}, milliseconds(500));
  for (int i = 0; i < 50; ++i) write("a.yaml", rule("r" + std::to_string(i)));
  EXPECT_EQ(next(), "r49");
  EXPECT_EQ(loads_, 1);
}

TEST_F(Reloading, WhatWasWrittenBeforeTheRequestIsLoadedOnce) {
  start({directory_.string()}, milliseconds(1000));
  write("a.yaml", rule("second"));
  reloader_->request();
  EXPECT_EQ(next(), "second");
  write("a.yaml", rule("third"));
  EXPECT_EQ(next(), "third");
}

TEST_F(Reloading, SeesWhatChangedBetweenTheFirstLoadAndTheFirstWatch) {
  const std::vector<std::string> paths = {directory_.string()};
  const RuleReloader::Loaded current{RuleSet::load(paths, {}).rules, paths};
  write("a.yaml", rule("second"));
  write("b.yaml", rule("third"));
  const auto load = [paths] { return RuleReloader::Loaded{RuleSet::load(paths, {}).rules, paths}; };
  auto started = RuleReloader::start(load, current, milliseconds(20));
  ASSERT_TRUE(started);
  reloader_ = std::move(*started);
  EXPECT_EQ(next(), "second third");
  EXPECT_TRUE(by_change_);
}

/// A path that the configuration names only now is watched only once its files were read.
TEST_F(Reloading, SeesWhatChangedBetweenALoadAndItsWatch) {
  std::atomic<bool> first = true;
  const auto load = [this, &first] {
    const std::vector<std::string> paths = {directory_.string()};
    RuleReloader::Loaded loaded{RuleSet::load(paths, {}).rules, paths};
    if (first.exchange(false)) write("a.yaml", rule("second"));
    return loaded;
  };
  auto started = RuleReloader::start(load, {}, milliseconds(20));
  ASSERT_TRUE(started);
  reloader_ = std::move(*started);
  reloader_->request();
  std::string name = next();
  if (name == "first") name = next();
  EXPECT_EQ(name, "second");
}

TEST_F(Reloading, LoadsThatComeFasterThanTheyAreTakenAreAllCounted) {
  start({directory_.string()}, std::chrono::hours(1));
  reloader_->request();
  pollfd told{reloader_->event_fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&told, 1, 10'000), 1);
  write("a.yaml", "- rule: [\n");
  for (int load = 2; load <= 3; ++load) {  // the third begins once the second is told
    reloader_->request();
    while (loads_ < load) std::this_thread::yield();
  }
  RuleReloader::Outcome all;
  while (all.good + all.bad < 3) {
    pollfd ready{reloader_->event_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    const auto outcome = reloader_->take();
    ASSERT_TRUE(outcome);
    all.good += outcome->good;
    all.bad += outcome->bad;
    if (outcome->rules != nullptr) all.rules = outcome->rules;
    all.last_good = outcome->last_good;
  }
  EXPECT_EQ(all.good, 1U);
  EXPECT_EQ(all.bad, 2U);
  EXPECT_FALSE(all.last_good);
  EXPECT_NE(all.rules, nullptr);
}

TEST_F(Reloading, ALoadUnderWayEndsBeforeTheReloader) {
  std::promise<void> begun, go;
  const auto load = [&] {
    begun.set_value();
    go.get_future().wait();
    return RuleReloader::Loaded{};
  };
  auto started = RuleReloader::start(load, {});
  ASSERT_TRUE(started);
  (*started)->request();
  begun.get_future().wait();
  const auto ended = std::async(std::launch::async, [&] { started->reset(); });
  go.set_value();
  ended.wait();
}

}  // namespace
}  // namespace hullwatch
