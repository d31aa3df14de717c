#include "socket_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace hullwatch::test {
namespace {

constexpr std::array<std::string_view, 7> kPrograms = {"process_fork",  "process_exec",        "process_exit",
                                                       "tcp_state",     "socket_held_at_exec", "quiet_sk_data_ready",
                                                       "quiet_skb_copy"};

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace

std::string SocketCapture::bytes() const {
  std::string all;
  for (const auto& request : requests) all += request.bytes;
  return all;
}

RunningActor::RunningActor(std::vector<std::string> command) {
  int out[2], in[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const std::string path = std::string(HULLWATCH_ACTORS) + "/" + command[0];
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(in[0], STDIN_FILENO);
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execv(path.c_str(), arguments.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(in[0]);
  out_.reset(out[0]);
  in_.reset(in[1]);
}

RunningActor::~RunningActor() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

nlohmann::json RunningActor::line() {
  size_t end = 0;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    char more[4096];
    const ssize_t got = ::read(out_.get(), more, sizeof(more));
    if (got <= 0) throw std::runtime_error("the actor ended without a word");
    buffer_.append(more, static_cast<size_t>(got));
  }
  auto told = nlohmann::json::parse(buffer_.substr(0, end));
  buffer_.erase(0, end + 1);
  return told;
}

void RunningActor::go() {
  if (::write(in_.get(), "g", 1) != 1) throw std::runtime_error("cannot wake the actor");
}

int RunningActor::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

SocketProbe::SocketProbe(std::vector<std::string> extra_sockets, uint64_t rate, uint64_t burst) {
  BpfKnobs knobs;
  knobs.critical_rate = rate;
  knobs.critical_burst = burst;
  object_ = std::make_unique<BpfObject>(must(BpfObject::load(knobs, kPrograms)));
  for (const auto& failure : object_->failures()) throw std::runtime_error(failure.program + ": " + failure.reason);
  const auto answer = [this](const hw_listener& listener, hw_listener_class verdict, uint64_t cookie) {
    if (auto told = object_->answer_listener(listener, verdict, cookie); !told) throw std::runtime_error(told.error().message);
  };
  classifier_ = std::make_unique<ListenerClassifier>(std::move(extra_sockets), answer);
  streams_ = std::make_unique<RequestStreams>([this](uint64_t connection, const hw_request_window& window) {
    if (auto set = object_->set_request_window(connection, window); !set) throw std::runtime_error(set.error().message);
  });
  ring_ = ring_buffer__new(object_->map_fd("critical"), on_record, this, nullptr);
  for (const auto program : kPrograms)
    if (auto attached = object_->attach(program); !attached) throw std::runtime_error(attached.error().message);
  start();
}

SocketProbe::~SocketProbe() {
  stop();
  ring_buffer__free(ring_);
}

void SocketProbe::start() {
  stopping_ = false;
  reader_ = std::thread([this] {
    while (!stopping_) ring_buffer__poll(ring_, 5);
  });
}

void SocketProbe::stop() {
  stopping_ = true;
  reader_.join();
}

SocketCapture SocketProbe::take() {
  stop();
  ring_buffer__consume(ring_);
  SocketCapture taken = std::move(capture_);
  capture_ = {};
  start();
  return taken;
}

void SocketProbe::contain(uint64_t cgroup) {
  if (!object_->set_container(cgroup, cgroup)) throw std::runtime_error("cannot tell of a container");
}

bool SocketProbe::wait_for_class(uint32_t port, hw_listener_class wanted) {
  struct stat netns {};
  ::stat("/proc/self/ns/net", &netns);
  const hw_listener listener{port, HW_LISTENER_TCP, static_cast<uint32_t>(netns.st_ino)};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < deadline) {
    uint32_t known = HW_LISTENER_UNKNOWN;
    bpf_map_lookup_elem(object_->map_fd("listeners"), &listener, &known);
    if (known == static_cast<uint32_t>(wanted)) return true;
    std::this_thread::yield();
  }
  return false;
}

uint64_t SocketProbe::suppressed(hw_kind kind) const {
  uint64_t sum = 0;
  for (const auto& [home, counts] : object_->homes()) sum += counts.suppressed[kind];
  return sum;
}

int SocketProbe::on_record(void* self, void* data, size_t size) {
  static_cast<SocketProbe*>(self)->on_record(static_cast<const std::byte*>(data), size);
  return 0;
}

void SocketProbe::on_record(const std::byte* data, size_t size) {
  hw_header header{};
  std::memcpy(&header, data, std::min(size, sizeof(header)));
  if (header.kind == HW_SOCKET && size >= sizeof(hw_socket)) {
    hw_socket contact{};
    std::memcpy(&contact, data, sizeof(contact));
    if (contact.op == HW_SOCKET_LISTEN && all_ports_) {
      if (!object_->answer_listener(contact.listener, HW_LISTENER_RUNTIME, 0)) throw std::runtime_error("cannot answer");
    } else {
      classifier_->on_contact(contact);
    }
    if (answer_ == Answer::everything && !object_->set_request_window(contact.connection, {0, UINT64_MAX}))
      throw std::runtime_error("cannot open a window");
    capture_.contacts.push_back(contact);
  }
  if (header.kind == HW_REQUEST && size >= sizeof(hw_request)) {
    CapturedRequest request{};
    std::memcpy(&request.facts, data, sizeof(hw_request));
    const auto* tail = reinterpret_cast<const char*>(data) + sizeof(hw_request);
    if (size_t{request.facts.bytes.off} + request.facts.bytes.len > size - sizeof(hw_request))
      throw std::runtime_error("a span beyond its record");
    request.bytes.assign(tail + request.facts.bytes.off, request.facts.bytes.len);
    const auto keep = [this](const ParsedRequest& parsed, const hw_request&, const RuntimeClient&) {
      capture_.parsed.push_back(parsed);
    };
    if (answer_ == Answer::parsed) streams_->on_bytes(request.facts, request.bytes, {}, keep);
    capture_.requests.push_back(std::move(request));
  }
}

}  // namespace hullwatch::test
