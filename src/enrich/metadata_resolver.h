#pragma once
// Name, image, labels and pod of containers, read from the files runtimes keep on the node; never from a socket. Own thread;
// answers are collected by the evaluator through take(). Files and their contents are hostile: size capped, links not followed.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "enrich/container.h"
#include "enrich/runtime_states.h"
#include "util/event_fd.h"
#include "util/thread_priority.h"

namespace hullwatch {

struct MetadataPaths {
  std::string host_root = "/";
  std::vector<std::string> docker_roots = {"/var/lib/docker"};
  std::vector<std::string> podman_storage = {"/var/lib/containers/storage"};
  std::vector<std::string> podman_run = {"/run/containers/storage"};
  std::vector<std::string> containerd_state = {"/run/containerd"};
  std::vector<std::string> runc_roots = {"/run/docker/runtime-runc/moby", "/run/containerd/runc/k8s.io",
                                         "/run/containerd/runc/default", "/run/runc"};
  std::vector<std::string> crun_roots = {"/run/crun"};
  std::string pod_logs = "/var/log/pods";
};

struct MetadataAnswer {
  uint64_t home;
  Container::Metadata state;
  ContainerMetadata metadata;
};

struct MetadataStats {
  uint64_t answered = 0;
  uint64_t unavailable = 0;  // looked for until the deadline and not found
  uint64_t shed = 0;         // pushed out of the full queue, answered `unavailable`
};

class MetadataResolver {
 public:
  /// `patience`: how long files that are not there yet are looked for again. `priority`: of the thread, since alerts wait for
  /// names.
  explicit MetadataResolver(MetadataPaths paths, std::chrono::milliseconds patience = std::chrono::seconds(2),
                            ThreadPriority priority = {});
  ~MetadataResolver();  // stops and joins
  MetadataResolver(const MetadataResolver&) = delete;
  MetadataResolver& operator=(const MetadataResolver&) = delete;

  /// Queues a container (bounded; the oldest is answered `unavailable`). Any thread. Never blocks on a file. `pod_uid`: from
  /// the cgroup's path, where it tells one.
  void request(uint64_t home, const std::string& runtime, const std::string& id, const std::string& pod_uid = {});
  /// Answers since the last call. Evaluator thread.
  std::vector<MetadataAnswer> take();
  /// Readable when take() would return something.
  [[nodiscard]] int event_fd() const { return wake_.get(); }
  /// Looks at once, on the caller's thread: for `hullwatch containers` and tests.
  [[nodiscard]] MetadataAnswer resolve(uint64_t home, const std::string& runtime, const std::string& id,
                                       const std::string& pod_uid = {}) const;
  [[nodiscard]] MetadataStats stats() const;

  static constexpr size_t kQueueMax = 1024;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Request {
    uint64_t home;
    std::string runtime, id, pod_uid;
    Time due, deadline;
    std::chrono::milliseconds pause;  // until the next look, if this one finds nothing
  };

  void run(const std::stop_token& stop);
  /// `sure` is left false when files that tell more may yet come.
  [[nodiscard]] MetadataAnswer look(const Request& request, bool& sure) const;
  void answer(MetadataAnswer found);
  [[nodiscard]] std::vector<std::string> docker_roots_found() const;
  [[nodiscard]] bool from_files(ContainerMetadata& out, const std::string& id) const;
  [[nodiscard]] bool from_runtime(ContainerMetadata& out, const std::string& id) const;
  [[nodiscard]] bool from_processes(ContainerMetadata& out, const std::string& runtime, const std::string& id) const;

  const MetadataPaths paths_;
  const std::chrono::milliseconds patience_;
  const ThreadPriority priority_;
  const RuntimeStates states_;
  EventFd wake_;

  mutable std::mutex roots_mutex_;  // the data roots of running dockerds, looked for at most every 2 seconds
  mutable std::vector<std::string> found_roots_;
  mutable Time roots_found_at_{};

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any queued_;
  std::deque<Request> queue_;
  std::vector<MetadataAnswer> answers_;
  MetadataStats stats_;
  std::jthread thread_;  // last: it starts when all else is there
};

}  // namespace hullwatch
