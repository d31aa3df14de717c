#include "metrics/http_endpoint.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "metrics/metrics_collector.h"
#include "util/fd.h"

namespace hullwatch {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpEndpointTest : public testing::Test {
 protected:
  HttpEndpointTest()
      : collector_(
            std::make_shared<MetricsCollector>("0.1.0", "abc", std::make_shared<Counters>(), readiness_, MetricSources{})) {}
  void start() {
    auto started = HttpEndpoint::start("127.0.0.1:0", collector_, readiness_);
    ASSERT_TRUE(started) << started.error().message;
    endpoint_ = std::move(*started);
  }
  Fd connect() const {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(endpoint_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return socket;
  }
  /// Sends the bytes and reads until the server closes.
  std::string ask(const std::string& request) const {
    const Fd socket = connect();
    EXPECT_EQ(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    ::shutdown(socket.get(), SHUT_WR);
    std::string answer;
    std::string chunk(65536, '\0');
    for (ssize_t n = 0; (n = ::recv(socket.get(), chunk.data(), chunk.size(), 0)) > 0;)
      answer.append(chunk, 0, static_cast<size_t>(n));
    return answer;
  }
  std::string get(const std::string& path) const { return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"); }

  std::shared_ptr<Readiness> readiness_ = std::make_shared<Readiness>();
  std::shared_ptr<MetricsCollector> collector_;
  std::unique_ptr<HttpEndpoint> endpoint_;
};

TEST_F(HttpEndpointTest, ServesTheMetricsAsPrometheusReadsThem) {
  start();
  const std::string answer = get("/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\nhullwatch_build_info{version=\"0.1.0\",revision=\"abc\"} 1\n"));
}

TEST_F(HttpEndpointTest, IsAliveFromTheStartButReadyOnlyWhenAllPartsWork) {
  start();
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(get("/readyz"), StartsWith("HTTP/1.1 503 Service Unavailable"));
  EXPECT_THAT(get("/readyz"), HasSubstr("\"part\":\"start\""));
  readiness_->started();
  EXPECT_THAT(get("/readyz"), StartsWith("HTTP/1.1 200 OK"));
  readiness_->failed("log", "disk full");
  EXPECT_THAT(get("/readyz"), HasSubstr("{\"ready\":false,\"failed\":[{\"part\":\"log\",\"reason\":\"disk full\"}]}"));
}

TEST_F(HttpEndpointTest, NothingElseIsServed) {
  start();
  for (const char* path : {"/", "/etc/passwd", "/../../etc/passwd", "/metrics/", "/%2e%2e/%2e%2e/etc/passwd", "/metricsx"}) {
    EXPECT_THAT(get(path), StartsWith("HTTP/1.1 404")) << path;
  }
  EXPECT_THAT(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(ask("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), StartsWith("HTTP/1.1 405"));
}

TEST_F(HttpEndpointTest, HeadHasTheHeadersAndNoBody) {
  start();
  EXPECT_TRUE(ask("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("\r\n\r\n"));
}

TEST_F(HttpEndpointTest, HostileRequestsDoNotEndIt) {
  start();
  for (const std::string& request :
       {std::string(), std::string("\r\n\r\n"), "GET /" + std::string(7000, '/') + " HTTP/1.1\r\n\r\n",
        std::string(20'000, 'A'), std::string("GET /\xff\x00\x01 HTTP/9.9\r\n\r\n", 21),
        std::string("GET http://x/metrics HTTP/1.1\r\nHost:\r\n\r\n")}) {
    (void)ask(request);
  }
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpEndpointTest, ClientsThatSayNothingDoNotHoldUpAScrape) {
  start();
  const std::vector<Fd> silent = [&] {
    std::vector<Fd> all;
    for (int i = 0; i < 3; ++i) all.push_back(connect());
    return all;
  }();
  EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpEndpointTest, AnAddressInUseIsNamed) {
  start();
  const std::string listen = "127.0.0.1:" + std::to_string(endpoint_->port());
  const auto second = HttpEndpoint::start(listen, collector_, readiness_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, StartsWith("cannot listen on " + listen + ": "));
  EXPECT_THAT(second.error().message, HasSubstr("Address already in use"));
}

TEST_F(HttpEndpointTest, AnAddressThatIsNoneIsAnError) {
  EXPECT_FALSE(HttpEndpoint::start("nowhere:99999", collector_, readiness_));
  EXPECT_FALSE(HttpEndpoint::start("203.0.113.7:9787", collector_, readiness_)) << "not an address of this machine";
}

}  // namespace
}  // namespace hullwatch
