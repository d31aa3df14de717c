#include "enrich/oci_metadata.h"

#include <algorithm>

#include "enrich/host_files.h"

namespace hullwatch {
namespace {

/// No flag says so in a spec: all capabilities that matter, no seccomp filter and nothing masked, together, are what the
/// runtimes make of "privileged".
bool looks_privileged(const Json& spec) {
  const Json& bounding = json_at(spec, {"process", "capabilities", "bounding"});
  if (!bounding.is_array()) return false;
  const auto holds = [&](const char* capability) {
    return std::find(bounding.begin(), bounding.end(), capability) != bounding.end();
  };
  const Json& masked = json_at(spec, {"linux", "maskedPaths"});
  return holds("CAP_SYS_ADMIN") && holds("CAP_SYS_MODULE") && !json_at(spec, {"linux", "seccomp"}).is_object() &&
         (!masked.is_array() || masked.empty());
}

void add_cri_o(ContainerMetadata& out, const Json& notes) {
  const auto note = [&](std::string_view key) { return json_string(notes, {key}); };
  out.runtime = "cri-o";
  out.name = clean(note("io.kubernetes.container.name"), kNameMax);
  if (out.name.empty()) out.name = clean(note("io.kubernetes.cri-o.Name"), kNameMax);
  out.image = clean(note("io.kubernetes.cri-o.Image"), kImageMax);
  if (const std::string name = note("io.kubernetes.cri-o.ImageName"); !name.empty()) out.image = clean(name, kImageMax);
  const std::string digests = note("io.kubernetes.cri-o.ImageRepoDigests");
  if (const size_t at = digests.find("@sha256:"); at != std::string::npos)
    out.image_digest = clean(digests.substr(at + 1, 71), kNameMax);
  out.pod = clean(note("io.kubernetes.pod.name"), kNameMax);
  out.pod_namespace = clean(note("io.kubernetes.pod.namespace"), kNameMax);
  out.pod_uid = clean(note("io.kubernetes.pod.uid"), kNameMax);
  // Some versions escaped this inner JSON wrongly: no labels then, all else stands.
  if (const auto labels = parse_json(note("io.kubernetes.cri-o.Labels"))) out.labels = clean_labels(*labels);
  out.privileged |= note("io.kubernetes.cri-o.PrivilegedRuntime") == "true";
}

void add_containerd_cri(ContainerMetadata& out, const Json& notes) {
  const auto note = [&](std::string_view key) { return json_string(notes, {key}); };
  const bool sandbox = note("io.kubernetes.cri.container-type") == "sandbox";
  out.runtime = "containerd";
  out.name = sandbox ? "POD" : clean(note("io.kubernetes.cri.container-name"), kNameMax);
  out.image = clean(note(sandbox ? "io.kubernetes.cri.podsandbox.image-name" : "io.kubernetes.cri.image-name"), kImageMax);
  if (const size_t at = out.image.find("@sha256:"); at != std::string::npos) out.image_digest = out.image.substr(at + 1);
  out.pod = clean(note("io.kubernetes.cri.sandbox-name"), kNameMax);
  out.pod_namespace = clean(note("io.kubernetes.cri.sandbox-namespace"), kNameMax);
  out.pod_uid = clean(note("io.kubernetes.cri.sandbox-uid"), kNameMax);
}

}  // namespace

ContainerMetadata oci_metadata(const Json& spec) {
  ContainerMetadata out;
  out.privileged = looks_privileged(spec);
  const Json& notes = json_at(spec, {"annotations"});
  const auto note = [&](std::string_view key) { return json_string(notes, {key}); };
  // Podman sets keys of CRI-O's as well: its own must be asked for first.
  const std::string manager = note("io.container.manager");
  if (manager == "libpod") {
    out.runtime = "podman";
    out.privileged |= note("io.podman.annotations.privileged") == "TRUE";
  } else if (manager == "cri-o" || !note("io.kubernetes.cri-o.ContainerID").empty()) {
    add_cri_o(out, notes);
  } else if (!note("io.kubernetes.cri.container-type").empty()) {
    add_containerd_cri(out, notes);
  } else if (!note("nerdctl/name").empty()) {
    out.runtime = "containerd";
    out.name = clean(note("nerdctl/name"), kNameMax);
    out.image = clean(note("nerdctl/image"), kImageMax);
    out.labels = clean_labels(notes);  // it copies labels here
  } else {
    out.labels = clean_labels(notes);
    out.image = clean(note("org.opencontainers.image.ref.name"), kImageMax);
  }
  return out;
}

std::optional<ContainerMetadata> containerd_metadata(const std::string& host_root, const std::string& state,
                                                     const std::string& id) {
  const std::string tasks = "io.containerd.runtime.v2.task";
  auto dir = HostDir::open(host_root, state);
  if (!dir) return {};
  for (const std::string& space : dir->list(tasks, 256)) {
    const auto text = dir->read(tasks + "/" + space + "/" + id + "/config.json", kMetadataFileCap);
    if (!text) continue;
    const auto spec = parse_json(*text);
    if (!spec) continue;
    ContainerMetadata out = oci_metadata(*spec);
    // Docker's tasks lie in "moby" and carry no annotations: they tell no name.
    if (out.runtime.empty()) out.runtime = space == "moby" ? "docker" : "containerd";
    return out;
  }
  return {};
}

}  // namespace hullwatch
