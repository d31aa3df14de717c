#include "probe/hook_probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "probe/cgroup_root.h"
#include "util/fd.h"

namespace hullwatch {
namespace {

constexpr std::string_view kNoTypes =
    "this kernel tells no type information (BTF, /sys/kernel/btf/vmlinux): hullwatch cannot watch it";

// r0 = 0; exit
constexpr std::array<bpf_insn, 2> kReturnZero = {
    bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};

struct TrialType {
  bpf_prog_type program;
  bpf_attach_type attach;
  std::string_view prefix;  // of the name in BTF
  uint32_t btf_kind;
};

TrialType trial_type(Hook::Kind kind) {
  switch (kind) {
    case Hook::Kind::lsm: return {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_lsm_", BTF_KIND_FUNC};
    case Hook::Kind::fentry: return {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "", BTF_KIND_FUNC};
    case Hook::Kind::fexit: return {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "", BTF_KIND_FUNC};
    case Hook::Kind::iterator: return {BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_", BTF_KIND_FUNC};
    default: return {BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "btf_trace_", BTF_KIND_TYPEDEF};
  }
}

/// Arguments of a tracepoint, without the context pointer that BTF puts first.
int tracepoint_arguments(const btf* kernel, int id) {
  const btf_type* type = btf__type_by_id(kernel, static_cast<uint32_t>(id));
  while (type != nullptr && (btf_is_typedef(type) || btf_is_ptr(type))) type = btf__type_by_id(kernel, type->type);
  return type != nullptr && btf_is_func_proto(type) ? static_cast<int>(btf_vlen(type)) - 1 : -1;
}

Status try_proc_connector() {
  Fd socket(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR));
  if (!socket) return fail(Error::from_errno("cannot open a connector socket", errno));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = CN_IDX_PROC;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return fail(Error::from_errno("cannot join the process connector's group", errno));
  return {};
}

/// Two instructions again: is the helper that gives a task's storage for programs of this type? Its argument is wrong, so the
/// program is refused either way; what the verifier complains of tells. (libbpf asks so, too, by words newer kernels changed.)
bool sysctl_programs_have_task_storage() {
  constexpr std::array<bpf_insn, 2> kCall = {
      bpf_insn{.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = BPF_FUNC_task_storage_get},
      bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  std::array<char, 4096> log{};
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = BPF_CGROUP_SYSCTL;
  options.log_buf = log.data();
  options.log_size = log.size();
  options.log_level = 1;
  const Fd program(bpf_prog_load(BPF_PROG_TYPE_CGROUP_SYSCTL, "hw_trial", "GPL", kCall.data(), kCall.size(), &options));
  return std::string_view(log.data()).find("expected=map_ptr") != std::string_view::npos;
}

/// Attached for a moment: somebody else's program may be the only one that the root allows.
Status try_cgroup_sysctl() {
  const auto root = open_cgroup_root();
  if (!root) return fail(root.error().message);
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = BPF_CGROUP_SYSCTL;
  auto permit = kReturnZero;
  permit[0].imm = 1;
  const Fd program(bpf_prog_load(BPF_PROG_TYPE_CGROUP_SYSCTL, "hw_trial", "GPL", permit.data(), permit.size(), &options));
  if (!program) return fail(Error::from_errno("the kernel refuses a program for accesses below /proc/sys", errno));
  if (!sysctl_programs_have_task_storage()) return fail("programs for accesses below /proc/sys have no task storage here");
  const Fd link(bpf_link_create(program.get(), root->get(), BPF_CGROUP_SYSCTL, nullptr));
  if (!link) return fail(Error::from_errno("cannot attach a program for accesses below /proc/sys", errno));
  return {};
}

}  // namespace

void HookProbe::BtfFree::operator()(btf* b) const { btf__free(b); }
HookProbe::HookProbe(HookProbe&&) noexcept = default;
HookProbe& HookProbe::operator=(HookProbe&&) noexcept = default;
HookProbe::~HookProbe() = default;

Status HookProbe::kernel_has_types() {
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) return fail(Error::from_errno(kNoTypes, errno));
  return {};
}

Result<HookProbe> HookProbe::open() {
  HookProbe probe;
  probe.btf_.reset(btf__load_vmlinux_btf());
  if (probe.btf_ == nullptr) return fail(Error::from_errno(kNoTypes, errno));
  std::ifstream file("/sys/kernel/security/lsm");
  std::getline(file, probe.lsm_list_);
  return probe;
}

int HookProbe::find(const Hook& hook) const {
  const TrialType type = trial_type(hook.kind);
  const std::string name = std::string(type.prefix) + std::string(hook.name);
  return btf__find_by_name_kind(btf_.get(), name.c_str(), type.btf_kind);
}

bool HookProbe::has_target(std::string_view section) const {
  static constexpr std::array<std::pair<std::string_view, Hook::Kind>, 4> kSections = {{{"tp_btf/", Hook::Kind::tp_btf},
                                                                                        {"lsm/", Hook::Kind::lsm},
                                                                                        {"fentry/", Hook::Kind::fentry},
                                                                                        {"fexit/", Hook::Kind::fexit}}};
  for (const auto& [prefix, kind] : kSections)
    if (section.starts_with(prefix)) return find(Hook{kind, section.substr(prefix.size())}) > 0;
  return true;
}

Status HookProbe::load_trial(const Hook& hook) const {
  const int id = find(hook);
  if (id < 0) return fail("this kernel has no " + std::string(hook.name));
  if (hook.kind == Hook::Kind::tp_btf && hook.arguments > 0 && tracepoint_arguments(btf_.get(), id) < hook.arguments)
    return fail("tracepoint " + std::string(hook.name) + " has other arguments than hullwatch knows");
  const TrialType type = trial_type(hook.kind);
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = type.attach;
  options.attach_btf_id = static_cast<uint32_t>(id);
  Fd program(bpf_prog_load(type.program, "hw_trial", "GPL", kReturnZero.data(), kReturnZero.size(), &options));
  if (!program) return fail(Error::from_errno("the kernel refuses a program at " + std::string(hook.name), errno));
  return {};
}

Status HookProbe::try_hook(const Hook& hook) const {
  if (hook.kind == Hook::Kind::proc_connector) return try_proc_connector();
  if (hook.kind == Hook::Kind::cgroup_sysctl) return try_cgroup_sysctl();
  if (hook.kind == Hook::Kind::kfunc) {
    std::string_view names = hook.name;
    while (!names.empty()) {
      const std::string name(names.substr(0, names.find('|')));
      if (btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_FUNC) > 0) return {};
      names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
    return fail("this kernel has no " + std::string(hook.name));
  }
  // Without "bpf" among the LSMs its programs load, attach and never fire.
  if (hook.kind == Hook::Kind::lsm && !lsm_list_.empty() && ("," + lsm_list_ + ",").find(",bpf,") == std::string::npos)
    return fail("\"bpf\" is not an active LSM (" + lsm_list_ + "); boot with lsm=…,bpf");
  return load_trial(hook);
}

Status HookProbe::try_provider(const Provider& provider) const {
  for (const Hook& hook : provider.hooks)
    if (auto tried = try_hook(hook); !tried) return tried;
  return {};
}

}  // namespace hullwatch
