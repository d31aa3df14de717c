#pragma once
// One probe of the quiet providers for all tests of what actors do: loading takes longer than all of them.

#include <gtest/gtest.h>
#include <unistd.h>

#include "quiet_probe.h"

namespace hullwatch::test {

class Quiet : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (::geteuid() == 0) probe_ = new QuietProbe;
  }
  static void TearDownTestSuite() {
    delete probe_;
    probe_ = nullptr;
  }
  void SetUp() override {
    if (!probe_) GTEST_SKIP() << "needs root";
    directory_ = std::filesystem::temp_directory_path() / ("hullwatch-quiet-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static ActorRun run(const std::vector<std::string>& command) { return probe_->run(command); }

  inline static QuietProbe* probe_ = nullptr;
  std::filesystem::path directory_;
};

// A bucket that is soon empty, however slow the machine.
inline BpfKnobs strict() {
  BpfKnobs knobs;
  knobs.critical_rate = 10;
  knobs.critical_burst = 50;
  return knobs;
}

inline nlohmann::json ids(const hw_cred& c) { return {c.uid, c.euid, c.suid, c.fsuid, c.gid, c.egid, c.sgid, c.fsgid}; }
inline nlohmann::json sets(const hw_cred& c) {
  return {c.cap_inheritable, c.cap_permitted, c.cap_effective, c.cap_bounding, c.cap_ambient};
}
inline nlohmann::json told_ids(const nlohmann::json& c) {
  nlohmann::json all = c["uid"];
  all.insert(all.end(), c["gid"].begin(), c["gid"].end());
  return all;
}
inline nlohmann::json told_sets(const nlohmann::json& c) {
  return {c["inheritable"], c["permitted"], c["effective"], c["bounding"], c["ambient"]};
}

// The captured change is the one the actor tells of.
inline void expect_change(const hw_credential& seen, const nlohmann::json& told) {
  EXPECT_EQ(ids(seen.before), told_ids(told["before"]));
  EXPECT_EQ(ids(seen.after), told_ids(told["after"]));
  EXPECT_EQ(sets(seen.before), told_sets(told["before"]));
  EXPECT_EQ(sets(seen.after), told_sets(told["after"]));
  EXPECT_EQ(seen.uncertain, 0U);
}

}  // namespace hullwatch::test
