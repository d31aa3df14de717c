#include "enrich/node_scan.h"

#include <limits>

#include "enrich/container_index.h"
#include "enrich/runtime_states.h"

namespace hullwatch {

Result<std::vector<Container>> look_at_node(const MetadataPaths& paths, const CgroupTree& tree) {
  RuntimeStates states(paths.host_root, paths.runc_roots, paths.crun_roots);
  states.refresh();
  ContainerIndex index(tree.path, 1UL << 16, std::numeric_limits<uint64_t>::max());
  index.set_named_lookup([&](std::string_view path) { return states.identify(path); });
  if (auto found = index.scan(); !found) return fail(std::move(found.error()));

  const MetadataResolver resolver(paths);
  std::vector<Container> containers;
  for (const Container* known : index.all()) {
    if (known->duplicate) {
      containers.push_back(*known);
      continue;
    }
    auto [home, state, metadata] = resolver.resolve(known->cgroup_id, known->runtime, known->id, known->meta.pod_uid);
    index.set_metadata(home, state, std::move(metadata));
    containers.push_back(*index.find(home));
  }
  return containers;
}

}  // namespace hullwatch
