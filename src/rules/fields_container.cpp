#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

constexpr std::string_view kHost = "host";
constexpr std::string_view kNoMounts = "needs the mounts of containers at their start";
constexpr std::string_view kNoProbes = "needs the health checks of containers";
constexpr std::string_view kNoApiServer = "needs the Kubernetes API server, which hullwatch never asks";

const ContainerMetadata* metadata(Context c) {
  return c.container != nullptr && c.container->state == Container::Metadata::ready ? &c.container->meta : nullptr;
}
template <auto Member>
Value metadata_text(Context c, Argument, Scratch) {
  const auto* meta = metadata(c);
  return meta == nullptr ? Value{} : text(meta->*Member);
}

// A container whose id is not known yet is still no host: <NA> keeps `container.id != host` true.
Value short_id(Context c, Argument, Scratch) {
  if (!c.event.in_container()) return Value(kHost);
  return Value(c.container == nullptr ? kUnknown : c.container->short_id());
}
Value full_id(Context c, Argument, Scratch) {
  if (!c.event.in_container()) return Value(kHost);
  return c.container == nullptr ? Value(kUnknown) : Value(std::string_view(c.container->id));
}
Value name(Context c, Argument, Scratch) {
  if (!c.event.in_container()) return Value(kHost);
  const auto* meta = metadata(c);
  return meta == nullptr ? Value{} : text(meta->name);
}
Value type(Context c, Argument, Scratch) {
  if (!c.event.in_container()) return Value(kHost);
  return c.container == nullptr ? Value{} : text(c.container->runtime);
}

// "registry:5000/path/name:tag@sha256:…"; the tag's colon stands behind the last slash.
struct Image {
  std::string_view repository, tag, digest;
};
std::optional<Image> image_of(Context c) {
  const auto* meta = metadata(c);
  if (meta == nullptr || meta->image.empty() || meta->image.starts_with("sha256:")) return std::nullopt;
  Image image;
  std::string_view rest = meta->image;
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    image.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  const size_t slash = rest.rfind('/');
  const size_t colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  image.repository = rest.substr(0, colon);
  if (colon != std::string_view::npos) image.tag = rest.substr(colon + 1);
  if (image.tag.empty() && image.digest.empty()) image.tag = "latest";
  return image;
}
Value repository(Context c, Argument, Scratch) {
  const auto image = image_of(c);
  return image ? text(image->repository) : Value{};
}
Value tag(Context c, Argument, Scratch) {
  const auto image = image_of(c);
  return image ? text(image->tag) : Value{};
}
Value digest(Context c, Argument, Scratch) {
  const auto* meta = metadata(c);
  if (meta != nullptr && !meta->image_digest.empty()) return text(meta->image_digest);
  const auto image = image_of(c);
  return image ? text(image->digest) : Value{};
}
Value privileged(Context c, Argument, Scratch) {
  const auto* meta = metadata(c);
  return meta == nullptr ? Value{} : truth(meta->privileged);
}
Value label(Context c, Argument wanted, Scratch) {
  const auto* meta = metadata(c);
  if (meta == nullptr || wanted == nullptr) return {};
  const auto found = meta->labels.find(wanted->text);
  return found == meta->labels.end() ? Value{} : Value(std::string_view(found->second));
}
Value labels(Context c, Argument, Scratch scratch) {
  const auto* meta = metadata(c);
  if (meta == nullptr || meta->labels.empty()) return {};
  return built(scratch, [&](std::string& out) {
    for (const auto& [key, value] : meta->labels)
      fmt::format_to(std::back_inserter(out), "{}{}:{}", out.empty() ? "" : ", ", key, value);
  });
}

