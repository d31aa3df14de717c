#pragma once
// The BPF object: opened with its knobs, loaded with the chosen programs, attached, and its maps.
//
// Owns the programs, maps and links; destroying it detaches all. open, load and attach belong to one thread; what reads or
// writes maps may be called from any thread afterwards.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hullwatch/wire.h"
#include "util/fd.h"
#include "util/result.h"

struct bpf_link;
struct bpf_program;
struct hullwatch_bpf;

namespace hullwatch {

class StatePins;
struct MapMemory;

/// What is fixed before load. The initial values are those of bpf/maps.h; sizes must be powers of two, at least a page.
struct BpfKnobs {
  /// Of the bulk ring, for as many processors as are online.
  static uint32_t default_bulk_bytes();

  enum class Hierarchy : uint32_t { v2 = 0, v1_pids = 1, v1_memory = 2 };
  uint32_t critical_bytes = 1U << 20;
  uint32_t bulk_bytes = 4U << 20;
  uint64_t critical_rate = 200;  // records a second of one (home, critical kind)
  uint64_t critical_burst = 400;
  uint64_t burst_window_ns = 1'000'000'000;
  uint64_t burst_forks = 500;  // within the window, and
  int64_t burst_growth = 200;  // live tasks gained in it
  uint64_t burst_sample_ns = 100'000'000;
  uint64_t bulk_depth_ns = 500'000'000;   // what one home may send of bulk records at once, as a time; …
  uint64_t bulk_ring_ns = 4'000'000'000;  // … in this one it may fill the whole ring. 0: unmetered
  Hierarchy hierarchy = Hierarchy::v2;    // v1 only where no v2 hierarchy is mounted
  uint32_t run_id = 1;                    // told apart from earlier daemons whose maps are adopted
  uint32_t canary = 0;                    // pid of the watchdog, whose records are never held back
  bool commits_by_connector = false;      // the proc connector is attached: it, not capability checks, tells of commits
  bool mounts_by_hook = false;            // LSM or fentry programs tell of mount calls, and …
  bool namespaces_by_hook = false;        // … of setns and unshare: capability checks do not
  bool settings_by_check = false;         // capability checks tell of writes to release_agent
  bool commits_by_hook = false;           // a hook on commit_creds() tells of commits
  bool dispatch_credentials = false;      // what the program at every system call's return provides
  bool dispatch_mounts = false;
  bool dispatch_namespaces = false;
  bool dispatch_sockets = false;
  bool dispatch_capabilities = false;
  bool connects_by_hook = false;  // a security hook tells of connections: the tracepoint only of their use
};

/// A program the kernel would not load or attach, and its reason: the error and the end of the verifier's log.
struct ProgramFailure {
  std::string program;
  std::string reason;
};

struct BpfProgram {
  std::string name;
  std::string section;  // of the ELF file: "fexit/commit_creds"
};

using KindCounts = std::array<hw_count, HW_KIND_MAX>;
using PlaceCounts = std::array<uint64_t, HW_PLACE_MAX>;

class BpfObject {
 public:
  /// Opens the embedded object and loads `programs` (function names) and the maps. A program that the kernel refuses is left
  /// out and the load repeated, at most three times; failures() names them. Fails when nothing can be loaded at all.
  /// `pins`, when given, makes the maps that outlive the daemon those of an earlier one.
  static Result<BpfObject> load(const BpfKnobs& knobs, std::span<const std::string_view> programs, StatePins* pins = nullptr);
  /// All programs in the object, without loading anything.
  static Result<std::vector<BpfProgram>> programs();
  /// What the kernel would keep for the maps, at most, without loading anything.
  static Result<std::vector<MapMemory>> map_memory(const BpfKnobs& knobs);

  BpfObject(BpfObject&&) noexcept;
  BpfObject& operator=(BpfObject&&) noexcept;
  ~BpfObject();

