#pragma once
// One probe for all tests of homes, with thresholds that a test reaches.

#include <gtest/gtest.h>

#include "live_probe.h"

namespace hullwatch::test {

class Home : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    BpfKnobs knobs;
    knobs.burst_forks = 100;
    knobs.burst_growth = 50;
    knobs.burst_window_ns = 400'000'000;
    knobs.burst_sample_ns = 50'000'000;
    knobs.critical_rate = 2000;
    knobs.critical_burst = 200;
    probe = new LiveProbe(knobs);
  }
  static void TearDownTestSuite() {
    delete probe;
    probe = nullptr;
  }
  static std::optional<LiveRecord> cgroup_record(uint64_t id, hw_cgroup_op op, pid_t moved = 0) {
    return probe->find<hw_cgroup>(HW_CGROUP, [&](const hw_cgroup& r) {
      return r.id == id && r.op == op && (moved == 0 || r.moved.tgid == static_cast<uint32_t>(moved));
    });
  }
  inline static LiveProbe* probe = nullptr;
};

}  // namespace hullwatch::test
