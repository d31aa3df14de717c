#include "probe/bpf_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "hullwatch.skel.h"
#include "probe/cgroup_root.h"
#include "probe/libbpf_log.h"
#include "probe/map_memory.h"
#include "probe/object_fit.h"
#include "probe/state_pins.h"

namespace hullwatch {
namespace {

constexpr int kLoadAttempts = 4;  // the first, and three more

void apply(const BpfKnobs& knobs, hullwatch_bpf* skeleton) {
  auto* ro = skeleton->rodata;
  ro->critical_rate = knobs.critical_rate;
  ro->critical_burst = knobs.critical_burst;
  ro->burst_window_ns = knobs.burst_window_ns;
  ro->burst_forks = knobs.burst_forks;
  ro->burst_growth = knobs.burst_growth;
  ro->burst_sample_ns = knobs.burst_sample_ns;
  ro->bulk_depth_ns = knobs.bulk_depth_ns;
  ro->bulk_byte_ns = knobs.bulk_ring_ns / knobs.bulk_bytes;
  ro->cgroup_v1 = static_cast<uint32_t>(knobs.hierarchy);
  ro->run_id = knobs.run_id;
  ro->canary_tgid = static_cast<int32_t>(knobs.canary);
  ro->programs_are_preempted = preempts_programs();
  ro->commits_by_connector = knobs.commits_by_connector;
  ro->mounts_by_hook = knobs.mounts_by_hook;
  ro->namespaces_by_hook = knobs.namespaces_by_hook;
  ro->settings_by_check = knobs.settings_by_check;
  ro->commits_by_hook = knobs.commits_by_hook;
  ro->connects_by_hook = knobs.connects_by_hook;
  ro->dispatch_credentials = knobs.dispatch_credentials;
  ro->dispatch_mounts = knobs.dispatch_mounts;
  ro->dispatch_namespaces = knobs.dispatch_namespaces;
  ro->dispatch_sockets = knobs.dispatch_sockets;
  ro->dispatch_capabilities = knobs.dispatch_capabilities;
  bpf_map__set_max_entries(skeleton->maps.critical, knobs.critical_bytes);
  bpf_map__set_max_entries(skeleton->maps.bulk, knobs.bulk_bytes);
}

Status update(int map, const void* key, const void* value, std::string_view what) {
  if (bpf_map_update_elem(map, key, value, BPF_ANY) != 0) return fail(Error::from_errno(what, errno));
  return {};
}

/// A key that is not there is as good as deleted.
Status erase(int map, const void* key, std::string_view what) {
  if (bpf_map_delete_elem(map, key) != 0 && errno != ENOENT) return fail(Error::from_errno(what, errno));
  return {};
}

}  // namespace

uint32_t BpfKnobs::default_bulk_bytes() { return (sysconf(_SC_NPROCESSORS_ONLN) > 4 ? 8U : 4U) << 20; }

void BpfObject::SkeletonDestroy::operator()(hullwatch_bpf* skeleton) const { hullwatch_bpf__destroy(skeleton); }
void BpfObject::LinkDestroy::operator()(bpf_link* link) const { bpf_link__destroy(link); }

BpfObject::BpfObject(BpfObject&&) noexcept = default;
BpfObject& BpfObject::operator=(BpfObject&& other) noexcept {
  links_ = std::move(other.links_);
  skeleton_ = std::move(other.skeleton_);
  failures_ = std::move(other.failures_);
  return *this;
}
BpfObject::~BpfObject() { links_.clear(); }

/// Opened once: it takes milliseconds, and they never change.
Result<std::vector<BpfProgram>> BpfObject::programs() {
  static const Result<std::vector<BpfProgram>> programs = read_programs();
  return programs;
}

Result<std::vector<BpfProgram>> BpfObject::read_programs() {
  const LibbpfLog log;
  const std::unique_ptr<hullwatch_bpf, SkeletonDestroy> skeleton(hullwatch_bpf__open());
  if (!skeleton) return fail(Error::from_errno("cannot open the embedded BPF object", errno));
  std::vector<BpfProgram> programs;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    std::string_view section = bpf_program__section_name(program);
    section.remove_prefix(section.starts_with('?') ? 1 : 0);  // "not loaded unless asked for"
    programs.push_back({bpf_program__name(program), std::string(section)});
  }
  return programs;
}

Result<std::vector<MapMemory>> BpfObject::map_memory(const BpfKnobs& knobs) {
  const LibbpfLog log;
  const std::unique_ptr<hullwatch_bpf, SkeletonDestroy> skeleton(hullwatch_bpf__open());
  if (!skeleton) return fail(Error::from_errno("cannot open the embedded BPF object", errno));
  apply(knobs, skeleton.get());
  fit_to_kernel(skeleton->obj);
  return memory_of_maps(skeleton->obj);
}

