#include "detect/http_request.h"

#include <gtest/gtest.h>

#include <vector>

namespace hullwatch {
namespace {

struct Parsed {
  std::vector<ParsedRequest> requests;
  bool opaque = false;
};

Parsed parse(std::string_view stream, size_t piece = SIZE_MAX) {
  Parsed parsed;
  HttpRequestParser parser([&](const ParsedRequest& request) { parsed.requests.push_back(request); });
  for (size_t at = 0; at < stream.size(); at += std::min(piece, stream.size() - at)) parser.feed(stream.substr(at, piece));
  parsed.opaque = parser.opaque();
  return parsed;
}

std::string with_body(std::string_view start_line, std::string_view body, std::string_view header = "") {
  return std::string(start_line) + " HTTP/1.1\r\nHost: docker\r\n" + std::string(header) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

constexpr std::string_view kPing = "GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n";

TEST(HttpRequest, MethodPathVersionAndQueryAreTakenApart) {
  const auto parsed = parse("GET /v1.41/containers/json?all=1 HTTP/1.1\r\nHost: docker\r\nUser-Agent: x\r\n\r\n");
  ASSERT_EQ(parsed.requests.size(), 1U);
  const auto& request = parsed.requests[0];
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/containers/json");
  EXPECT_EQ(request.version, "v1.41");
  EXPECT_EQ(request.query, "all=1");
  EXPECT_TRUE(request.readable);
  EXPECT_FALSE(request.has_body);
}

TEST(HttpRequest, ACutAtAnyByteChangesNothing) {
  const std::string stream =
      with_body("POST /v1.41/containers/create?name=x", R"({"Image":"a","Env":["A=}{\"}"]})") + std::string(kPing) +
      "POST /x HTTP/1.1\nTransfer-Encoding: chunked\n\n3;ext=1\r\n{\"a\r\nA\r\n\":[1,2,3]}\r\n0\r\nT: v\r\n\r\n" +
      std::string(kPing);
  const auto whole = parse(stream);
  ASSERT_EQ(whole.requests.size(), 4U);
  EXPECT_EQ(whole.requests[0].body, R"({"Image":"a","Env":["A=}{\"}"]})");
  EXPECT_EQ(whole.requests[2].body, R"({"a":[1,2,3]})");
  for (size_t piece = 1; piece < stream.size(); ++piece) {
    const auto cut = parse(stream, piece);
    ASSERT_EQ(cut.requests.size(), 4U) << piece;
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(cut.requests[i].target, whole.requests[i].target);
      EXPECT_EQ(cut.requests[i].body, whole.requests[i].body);
    }
  }
}

TEST(HttpRequest, AJsonBodyIsReadWhateverItsContentTypeSays) {
  EXPECT_EQ(
      parse(with_body("POST /libpod/containers/create", "  {\"a\":1}", "Content-Type: application/x-tar\r\n")).requests[0].body,
      "{\"a\":1}");
  EXPECT_EQ(
      parse(with_body("POST /build", "not json at all", "Content-Type: application/json; charset=x\r\n")).requests[0].body, "");
}

TEST(HttpRequest, AJsonValueIsJudgedWithoutWaitingForTheAnnouncedEnd) {
  const auto parsed = parse("POST /containers/create HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n{\"Privileged\":true}");
  ASSERT_EQ(parsed.requests.size(), 1U);
  EXPECT_EQ(parsed.requests[0].body, "{\"Privileged\":true}");
  EXPECT_TRUE(parsed.requests[0].body_complete);
}

TEST(HttpRequest, ABodyThatStallsIsHandedOutIncompleteOnFlush) {
  std::vector<ParsedRequest> requests;
  HttpRequestParser parser([&](const ParsedRequest& request) { requests.push_back(request); });
  parser.feed("POST /containers/create HTTP/1.1\r\nContent-Length: 100\r\n\r\n{\"Image\":");
  EXPECT_TRUE(requests.empty());
  parser.flush();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_FALSE(requests[0].body_complete);
  parser.flush();
  EXPECT_EQ(requests.size(), 1U);
}

