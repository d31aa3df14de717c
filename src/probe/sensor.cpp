#include "probe/sensor.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace hullwatch {
namespace {

constexpr int kLadders = 3;  // choices, of which the later ones know who stayed silent
constexpr std::string_view kConnectorProgram = "quiet_proc_connector";
constexpr std::string_view kSnapshotProgram = "snapshot_tasks";

/// A program taken from its hook may still run on another processor, between a record and its count: the kernel frees it later,
/// but detaching does not wait. This does, by synchronize_rcu() in the kernel (membarrier(2)); refused with nohz_full=.
void wait_for_running_programs() { syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

}  // namespace

Result<std::unique_ptr<Sensor>> Sensor::open(const SensorOptions& options, const RingReader::Callback& callback) {
  auto probe = HookProbe::open();
  if (!probe) return fail(std::move(probe.error()));
  const auto tiers = allowed_tiers();
  if (!tiers) return fail(tiers.error());
  std::unique_ptr<Sensor> sensor(new Sensor());
  std::set<std::string_view> given_up;
  for (int attempt = 0; attempt < kLadders; ++attempt) {
    if (auto loaded = sensor->load(*probe, *tiers, options, given_up); !loaded) return fail(std::move(loaded.error()));
    auto rings = RingReader::start(sensor->object_->map_fd("critical"), sensor->object_->map_fd("bulk"), options.queue_bytes,
                                   callback, options.priority);
    if (!rings) return fail(std::move(rings.error()));
    sensor->rings_ = std::move(*rings);
    if (auto attached = sensor->attach_all(); !attached) return fail(std::move(attached.error()));
    const auto silent = silent_observations(*sensor->object_, *sensor->ladder_, options.self_test);
    if (silent.empty()) return sensor;
    for (const Rung& rung : sensor->ladder_->rungs()) {
      if (rung.provider == nullptr || std::ranges::find(silent, rung.observation->name) == silent.end()) continue;
      given_up.insert(rung.provider->name);
      sensor->troubles_.push_back(std::string(rung.observation->name) + ": " + std::string(rung.provider->name) +
                                  " loaded and attached, but saw nothing of the self-test");
    }
    if (attempt + 1 < kLadders) {
      sensor->rings_.reset();
    } else {
      for (std::string_view observation : silent) sensor->ladder_->give_up(observation);
    }
  }
  return sensor;
}

Status Sensor::load(const HookProbe& probe, const Tiers& tiers, const SensorOptions& options,
                    const std::set<std::string_view>& given_up) {
  ladder_ = Ladder::choose(probe, tiers, given_up);
  connector_.reset();
  BpfKnobs knobs = options.knobs;
  const auto dispatched = [&](std::string_view observation) {
    const Provider* provider = ladder_->provider_of(observation);
    return provider != nullptr && provider->tier == HW_BY_DISPATCH;
  };
  knobs.mounts_by_hook = ladder_->uses("fexit_path_mount") || dispatched("mount");
  knobs.namespaces_by_hook = ladder_->uses("fexit_unshare") || dispatched("namespace");
  const Provider* settings = ladder_->provider_of("kernel_setting");
  knobs.settings_by_check = settings != nullptr && settings->tier == HW_BY_QUIET;
  knobs.dispatch_credentials = dispatched("credential");
  knobs.dispatch_mounts = dispatched("mount");
  knobs.dispatch_namespaces = dispatched("namespace");
  knobs.dispatch_sockets = dispatched("runtime_socket");
  knobs.dispatch_capabilities = dispatched("capability");
  knobs.commits_by_hook = ladder_->uses("fexit_commit_creds");
  knobs.connects_by_hook = ladder_->uses("lsm_unix_stream_connect") || ladder_->uses("fentry_unix_stream_connect");
  if (ladder_->uses(kConnectorProgram)) {
    if (auto connector = ProcConnector::open(); connector) {
      connector_ = std::move(*connector);
      knobs.commits_by_connector = true;
    } else {
      troubles_.push_back("credential: " + connector.error().message +
                          "; changes of ids are looked for at each capability check");
    }
  }
  auto known = BpfObject::programs();
  if (!known) return fail(std::move(known.error()));
  std::vector<std::string_view> programs;
  for (const BpfProgram& program : *known) {
    const bool wanted = ladder_->uses(program.name) || program.name == kSnapshotProgram;
    if (wanted && probe.has_target(program.section)) programs.emplace_back(program.name);
  }
  object_.reset();
  auto object = BpfObject::load(knobs, programs, options.pins);
  if (!object) return fail(std::move(object.error()));
  object_ = std::move(*object);
  for (const ProgramFailure& failure : object_->failures())
    troubles_.push_back("program " + failure.program + " was refused: " + failure.reason);
  return {};
}

Status Sensor::attach_all() {
  auto known = BpfObject::programs();
  if (!known) return fail(std::move(known.error()));
  bool any = false;
  for (const auto& [name, section] : *known) {
    if (name == kSnapshotProgram || name == kConnectorProgram || !object_->is_loaded(name)) continue;
    if (auto attached = object_->attach(name); attached)
      any = true;
    else
      troubles_.push_back(attached.error().message);
  }
  attach_connector();
  return any ? Status{} : fail("none of the BPF programs could be attached");
}

void Sensor::attach_connector() {
  const int filter = object_->program_fd(kConnectorProgram);
  if (!connector_ || filter < 0) return;
  if (auto attached = connector_->attach(filter); !attached) troubles_.push_back("credential: " + attached.error().message);
}

void Sensor::detach() {
  connector_.reset();
  if (auto known = BpfObject::programs(); known)
    for (const BpfProgram& program : *known) object_->detach(program.name);
  wait_for_running_programs();
}

}  // namespace hullwatch
