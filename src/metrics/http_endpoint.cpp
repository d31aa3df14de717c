#include "metrics/http_endpoint.h"

#include <civetweb.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <string_view>
#include <vector>

namespace hullwatch {
namespace {

// A scrape takes milliseconds. Two threads beyond the scraper's own let a slow client be slow; nobody keeps a connection.
constexpr std::array<const char*, 15> kFixedOptions = {
    "num_threads",      "4",    "request_timeout_ms",       "5000", "enable_keep_alive", "no",
    "max_request_size", "8192", "enable_directory_listing", "no",   "tcp_nodelay",       "1",
    "listen_backlog",   "16",   "listening_ports"};

struct Answer {
  int status;
  const char* reason;
  const char* type;
  std::string body;
};

int send(mg_connection* connection, const Answer& answer) {
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
            answer.status, answer.reason, answer.type, answer.body.size());
  if (std::string_view(mg_get_request_info(connection)->request_method) != "HEAD") {
    mg_write(connection, answer.body.data(), answer.body.size());
  }
  return answer.status;
}

}  // namespace

struct HttpEndpoint::State {
  std::shared_ptr<const prometheus::Collectable> metrics;
  std::shared_ptr<const Readiness> readiness;
  mg_context* context = nullptr;

  ~State() {
    if (context != nullptr) mg_stop(context);
  }

  [[nodiscard]] Answer answer(std::string_view path) const {
    if (path == "/metrics") {
      return {200, "OK", "text/plain; version=0.0.4; charset=utf-8",
              prometheus::TextSerializer().Serialize(metrics->Collect())};
    }
    if (path == "/healthz") return {200, "OK", "text/plain; charset=utf-8", "ok\n"};
    if (path == "/readyz") {
      const bool ready = readiness->ready();
      return {ready ? 200 : 503, ready ? "OK" : "Service Unavailable", "application/json", readiness->json()};
    }
    return {404, "Not Found", "text/plain; charset=utf-8", "not found; there are /metrics, /healthz and /readyz\n"};
  }

  /// Every request ends here: civetweb's own handling of files is never reached.
  static int handle(mg_connection* connection, void* self) {
    const mg_request_info* request = mg_get_request_info(connection);
    const std::string_view method = request->request_method;
    if (method != "GET" && method != "HEAD") {
      return send(connection, {405, "Method Not Allowed", "text/plain; charset=utf-8", "only GET and HEAD\n"});
    }
    return send(connection, static_cast<const State*>(self)->answer(request->local_uri == nullptr ? "" : request->local_uri));
  }
};

Result<std::unique_ptr<HttpEndpoint>> HttpEndpoint::start(const std::string& listen,
                                                          std::shared_ptr<const prometheus::Collectable> metrics,
                                                          std::shared_ptr<const Readiness> readiness) {
  auto state = std::make_unique<State>();
  state->metrics = std::move(metrics);
  state->readiness = std::move(readiness);

  std::vector<const char*> options(kFixedOptions.begin(), kFixedOptions.end());
  options.insert(options.end(), {listen.c_str(), nullptr});
  std::array<char, 256> text{};
  unsigned code = 0;
  mg_error_data error{&code, text.data(), text.size()};
  std::string said;  // what civetweb logs while it starts: it names the cause there
  mg_callbacks callbacks{};
  callbacks.log_message = [](const mg_connection* connection, const char* message) {
    auto* log = static_cast<std::string*>(mg_get_user_data(mg_get_context(connection)));
    if (log != nullptr && log->empty()) *log = message;
    return 1;
  };
  mg_init_data init{&callbacks, &said, options.data()};
  mg_init_library(0);
  state->context = mg_start2(&init, &error);
  if (state->context == nullptr) {
    return fail("cannot listen on " + listen + ": " + (said.empty() ? std::string(text.data()) : said));
  }
  mg_set_request_handler(state->context, "**", &State::handle, state.get());
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(std::move(state)));
}

HttpEndpoint::HttpEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpEndpoint::~HttpEndpoint() = default;

int HttpEndpoint::port() const {
  std::array<mg_server_port, 2> ports{};
  return mg_get_server_ports(state_->context, static_cast<int>(ports.size()), ports.data()) > 0 ? ports[0].port : 0;
}

}  // namespace hullwatch