TEST(HttpRequest, ABodyBeyondTheBoundIsIncompleteAndTheNextRequestIsRead) {
  const auto parsed =
      parse(with_body("POST /containers/create", "{\"a\":\"" + std::string(100'000, 'x') + "\"}") + std::string(kPing));
  ASSERT_EQ(parsed.requests.size(), 2U);
  EXPECT_FALSE(parsed.requests[0].body_complete);
  EXPECT_EQ(parsed.requests[0].body.size(), HttpRequestParser::kMaxBody);
  EXPECT_EQ(parsed.requests[1].path, "/_ping");
}

TEST(HttpRequest, ABodyOfKnownLengthCanBeSkipped) {
  std::vector<ParsedRequest> requests;
  HttpRequestParser parser([&](const ParsedRequest& request) { requests.push_back(request); });
  parser.feed("POST /build HTTP/1.1\r\nContent-Length: 5000000000\r\n\r\ntar");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(parser.skippable(), 4'999'999'997U);
  parser.skip(4'999'999'997U);
  parser.feed(kPing);
  EXPECT_EQ(requests.size(), 2U);
}

TEST(HttpRequest, TheTargetIsReadAsAServerReadsIt) {
  EXPECT_EQ(parse("POST /v1.41/containers/%63reate HTTP/1.1\r\n\r\n").requests[0].path, "/containers/create");
  EXPECT_EQ(parse("POST http://x/v1.41/containers/create HTTP/1.1\r\n\r\n").requests[0].path, "/containers/create");
  EXPECT_EQ(parse("POST /v4.0.0-rc1/libpod/pods/create HTTP/1.0\r\n\r\n").requests[0].path, "/libpod/pods/create");
  EXPECT_EQ(parse("GET /version HTTP/1.1\r\n\r\n").requests[0].path, "/version");
}

TEST(HttpRequest, WhatTwoReadersCouldReadDifferentlyIsUnreadable) {
  for (const std::string stream : {
           "POST /x HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
           "POST /x HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
           "POST /x HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc",
           "POST /x HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc",
           "POST /x HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
           "POST /x HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
           "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
           "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
           "POST  /x HTTP/1.1\r\n\r\n",
           "POST /x\r\n\r\n",
           "POST x HTTP/1.1\r\n\r\n",
           "POST /%zz HTTP/1.1\r\n\r\n",
           "POST /x HTTP/3.0\r\n\r\n",
           "\x16\x03\x01 binary\n",
       }) {
    const auto parsed = parse(stream + std::string(kPing));
    ASSERT_FALSE(parsed.requests.empty()) << stream;
    EXPECT_FALSE(parsed.requests.back().readable) << stream;
    EXPECT_TRUE(parsed.opaque) << stream;
  }
}

TEST(HttpRequest, LinesAndHeadersWithoutEndAreUnreadableInBoundedMemory) {
  EXPECT_FALSE(parse("GET /" + std::string(HttpRequestParser::kMaxLine, 'a')).requests.at(0).readable);
  std::string many = "GET / HTTP/1.1\r\n";
  while (many.size() < HttpRequestParser::kMaxHead + 10) many += "A: b\r\n";
  EXPECT_FALSE(parse(many).requests.at(0).readable);
}

TEST(HttpRequest, ALongHeaderThatDoesNotMatterIsPassedOver) {
  const auto parsed =
      parse("GET /x HTTP/1.1\r\nX-Registry-Config: " + std::string(20'000, 'a') + "\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(parsed.requests.size(), 1U);
  EXPECT_TRUE(parsed.requests[0].readable);
}

TEST(HttpRequest, WhatFollowsAnUpgradeIsNoFinding) {
  const auto parsed = parse("POST /exec/1/start HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nmy password\nls\n");
  ASSERT_EQ(parsed.requests.size(), 1U);
  EXPECT_TRUE(parsed.opaque);
}

TEST(HttpRequest, AnUpgradeTheServerIgnoresHidesNothing) {
  const auto parsed =
      parse("GET /_ping HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" + with_body("POST /containers/create", "{}"));
  ASSERT_EQ(parsed.requests.size(), 2U);
  EXPECT_EQ(parsed.requests[1].path, "/containers/create");
}

TEST(HttpRequest, MissingBytesAreTold) {
  std::vector<ParsedRequest> requests;
  HttpRequestParser parser([&](const ParsedRequest& request) { requests.push_back(request); });
  parser.feed("GET /_pi");
  parser.lose();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_FALSE(requests[0].readable);
  parser.feed(kPing);
  EXPECT_EQ(requests.size(), 2U);
}

TEST(HttpRequest, AnOverlongChunkedBodyIsToldAsOverrun) {
  std::vector<ParsedRequest> requests;
  HttpRequestParser parser([&](const ParsedRequest& request) { requests.push_back(request); });
  parser.feed("POST /images/load HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\ntar");
  EXPECT_TRUE(parser.in_spent_body());
  parser.give_up();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_TRUE(requests[1].overrun);
  EXPECT_EQ(requests[1].path, "/images/load");
  EXPECT_TRUE(parser.opaque());
}

}  // namespace
}  // namespace hullwatch
