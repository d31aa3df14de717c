#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

constexpr uint32_t kUnset = 0xffffffffU;

bool has_process(Context c) { return c.event.header.process.tgid != 0; }

// Falco's user.uid is the effective one.
Value user_id(Context c, Argument, Scratch) { return has_process(c) ? number(c.event.header.euid) : Value{}; }
Value name_of_user(Context c, Argument, Scratch) {
  return Value(has_process(c) ? user_name(c, c.event.header.euid) : kUnknown);
}
Value real_user_id(Context c, Argument, Scratch) { return has_process(c) ? number(c.event.header.uid) : Value{}; }
Value name_of_real_user(Context c, Argument, Scratch) {
  return Value(has_process(c) ? user_name(c, c.event.header.uid) : kUnknown);
}

Value login_id(Context c, Argument, Scratch) {
  if (!has_process(c)) return {};
  const uint32_t id = c.event.header.loginuid;
  return signed_number(id == kUnset ? -1 : int64_t{id});
}
// People log in to the node, so its names are right inside containers too.
Value login_name(Context c, Argument, Scratch) {
  const uint32_t id = c.event.header.loginuid;
  const auto name = !has_process(c) || id == kUnset ? std::string_view{} : c.users.user(id);
  return Value(name.empty() ? kUnknown : name);
}

uint32_t effective_group(Context c) {
  const hw_cred* cred = own_credentials(c);
  return cred == nullptr ? c.event.header.gid : cred->egid;
}
Value group_id(Context c, Argument, Scratch) { return has_process(c) ? number(effective_group(c)) : Value{}; }
Value name_of_group(Context c, Argument, Scratch) {
  return Value(has_process(c) ? group_name(c, effective_group(c)) : kUnknown);
}

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"user.uid", unsigned_integer, kNone, "Effective user id, of the initial user namespace", user_id},
    {"user.name", string, kNone, "Name of user.uid on the node; inside a container only root has a name; <NA> without one", name_of_user},
    {"user.ruid", unsigned_integer, kNone, "Real user id", real_user_id},
    {"user.rname", string, kNone, "Name of user.ruid", name_of_real_user},
    {"user.loginuid", integer, kNone, "User id at login, which su and sudo do not change; -1 when nobody logged in", login_id},
    {"user.loginname", string, kNone, "Name of user.loginuid; <NA> without one", login_name},
    {"group.gid", unsigned_integer, kNone, "Effective group id", group_id},
    {"group.name", string, kNone, "Name of group.gid, as for user.name", name_of_group},
    {"user.homedir", string, kNone, "Home directory of the user", nullptr, "needs home directories, which are not read from /etc/passwd"},
    {"user.shell", string, kNone, "Login shell of the user", nullptr, "needs login shells, which are not read from /etc/passwd"},
};
// clang-format on

}  // namespace

std::span<const Field> user_fields() { return kFields; }

}  // namespace hullwatch::field
