#pragma once
// One probe for all tests of exec, fork and exit.

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "live_probe.h"

namespace hullwatch::test {

class Process : public testing::Test {
 protected:
  static void SetUpTestSuite() { probe = new LiveProbe; }
  static void TearDownTestSuite() {
    delete probe;
    probe = nullptr;
  }
  inline static LiveProbe* probe = nullptr;
};

inline int exec(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (auto& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  return 98;
}

}  // namespace hullwatch::test
