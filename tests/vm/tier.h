#pragma once
// The fixture of the tier tests, one for all their files, so that the programs are loaded once.

#include <cstdlib>

#include "vm/sensor_test.h"

// Not of the test's kernel: the rung that is used says so itself.
#define SKIP_UNLESS(observation, ...)                                                                                          \
  if (!has(observation, {__VA_ARGS__}))                                                                                        \
  GTEST_SKIP() << (observation) << " is provided by " << provider_of(observation)                                              \
               << (provider(observation) ? std::string(", which cannot see ") + std::string(provider(observation)->cannot_see) \
                                         : "")

namespace hullwatch::test {

class Tier : public SensorTest {};

}  // namespace hullwatch::test
