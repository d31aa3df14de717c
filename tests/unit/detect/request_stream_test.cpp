#include "detect/request_stream.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace hullwatch {
namespace {

class RequestStreamTest : public testing::Test {
 protected:
  /// The server reads `bytes` at `offset` of connection `id`.
  void read(uint64_t id, uint64_t offset, std::string_view bytes, uint64_t home = 0, uint32_t flags = 0) {
    hw_request record{};
    record.h.home = home;
    record.h.time_ns = now_;
    record.connection = id;
    record.offset = offset;
    record.length = static_cast<uint32_t>(bytes.size());
    record.request_flags = flags;
    streams_.on_bytes(record, flags & HW_REQUEST_UNREADABLE ? std::string_view{} : bytes, client_of(home), sink_);
  }
  static RuntimeClient client_of(uint64_t home) {
    RuntimeClient client;
    client.image = "image " + std::to_string(home);
    return client;
  }
  void tick(uint64_t now) { streams_.on_tick(now, sink_); }

  struct Seen {
    ParsedRequest request;
    uint64_t connection, home;
    std::string image;
  };
  std::vector<Seen> seen_;
  std::map<uint64_t, hw_request_window> windows_;
  RequestStreams streams_{[this](uint64_t id, const hw_request_window& window) { windows_[id] = window; }};
  RequestStreams::Sink sink_ = [this](const ParsedRequest& request, const hw_request& from, const RuntimeClient& client) {
    seen_.push_back({request, from.connection, from.h.home, client.image});
  };
  uint64_t now_ = 1'000'000'000;
};

constexpr std::string_view kPing = "GET /_ping HTTP/1.1\r\n\r\n";

TEST_F(RequestStreamTest, ConnectionsDoNotMix) {
  read(1, 0, "GET /a HT");
  read(2, 0, "GET /b HTTP/1.1\r\n\r\n");
  read(1, 9, "TP/1.1\r\n\r\n");
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].request.path, "/b");
  EXPECT_EQ(seen_[1].request.path, "/a");
  EXPECT_EQ(seen_[1].connection, 1U);
}

TEST_F(RequestStreamTest, ARequestAContainerHadAHandInIsTheContainers) {
  read(1, 0, "GET /a", 0);
  read(1, 6, " HTTP/1.1\r\n\r\n", 77);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].home, 77U);
}

TEST_F(RequestStreamTest, AGapIsToldOnceAndTheNextRequestIsRead) {
  read(1, 0, "GET /a HTTP");
  read(1, 100, kPing);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_FALSE(seen_[0].request.readable);
  EXPECT_EQ(seen_[1].request.path, "/_ping");
  EXPECT_EQ(streams_.stats().gaps, 1U);
}

TEST_F(RequestStreamTest, BytesThatCouldNotBeCopiedAreTold) {
  read(1, 0, kPing, 0, HW_REQUEST_UNREADABLE);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_FALSE(seen_[0].request.readable);
}

TEST_F(RequestStreamTest, BytesReadTwiceCountOnce) {
  read(1, 0, "GET /a HT");
  read(1, 4, "/a HTTP/1.1\r\n\r\n");
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].request.path, "/a");
}

TEST_F(RequestStreamTest, TheKernelSkipsTheRestOfALongBody) {
  const std::string head = "POST /build HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
  read(1, 0, head + "tar");
  EXPECT_EQ(windows_.at(1).skip_to, head.size() + 1'000'000);
  read(1, head.size() + 1'000'000, kPing);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[1].request.path, "/_ping");
  EXPECT_EQ(streams_.stats().gaps, 0U);
}

TEST_F(RequestStreamTest, TheWindowMovesWithALongLivedConnection) {
  uint64_t offset = 0;
  for (int i = 0; i < 10'000; ++i, offset += kPing.size()) {
    ASSERT_TRUE(offset == 0 || !windows_.contains(1) || windows_[1].send_to > offset);
    read(1, offset, kPing);
  }
  EXPECT_EQ(seen_.size(), 10'000U);
}

TEST_F(RequestStreamTest, AnUpgradedConnectionIsStopped) {
  const std::string start = "POST /containers/x/attach HTTP/1.1\r\nUpgrade: tcp\r\n\r\n";
  read(1, 0, start);
  read(1, start.size(), "secret typed\n");
  EXPECT_EQ(seen_.size(), 1U);
  EXPECT_EQ(windows_.at(1).skip_to, UINT64_MAX);
  read(1, start.size() + 13, "what was on its way\n");
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(RequestStreamTest, AnEndlessChunkedBodyIsGivenUpAsOverrun) {
  read(1, 0, "POST /images/load HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  uint64_t offset = 58;
  const std::string chunk = "1000\r\n" + std::string(4096, 't') + "\r\n";
  for (int i = 0; i < 40; ++i, offset += chunk.size()) read(1, offset, chunk);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_TRUE(seen_[1].request.overrun);
  EXPECT_EQ(windows_.at(1).skip_to, UINT64_MAX);
}

TEST_F(RequestStreamTest, ABodyThatStallsIsJudgedByTheClock) {
  read(1, 0, "POST /containers/create HTTP/1.1\r\nContent-Length: 99\r\n\r\n{\"Image\"");
  tick(now_ + RequestStreams::kPatienceNs / 2);
  EXPECT_TRUE(seen_.empty());
  tick(now_ + RequestStreams::kPatienceNs);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_FALSE(seen_[0].request.body_complete);
  EXPECT_EQ(seen_[0].image, "image 0") << "who asked is known on a tick, too";
}

TEST_F(RequestStreamTest, WhatWasIgnoredIsReadAgainOnceAnotherProgramWrites) {
  read(1, 0, kPing);
  streams_.ignore(1);
  read(1, kPing.size(), kPing);
  EXPECT_EQ(seen_.size(), 1U);
  streams_.resume(1);
  read(1, 2 * kPing.size(), kPing);
  EXPECT_EQ(seen_.size(), 2U);
  EXPECT_EQ(streams_.stats().gaps, 0U);
}

TEST_F(RequestStreamTest, TheOldestConnectionGivesWayAndIsHandedOut) {
  read(0, 0, "POST /containers/create HTTP/1.1\r\nContent-Length: 99\r\n\r\n{\"Image\"");
  for (uint64_t id = 1; id <= RequestStreams::kMaxConnections; ++id) read(id, 0, "GET /half");
  EXPECT_EQ(streams_.size(), RequestStreams::kMaxConnections);
  EXPECT_EQ(streams_.stats().evicted, 1U);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].request.path, "/containers/create");
}

TEST_F(RequestStreamTest, TheKernelsEndMarkIsTold) {
  read(1, 0, "GET /a");
  read(1, 6, "", 0, HW_REQUEST_LAST);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_FALSE(seen_[0].request.readable);
}

}  // namespace
}  // namespace hullwatch