std::optional<uint64_t> age(Context c) {
  if (c.container == nullptr || c.container->created_ns == 0 || c.container->created_ns > c.event.header.time_ns)
    return std::nullopt;
  return c.event.header.time_ns - c.container->created_ns;
}
Value start(Context c, Argument, Scratch) {
  const auto elapsed = age(c);
  return elapsed ? number(c.wall_ns - *elapsed) : Value{};
}
Value duration(Context c, Argument, Scratch) {
  const auto elapsed = age(c);
  return elapsed ? number(*elapsed) : Value{};
}
template <auto Member>
Value container_text(Context c, Argument, Scratch) {
  return c.container == nullptr ? Value{} : text(c.container->*Member);
}
Value home(Context c, Argument, Scratch) { return c.event.in_container() ? number(c.event.header.home) : Value{}; }
Value userns_level(Context c, Argument, Scratch) {
  return c.container == nullptr || c.container->userns == 0 ? Value{} : number(c.container->userns_level);
}
Value metadata_state(Context c, Argument, Scratch) {
  if (c.container == nullptr) return {};
  constexpr std::string_view kStates[] = {"pending", "ready", "unavailable"};
  return Value(kStates[static_cast<size_t>(c.container->state)]);
}
Value in_pod(Context c, Argument, Scratch) { return c.container == nullptr ? Value{} : truth(c.container->kubepods); }
Value moved(Context c, Argument, Scratch) {
  return c.event.in_container() ? truth(c.event.header.home != c.event.header.cgroup) : Value{};
}

constexpr auto kNone = Field::Argument::none;
constexpr auto kKey = Field::Argument::key;

