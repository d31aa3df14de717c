#include "metrics/http_endpoint.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>
#include <vector>

#include "util/fd.h"

namespace hullwatch {
namespace {

// A scrape takes milliseconds. Four threads let three clients be slow; nobody keeps a connection.
constexpr std::array<const char*, 15> kFixedOptions = {
    "num_threads",      "4",    "request_timeout_ms",       "5000", "enable_keep_alive", "no",
    "max_request_size", "8192", "enable_directory_listing", "no",   "tcp_nodelay",       "1",
    "listen_backlog",   "16",   "listening_ports"};

/// Connects to what listens on "ADDRESS:PORT", and leaves at once. (On Linux any-address leads to this host.)
void touch(const std::string& listen, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, listen.substr(0, listen.rfind(':')).c_str(), &address.sin_addr);
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  (void)::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

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
  std::string listen;
  std::string said;  // what civetweb logged while it started: it names the cause there
  std::atomic<bool> started{false};
  mg_context* context = nullptr;

  ~State() {
    if (context == nullptr) return;
    // civetweb looks at its stop flag every two seconds, or when somebody connects.
    std::atomic<bool> stopped{false};
    std::thread waker([&, to = port()] {
      while (!stopped) {
        touch(listen, to);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    });
    mg_stop(context);
    stopped = true;
    waker.join();
  }

  [[nodiscard]] int port() const {
    std::array<mg_server_port, 2> ports{};
    return mg_get_server_ports(context, static_cast<int>(ports.size()), ports.data()) > 0 ? ports[0].port : 0;
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
  state->listen = listen;
  state->metrics = std::move(metrics);
  state->readiness = std::move(readiness);

  std::vector<const char*> options(kFixedOptions.begin(), kFixedOptions.end());
  options.insert(options.end(), {listen.c_str(), nullptr});
  std::array<char, 256> text{};
  unsigned code = 0;
  mg_error_data error{&code, text.data(), text.size()};
  mg_callbacks callbacks{};
  callbacks.log_message = [](const mg_connection* connection, const char* message) {
    auto* self = static_cast<State*>(mg_get_user_data(mg_get_context(connection)));
    if (self != nullptr && !self->started && self->said.empty()) self->said = message;
    return 1;  // what clients do wrong later is theirs
  };
  mg_init_data init{&callbacks, state.get(), options.data()};
  mg_init_library(0);
  state->context = mg_start2(&init, &error);
  if (state->context == nullptr) {
    std::string why = state->said.empty() ? std::string(text.data()) : state->said;
    if (const std::string known = "cannot bind to " + listen + ": "; why.starts_with(known)) why.erase(0, known.size());
    return fail("cannot listen on " + listen + ": " + why);
  }
  state->started = true;
  mg_set_request_handler(state->context, "**", &State::handle, state.get());
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(std::move(state)));
}

HttpEndpoint::HttpEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpEndpoint::~HttpEndpoint() = default;

int HttpEndpoint::port() const { return state_->port(); }

}  // namespace hullwatch
