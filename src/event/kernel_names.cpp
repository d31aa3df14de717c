#include "event/kernel_names.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>

namespace hullwatch {
namespace {

constexpr std::string_view kCapabilities[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

struct Bit {
  uint64_t bit;
  std::string_view name;
};

constexpr Bit kEnv[] = {
    {HW_ENV_LD_PRELOAD, "LD_PRELOAD"},
    {HW_ENV_LD_AUDIT, "LD_AUDIT"},
    {HW_ENV_LD_LIBRARY_PATH, "LD_LIBRARY_PATH"},
    {HW_ENV_GLIBC_TUNABLES, "GLIBC_TUNABLES"},
};

constexpr Bit kClone[] = {
    {0x100, "CLONE_VM"},
    {0x200, "CLONE_FS"},
    {0x400, "CLONE_FILES"},
    {0x800, "CLONE_SIGHAND"},
    {0x1000, "CLONE_PIDFD"},
    {0x2000, "CLONE_PTRACE"},
    {0x4000, "CLONE_VFORK"},
    {0x8000, "CLONE_PARENT"},
    {0x10000, "CLONE_THREAD"},
    {0x20000, "CLONE_NEWNS"},
    {0x40000, "CLONE_SYSVSEM"},
    {0x80000, "CLONE_SETTLS"},
    {0x100000, "CLONE_PARENT_SETTID"},
    {0x200000, "CLONE_CHILD_CLEARTID"},
    {0x400000, "CLONE_DETACHED"},
    {0x800000, "CLONE_UNTRACED"},
    {0x1000000, "CLONE_CHILD_SETTID"},
    {0x2000000, "CLONE_NEWCGROUP"},
    {0x4000000, "CLONE_NEWUTS"},
    {0x8000000, "CLONE_NEWIPC"},
    {0x10000000, "CLONE_NEWUSER"},
    {0x20000000, "CLONE_NEWPID"},
    {0x40000000, "CLONE_NEWNET"},
    {0x80000000, "CLONE_IO"},
    {0x100000000, "CLONE_CLEAR_SIGHAND"},
    {0x200000000, "CLONE_INTO_CGROUP"},
    {0x80, "CLONE_NEWTIME"},
};
constexpr Bit kMount[] = {
    {1, "MS_RDONLY"},           {2, "MS_NOSUID"},          {4, "MS_NODEV"},           {8, "MS_NOEXEC"},
    {16, "MS_SYNCHRONOUS"},     {32, "MS_REMOUNT"},        {64, "MS_MANDLOCK"},       {128, "MS_DIRSYNC"},
    {256, "MS_NOSYMFOLLOW"},    {1024, "MS_NOATIME"},      {2048, "MS_NODIRATIME"},   {4096, "MS_BIND"},
    {8192, "MS_MOVE"},          {16384, "MS_REC"},         {32768, "MS_SILENT"},      {1 << 16, "MS_POSIXACL"},
    {1 << 17, "MS_UNBINDABLE"}, {1 << 18, "MS_PRIVATE"},   {1 << 19, "MS_SLAVE"},     {1 << 20, "MS_SHARED"},
    {1 << 21, "MS_RELATIME"},   {1 << 22, "MS_KERNMOUNT"}, {1 << 23, "MS_I_VERSION"}, {1 << 24, "MS_STRICTATIME"},
    {1 << 25, "MS_LAZYTIME"},
};
constexpr Bit kUmount[] = {{1, "MNT_FORCE"}, {2, "MNT_DETACH"}, {4, "MNT_EXPIRE"}, {8, "UMOUNT_NOFOLLOW"}};
constexpr Bit kOpenTree[] = {{1, "OPEN_TREE_CLONE"},     {0x80000, "OPEN_TREE_CLOEXEC"}, {0x100, "AT_SYMLINK_NOFOLLOW"},
                             {0x800, "AT_NO_AUTOMOUNT"}, {0x1000, "AT_EMPTY_PATH"},      {0x8000, "AT_RECURSIVE"}};
constexpr Bit kFsopen[] = {{1, "FSOPEN_CLOEXEC"}};
constexpr Bit kFspick[] = {
    {1, "FSPICK_CLOEXEC"}, {2, "FSPICK_SYMLINK_NOFOLLOW"}, {4, "FSPICK_NO_AUTOMOUNT"}, {8, "FSPICK_EMPTY_PATH"}};
constexpr Bit kMoveMount[] = {{1, "MOVE_MOUNT_F_SYMLINKS"},      {2, "MOVE_MOUNT_F_AUTOMOUNTS"},
                              {4, "MOVE_MOUNT_F_EMPTY_PATH"},    {0x10, "MOVE_MOUNT_T_SYMLINKS"},
                              {0x20, "MOVE_MOUNT_T_AUTOMOUNTS"}, {0x40, "MOVE_MOUNT_T_EMPTY_PATH"},
                              {0x100, "MOVE_MOUNT_SET_GROUP"},   {0x200, "MOVE_MOUNT_BENEATH"}};
constexpr Bit kAttributes[] = {
    {1, "MOUNT_ATTR_RDONLY"},        {2, "MOUNT_ATTR_NOSUID"},       {4, "MOUNT_ATTR_NODEV"},
    {8, "MOUNT_ATTR_NOEXEC"},        {0x10, "MOUNT_ATTR_NOATIME"},   {0x20, "MOUNT_ATTR_STRICTATIME"},
    {0x80, "MOUNT_ATTR_NODIRATIME"}, {0x100000, "MOUNT_ATTR_IDMAP"}, {0x200000, "MOUNT_ATTR_NOSYMFOLLOW"}};
constexpr Bit kExe[] = {
    {HW_EXE_UPPER, "EXE_UPPER_LAYER"}, {HW_EXE_MEMFD, "EXE_FROM_MEMFD"},    {HW_EXE_UNLINKED, "EXE_UNLINKED"},
    {HW_EXE_SETUID, "EXE_SETUID"},     {HW_EXE_SETGID, "EXE_SETGID"},       {HW_EXE_SCRIPT, "EXE_SCRIPT"},
    {HW_EXE_WRITABLE, "EXE_WRITABLE"}, {HW_EXE_NOT_ROOTS, "EXE_NOT_ROOTS"}, {HW_EXE_TMPFS, "EXE_TMPFS"}};

constexpr std::string_view kWays[] = {"unknown", "setid", "exec", "capset", "keyctl", "userns", "setns", "commit", "fork"};
static_assert(std::size(kWays) == HW_WAY_MAX);
constexpr std::string_view kMountOps[] = {"mount",    "umount2", "pivot_root", "open_tree",     "fsopen",
                                          "fsconfig", "fsmount", "move_mount", "mount_setattr", "fspick"};
static_assert(std::size(kMountOps) == HW_MOUNT_OP_MAX);
constexpr std::string_view kProviders[] = {"always", "quiet", "lsm", "fentry", "kprobe", "dispatch", "iterator"};
static_assert(std::size(kProviders) == HW_PROVIDER_MAX);
constexpr std::string_view kPlaces[] = {"task_state", "task_create", "home_full", "container_full", "bucket",     "slot",
                                        "tail_cut",   "user_read",   "call_full", "outcome",        "transitions"};
static_assert(std::size(kPlaces) == HW_PLACE_MAX);

void append_bits(std::string& out, std::span<const Bit> bits, uint64_t flags) {
  std::string_view separator;
  for (const auto& [bit, name] : bits) {
    if ((flags & bit) == 0) continue;
    out.append(separator).append(name);
    separator = "|";
    flags &= ~bit;
  }
  if (flags != 0) fmt::format_to(std::back_inserter(out), "{}{:#x}", separator, flags);
}

template <size_t N>
std::string_view entry(const std::string_view (&names)[N], uint32_t index) {
  return index < N ? names[index] : std::string_view("unknown");
}

}  // namespace

std::string_view capability_name(uint32_t number) {
  return number < std::size(kCapabilities) ? kCapabilities[number] : std::string_view{};
}

void append_capabilities(std::string& out, uint64_t set) {
  std::string_view separator;
  for (uint32_t number = 0; number < 64; ++number) {
    if ((set >> number & 1) == 0) continue;
    out.append(separator);
    separator = " ";
    if (const auto name = capability_name(number); !name.empty())
      out.append(name);
    else
      fmt::format_to(std::back_inserter(out), "CAP_{}", number);
  }
}

std::string capability_set_text(uint64_t set) {
  std::string text;
  append_capabilities(text, set);
  return text;
}

void append_clone_flags(std::string& out, uint64_t flags) {
  // The low byte of the old calls is the signal at exit; the only flag of clone3 and unshare in it is CLONE_NEWTIME.
  if ((flags & 0x7f) != 0) flags &= ~uint64_t{0xff};
  append_bits(out, kClone, flags);
}

void append_mount_flags(std::string& out, uint32_t op, uint64_t flags) {
  switch (op) {
    case HW_MOUNT_MOUNT:
      if ((flags & 0xffff0000) == 0xc0ed0000) flags &= 0xffff;  // the magic of old callers, as the kernel drops it
      return append_bits(out, kMount, flags);
    case HW_MOUNT_UMOUNT: return append_bits(out, kUmount, flags);
    case HW_MOUNT_OPEN_TREE: return append_bits(out, kOpenTree, flags);
    case HW_MOUNT_FSOPEN: return append_bits(out, kFsopen, flags);
    case HW_MOUNT_FSPICK: return append_bits(out, kFspick, flags);
    case HW_MOUNT_MOVE_MOUNT: return append_bits(out, kMoveMount, flags);
    case HW_MOUNT_FSMOUNT:
    case HW_MOUNT_SETATTR: return append_bits(out, kAttributes, flags);
    default: return append_bits(out, {}, flags);
  }
}

void append_env_flags(std::string& out, uint32_t flags) { append_bits(out, kEnv, flags & HW_ENV_VARIABLES); }

void append_exe_flags(std::string& out, uint32_t flags) { append_bits(out, kExe, flags); }

std::string_view result_name(int64_t result) {
  if (result >= 0) return "SUCCESS";
  const char* name = result >= -4095 ? strerrorname_np(static_cast<int>(-result)) : nullptr;
  return name == nullptr ? std::string_view{} : std::string_view(name);
}

std::string_view way_name(uint32_t way) { return entry(kWays, way); }
std::string_view mount_op_name(uint32_t op) { return entry(kMountOps, op); }
std::string_view provider_name(uint32_t provider) { return entry(kProviders, provider); }
std::string_view place_name(uint32_t place) { return entry(kPlaces, place); }

std::string endpoint_text(const hw_endpoint& endpoint) {
  if (endpoint.port == 0) return {};
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool v4 = std::equal(std::begin(kMapped), std::end(kMapped), endpoint.address);
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4 ? AF_INET : AF_INET6, endpoint.address + (v4 ? 12 : 0), text, sizeof(text));
  return v4 ? fmt::format("{}:{}", text, endpoint.port) : fmt::format("[{}]:{}", text, endpoint.port);
}

}  // namespace hullwatch
