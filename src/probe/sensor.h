#pragma once
// The kernel side as one thing: the ladder for this kernel, the object loaded and attached accordingly, proven by a self-test,
// and its rings. Owned by the daemon; open() and poll() belong to the evaluator's thread.

#include <chrono>
#include <memory>
#include <optional>

#include "probe/bpf_object.h"
#include "probe/ladder.h"
#include "probe/proc_connector.h"
#include "probe/ring_reader.h"
#include "probe/self_test.h"
#include "probe/state_pins.h"

namespace hullwatch {

struct SensorOptions {
  BpfKnobs knobs;
  SelfTestOptions self_test;
  StatePins* pins = nullptr;      // must outlive open()
  size_t queue_bytes = 1U << 20;  // critical records waiting in user space
  ThreadPriority priority{};      // of the critical ring's thread
};

class Sensor {
 public:
  /// Chooses, loads, attaches, tests; a provider that stays silent is given up for the next one, at most three times.
  /// `callback` gets every record, from poll(). Fails when nothing can be watched.
  static Result<std::unique_ptr<Sensor>> open(const SensorOptions& options, const RingReader::Callback& callback);

  [[nodiscard]] const Ladder& ladder() const { return *ladder_; }
  [[nodiscard]] BpfObject& object() { return *object_; }
  [[nodiscard]] RingReader& rings() { return *rings_; }
  /// What is wrong with what is attached, in plain words; empty when all is well.
  [[nodiscard]] const std::vector<std::string>& troubles() const { return troubles_; }
  /// No record comes after this but those already in the rings.
  void detach();

 private:
  Sensor() = default;
  Status load(const HookProbe& probe, const Tiers& tiers, const SensorOptions& options,
              const std::set<std::string_view>& given_up);
  Status attach_all();
  void attach_connector();

  std::optional<Ladder> ladder_;
  std::optional<BpfObject> object_;
  std::optional<ProcConnector> connector_;
  std::unique_ptr<RingReader> rings_;
  std::vector<std::string> troubles_;
};

}  // namespace hullwatch
