#pragma once
// The processes of the node and their ancestry, filled from the task iterator at start and kept by fork, exec and exit.
// Bounded: at capacity the oldest exited entries go first, then the least recently used; both are counted. An exited process
// stays for a grace period, so that late records still find it. It enriches; nothing's identity depends on it.
// Evaluator thread only.

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "event/event.h"

namespace hullwatch {

struct Process {
  hw_key key{};            // of the current program
  hw_key creator{};        // who forked it
  hw_key parent{};         // real_parent at the last exec or fork
  uint64_t home = 0;
  uint64_t started_ns = 0, exec_ns = 0, exited_ns = 0;
  uint32_t ns_pid = 0, sid = 0, pgid = 0, tty = 0, loginuid = 0xffffffffU;
  hw_cred cred{};
  uint32_t exe_flags = 0;
  uint64_t exe_ino = 0;
  uint32_t exe_dev = 0;
  bool no_new_privs = false;
  uint8_t seccomp = 0;
  bool args_truncated = false;
  std::string comm, exe_path, cwd;
  std::string args;  // NUL separated, argv[0] first; inherited over fork until an exec
  /// argv joined by spaces; argv[0] included.
  [[nodiscard]] std::string cmdline() const;
};

struct ProcessTreeStats {
  uint64_t evicted_exited = 0, evicted_live = 0, misses = 0;
};

class ProcessTree {
 public:
  ProcessTree(size_t capacity, uint64_t exit_grace_ns);

  /// Takes up what the event tells: fork, exec, exit, credentials. Call before evaluation.
  void update(const Event& event);
  /// A process found at start.
  void insert(Process process);
  /// By tgid and leader start; exec count is ignored. Null when unknown. Valid until the next update().
  [[nodiscard]] const Process* find(const hw_key& key) const;
  /// The parent for lineage: who created it, else real parent. Null at the top or when unknown.
  [[nodiscard]] const Process* parent(const Process& process) const;
  /// Drops exited processes older than the grace period. Call about once a second.
  void expire(uint64_t now_ns);

  [[nodiscard]] size_t size() const;
  [[nodiscard]] const ProcessTreeStats& stats() const;

 private:
  // (storage: the implementer's choice)
};

}  // namespace hullwatch
