// gRPC and ttrpc through the parser that all connections go through: bytes as clients send them, whole and one at a time.

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <utility>
#include <vector>

#include "detect/grpc_call.h"
#include "detect/http_request.h"

namespace hullwatch {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint8_t kData = 0, kHeaders = 1, kSettings = 4, kContinuation = 9;
constexpr uint8_t kEndStream = 1, kEndHeaders = 4, kPadded = 8, kPriority = 0x20;

std::string big_endian(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string out = big_endian(payload.size(), 3);
  out.push_back(static_cast<char>(type));
  out.push_back(static_cast<char>(flags));
  return out + big_endian(stream, 4) + std::string(payload);
}

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A client's side of header compression, its table kept from request to request.
class Client {
 public:
  Client() {
    nghttp2_hd_deflater* made = nullptr;
    nghttp2_hd_deflate_new(&made, 4096);
    deflater_.reset(made);
  }
  std::string block(Headers headers) {
    std::vector<nghttp2_nv> all;
    for (auto& [name, value] : headers)
      all.push_back({reinterpret_cast<uint8_t*>(name.data()), reinterpret_cast<uint8_t*>(value.data()), name.size(),
                     value.size(), NGHTTP2_NV_FLAG_NONE});
    std::string out(nghttp2_hd_deflate_bound(deflater_.get(), all.data(), all.size()), '\0');
    const auto size =
        nghttp2_hd_deflate_hd(deflater_.get(), reinterpret_cast<uint8_t*>(out.data()), out.size(), all.data(), all.size());
    out.resize(static_cast<size_t>(size));
    return out;
  }
  std::string call(const std::string& path, uint32_t stream) {
    return frame(kHeaders, kEndHeaders, stream,
                 block({{":method", "POST"},
                        {":scheme", "http"},
                        {":path", path},
                        {":authority", "localhost"},
                        {"content-type", "application/grpc"},
                        {"te", "trailers"}})) +
           frame(kData, kEndStream, stream, std::string(300, '\0'));
  }

 private:
  struct Free {
    void operator()(nghttp2_hd_deflater* deflater) const { nghttp2_hd_deflate_del(deflater); }
  };
  std::unique_ptr<nghttp2_hd_deflater, Free> deflater_;
};

struct Parsed {
  std::vector<ParsedRequest> requests;
  bool opaque = false;
};
Parsed parse(std::string_view bytes, size_t piece = SIZE_MAX) {
  Parsed out;
  HttpRequestParser parser([&](const ParsedRequest& request) { out.requests.push_back(request); });
  while (!bytes.empty()) {
    parser.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  out.opaque = parser.opaque();
  return out;
}

TEST(GrpcRequest, CallsAreReadByNameInAnyPieces) {
  Client client;
  std::string bytes(kPreface);
  bytes += frame(kSettings, 0, 0, std::string(6, '\0'));
  bytes += client.call("/containerd.services.tasks.v1.Tasks/Create", 1);
  bytes += client.call("/runtime.v1.RuntimeService/ListContainers", 3);
  bytes += client.call("/containerd.services.tasks.v1.Tasks/Create", 5);  // from the table
  for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX}) {
    const auto parsed = parse(bytes, piece);
    ASSERT_EQ(parsed.requests.size(), 3U) << piece;
    for (const auto& request : parsed.requests) EXPECT_EQ(request.protocol, RequestProtocol::grpc);
    EXPECT_EQ(parsed.requests[0].path, "/containerd.services.tasks.v1.Tasks/Create");
    EXPECT_EQ(parsed.requests[1].path, "/runtime.v1.RuntimeService/ListContainers");
    EXPECT_EQ(parsed.requests[2].path, parsed.requests[0].path);
    EXPECT_FALSE(parsed.opaque);
  }
}

