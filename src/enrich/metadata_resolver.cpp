#include "enrich/metadata_resolver.h"

#include <algorithm>
#include <array>

#include "enrich/docker_metadata.h"
#include "enrich/kubernetes_logs.h"
#include "enrich/metadata_json.h"
#include "enrich/oci_metadata.h"
#include "enrich/podman_metadata.h"
#include "enrich/runtime_processes.h"

namespace hullwatch {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kFirstPause = 20ms;
constexpr auto kLongestPause = 500ms;
constexpr auto kRootsFresh = 2s;
constexpr auto kGoverned = 100ms;  // between looks at what the thread uses

bool take_if(ContainerMetadata& out, std::optional<ContainerMetadata> found) {
  if (!found) return false;
  out = std::move(*found);
  return true;
}

/// "<data root>/<driver>/<layer>/merged" and the like: two or three levels above the root file system.
std::vector<std::string> roots_above(std::string path) {
  std::vector<std::string> roots;
  for (int level = 1; level <= 3; ++level) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) break;
    path.resize(slash);
    if (level >= 2) roots.push_back(path);
  }
  return roots;
}

}  // namespace

MetadataResolver::MetadataResolver(MetadataPaths paths, std::chrono::milliseconds patience, ThreadPriority priority)
    : paths_(std::move(paths)),
      patience_(patience),
      priority_(priority),
      states_(paths_.host_root, paths_.runc_roots, paths_.crun_roots),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

MetadataResolver::~MetadataResolver() {
  thread_.request_stop();
  thread_.join();
}

void MetadataResolver::request(uint64_t home, const std::string& runtime, const std::string& id, const std::string& pod_uid) {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  if (queue_.size() == kQueueMax) {
    ++stats_.shed;
    answer({queue_.front().home, Container::Metadata::unavailable, {}});
    queue_.pop_front();
  }
  queue_.push_back({home, runtime, id, pod_uid, now, now + patience_, kFirstPause});
  queued_.notify_one();
}

/// With mutex_ held.
void MetadataResolver::answer(MetadataAnswer found) {
  // A reader that has stopped reading must not cost memory without end; what it misses it can ask for again.
  if (answers_.size() == 4 * kQueueMax) {
    ++stats_.shed;
    answers_.erase(answers_.begin());
  }
  answers_.push_back(std::move(found));
  wake_.ring();
}

std::vector<MetadataAnswer> MetadataResolver::take() {
  wake_.hush();
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

MetadataStats MetadataResolver::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void MetadataResolver::run(const std::stop_token& stop) {
  RealtimeGovernor governor(
      take_priority(priority_).realtime);  // refused for one, refused for all: the daemon tells of it once
  Time governed{};
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (const auto now = Clock::now(); now - governed >= kGoverned) {
      governor.tick(static_cast<uint64_t>(std::chrono::nanoseconds(now.time_since_epoch()).count()));
      governed = now;
    }
    const auto next =
        std::min_element(queue_.begin(), queue_.end(), [](const auto& a, const auto& b) { return a.due < b.due; });
    if (next == queue_.end()) {
      queued_.wait(lock, stop, [&] { return !queue_.empty(); });
      continue;
    }
    if (next->due > Clock::now()) {
      const size_t had = queue_.size();
      const auto due = next->due;
      queued_.wait_until(lock, stop, due, [&] { return queue_.size() > had; });
      continue;
    }
    Request request = std::move(*next);
    queue_.erase(next);
    lock.unlock();
    bool sure = false;
    MetadataAnswer found = look(request, sure);
    lock.lock();
    const auto now = Clock::now();
    if (!sure && now < request.deadline && queue_.size() < kQueueMax) {
      request.due = now + request.pause;
      request.pause = std::min<std::chrono::milliseconds>(request.pause * 2, kLongestPause);
      queue_.push_back(std::move(request));
      continue;
    }
    ++(found.state == Container::Metadata::ready ? stats_.answered : stats_.unavailable);
    answer(std::move(found));
  }
}

MetadataAnswer MetadataResolver::resolve(uint64_t home, const std::string& runtime, const std::string& id,
                                         const std::string& pod_uid) const {
  bool sure = false;
  return look({home, runtime, id, pod_uid, {}, {}, {}}, sure);
}

