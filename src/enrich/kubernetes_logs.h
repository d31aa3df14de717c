#pragma once
// Pod, namespace and container name by the log links the kubelet keeps for every runtime:
// /var/log/containers/<pod>_<namespace>_<container>-<id>.log, and /var/log/pods/<namespace>_<pod>_<uid>/. Reads names only.

#include <string>

#include "enrich/container.h"

namespace hullwatch {

/// Fills what `metadata` lacks of pod, namespace, uid and name. `pod_logs`: "/var/log/pods"; the links lie beside it.
void add_kubernetes_names(ContainerMetadata& metadata, const std::string& host_root, const std::string& pod_logs,
                          const std::string& id);

}  // namespace hullwatch
