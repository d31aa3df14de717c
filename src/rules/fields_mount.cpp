#include "event/kernel_names.h"
#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

// Observed are the commands of fsconfig that make or change a mount. One that only sets an option mounts nothing, is frequent
// and may be a secret.
constexpr std::string_view kNoOptions = "needs single options of fsconfig, which no tier sends";

template <auto Member>
Value string_of(Context c, Argument, Scratch) {
  const auto* mount = c.event.get<MountEvent>();
  return mount == nullptr ? Value{} : text(mount->*Member);
}
template <auto Member>
Value fact_number(Context c, Argument, Scratch) {
  const auto* mount = c.event.get<MountEvent>();
  return mount == nullptr ? Value{} : number(mount->facts.*Member);
}
template <auto Member>
Value descriptor(Context c, Argument, Scratch) {
  const auto* mount = c.event.get<MountEvent>();
  return mount == nullptr || mount->facts.*Member < 0 ? Value{} : signed_number(mount->facts.*Member);
}
template <auto Member>
Value flag_names(Context c, Argument, Scratch scratch) {
  const auto* mount = c.event.get<MountEvent>();
  if (mount == nullptr) return {};
  return built(scratch, [&](std::string& out) { append_mount_flags(out, mount->facts.op, mount->facts.*Member); });
}
Value operation(Context c, Argument, Scratch) {
  return of<MountEvent>(c, [](const auto& e) { return mount_op_name(e.facts.op); });
}
Value result(Context c, Argument, Scratch) {
  const auto* mount = c.event.get<MountEvent>();
  return mount == nullptr || (c.event.header.flags & HW_F_ATTEMPT) != 0 ? Value{} : signed_number(mount->facts.result);
}
// Where it truly went; as given where the provider cannot see that.
Value best_target(Context c, Argument, Scratch) {
  const auto* mount = c.event.get<MountEvent>();
  if (mount == nullptr) return {};
  return text(mount->resolved_target.empty() ? mount->target : mount->resolved_target);
}
Value is_bind(Context c, Argument, Scratch) {
  constexpr uint64_t kBind = 4096;
  const auto* mount = c.event.get<MountEvent>();
  return mount == nullptr || mount->facts.op != HW_MOUNT_MOUNT ? Value{} : truth((mount->facts.mount_flags & kBind) != 0);
}

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"mount.op", string, kNone, "The call: mount, umount2, pivot_root, open_tree, fsopen, fsconfig, fsmount, move_mount, mount_setattr, fspick", operation},
    {"mount.source", string, kNone, "What is mounted, as given, or by fsconfig and fsmount what the file system is made of; for pivot_root where the old root goes", string_of<&MountEvent::source>},
    {"mount.target", string, kNone, "Where, as given; runtimes often give /proc/self/fd/N", string_of<&MountEvent::target>},
    {"mount.resolved", string, kNone, "Where, as the kernel resolved it; missing where the provider cannot see it", string_of<&MountEvent::resolved_target>},
    {"mount.resolved_source", string, kNone, "What, as the kernel resolved it; missing where the provider cannot see it", string_of<&MountEvent::resolved_source>},
    {"mount.where", string, kNone, "mount.resolved, or mount.target where that is missing", best_target},
    {"mount.fstype", string, kNone, "File system: ext4, proc, overlay, …", string_of<&MountEvent::fstype>},
    {"mount.flags", string, kNone, "Flags of the call, as MS_BIND|MS_REC; each call has names of its own", flag_names<&hw_mount::mount_flags>},
    {"mount.cleared_flags", string, kNone, "Attributes mount_setattr takes away", flag_names<&hw_mount::attr_clr>},
    {"mount.is_bind", boolean, kNone, "True for a bind mount by mount(2)", is_bind},
    {"mount.data", string, kNone, "Options of the file system; may hold secrets", string_of<&MountEvent::data>},
    {"mount.key", string, kNone, "Option fsconfig sets", nullptr, kNoOptions},
    {"mount.value", string, kNone, "Value fsconfig gives it", nullptr, kNoOptions},
    {"mount.command", integer, kNone, "Command of fsconfig", descriptor<&hw_mount::command>},
    {"mount.from_fd", integer, kNone, "Descriptor mounted from", descriptor<&hw_mount::from_fd>},
    {"mount.to_fd", integer, kNone, "Descriptor mounted to", descriptor<&hw_mount::to_fd>},
    {"mount.result", integer, kNone, "Outcome of the call; missing where the provider sees only the attempt", result},
    {"mount.mnt_ns", unsigned_integer, kNone, "Mount namespace the process was in", fact_number<&hw_mount::mnt_ns>},
};
// clang-format on

}  // namespace

std::span<const Field> mount_fields() { return kFields; }

}  // namespace hullwatch::field
