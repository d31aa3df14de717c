#pragma once
// Name, image, labels and pod of containers, read from the files runtimes keep on the node; never from a socket. Own thread;
// answers are collected by the evaluator through take(). Files and their contents are hostile: size capped, links not followed.

#include <cstdint>
#include <string>
#include <vector>

#include "enrich/container.h"

namespace hullwatch {

struct MetadataPaths {
  std::string host_root = "/";
  std::vector<std::string> docker_roots = {"/var/lib/docker"};
  std::vector<std::string> podman_storage = {"/var/lib/containers/storage"};
  std::vector<std::string> podman_run = {"/run/containers/storage"};
  std::vector<std::string> containerd_state = {"/run/containerd"};
  std::vector<std::string> runc_roots = {"/run/docker/runtime-runc/moby", "/run/containerd/runc/k8s.io", "/run/runc"};
  std::string pod_logs = "/var/log/pods";
};

struct MetadataAnswer {
  uint64_t home;
  Container::Metadata state;
  ContainerMetadata metadata;
};

class MetadataResolver {
 public:
  explicit MetadataResolver(MetadataPaths paths);
  ~MetadataResolver();  // stops and joins
  MetadataResolver(const MetadataResolver&) = delete;
  MetadataResolver& operator=(const MetadataResolver&) = delete;

  /// Queues a container (bounded; the oldest is answered `unavailable`). Any thread. Never blocks.
  void request(uint64_t home, const std::string& runtime, const std::string& id);
  /// Answers since the last call. Evaluator thread.
  std::vector<MetadataAnswer> take();
  /// Readable when take() would return something.
  [[nodiscard]] int event_fd() const;
  /// Looks at once, on the caller's thread: for `hullwatch containers` and tests.
  [[nodiscard]] MetadataAnswer resolve(uint64_t home, const std::string& runtime, const std::string& id) const;
};

}  // namespace hullwatch
