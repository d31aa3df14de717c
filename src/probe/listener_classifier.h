#pragma once
// Answers the kernel's question about a listener met for the first time (hw_socket with class unknown or pending): runtime or
// not. It reads /proc and so does not belong on the evaluator's thread: the reader of the critical ring calls on_contact()
// before it hands the record on; the evaluator then asks verdict_of(). Thread-safe. Bounded; a forgotten listener is met again.

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

  /// Tells the kernel: maps `listeners` and, where `socket_cookie` is not 0, `listener_sockets`. Called from any thread.
  using Answer = std::function<void(const hw_listener& listener, hw_listener_class verdict, uint64_t socket_cookie)>;

  /// `extra_sockets`: configured paths, as the host sees them. `proc` is where processes are looked up.
  ListenerClassifier(std::vector<std::string> extra_sockets, Answer answer, std::string proc = "/proc");

  /// Classifies the listener of a contact unless the kernel already acts on a verdict of ours, and answers the kernel.
  ListenerJudgement on_contact(const hw_socket& contact);
  /// A listener found at start, and the processes that hold it.
  ListenerJudgement on_found(const hw_listener& listener, std::string_view sun_path, const std::vector<uint32_t>& holders,
                             uint64_t socket_cookie);
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

  ListenerJudgement judge(const hw_listener& listener, uint32_t tgid, std::string_view sun_path) const;
  [[nodiscard]] bool configured(const hw_listener& listener, std::string_view sun_path) const;
  void settle(const hw_listener& listener, const ListenerJudgement& verdict, uint64_t socket_cookie);

  std::vector<std::string> extra_sockets_;
  Answer answer_;
  std::string proc_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, ListenerJudgement, Hash> verdicts_;
};

}  // namespace hullwatch