// clang-format off
constexpr Field kFields[] = {
    {"container.id", string, kNone, "First 12 characters of the container's id; host outside containers, <NA> for a container not resolved yet", short_id},
    {"container.full_id", string, kNone, "Whole id of the container; host outside containers", full_id},
    {"container.name", string, kNone, "Name of the container; host outside containers", name},
    {"container.image", string, kNone, "Image as the user typed it", metadata_text<&ContainerMetadata::image>},
    {"container.image.id", string, kNone, "Id of the image", metadata_text<&ContainerMetadata::image_id>},
    {"container.image.repository", string, kNone, "Image without tag and digest", repository},
    {"container.image.tag", string, kNone, "Tag of the image; latest when none was typed", tag},
    {"container.image.digest", string, kNone, "Digest of the image in its registry", digest},
    {"container.type", string, kNone, "Runtime: docker, podman, containerd, cri-o, …; host outside containers", type},
    {"container.privileged", boolean, kNone, "True when the container was started privileged", privileged},
    {"container.label", string, kKey, "One label of the container: container.label[com.example.team]", label},
    {"container.labels", string, kNone, "All labels of the container, as key:value", labels},
    {"container.start_ts", absolute_time, kNone, "When the container's cgroup was made, nanoseconds since the epoch; missing when it was there before hullwatch", start},
    {"container.duration", relative_time, kNone, "Nanoseconds since container.start_ts", duration},
    {"container.nested", string, kNone, "Innermost container identity claimed inside this container (Docker in Docker, kind)", container_text<&Container::nested>},
    {"container.cgroup_path", string, kNone, "Cgroup of the container, from the hierarchy's root", container_text<&Container::cgroup_path>},
    {"container.cgroup_id", unsigned_integer, kNone, "Id of the container's cgroup: the identity everything else hangs on", home},
    {"container.in_subcgroup", boolean, kNone, "True when the process is in another cgroup than its container's own", moved},
    {"container.userns_level", unsigned_integer, kNone, "Depth of the user namespace the container runs in, 0 for the initial one", userns_level},
    {"container.metadata", string, kNone, "Whether name and image are known: pending, ready, unavailable", metadata_state},
    {"container.is_pod", boolean, kNone, "True when the container belongs to a Kubernetes pod", in_pod},
    {"k8s.ns.name", string, kNone, "Namespace of the pod", metadata_text<&ContainerMetadata::pod_namespace>},
    {"k8s.pod.name", string, kNone, "Name of the pod", metadata_text<&ContainerMetadata::pod>},
    {"k8s.pod.uid", string, kNone, "Uid of the pod", metadata_text<&ContainerMetadata::pod_uid>},
    {"k8s.pod.id", string, kNone, "The same as k8s.pod.uid", metadata_text<&ContainerMetadata::pod_uid>},

    {"container.info", string, kNone, "Deprecated by Falco: always empty", [](Context, Argument, Scratch) { return Value(std::string_view{}); }},
    {"container.mounts", string, kNone, "Mounts of the container", nullptr, kNoMounts},
    {"container.mount", string, kKey, "One mount of the container", nullptr, kNoMounts},
    {"container.mount.source", string, kKey, "Source of a mount, by number or destination", nullptr, kNoMounts},
    {"container.mount.dest", string, kKey, "Destination of a mount, by number or source", nullptr, kNoMounts},
    {"container.mount.mode", string, kKey, "Mode of a mount", nullptr, kNoMounts},
    {"container.mount.rdwr", string, kKey, "Whether a mount is writable", nullptr, kNoMounts},
    {"container.mount.propagation", string, kKey, "Propagation of a mount", nullptr, kNoMounts},
    {"container.healthcheck", string, kNone, "Health check of the container", nullptr, kNoProbes},
    {"container.liveness_probe", string, kNone, "Liveness probe of the container", nullptr, kNoProbes},
    {"container.readiness_probe", string, kNone, "Readiness probe of the container", nullptr, kNoProbes},
    {"container.ip", string, kNone, "Address of the container", nullptr, "needs the network configuration of containers"},
    {"container.cni.json", string, kNone, "CNI result of the pod", nullptr, "needs the network configuration of containers"},
    {"container.host_pid", boolean, kNone, "True when the container shares the host's pid namespace", nullptr, "needs the namespaces of containers at their start"},
    {"container.host_network", boolean, kNone, "True when the container shares the host's network", nullptr, "needs the namespaces of containers at their start"},
    {"container.host_ipc", boolean, kNone, "True when the container shares the host's IPC", nullptr, "needs the namespaces of containers at their start"},
    {"container.is_pod_sandbox", boolean, kNone, "True for the sandbox of a pod", nullptr, "needs the sandbox's annotations"},
    {"container.pod_sandbox_id", string, kNone, "Sandbox of the container's pod", nullptr, "needs the sandbox's annotations"},
    {"k8s.pod.label", string, kKey, "One label of the pod", nullptr, kNoApiServer},
    {"k8s.pod.labels", string, kNone, "All labels of the pod", nullptr, kNoApiServer},
    {"k8s.pod.ip", string, kNone, "Address of the pod", nullptr, kNoApiServer},
    {"k8s.pod.cni.json", string, kNone, "CNI result of the pod", nullptr, kNoApiServer},
    {"k8s.pod.full_sandbox_id", string, kNone, "Sandbox of the pod", nullptr, "needs the sandbox's annotations"},
    {"k8s.pod.sandbox_id", string, kNone, "Sandbox of the pod, 12 characters", nullptr, "needs the sandbox's annotations"},
    {"k8s.rc.name", string, kNone, "Replication controller", nullptr, kNoApiServer},
    {"k8s.rc.id", string, kNone, "Id of the replication controller", nullptr, kNoApiServer},
    {"k8s.svc.name", string, kNone, "Service", nullptr, kNoApiServer},
    {"k8s.svc.id", string, kNone, "Id of the service", nullptr, kNoApiServer},
    {"k8s.ns.id", string, kNone, "Id of the namespace", nullptr, kNoApiServer},
    {"k8s.rs.name", string, kNone, "Replica set", nullptr, kNoApiServer},
    {"k8s.rs.id", string, kNone, "Id of the replica set", nullptr, kNoApiServer},
    {"k8s.deployment.name", string, kNone, "Deployment", nullptr, kNoApiServer},
    {"k8s.deployment.id", string, kNone, "Id of the deployment", nullptr, kNoApiServer},
    {"k8s.rc.label", string, kKey, "One label of the replication controller", nullptr, kNoApiServer},
    {"k8s.rc.labels", string, kNone, "Labels of the replication controller", nullptr, kNoApiServer},
    {"k8s.svc.label", string, kKey, "One label of the service", nullptr, kNoApiServer},
    {"k8s.svc.labels", string, kNone, "Labels of the service", nullptr, kNoApiServer},
    {"k8s.ns.label", string, kKey, "One label of the namespace", nullptr, kNoApiServer},
    {"k8s.ns.labels", string, kNone, "Labels of the namespace", nullptr, kNoApiServer},
    {"k8s.rs.label", string, kKey, "One label of the replica set", nullptr, kNoApiServer},
    {"k8s.rs.labels", string, kNone, "Labels of the replica set", nullptr, kNoApiServer},
    {"k8s.deployment.label", string, kKey, "One label of the deployment", nullptr, kNoApiServer},
    {"k8s.deployment.labels", string, kNone, "Labels of the deployment", nullptr, kNoApiServer},
};
// clang-format on

}  // namespace

std::span<const Field> container_fields() { return kFields; }

}  // namespace hullwatch::field
