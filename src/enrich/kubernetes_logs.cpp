#include "enrich/kubernetes_logs.h"

#include <string_view>

#include "enrich/host_files.h"
#include "enrich/metadata_json.h"

namespace hullwatch {
namespace {

constexpr size_t kNamesMax = 65536;

void fill(std::string& where, std::string_view what) {
  if (where.empty()) where = clean(what, kNameMax);
}

}  // namespace

void add_kubernetes_names(ContainerMetadata& metadata, const std::string& host_root, const std::string& pod_logs,
                          const std::string& id) {
  const std::string parent = pod_logs.substr(0, pod_logs.rfind('/'));
  if (const auto links = HostDir::open(host_root, parent + "/containers")) {
    const std::string tail = "-" + id + ".log";
    for (const std::string& name : links->list(".", kNamesMax)) {
      // No part can hold '_' by Kubernetes' own rules for names.
      const size_t first = name.find('_');
      const size_t second = first == std::string::npos ? first : name.find('_', first + 1);
      if (!name.ends_with(tail) || second == std::string::npos || second + 1 + tail.size() >= name.size()) continue;
      fill(metadata.pod, std::string_view(name).substr(0, first));
      fill(metadata.pod_namespace, std::string_view(name).substr(first + 1, second - first - 1));
      fill(metadata.name, std::string_view(name).substr(second + 1, name.size() - tail.size() - second - 1));
      break;
    }
  }
  const auto pods = HostDir::open(host_root, pod_logs);
  if (!pods || (metadata.pod.empty() && metadata.pod_uid.empty())) return;
  for (const std::string& name : pods->list(".", kNamesMax)) {
    const size_t first = name.find('_');
    const size_t last = name.rfind('_');
    if (first == std::string::npos || first == last) continue;
    const std::string_view space = std::string_view(name).substr(0, first);
    const std::string_view pod = std::string_view(name).substr(first + 1, last - first - 1);
    const std::string_view uid = std::string_view(name).substr(last + 1);
    const bool same =
        metadata.pod_uid.empty() ? pod == metadata.pod && space == metadata.pod_namespace : uid == metadata.pod_uid;
    if (!same) continue;
    fill(metadata.pod, pod);
    fill(metadata.pod_namespace, space);
    fill(metadata.pod_uid, uid);
    return;
  }
}

}  // namespace hullwatch