  /// Attaches one loaded program to its hook. Iterators and socket filters have none: they are used through program().
  Status attach(std::string_view program);
  /// Detaches it; nothing happens when it is not attached.
  void detach(std::string_view program);
  [[nodiscard]] const std::vector<ProgramFailure>& failures() const { return failures_; }
  [[nodiscard]] bool is_loaded(std::string_view program) const;
  [[nodiscard]] bool is_attached(std::string_view program) const { return links_.contains(program); }
  /// Null when it is not loaded.
  [[nodiscard]] bpf_program* program(std::string_view name) const;
  /// -1 when there is no such program or map. Owned by this object.
  [[nodiscard]] int program_fd(std::string_view name) const;
  [[nodiscard]] int map_fd(std::string_view name) const;

  /// Records submitted and lost since load, by kind, summed over the CPUs.
  [[nodiscard]] KindCounts counts() const;
  /// Failures inside the kernel, by hw_place.
  [[nodiscard]] PlaceCounts errors() const;
  /// How often the kernel skipped a program since load, because it was already running on that processor: what the task at the
  /// hook did was not seen. Only programs of which there are such; 0 below 5.12, which does not count it.
  [[nodiscard]] std::map<std::string, uint64_t> skipped() const;
  /// Has one of the programs at LSM hooks run since load?
  [[nodiscard]] bool lsm_fired() const;
  /// Counts of every home, by its cgroup id; 0 is the host.
  [[nodiscard]] std::map<uint64_t, hw_home> homes() const;

  /// From now on processes entering `cgroup` belong to container `home` (0: to the host), and so do those of the host that are
  /// in it already. Does not change processes that have a container.
  Status set_container(uint64_t cgroup, uint64_t home);
  /// Processes of container `home` may place processes into other containers, as the host's may.
  Status trust_home(uint64_t home);
  Status forget_cgroup(uint64_t cgroup);
  /// Drops the counts of a container that is gone.
  Status forget_home(uint64_t home);
  /// A process that nobody saw placed belongs to `home`: takes effect with correct_homes() (task_snapshot.h).
  Status tell_home(const hw_key& process, uint64_t home);
  /// From here on the task iterator applies what tell_home() told, and writes nothing.
  void begin_correcting();
  /// From now on a task's cgroup tells its home, and forks are counted: the task iterator may begin.
  void containers_are_known();
  /// The container the kernel takes that cgroup for; nothing: it has no entry.
  [[nodiscard]] std::optional<uint64_t> container_of(uint64_t cgroup) const;
  /// Cgroups the kernel knows, with the container each belongs to; 0: known to be none.
  [[nodiscard]] std::map<uint64_t, uint64_t> cgroups() const;
  /// When there was a daemon; zeros for the first.
  [[nodiscard]] hw_mark mark() const;
  Status set_mark(const hw_mark& mark);
  Status set_listener(const hw_listener& listener, hw_listener_class listener_class);
  Status forget_listener(const hw_listener& listener);
  /// What a listener was found to be (unknown: it is asked about again at its next contact); `socket_cookie` not 0: of that
  /// very socket, so that a successor is asked about again.
  Status answer_listener(const hw_listener& listener, hw_listener_class listener_class, uint64_t socket_cookie);
  /// What of a runtime's connection is still to be sent.
  Status set_request_window(uint64_t connection, const hw_request_window& window);

 private:
  struct SkeletonDestroy {
    void operator()(hullwatch_bpf* skeleton) const;
  };
  struct LinkDestroy {
    void operator()(bpf_link* link) const;
  };
  BpfObject() = default;
  static Result<std::vector<BpfProgram>> read_programs();
  Status answer_port(const hw_listener& listener, hw_listener_class listener_class);
  Result<std::string> try_load(const BpfKnobs& knobs, std::span<const std::string_view> programs, StatePins* pins);
  void begin_run();
  template <typename Value>
  [[nodiscard]] std::vector<Value> sum_per_cpu(int map, size_t entries) const;

  std::unique_ptr<hullwatch_bpf, SkeletonDestroy> skeleton_;
  std::map<std::string, std::unique_ptr<bpf_link, LinkDestroy>, std::less<>> links_;  // before skeleton_ in destruction
  std::vector<ProgramFailure> failures_;
};

}  // namespace hullwatch