Result<BpfObject> BpfObject::load(const BpfKnobs& knobs, std::span<const std::string_view> programs, StatePins* pins) {
  std::vector<std::string_view> wanted(programs.begin(), programs.end());
  BpfObject object;
  for (int attempt = 0; attempt < kLoadAttempts; ++attempt) {
    auto refused = object.try_load(knobs, wanted, pins);
    if (!refused && pins != nullptr) {  // pins that cannot be reused are worth nothing
      pins->remove();
      refused = object.try_load(knobs, wanted, pins);
    }
    if (!refused && pins != nullptr && !pins->given_up()) {
      pins->give_up(refused.error().message);
      refused = object.try_load(knobs, wanted, pins);
    }
    if (!refused) return fail(std::move(refused.error()));
    if (refused->empty()) {
      if (pins != nullptr && pins->adopted()) object.begin_run();
      return object;
    }
    if (std::erase(wanted, *refused) == 0) return fail("BPF program " + *refused + " failed to load and was not asked for");
  }
  return fail("cannot load the BPF programs: " + object.failures_.back().program + ": " + object.failures_.back().reason);
}

/// One load. The name of the program that was refused, empty when all is loaded; libbpf cannot load an object twice.
Result<std::string> BpfObject::try_load(const BpfKnobs& knobs, std::span<const std::string_view> programs, StatePins* pins) {
  const LibbpfLog log;
  skeleton_.reset(hullwatch_bpf__open());
  if (!skeleton_) return fail(Error::from_errno("cannot open the embedded BPF object", errno));
  apply(knobs, skeleton_.get());
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    bpf_program__set_autoload(program, std::ranges::find(programs, bpf_program__name(program)) != programs.end());
  }
  fit_to_kernel(skeleton_->obj);
  if (pins != nullptr)
    if (auto prepared = pins->prepare(skeleton_->obj); !prepared) return fail(std::move(prepared.error()));
  const int err = hullwatch_bpf__load(skeleton_.get());
  if (err == 0) return std::string();
  const std::string refused = log.failed_program();
  const Error reason = Error::from_errno("the kernel refused it", -err);
  const std::string tail = log.tail(3);
  if (refused.empty()) return fail("cannot load the BPF object: " + reason.message + (tail.empty() ? "" : " (" + tail + ")"));
  failures_.push_back({refused, reason.message + (tail.empty() ? "" : " (" + tail + ")")});
  return refused;
}

/// Totals go on; who lives is counted anew, since exits were not seen meanwhile. Nor was the end of listeners: only sockets
/// that were a runtime's keep that (their cookie tells a successor), the others are asked about at their next contact.
void BpfObject::begin_run() {
  const int known = bpf_map__fd(skeleton_->maps.listeners);
  std::vector<hw_listener> listeners;
  hw_listener next{};
  for (const hw_listener* last = nullptr;
       bpf_map_get_next_key(known, last, &next) == 0 && listeners.size() < bpf_map__max_entries(skeleton_->maps.listeners);
       last = &listeners.back())
    listeners.push_back(next);
  for (const hw_listener& listener : listeners) {
    uint32_t is = 0;
    const bool read = bpf_map_lookup_elem(known, &listener, &is) == 0;
    if (read && (is != HW_LISTENER_RUNTIME || listener.dev == HW_LISTENER_TCP)) (void)bpf_map_delete_elem(known, &listener);
  }
  const bpf_map* map = skeleton_->maps.homes;
  std::vector<std::byte> value(bpf_map__value_size(map));
  for (const auto& [home, counts] : homes()) {
    if (bpf_map_lookup_elem(bpf_map__fd(map), &home, value.data()) != 0) continue;
    auto* state = reinterpret_cast<hw_home*>(value.data());
    state->live = 0;
    state->bursting = 0;
    state->window_start_ns = state->window_forks = state->window_exits = state->creators = 0;
    (void)bpf_map_update_elem(bpf_map__fd(map), &home, value.data(), BPF_EXIST);  // gone meanwhile: as well
  }
}

bpf_program* BpfObject::program(std::string_view name) const {
  bpf_program* program = bpf_object__find_program_by_name(skeleton_->obj, std::string(name).c_str());
  return program && bpf_program__fd(program) >= 0 ? program : nullptr;
}

bool BpfObject::is_loaded(std::string_view name) const { return program(name) != nullptr; }

int BpfObject::program_fd(std::string_view name) const {
  const bpf_program* found = program(name);
  return found ? bpf_program__fd(found) : -1;
}

