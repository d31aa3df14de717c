#include "log/segment_name.h"

#include <gtest/gtest.h>

namespace hullwatch {
namespace {

TEST(SegmentName, IsReadBackAsItWasWritten) {
  const SegmentName name{"0b1e2d3c", 123456, "20261122T013940Z"};
  EXPECT_EQ(name.file(), "events-0b1e2d3c-000000123456-20261122T013940Z.jsonl");
  const auto read = SegmentName::parse(name.file());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->boot, "0b1e2d3c");
  EXPECT_EQ(read->first_seq, 123456U);
  EXPECT_EQ(read->utc, name.utc);
}

TEST(SegmentName, OtherFilesAreNoSegments) {
  for (const char* other :
       {"", "events-.jsonl", "events-a-1.jsonl", "events-a-x-20261122T013940Z.jsonl", "lock",
        "events-a-1-20261122T013940Z.jsonl.torn", "events-a-99999999999999999999999-20261122T013940Z.jsonl"}) {
    EXPECT_FALSE(SegmentName::parse(other)) << other;
  }
}

}  // namespace
}  // namespace hullwatch
