#include "probe/record_queue.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

namespace hullwatch {
namespace {

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string take(RecordQueue& queue) {
  const auto front = queue.front();
  std::string text(reinterpret_cast<const char*>(front.data()), front.size());
  if (!front.empty()) queue.pop();
  return text;
}

TEST(RecordQueue, gives_records_back_whole_and_in_order) {
  RecordQueue queue(256);
  EXPECT_TRUE(queue.push(bytes("first")));
  EXPECT_TRUE(queue.push(bytes("the second one")));
  EXPECT_EQ(take(queue), "first");
  EXPECT_EQ(take(queue), "the second one");
  EXPECT_TRUE(queue.front().empty());
}

TEST(RecordQueue, refuses_what_can_never_fit) {
  RecordQueue queue(64);
  EXPECT_FALSE(queue.push(bytes(std::string(57, 'x'))));
  EXPECT_TRUE(queue.push(bytes(std::string(56, 'x'))));
}

TEST(RecordQueue, waits_for_room_and_says_so) {
  RecordQueue queue(32);
  ASSERT_TRUE(queue.push(bytes("0123456789012345")));
  std::thread producer([&] { EXPECT_TRUE(queue.push(bytes("waits"))); });
  while (queue.stalls() == 0) std::this_thread::yield();
  EXPECT_EQ(take(queue), "0123456789012345");
  producer.join();
  EXPECT_EQ(take(queue), "waits");
}

TEST(RecordQueue, close_frees_a_waiting_producer) {
  RecordQueue queue(32);
  ASSERT_TRUE(queue.push(bytes("0123456789012345")));
  std::thread producer([&] { EXPECT_FALSE(queue.push(bytes("never"))); });
  while (queue.stalls() == 0) std::this_thread::yield();
  queue.close();
  producer.join();
  EXPECT_EQ(take(queue), "0123456789012345");
}

TEST(RecordQueue, wraps_at_every_length_without_mixing_records) {
  constexpr int kRecords = 20000;
  RecordQueue queue(300);
  const auto record = [](int i) {
    return std::to_string(i) + std::string(static_cast<size_t>(i % 101), static_cast<char>('a' + i % 26));
  };
  std::thread producer([&] {
    for (int i = 0; i < kRecords; ++i) ASSERT_TRUE(queue.push(bytes(record(i))));
  });
  for (int i = 0; i < kRecords;) {
    const std::string got = take(queue);
    if (got.empty()) continue;
    ASSERT_EQ(got, record(i));
    ++i;
  }
  producer.join();
}

}  // namespace
}  // namespace hullwatch