int BpfObject::map_fd(std::string_view name) const {
  return bpf_object__find_map_fd_by_name(skeleton_->obj, std::string(name).c_str());
}

Status BpfObject::attach(std::string_view name) {
  const bpf_program* found = program(name);
  if (!found) return fail("cannot attach BPF program " + std::string(name) + ": it is not loaded");
  const LibbpfLog log;
  bpf_link* link = nullptr;
  if (bpf_program__type(found) == BPF_PROG_TYPE_CGROUP_SYSCTL) {
    auto root = open_cgroup_root();
    if (!root) return fail("cannot attach BPF program " + std::string(name) + ": " + root.error().message);
    link = bpf_program__attach_cgroup(found, root->get());  // the link holds the cgroup
  } else {
    link = bpf_program__attach(found);
  }
  if (!link) return fail(Error::from_errno("cannot attach BPF program " + std::string(name), errno));
  links_[std::string(name)].reset(link);
  return {};
}

void BpfObject::detach(std::string_view name) {
  if (auto it = links_.find(name); it != links_.end()) links_.erase(it);
}

/// Every member of Value is a 64-bit counter.
template <typename Value>
std::vector<Value> BpfObject::sum_per_cpu(int map, size_t entries) const {
  static_assert(sizeof(Value) % sizeof(uint64_t) == 0);
  // NOLINTNEXTLINE(bugprone-sizeof-expression): a Value may be a single counter
  constexpr size_t kWords = sizeof(Value) / sizeof(uint64_t);
  const auto cpus = static_cast<size_t>(std::max(libbpf_num_possible_cpus(), 1));
  std::vector<Value> sums(entries);
  std::vector<uint64_t> per_cpu(cpus * kWords);
  for (uint32_t key = 0; key < entries; ++key) {
    if (bpf_map_lookup_elem(map, &key, per_cpu.data()) != 0) continue;
    auto* sum = reinterpret_cast<uint64_t*>(&sums[key]);
    for (size_t i = 0; i < per_cpu.size(); ++i) sum[i % kWords] += per_cpu[i];
  }
  return sums;
}

KindCounts BpfObject::counts() const {
  KindCounts out{};
  std::ranges::copy(sum_per_cpu<hw_count>(bpf_map__fd(skeleton_->maps.counts), out.size()), out.begin());
  return out;
}

PlaceCounts BpfObject::errors() const {
  PlaceCounts out{};
  std::ranges::copy(sum_per_cpu<uint64_t>(bpf_map__fd(skeleton_->maps.errors), out.size()), out.begin());
  return out;
}

std::map<std::string, uint64_t> BpfObject::skipped() const {
  std::map<std::string, uint64_t> out;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    const int fd = bpf_program__fd(program);
    if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.recursion_misses > 0)
      out.emplace(bpf_program__name(program), info.recursion_misses);
  }
  return out;
}

bool BpfObject::lsm_fired() const { return skeleton_->bss->lsm_fired; }

std::map<uint64_t, hw_home> BpfObject::homes() const {
  const bpf_map* map = skeleton_->maps.homes;
  const int fd = bpf_map__fd(map);
  std::vector<std::byte> value(bpf_map__value_size(map));  // hw_home first, then what only the kernel side needs
  assert(value.size() >= sizeof(hw_home));
  std::map<uint64_t, hw_home> out;
  std::vector<uint64_t> keys;
  uint64_t key = 0;
  for (const uint64_t* last = nullptr; bpf_map_get_next_key(fd, last, &key) == 0 && keys.size() < bpf_map__max_entries(map);) {
    keys.push_back(key);
    last = &keys.back();
  }
  for (const uint64_t home : keys) {
    if (bpf_map_lookup_elem(fd, &home, value.data()) != 0) continue;
    std::copy_n(value.begin(), sizeof(hw_home), reinterpret_cast<std::byte*>(&out[home]));
  }
  return out;
}

Status BpfObject::set_container(uint64_t cgroup, uint64_t home) {
  if (home == 0) return forget_cgroup(cgroup);
  const int containers = bpf_map__fd(skeleton_->maps.containers);
  uint64_t known = 0;
  if (bpf_map_lookup_elem(containers, &cgroup, &known) == 0 && known == home) return {};
  if (auto told = update(containers, &cgroup, &home, "cannot tell the kernel of a container"); !told) return told;
  __atomic_fetch_add(&skeleton_->bss->late_claims, 1U, __ATOMIC_RELEASE);  // who is in there looks at its cgroup again
  return {};
}

Status BpfObject::trust_home(uint64_t home) {
  const uint32_t yes = 1;
  return update(bpf_map__fd(skeleton_->maps.trusted_homes), &home, &yes, "cannot tell the kernel of a trusted container");
}