MetadataAnswer MetadataResolver::look(const Request& request, bool& sure) const {
  const auto& [home, runtime, id, pod_uid, due, deadline, pause] = request;
  MetadataAnswer found{home, Container::Metadata::unavailable, {}};
  ContainerMetadata& out = found.metadata;
  // LXC and nspawn containers have no id but their name.
  static constexpr std::array kNamed{"lxc", "libvirt-lxc", "nspawn", "bpm", "garden", "buildkit"};
  if (std::find(kNamed.begin(), kNamed.end(), runtime) != kNamed.end()) {
    out.name = clean(id, kNameMax);
    sure = true;
  } else if (!id.empty() && id != "." && id != ".." && id.find('/') == std::string::npos) {
    sure = from_files(out, id) || from_runtime(out, id) || from_processes(out, runtime, id);
    if (out.pod_uid.empty()) out.pod_uid = clean(pod_uid, kNameMax);
    if (!pod_uid.empty() || !out.pod.empty()) add_kubernetes_names(out, paths_.host_root, paths_.pod_logs, id);
  }
  if (!out.name.empty()) found.state = Container::Metadata::ready;
  return found;
}

bool MetadataResolver::from_files(ContainerMetadata& out, const std::string& id) const {
  for (const std::string& root : paths_.docker_roots) {
    if (take_if(out, docker_metadata(paths_.host_root, root, id))) return true;
  }
  for (const auto* storages : {&paths_.podman_storage, &paths_.podman_run}) {
    for (const std::string& storage : *storages) {
      if (take_if(out, podman_metadata(paths_.host_root, storage, id))) return true;
    }
  }
  for (const std::string& state : paths_.containerd_state) {
    auto found = containerd_metadata(paths_.host_root, state, id);
    if (found && !found->name.empty()) return take_if(out, std::move(found));
  }
  return false;
}

/// By runc's or crun's own state: it leads to the caller's files, and is the whole answer for a container nobody else made.
bool MetadataResolver::from_runtime(ContainerMetadata& out, const std::string& id) const {
  const auto state = states_.find(id);
  if (!state) return false;
  if (const std::string storage = storage_of_bundle(state->bundle, state->id); !storage.empty()) {
    if (take_if(out, podman_metadata(paths_.host_root, storage, state->id))) return true;
  }
  for (const std::string& root : roots_above(state->rootfs)) {
    if (take_if(out, docker_metadata(paths_.host_root, root, state->id))) return true;
  }
  // A bundle that a manager of containers made: its files tell more than the annotations do, and may yet come.
  const bool managed = state->bundle.find("/io.containerd.") != std::string::npos || state->bundle.ends_with("/userdata");
  if (managed && state->told.name.empty()) return false;
  out = state->told;
  if (out.runtime.empty()) out.runtime = state->runtime;
  if (out.name.empty()) out.name = clean(state->id, kNameMax);
  return true;
}

bool MetadataResolver::from_processes(ContainerMetadata& out, const std::string& runtime, const std::string& id) const {
  if (runtime == "docker" || runtime == "runc") {
    for (const std::string& root : docker_roots_found()) {
      if (take_if(out, docker_metadata(paths_.host_root, root, id))) return true;
    }
  }
  if (runtime != "podman") return false;
  const auto conmon = find_conmon(paths_.host_root, id);
  if (!conmon) return false;
  if (const std::string storage = storage_of_bundle(conmon->bundle, id); !storage.empty()) {
    if (take_if(out, podman_metadata(paths_.host_root, storage, id))) return true;
  }
  out.runtime = "podman";
  out.name = conmon->name;
  return !out.name.empty();
}

std::vector<std::string> MetadataResolver::docker_roots_found() const {
  const std::lock_guard lock(roots_mutex_);
  const auto now = Clock::now();
  if (roots_found_at_ == Time{} || now - roots_found_at_ > kRootsFresh) {
    found_roots_ = docker_roots_in_use(paths_.host_root);
    roots_found_at_ = now;
  }
  return found_roots_;
}

}  // namespace hullwatch
