#pragma once
// What podman and CRI-O keep of a container in containers/storage: containers.json names it, images.json knows its image, and
// userdata/config.json is the OCI spec it was started with. Podman keeps user labels in a database of its own: they are not
// read. Reads files; any thread.

#include <optional>
#include <string>

#include "enrich/container.h"

namespace hullwatch {

/// `storage`: a graph root or run root, as the host sees it; any storage driver. Empty: the container is not known there.
std::optional<ContainerMetadata> podman_metadata(const std::string& host_root, const std::string& storage,
                                                 const std::string& id);

}  // namespace hullwatch