Status BpfObject::forget_cgroup(uint64_t cgroup) {
  return erase(bpf_map__fd(skeleton_->maps.containers), &cgroup, "cannot drop a cgroup");
}

Status BpfObject::forget_home(uint64_t home) {
  if (auto done = erase(bpf_map__fd(skeleton_->maps.trusted_homes), &home, "cannot drop a trusted container"); !done)
    return done;
  return erase(bpf_map__fd(skeleton_->maps.homes), &home, "cannot drop a container's counts");
}

Status BpfObject::tell_home(const hw_key& process, uint64_t home) {
  const hw_key key{.start_ns = process.start_ns, .tgid = process.tgid, .execs = 0};
  return update(bpf_map__fd(skeleton_->maps.homes_told), &key, &home, "cannot tell the kernel of a process's container");
}

void BpfObject::containers_are_known() { __atomic_store_n(&skeleton_->bss->containers_known, true, __ATOMIC_RELEASE); }
void BpfObject::begin_correcting() { __atomic_store_n(&skeleton_->bss->snapshot_corrects, true, __ATOMIC_RELEASE); }

std::map<uint64_t, uint64_t> BpfObject::cgroups() const {
  const int fd = bpf_map__fd(skeleton_->maps.containers);
  std::map<uint64_t, uint64_t> out;
  uint64_t key = 0, next = 0, home = 0;
  // A key that goes while it is the last one makes the walk begin again: bounded, it still sees every entry that stays.
  uint32_t steps = 4 * bpf_map__max_entries(skeleton_->maps.containers);
  for (const uint64_t* last = nullptr; steps > 0 && bpf_map_get_next_key(fd, last, &next) == 0; --steps) {
    key = next;
    last = &key;
    if (bpf_map_lookup_elem(fd, &key, &home) == 0) out.insert_or_assign(key, home);
  }
  return out;
}

std::optional<uint64_t> BpfObject::container_of(uint64_t cgroup) const {
  uint64_t home = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.containers), &cgroup, &home) != 0) return std::nullopt;
  return home;
}

hw_mark BpfObject::mark() const {
  const uint32_t only = 0;
  hw_mark mark{};
  (void)bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.marks), &only, &mark);
  return mark;
}

Status BpfObject::set_mark(const hw_mark& mark) {
  const uint32_t only = 0;
  return update(bpf_map__fd(skeleton_->maps.marks), &only, &mark, "cannot write the mark of a living daemon");
}

Status BpfObject::set_listener(const hw_listener& listener, hw_listener_class listener_class) {
  const auto value = static_cast<uint32_t>(listener_class);
  return update(bpf_map__fd(skeleton_->maps.listeners), &listener, &value, "cannot tell the kernel of a listener");
}

Status BpfObject::answer_listener(const hw_listener& listener, hw_listener_class listener_class, uint64_t socket_cookie) {
  if (socket_cookie != 0) {
    const int sockets = bpf_map__fd(skeleton_->maps.listener_sockets);
    if (auto told = update(sockets, &listener, &socket_cookie, "cannot tell the kernel of a listener's socket"); !told)
      return told;
  }
  if (listener_class == HW_LISTENER_UNKNOWN) return forget_listener(listener);
  if (listener.dev == HW_LISTENER_TCP)
    if (auto told = answer_port(listener, listener_class); !told) return told;
  return set_listener(listener, listener_class);
}

/// Ports that clients are asked about: a runtime's stays, whoever else listens on it in another network namespace.
Status BpfObject::answer_port(const hw_listener& listener, hw_listener_class listener_class) {
  const int ports = bpf_map__fd(skeleton_->maps.tcp_ports);
  const auto port = static_cast<uint32_t>(listener.ino);
  struct {
    uint32_t netns, runtime;
  } known{};
  const bool found = bpf_map_lookup_elem(ports, &port, &known) == 0;
  if (listener_class == HW_LISTENER_OTHER) {
    if (!found || known.runtime != 0 || known.netns != listener.netns) return {};
    return erase(ports, &port, "cannot drop a port");
  }
  known = {listener.netns, listener_class == HW_LISTENER_RUNTIME ? 1U : 0U};
  return update(ports, &port, &known, "cannot tell the kernel of a port");
}

Status BpfObject::set_request_window(uint64_t connection, const hw_request_window& window) {
  return update(bpf_map__fd(skeleton_->maps.request_windows), &connection, &window,
                "cannot tell the kernel what to send of a connection");
}

Status BpfObject::forget_listener(const hw_listener& listener) {
  return erase(bpf_map__fd(skeleton_->maps.listeners), &listener, "cannot drop a listener");
}

}  // namespace hullwatch
