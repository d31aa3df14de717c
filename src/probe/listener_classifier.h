#pragma once
// Answers the kernel's question about a listener met for the first time (hw_socket with class unknown or pending): runtime or
// not. It reads /proc, four small files of a process at most once a second for each that listens, however many sockets it has:
// the kernel's fairness bounds how many contacts a container can make. A listener that listens for another (socket activation)
// stays undecided until somebody reads from it. A verdict goes when its process ends or execs; the next contact asks anew.
// Thread-safe. Bounded; a forgotten listener is met again.

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hullwatch/wire.h"
#include "probe/listener_facts.h"

namespace hullwatch {

class ListenerClassifier {
 public:
  static constexpr size_t kMaxListeners = 4096;  // as the map `listeners`
  static constexpr size_t kMaxProcesses = 256;   // whose facts are kept
  static constexpr std::chrono::seconds kFactsLife{1};

  /// Tells the kernel: maps `listeners` (unknown: no entry, pending: undecided) and, where `socket_cookie` is not 0,
  /// `listener_sockets`. Called from any thread, without a lock held.
  using Answer = std::function<void(const hw_listener& listener, hw_listener_class verdict, uint64_t socket_cookie)>;

  /// `extra_sockets`: configured paths, as the host sees them, or "tcp:PORT". `proc` is where processes are looked up.
  ListenerClassifier(std::vector<std::string> extra_sockets, Answer answer, std::string proc = "/proc");

  /// Classifies the listener of a contact unless the kernel already acts on a verdict of ours, and answers the kernel.
  ListenerJudgement on_contact(const hw_socket& contact);
  /// A listener found at start, and the processes that hold it.
  ListenerJudgement on_found(const hw_listener& listener, std::string_view sun_path, const std::vector<uint32_t>& holders,
                             uint64_t socket_cookie);
  /// `server` reads what a client of an undecided listener wrote: its program is the last word.
  ListenerJudgement on_server(const hw_listener& listener, uint32_t server);
  /// The process ended, or runs another program: what was said of its listeners holds no longer.
  void on_process_changed(uint32_t tgid);
  /// What was said of a listener; nothing when it was never met.
  [[nodiscard]] std::optional<ListenerJudgement> verdict_of(const hw_listener& listener) const;

 private:
  struct Key {
    uint64_t ino;
    uint32_t dev, netns;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const noexcept;
  };
  struct Facts {
    ListenerFacts facts;
    std::chrono::steady_clock::time_point read;
  };

  ListenerJudgement judge(const hw_listener& listener, uint32_t tgid, std::string_view sun_path);
  ListenerFacts facts_of(uint32_t tgid);
  [[nodiscard]] bool configured(const hw_listener& listener, std::string_view name) const;
  void settle(const hw_listener& listener, const ListenerJudgement& verdict, const std::vector<uint32_t>& holders,
              uint64_t socket_cookie);

  std::vector<std::string> extra_sockets_;
  Answer answer_;
  std::string proc_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, ListenerJudgement, Hash> verdicts_;
  std::unordered_map<uint32_t, std::vector<hw_listener>> held_;  // by process: what was judged by it
  std::unordered_map<uint32_t, Facts> facts_;
};

}  // namespace hullwatch
