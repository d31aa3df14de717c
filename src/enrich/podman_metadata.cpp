#include "enrich/podman_metadata.h"

#include "enrich/host_files.h"
#include "enrich/metadata_json.h"
#include "enrich/oci_metadata.h"

namespace hullwatch {
namespace {

Result<Json> read_json(const HostDir& dir, const std::string& relative, size_t cap) {
  auto text = dir.read(relative, cap);
  if (!text) return fail(std::move(text.error()));
  return parse_json(*text);
}

/// The element of an array of objects whose "id" is this; null when there is none.
const Json* by_id(const Json& array, const std::string& id) {
  if (!array.is_array() || id.empty()) return nullptr;
  for (const Json& element : array) {
    if (json_string(element, {"id"}) == id) return &element;
  }
  return nullptr;
}

void add_image(ContainerMetadata& out, const HostDir& dir, const std::string& driver, const std::string& image_id) {
  if (image_id.empty()) return;
  out.image_id = "sha256:" + clean(image_id, kNameMax);
  const auto images = read_json(dir, driver + "-images/images.json", kStoreFileCap);
  if (!images) return;
  if (const Json* image = by_id(*images, image_id)) out.image_digest = clean(json_string(*image, {"digest"}), kNameMax);
}

/// What containers.json says; its "metadata" is JSON within a string.
void add_store_entry(ContainerMetadata& out, const Json& entry) {
  const Json& names = json_at(entry, {"names"});
  if (names.is_array() && !names.empty() && names[0].is_string())
    out.name = clean(names[0].get_ref<const std::string&>(), kNameMax);
  const auto inner = parse_json(json_string(entry, {"metadata"}));
  if (!inner) return;
  if (const std::string name = json_string(*inner, {"name"}); !name.empty()) out.name = clean(name, kNameMax);
  if (const std::string image = json_string(*inner, {"image-name"}); !image.empty()) out.image = clean(image, kImageMax);
}

}  // namespace

std::optional<ContainerMetadata> podman_metadata(const std::string& host_root, const std::string& storage,
                                                 const std::string& id) {
  auto dir = HostDir::open(host_root, storage);
  if (!dir) return {};
  constexpr std::string_view kSuffix = "-containers";
  for (const std::string& name : dir->list(".", 256)) {
    if (!name.ends_with(kSuffix)) continue;
    const std::string driver = name.substr(0, name.size() - kSuffix.size());
    const auto spec = read_json(*dir, name + "/" + id + "/userdata/config.json", kMetadataFileCap);
    const auto store = read_json(*dir, name + "/containers.json", kStoreFileCap);
    const Json* entry = store ? by_id(*store, id) : nullptr;
    if (entry == nullptr && !spec) continue;

    // CRI-O's own annotations know more than the store; podman sets some of the same keys, so the manager's word comes first.
    ContainerMetadata out;
    if (spec) out = oci_metadata(*spec);
    if (out.runtime != "cri-o") {
      out.runtime = "podman";
      if (entry != nullptr) add_store_entry(out, *entry);
    }
    if (entry != nullptr) add_image(out, *dir, driver, json_string(*entry, {"image"}));
    if (out.name.empty()) continue;  // not written whole yet
    return out;
  }
  return {};
}

}  // namespace hullwatch