TEST(GrpcRequest, AHeaderBlockOverSeveralFramesWithPaddingAndPriorityIsOne) {
  Client client;
  const std::string block =
      client.block({{":method", "POST"}, {":path", "/a.B/C"}, {"content-type", "application/grpc+proto"}});
  std::string first = big_endian(3, 1) + big_endian(0, 4) + "\x10" + block.substr(0, 5) + "pad";
  const auto parsed =
      parse(std::string(kPreface) + frame(kHeaders, kPadded | kPriority, 1, first) +
            frame(kContinuation, 0, 1, block.substr(5, 2)) + frame(kContinuation, kEndHeaders, 1, block.substr(7)));
  ASSERT_EQ(parsed.requests.size(), 1U);
  EXPECT_EQ(parsed.requests[0].path, "/a.B/C");
}

TEST(GrpcRequest, TrailersAreNoRequest) {
  Client client;
  std::string bytes = std::string(kPreface) + client.call("/a.B/C", 1);
  bytes += frame(kHeaders, kEndHeaders | kEndStream, 1, client.block({{"grpc-status", "0"}}));
  EXPECT_EQ(parse(bytes).requests.size(), 1U);
}

TEST(GrpcRequest, ADockerRequestOverHttp2IsSplitAsOverHttp1AndItsBodyIsNotRead) {
  Client client;
  const auto parsed =
      parse(std::string(kPreface) +
            frame(kHeaders, kEndHeaders, 1, client.block({{":method", "POST"}, {":path", "/v1.41/containers/create?name=x"}})));
  ASSERT_EQ(parsed.requests.size(), 1U);
  EXPECT_EQ(parsed.requests[0].protocol, RequestProtocol::http2);
  EXPECT_EQ(parsed.requests[0].path, "/containers/create");
  EXPECT_FALSE(parsed.requests[0].body_complete);
}

TEST(GrpcRequest, WhatAServerWouldRefuseIsUnreadableAndTheEnd) {
  Client client;
  const std::string twice = client.block({{":method", "POST"}, {":path", "/a.B/C"}, {":path", "/d.E/F"}});
  for (const std::string& bad :
       {frame(kContinuation, kEndHeaders, 1, ""), frame(5, 0, 1, "push"), frame(kHeaders, kEndHeaders, 1, twice),
        frame(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff"), frame(kHeaders, 0, 1, "") + frame(kData, 0, 1, "x"),
        frame(kHeaders, kEndHeaders, 0, "")}) {
    const auto parsed = parse(std::string(kPreface) + bad);
    ASSERT_EQ(parsed.requests.size(), 1U);
    EXPECT_FALSE(parsed.requests[0].readable);
    EXPECT_TRUE(parsed.opaque);
  }
  EXPECT_FALSE(parse("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n").requests.at(0).readable);
}

TEST(GrpcRequest, DataNeedNotBeFed) {
  std::vector<ParsedRequest> requests;
  HttpRequestParser parser([&](const ParsedRequest& request) { requests.push_back(request); });
  Client client;
  parser.feed(std::string(kPreface) + client.call("/a.B/C", 1));
  const std::string data = frame(kData, 0, 1, std::string(100'000, 'x'));
  parser.feed(std::string_view(data).substr(0, 9));
  ASSERT_EQ(parser.skippable(), 100'000U);
  parser.skip(100'000);
  parser.feed(client.call("/a.B/D", 3));
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].path, "/a.B/D");
}

std::string field(int number, std::string_view value) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (size_t size = value.size();; size >>= 7) {
    out.push_back(static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0)));
    if (size <= 0x7f) break;
  }
  return out + std::string(value);
}
std::string ttrpc(std::string_view payload, char type = 1) {
  return big_endian(payload.size(), 4) + big_endian(1, 4) + type + '\0' + std::string(payload);
}

TEST(TtrpcRequest, CallsAreReadByNameInAnyPieces) {
  const std::string bytes = ttrpc(field(1, "containerd.task.v2.Task") + field(2, "Exec") + field(3, std::string(500, 'p'))) +
                            ttrpc("some data", 3) +
                            ttrpc(std::string("\x20\x85\x02", 3) + field(2, "State") + field(1, "containerd.task.v2.Task"));
  for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX}) {
    const auto parsed = parse(bytes, piece);
    ASSERT_EQ(parsed.requests.size(), 2U) << piece;
    EXPECT_EQ(parsed.requests[0].protocol, RequestProtocol::ttrpc);
    EXPECT_EQ(parsed.requests[0].path, "/containerd.task.v2.Task/Exec");
    EXPECT_EQ(parsed.requests[1].path, "/containerd.task.v2.Task/State");
  }
}

