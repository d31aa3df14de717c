#pragma once
// What an OCI runtime spec (config.json of a bundle) tells of its container: annotations of containerd's CRI, nerdctl, CRI-O
// and podman, and whether it is privileged. Any thread.

#include <optional>
#include <string>

#include "enrich/container.h"
#include "enrich/metadata_json.h"

namespace hullwatch {

/// Pure. `runtime` stays empty where the annotations do not say whose it is.
ContainerMetadata oci_metadata(const Json& spec);

/// A container of containerd, by its state directory ("/run/containerd"), in whichever of its namespaces. Empty: not known
/// there.
std::optional<ContainerMetadata> containerd_metadata(const std::string& host_root, const std::string& state,
                                                     const std::string& id);

}  // namespace hullwatch
