#include "detect/runtime_component.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hullwatch {
namespace {

/// Programs that runtimes are made of, by the file name of their exe.
constexpr std::array<std::string_view, 18> kComponents = {"dockerd",
                                                          "containerd",
                                                          "containerd-shim",
                                                          "containerd-shim-runc-v1",
                                                          "containerd-shim-runc-v2",
                                                          "docker-proxy",
                                                          "docker-init",
                                                          "runc",
                                                          "crun",
                                                          "conmon",
                                                          "crio",
                                                          "kubelet",
                                                          "buildkitd",
                                                          "cri-dockerd",
                                                          "podman",
                                                          "rootlessport",
                                                          "netavark",
                                                          "aardvark-dns"};

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

bool is_runtime_component(const EventContext& context, uint32_t listening) {
  if (context.event.in_container() || context.process == nullptr) return false;
  const Process& process = *context.process;
  if ((process.exe_flags & (HW_EXE_NOT_ROOTS | HW_EXE_WRITABLE | HW_EXE_UNLINKED | HW_EXE_MEMFD)) != 0) return false;
  if (listening > 1 && (process.key.tgid == listening || process.creator.tgid == listening)) return true;
  const std::string_view name = base_name(process.exe_path.view());
  return std::find(kComponents.begin(), kComponents.end(), name) != kComponents.end() && context.event.header.euid == 0;
}

}  // namespace hullwatch
