#pragma once
// The programs that watch runtime sockets, live on the running kernel, with the real user side behind them: listeners are
// classified as they are met, requests' windows are kept open. Runs a server and clients (actors), and gives back what they
// told and what was captured. Needs root. One thread, beside the reader it starts itself.

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "detect/request_stream.h"
#include "hullwatch/wire.h"
#include "probe/bpf_object.h"
#include "probe/listener_classifier.h"
#include "util/fd.h"

struct ring_buffer;

namespace hullwatch::test {

struct CapturedRequest {
  hw_request facts;
  std::string bytes;
};

/// What was seen of sockets since the last take().
struct SocketCapture {
  std::vector<hw_socket> contacts;
  std::vector<CapturedRequest> requests;
  std::vector<ParsedRequest> parsed;
  [[nodiscard]] std::string bytes() const;
};

/// An actor that is running; its lines are read as it prints them.
class RunningActor {
 public:
  explicit RunningActor(std::vector<std::string> command);
  ~RunningActor();
  RunningActor(const RunningActor&) = delete;
  RunningActor& operator=(const RunningActor&) = delete;
  nlohmann::json line();  // waits for the next one
  void go();              // a byte on its stdin
  int wait();
  [[nodiscard]] uint32_t pid() const { return static_cast<uint32_t>(pid_); }

 private:
  int pid_ = -1;
  Fd out_, in_;
  std::string buffer_;
};

class SocketProbe {
 public:
  explicit SocketProbe(std::vector<std::string> extra_sockets, uint64_t rate = 200, uint64_t burst = 400);
  ~SocketProbe();

  /// What the user side says of connections from now on.
  enum class Answer { everything, nothing, parsed };  // every byte is wanted; no answer; what a parser of requests wants
  void answer(Answer answer) { answer_ = answer; }
  /// Whether all TCP ports that are listened on from now on are taken for runtimes'.
  void take_all_ports(bool all) { all_ports_ = all; }
  /// Processes of this cgroup are a container's.
  void contain(uint64_t cgroup);
  /// Until the kernel acts on `wanted` for a port of this network namespace; false after five seconds.
  bool wait_for_class(uint32_t port, hw_listener_class wanted);
  /// Stops and restarts the reader around a look: all that was submitted before is in it.
  SocketCapture take();
  /// Records submitted, and kept back by fairness, of a kind; all homes.
  [[nodiscard]] uint64_t submitted(hw_kind kind) const { return object_->counts()[kind].submitted; }
  [[nodiscard]] uint64_t lost(hw_kind kind) const { return object_->counts()[kind].lost; }
  [[nodiscard]] uint64_t suppressed(hw_kind kind) const;
  [[nodiscard]] ListenerClassifier& classifier() { return *classifier_; }

 private:
  static int on_record(void* self, void* data, size_t size);
  void on_record(const std::byte* data, size_t size);
  void start();
  void stop();

  std::unique_ptr<BpfObject> object_;
  std::unique_ptr<ListenerClassifier> classifier_;
  std::unique_ptr<RequestStreams> streams_;
  ring_buffer* ring_ = nullptr;
  std::atomic<bool> stopping_ = false;
  std::atomic<Answer> answer_ = Answer::everything;
  std::atomic<bool> all_ports_ = false;
  std::thread reader_;
  SocketCapture capture_;
};

}  // namespace hullwatch::test
