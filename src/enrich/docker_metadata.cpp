#include "enrich/docker_metadata.h"

#include <algorithm>

#include "enrich/host_files.h"
#include "enrich/metadata_json.h"

namespace hullwatch {
namespace {

Result<Json> read_json(const HostDir& dir, const std::string& relative) {
  auto text = dir.read(relative, kMetadataFileCap);
  if (!text) return fail(std::move(text.error()));
  return parse_json(*text);
}

/// "registry:5000/team/web:1.2@sha256:…" -> "registry:5000/team/web"
std::string repository_of(std::string image) {
  image = image.substr(0, image.find('@'));
  const size_t slash = image.rfind('/');
  const size_t colon = image.rfind(':');
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) image.resize(colon);
  return image;
}

/// The digest an image was pulled by: repositories.json maps "repo@sha256:…" to image ids. The repository that was typed wins.
std::string digest_of(const Json& repositories, const std::string& image, const std::string& image_id) {
  std::string digest;
  const Json& by_name = json_at(repositories, {"Repositories"});
  if (!by_name.is_object()) return digest;
  for (const auto& [repository, references] : by_name.items()) {
    if (!references.is_object()) continue;
    for (const auto& [reference, target] : references.items()) {
      const size_t at = reference.find('@');
      if (at == std::string::npos || !target.is_string() || target.get_ref<const std::string&>() != image_id) continue;
      if (digest.empty() || repository == repository_of(image)) digest = reference.substr(at + 1);
    }
  }
  return digest;
}

}  // namespace

std::optional<ContainerMetadata> docker_metadata(const std::string& host_root, const std::string& data_root,
                                                 const std::string& id) {
  auto dir = HostDir::open(host_root, data_root);
  if (!dir) return {};
  const auto config = read_json(*dir, "containers/" + id + "/config.v2.json");
  if (!config || json_string(*config, {"ID"}) != id) return {};

  ContainerMetadata out;
  out.runtime = "docker";
  std::string name = json_string(*config, {"Name"});
  if (name.starts_with('/')) name.erase(0, 1);
  const std::string image = json_string(*config, {"Config", "Image"});
  const std::string image_id = json_string(*config, {"Image"});
  out.name = clean(name, kNameMax);
  out.image = clean(image, kImageMax);
  out.image_id = clean(image_id, kNameMax);
  out.labels = clean_labels(json_at(*config, {"Config", "Labels"}));

  std::string digest = json_string(*config, {"ImageManifest", "digest"});  // the containerd image store of newer versions
  const std::string driver = json_string(*config, {"Driver"});
  if (digest.empty() && !driver.empty() && driver.find('/') == std::string::npos) {
    if (const auto store = read_json(*dir, "image/" + driver + "/repositories.json"))
      digest = digest_of(*store, image, image_id);
  }
  out.image_digest = clean(digest, kNameMax);
  // Written when the container is created, so it is there before the first process is.
  if (const auto host = read_json(*dir, "containers/" + id + "/hostconfig.json"))
    out.privileged = json_true(*host, {"Privileged"});

  // cri-dockerd keeps the pod in labels.
  const Json& labels = json_at(*config, {"Config", "Labels"});
  out.pod = clean(json_string(labels, {"io.kubernetes.pod.name"}), kNameMax);
  out.pod_namespace = clean(json_string(labels, {"io.kubernetes.pod.namespace"}), kNameMax);
  out.pod_uid = clean(json_string(labels, {"io.kubernetes.pod.uid"}), kNameMax);
  if (std::string inner = clean(json_string(labels, {"io.kubernetes.container.name"}), kNameMax); !inner.empty()) {
    out.name = std::move(inner);
  }
  return out;
}

}  // namespace hullwatch
