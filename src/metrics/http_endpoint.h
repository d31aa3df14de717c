#pragma once
// /metrics, /healthz and /readyz on one port (docs/decisions/2026-11-22-http-endpoint.md). Owns civetweb's threads; the
// destructor stops and joins them.

#include <prometheus/collectable.h>

#include <memory>
#include <string>

#include "metrics/readiness.h"
#include "util/result.h"

struct mg_context;

namespace hullwatch {

class HttpEndpoint {
 public:
  /// `listen`: "ADDRESS:PORT", IPv4; port 0: one that is free. Fails, naming the address, when it is in use.
  static Result<std::unique_ptr<HttpEndpoint>> start(const std::string& listen,
                                                     std::shared_ptr<const prometheus::Collectable> metrics,
                                                     std::shared_ptr<const Readiness> readiness);
  ~HttpEndpoint();
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  [[nodiscard]] int port() const;

 private:
  struct State;
  explicit HttpEndpoint(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hullwatch
