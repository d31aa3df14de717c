#pragma once
// The processes of the node and their ancestry, filled from the task iterator at start and kept by fork, exec and exit.
// Bounded, in entries and in their texts (paths, arguments): beyond it the oldest exited entries go first, then the least
// recently used; both are counted. An exited process stays for a grace period, so that late records still find it. It enriches;
// nothing's identity depends on it.
// Evaluator thread only.

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "enrich/shared_text.h"
#include "enrich/text_cache.h"
#include "event/event.h"

namespace hullwatch {

/// The program a process was before its last exec: a record from the other ring may still speak of it.
struct Program {
  uint32_t execs = 0;  // as hw_key's; 0 with empty strings: not known
  uint32_t exe_flags = 0, exe_dev = 0, env_flags = 0, env_added = 0;
  uint64_t exe_ino = 0;
  std::string comm;
  SharedText exe_path, cwd, args;
};

/// Whichever of its programs: a tgid alone is used again.
inline bool same_process(const hw_key& a, const hw_key& b) { return a.tgid == b.tgid && a.start_ns == b.start_ns; }

struct Process {
  hw_key key{};      // of the current program
  hw_key creator{};  // who forked it
  hw_key parent{};   // real_parent at the last exec or fork
  uint64_t home = 0;
  uint64_t started_ns = 0, exec_ns = 0, exited_ns = 0;  // CLOCK_BOOTTIME; exec_ns 0: none since its fork
  uint32_t ns_pid = 0, sid = 0, pgid = 0, tty = 0, loginuid = 0xffffffffU;
  hw_cred cred{};
  bool cred_known = false;  // false: only the ids a header carries stand in cred
  uint32_t exe_flags = 0;
  uint64_t exe_ino = 0;
  uint32_t exe_dev = 0;
  uint32_t args_total = 0;                      // bytes of argv as the kernel holds it
  uint64_t exe_ctime_ns = 0, exe_mtime_ns = 0;  // CLOCK_REALTIME; 0: not known
  bool no_new_privs = false;
  uint8_t seccomp = 0;
  bool args_truncated = false;
  uint32_t env_flags = 0;  // hw_env_flag at its last exec, or its parent's
  uint32_t env_added = 0;  // of those, the variables that the program before it did not have
  std::string comm;
  SharedText exe_path, cwd;
  SharedText args;  // NUL separated, argv[0] first; inherited over fork until an exec
  Program previous;
  /// argv joined by spaces; argv[0] included.
  [[nodiscard]] std::string cmdline() const;
};

struct ProcessTreeStats {
  uint64_t evicted_exited = 0, evicted_live = 0;
  uint64_t misses = 0;  // events whose process was not in the tree
};

class ProcessTree {
 public:
  /// What an entry takes but for its texts: itself, its place in a list and in the index.
  static constexpr size_t kEntryBytes = sizeof(Process) + 136;
  /// Texts of all entries together, at `capacity` entries, and of the cache. They are shared: 100 to 300 bytes an entry are
  /// usual, and 18 KiB possible.
  static constexpr size_t text_limit(size_t capacity) { return capacity * 2048 + (160U << 10); }

  /// `capacity` at least 1. An exited process stays findable for `exit_grace_ns`.
  ProcessTree(size_t capacity, uint64_t exit_grace_ns);

  /// Takes up what the event tells: fork, exec, exit, credentials. Call before evaluation.
  void update(const Event& event);
  /// A process found at start. What events have told already is kept: the snapshot is the older news.
  void insert(Process process);
  /// By tgid and leader start; exec count is ignored. Null when unknown. Valid until the next update(), insert() or expire().
  [[nodiscard]] const Process* find(const hw_key& key) const;
  /// As find(), but the program that `key.execs` names where that is the one before the last: `scratch` then holds it.
  [[nodiscard]] const Process* find_program(const hw_key& key, Process& scratch) const;
  /// The parent for lineage: who created it, else real parent. Null at the top or when unknown.
  [[nodiscard]] const Process* parent(const Process& process) const;
  /// Drops exited processes older than the grace period. Call about once a second.
  void expire(uint64_t now_ns);

  /// Entries, exited ones within their grace included.
  [[nodiscard]] size_t size() const { return index_.size(); }
  [[nodiscard]] const ProcessTreeStats& stats() const { return stats_; }

 private:
  struct Id {
    uint64_t start_ns;
    uint32_t tgid;
    bool operator==(const Id&) const = default;
  };
  struct IdHash {
    size_t operator()(const Id& id) const noexcept { return id.start_ns * 0x9e3779b97f4a7c15ULL + id.tgid; }
  };
  using Entries = std::list<Process>;
  using Index = std::unordered_map<Id, Entries::iterator, IdHash>;
  static constexpr size_t kSpare = 1024;

  static Id id_of(const hw_key& key) { return {key.start_ns, key.tgid}; }
  Process* lookup(const hw_key& key);
  Process& add(Process process);
  /// The acting process, made from the header alone when it was not known.
  Process& acting(const hw_header& header);
  void make_room();
  void shed_text();
  void evict();
  void drop_first(Entries& entries);
  void on_fork(const Event& event, const hw_fork& fork);
  void on_exec(const Event& event, const ExecEvent& exec);
  void on_exit(const hw_header& header);
  void on_credential(const hw_header& header, const hw_credential& credential);
  void on_attach(const hw_cgroup& cgroup);

  size_t capacity_;
  uint64_t exit_grace_ns_;
  Entries live_;    // least recently told about first
  Entries exited_;  // oldest exit first
  Index index_;
  Entries spare_;  // nodes of entries that went, for those to come: a node whose processes come and go allocates none
  std::vector<Index::node_type> spare_index_;
  TextCache texts_;
  ProcessTreeStats stats_;
};

}  // namespace hullwatch
