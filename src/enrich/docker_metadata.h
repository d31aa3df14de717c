#pragma once
// What dockerd keeps of a container below its data root: config.v2.json, hostconfig.json, the image store. Reads files; any
// thread.

#include <optional>
#include <string>

#include "enrich/container.h"

namespace hullwatch {

/// Empty: this data root (as the host sees it) does not know the container, or not yet whole.
std::optional<ContainerMetadata> docker_metadata(const std::string& host_root, const std::string& data_root,
                                                 const std::string& id);

}  // namespace hullwatch
