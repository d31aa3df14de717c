#include "probe/evasions.h"

#include <algorithm>
#include <array>

namespace hullwatch {
namespace {

constexpr auto kEvasions = std::to_array<Evasion>({
    {"arguments_race", "process"},
    {"compat_clone", "process"},
    {"compat_exec", "process"},
    {"memfd_execveat", "process"},
    {"memfd_cloexec", "process"},
    {"memfd_proc_fd", "process"},
    {"memfd_named", "process"},
    {"memfd_script", "process"},
    {"deleted", "process"},
    {"tmpfile_exec", "process"},
    {"tmpfile_linked", "process"},
    {"dev_shm", "process"},
    {"upper_layer", "process"},
    {"image_overwritten", "process"},
    {"loader_runs", "process"},
    {"shebang_chain", "process"},
    {"clone_parent", "process"},
    {"clone3_parent", "process"},
    {"double_fork", "process"},
    {"subreaper", "process"},
    {"vfork_exec", "process"},
    {"argv_overwritten", "process"},
    {"renamed", "process"},
    {"exec_a", "process"},
    {"exec_by_fd", "process"},
    {"mm_exe_file", "process"},
    {"ld_preload", "process"},
    {"ld_audit", "process"},
    {"glibc_tunables", "process"},
    {"ld_preload_far", "process"},
    {"long_script", "process"},
    {"payload_after_padding", "process"},
    {"deep_path", "process"},
    {"exec_flood", "process"},
    {"fork_flood", "process"},
    {"credential_flood", "process"},
    {"was_there", "process"},
    {"enters_and_acts", "process"},
    {"child_with_namespaces", "process"},
    {"acts_at_once", "process"},
    {"to_root_cgroup", "cgroup"},
    {"acts_from_elsewhere", "cgroup"},
    {"look_alike_outside", "cgroup"},
    {"look_alike_inside", "cgroup"},
    {"born_elsewhere", "cgroup"},
    {"setuid_file", "credential"},
    {"cred_overwritten", "credential"},
    {"cred_committed", "credential"},
    {"cred_swapped", "credential"},
    {"cred_capabilities", "credential"},
    {"loads_bpf", "capability"},
    {"loads_module", "capability"},
    {"sets_time", "capability"},
    {"mount_through_symlink", "mount"},
    {"compat_mount", "mount"},
    {"mount_tmpfs", "mount"},
    {"mount_refused", "mount"},
    {"bind_root", "mount"},
    {"bind_proc", "mount"},
    {"fresh_proc", "mount"},
    {"remount", "mount"},
    {"unmount", "mount"},
    {"mount_through_descriptor", "mount"},
    {"pivot_root", "mount"},
    {"new_api", "mount"},
    {"detached_fs", "mount"},
    {"detached_tree", "mount"},
    {"tree_moved", "mount"},
    {"mount_setattr", "mount"},
    {"overlay", "mount"},
    {"block_device", "mount"},
    {"release_agent", "mount"},
    {"core_pattern", "mount"},
    {"tracefs", "mount"},
    {"compat_unshare", "namespace"},
    {"new_cgroup_namespace", "namespace"},
    {"enters_uts", "namespace"},
    {"enters_mnt", "namespace"},
    {"enters_net", "namespace"},
    {"enters_by_pidfd", "namespace"},
    {"unshares", "namespace"},
    {"new_user_namespace", "namespace"},
    {"socket_address_race", "runtime_socket"},
    {"ring_connect", "runtime_socket"},
    {"ring_connect_async", "runtime_socket"},
    {"ring_connect_polled", "runtime_socket"},
    {"socket_by_path", "runtime_socket"},
    {"socket_by_symlink", "runtime_socket"},
    {"socket_by_hard_link", "runtime_socket"},
    {"socket_relative", "runtime_socket"},
    {"socket_by_proc_root", "runtime_socket"},
    {"socket_by_descriptor", "runtime_socket"},
    {"socket_by_bind", "runtime_socket"},
    {"request_sendfile", "runtime_socket"},
    {"request_spliced", "runtime_socket"},
    {"request_own_pages", "runtime_socket"},
    {"request_fragments", "runtime_socket"},
    {"request_bytes", "runtime_socket"},
    {"request_halves", "runtime_socket"},
    {"request_pipelined", "runtime_socket"},
    {"request_after_upgrade", "runtime_socket"},
    {"socket_abstract", "runtime_socket"},
    {"socket_inherited", "runtime_socket", "who uses a connection that another process opened"},
    {"socket_received", "runtime_socket"},
    {"socket_taken", "runtime_socket"},
    {"socket_of_parent", "runtime_socket", "who uses a connection that another process opened"},
    {"socket_tcp", "runtime_socket"},
    {"request_zerocopy", "runtime_socket"},
    {"socket_kubelet", "runtime_socket"},
    {"socket_kubelet_tls", "runtime_socket"},
    {"ring_made", "io_uring"},
    {"ring_personality", "io_uring"},
    {"node_file_written", "file", "the node's files on a shared mount"},
    {"core_pattern_in_place", "kernel_setting"},
    {"release_agent_written", "kernel_setting"},
    {"daemon_stopped", "guard"},
    {"map_emptied", "guard"},
});

std::string open_because(const Evasion& evasion, std::span<const Rung> rungs) {
  const auto says = [&](std::string_view text) {
    return !evasion.unseen.empty() && text.find(evasion.unseen) != std::string_view::npos;
  };
  if (std::ranges::any_of(not_observed(), says)) return "not observed: " + std::string(evasion.unseen);
  const auto rung = std::ranges::find_if(rungs, [&](const Rung& r) { return r.observation->name == evasion.observation; });
  if (rung == rungs.end()) return {};
  if (rung->provider == nullptr) return "no provider for " + std::string(evasion.observation);
  return says(rung->provider->cannot_see) ? std::string(evasion.unseen) : std::string();
}

}  // namespace

std::span<const Evasion> evasions() { return kEvasions; }

std::vector<OpenEvasion> open_evasions(std::span<const Rung> rungs) {
  std::vector<OpenEvasion> open;
  for (const Evasion& evasion : kEvasions)
    if (std::string because = open_because(evasion, rungs); !because.empty()) open.push_back({&evasion, std::move(because)});
  return open;
}

}  // namespace hullwatch