TEST(TtrpcRequest, OfANameGivenTwiceTheLastOneCounts) {
  const auto parsed = parse(ttrpc(field(1, "a.S") + field(2, "Version") + field(3, "payload") + field(2, "Exec")));
  EXPECT_EQ(parsed.requests.at(0).path, "/a.S/Exec");
}

TEST(TtrpcRequest, WhatAServerWouldRefuseIsUnreadableAndTheEnd) {
  for (const std::string& bad : {ttrpc(field(1, "only a service")), ttrpc(field(1, "a.S") + field(2, "M") + "\x1a"),
                                 ttrpc("\x0a\x7f"), ttrpc("x", 2), ttrpc("\x08\x01")}) {
    const auto parsed = parse(bad);
    ASSERT_EQ(parsed.requests.size(), 1U);
    EXPECT_FALSE(parsed.requests[0].readable);
    EXPECT_TRUE(parsed.opaque);
  }
}

TEST(TlsRequest, IsToldFromGarbage) {
  const auto parsed = parse(std::string("\x16\x03\x01\x02\x00\x01", 6));
  ASSERT_EQ(parsed.requests.size(), 1U);
  EXPECT_EQ(parsed.requests[0].protocol, RequestProtocol::tls);
  EXPECT_FALSE(parsed.requests[0].readable);
}

struct Judged {
  std::string_view path, action;
  ApiDanger danger;
};
class GrpcCall : public testing::TestWithParam<Judged> {};
TEST_P(GrpcCall, IsJudgedByItsName) {
  const ApiCall call = judge_grpc_call(GetParam().path);
  EXPECT_EQ(call.action, GetParam().action);
  EXPECT_EQ(call.danger, GetParam().danger) << GetParam().path;
  EXPECT_EQ(call.reasons.empty(), call.danger != ApiDanger::critical);
}
INSTANTIATE_TEST_SUITE_P(
    Table, GrpcCall,
    testing::Values(Judged{"/containerd.services.tasks.v1.Tasks/Create", "Tasks/Create", ApiDanger::critical},
                    Judged{"/containerd.services.tasks.v1.Tasks/List", "Tasks/List", ApiDanger::read},
                    Judged{"/containerd.services.tasks.v1.Tasks/Kill", "Tasks/Kill", ApiDanger::manage},
                    Judged{"/containerd.services.containers.v1.Containers/Create", "Containers/Create", ApiDanger::critical},
                    Judged{"/containerd.services.images.v1.Images/Delete", "Images/Delete", ApiDanger::manage},
                    Judged{"/containerd.services.version.v1.Version/Version", "Version/Version", ApiDanger::read},
                    Judged{"/runtime.v1.RuntimeService/Exec", "RuntimeService/Exec", ApiDanger::critical},
                    Judged{"/runtime.v1alpha2.RuntimeService/ExecSync", "RuntimeService/ExecSync", ApiDanger::critical},
                    Judged{"/runtime.v1.RuntimeService/RunPodSandbox", "RuntimeService/RunPodSandbox", ApiDanger::critical},
                    Judged{"/runtime.v1.RuntimeService/PodSandboxStatus", "RuntimeService/PodSandboxStatus", ApiDanger::read},
                    Judged{"/runtime.v1.RuntimeService/UpdateRuntimeConfig", "RuntimeService/UpdateRuntimeConfig",
                           ApiDanger::manage},
                    Judged{"/runtime.v1.ImageService/PullImage", "ImageService/PullImage", ApiDanger::manage},
                    Judged{"/containerd.task.v2.Task/Exec", "Task/Exec", ApiDanger::critical},
                    Judged{"/grpc.health.v1.Health/Check", "Health/Check", ApiDanger::read},
                    Judged{"/some.v1.Unheard/Of", "Unheard/Of", ApiDanger::manage}));

}  // namespace
}  // namespace hullwatch
