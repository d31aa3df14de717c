#pragma once
// The quiet providers of credentials, capabilities, mounts, namespaces and settings, live on the running kernel: loads and
// attaches them, runs actors, and gives back what an actor said it did and what was captured of it. One thread. Needs root.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "live_probe.h"
#include "probe/proc_connector.h"

struct ring_buffer;

namespace hullwatch::test {

struct ActorRun {
  int status = 0;                    // wait status of the actor
  std::vector<nlohmann::json> told;  // its lines
  std::vector<LiveRecord> records;   // of its process and of those it created, in order

  template <typename T>
  [[nodiscard]] std::vector<T> all(hw_kind kind) const {
    std::vector<T> found;
    for (const auto& record : records)
      if (record.header().kind == kind) found.push_back(record.as<T>());
    return found;
  }
};

class QuietProbe {
 public:
  explicit QuietProbe(BpfKnobs knobs = {});

  /// Runs an actor by name (or a program by path) to its end. With a container, inside it.
  ActorRun run(const std::vector<std::string>& command, const TestCgroup* container = nullptr);
  /// What a process that is over did; its `told` is empty.
  ActorRun of_process(pid_t pid);
  /// A cgroup that the kernel side takes for a container.
  std::unique_ptr<TestCgroup> container();

  [[nodiscard]] BpfObject& object() { return *object_; }
  [[nodiscard]] uint64_t suppressed(uint64_t home, hw_kind kind) const;
  [[nodiscard]] uint64_t capability_uses(uint64_t home, unsigned capability, bool denied) const;

 private:
  struct RingDestroy {
    void operator()(ring_buffer* ring) const;
  };
  static int on_record(void* self, void* data, size_t size);

  std::optional<BpfObject> object_;
  std::unique_ptr<ring_buffer, RingDestroy> ring_;
  std::optional<ProcConnector> connector_;
  std::vector<LiveRecord> captured_;
};

}  // namespace hullwatch::test
