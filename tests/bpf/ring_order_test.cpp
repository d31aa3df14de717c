// In which order records of the two rings are handed over, live on the running kernel.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "live_probe.h"

namespace hullwatch::test {
namespace {

constexpr int kForks = 1500;  // each a record, and one of its exit: several batches of the reader

class RingOrder : public testing::Test {
 protected:
  void SetUp() override { probe.drain(); }

  /// A program, behind thousands of other records of the bulk ring, and what follows it on the critical one.
  void act() {
    for (int i = 0; i < kForks; ++i) Child([] { return 0; }).wait();
    Child program([] {
      ::execl("/usr/bin/true", "true", nullptr);
      return 98;
    });
    program.wait();
    pid = static_cast<uint32_t>(program.pid());
    follows.emplace(container_name());
  }

  /// Position among what was read; as many as there are: not yet.
  [[nodiscard]] size_t exec_at() const {
    return at([&](const LiveRecord& r) { return r.header().kind == HW_EXEC && r.header().process.tgid == pid; });
  }
  [[nodiscard]] size_t mkdir_at() const {
    return at([&](const LiveRecord& r) {
      return r.header().kind == HW_CGROUP && r.as<hw_cgroup>().op == HW_CGROUP_MKDIR && r.as<hw_cgroup>().id == follows->id();
    });
  }

  LiveProbe probe;
  uint32_t pid = 0;
  std::optional<TestCgroup> follows;

 private:
  template <typename Fits>
  [[nodiscard]] size_t at(Fits fits) const {
    return static_cast<size_t>(std::ranges::find_if(probe.records(), fits) - probe.records().begin());
  }
};

// A gain at an exec is judged with the command line of that exec, also when the reader is behind.
TEST_F(RingOrder, what_came_first_is_first_across_the_rings) {
  act();
  probe.drain();
  ASSERT_LT(mkdir_at(), probe.records().size());
  EXPECT_LT(exec_at(), mkdir_at());
}

TEST_F(RingOrder, a_critical_record_waits_no_longer_than_its_patience) {
  act();
  std::this_thread::sleep_for(RingReader::kPatience + std::chrono::milliseconds(5));
  ASSERT_TRUE(probe.rings().poll(std::chrono::milliseconds(100)));
  EXPECT_LT(mkdir_at(), probe.records().size());
  EXPECT_EQ(exec_at(), probe.records().size()) << "one poll reads no more than a batch of the bulk ring";
}

}  // namespace
}  // namespace hullwatch::test
