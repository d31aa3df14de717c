#include "event/kernel_names.h"
#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

// A change as the kernel tells it, or as the detector judged it: both carry the credentials before and after.
struct Change {
  const hw_cred* before;
  const hw_cred* after;
  explicit operator bool() const { return before != nullptr; }
};
Change change_of(Context c) {
  if (const auto* event = c.event.get<CredentialEvent>()) return {&event->facts.before, &event->facts.after};
  if (const auto* gain = c.event.get<PrivilegeGainFinding>()) return {&gain->before, &gain->after};
  return {nullptr, nullptr};
}

template <auto Member>
Value before(Context c, Argument, Scratch) {
  const Change change = change_of(c);
  return change ? number(change.before->*Member) : Value{};
}
template <auto Member>
Value after(Context c, Argument, Scratch) {
  const Change change = change_of(c);
  return change ? number(change.after->*Member) : Value{};
}
template <auto Member>
Value capabilities_before(Context c, Argument, Scratch scratch) {
  const Change change = change_of(c);
  return change ? built(scratch, [&](std::string& out) { append_capabilities(out, change.before->*Member); }) : Value{};
}
template <auto Member>
Value capabilities_after(Context c, Argument, Scratch scratch) {
  const Change change = change_of(c);
  return change ? built(scratch, [&](std::string& out) { append_capabilities(out, change.after->*Member); }) : Value{};
}
Value gained_capabilities(Context c, Argument, Scratch scratch) {
  const Change change = change_of(c);
  if (!change) return {};
  return built(scratch, [&](std::string& out) {
    append_capabilities(out, change.after->cap_permitted & ~change.before->cap_permitted);
  });
}
Value lost_capabilities(Context c, Argument, Scratch scratch) {
  const Change change = change_of(c);
  if (!change) return {};
  return built(scratch, [&](std::string& out) {
    append_capabilities(out, change.before->cap_permitted & ~change.after->cap_permitted);
  });
}
Value namespace_changed(Context c, Argument, Scratch) {
  const Change change = change_of(c);
  return change ? truth(change.before->userns != change.after->userns) : Value{};
}

Value way(Context c, Argument, Scratch) {
  if (const auto* gain = c.event.get<PrivilegeGainFinding>()) return text(gain->way);
  return of<CredentialEvent>(c, [](const auto& e) { return way_name(e.facts.way); });
}
Value uncertain(Context c, Argument, Scratch) {
  return of<CredentialEvent>(c, [](const auto& e) { return e.facts.uncertain != 0; });
}
Value repeats(Context c, Argument, Scratch) {
  return of<CredentialEvent>(c, [](const auto& e) { return uint64_t{e.facts.repeats}; });
}

Value capability_of(Context c, Argument, Scratch scratch) {
  const auto* event = c.event.get<CapabilityEvent>();
  if (event == nullptr) return {};
  return built(scratch, [&](std::string& out) { append_capabilities(out, 1ULL << event->facts.capability); });
}
Value capability_number(Context c, Argument, Scratch) {
  return of<CapabilityEvent>(c, [](const auto& e) { return uint64_t{e.facts.capability}; });
}
Value capability_granted(Context c, Argument, Scratch) {
  return of<CapabilityEvent>(c, [](const auto& e) { return e.facts.result == 0; });
}
Value capability_count(Context c, Argument, Scratch) {
  return of<CapabilityEvent>(c, [](const auto& e) { return uint64_t{e.facts.count}; });
}
Value capability_level(Context c, Argument, Scratch) {
  return of<CapabilityEvent>(c, [](const auto& e) { return uint64_t{e.facts.userns_level}; });
}

template <auto Member>
Value gain_text(Context c, Argument, Scratch) {
  const auto* gain = c.event.get<PrivilegeGainFinding>();
  return gain == nullptr ? Value{} : text(gain->*Member);
}
template <auto Member>
Value gain_truth(Context c, Argument, Scratch) {
  const auto* gain = c.event.get<PrivilegeGainFinding>();
  return gain == nullptr ? Value{} : truth(gain->*Member);
}

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"cred.way", string, kNone, "How credentials came to change: setid, exec, capset, keyctl, userns, setns, commit, fork, unknown; of a gain as gain.way", way},
    {"cred.old_uid", unsigned_integer, kNone, "Real user id before", before<&hw_cred::uid>},
    {"cred.new_uid", unsigned_integer, kNone, "Real user id after", after<&hw_cred::uid>},
    {"cred.old_euid", unsigned_integer, kNone, "Effective user id before", before<&hw_cred::euid>},
    {"cred.new_euid", unsigned_integer, kNone, "Effective user id after", after<&hw_cred::euid>},
    {"cred.old_suid", unsigned_integer, kNone, "Saved user id before", before<&hw_cred::suid>},
    {"cred.new_suid", unsigned_integer, kNone, "Saved user id after", after<&hw_cred::suid>},
    {"cred.old_fsuid", unsigned_integer, kNone, "File-system user id before", before<&hw_cred::fsuid>},
    {"cred.new_fsuid", unsigned_integer, kNone, "File-system user id after", after<&hw_cred::fsuid>},
    {"cred.old_gid", unsigned_integer, kNone, "Real group id before", before<&hw_cred::gid>},
    {"cred.new_gid", unsigned_integer, kNone, "Real group id after", after<&hw_cred::gid>},
    {"cred.old_egid", unsigned_integer, kNone, "Effective group id before", before<&hw_cred::egid>},
    {"cred.new_egid", unsigned_integer, kNone, "Effective group id after", after<&hw_cred::egid>},
    {"cred.old_sgid", unsigned_integer, kNone, "Saved group id before", before<&hw_cred::sgid>},
    {"cred.new_sgid", unsigned_integer, kNone, "Saved group id after", after<&hw_cred::sgid>},
    {"cred.old_fsgid", unsigned_integer, kNone, "File-system group id before", before<&hw_cred::fsgid>},
    {"cred.new_fsgid", unsigned_integer, kNone, "File-system group id after", after<&hw_cred::fsgid>},
    {"cred.old_caps", string, kNone, "Permitted capabilities before", capabilities_before<&hw_cred::cap_permitted>},
    {"cred.new_caps", string, kNone, "Permitted capabilities after", capabilities_after<&hw_cred::cap_permitted>},
    {"cred.old_effective", string, kNone, "Effective capabilities before", capabilities_before<&hw_cred::cap_effective>},
    {"cred.new_effective", string, kNone, "Effective capabilities after", capabilities_after<&hw_cred::cap_effective>},
    {"cred.old_bounding", string, kNone, "Bounding capabilities before", capabilities_before<&hw_cred::cap_bounding>},
    {"cred.new_bounding", string, kNone, "Bounding capabilities after", capabilities_after<&hw_cred::cap_bounding>},
    {"cred.gained_caps", string, kNone, "Permitted capabilities after that were not there before", gained_capabilities},
    {"cred.lost_caps", string, kNone, "Permitted capabilities before that are gone after", lost_capabilities},
    {"cred.old_securebits", unsigned_integer, kNone, "Securebits before", before<&hw_cred::securebits>},
    {"cred.new_securebits", unsigned_integer, kNone, "Securebits after", after<&hw_cred::securebits>},
    {"cred.old_userns_level", unsigned_integer, kNone, "Depth of the user namespace before", before<&hw_cred::userns_level>},
    {"cred.new_userns_level", unsigned_integer, kNone, "Depth of the user namespace after", after<&hw_cred::userns_level>},
    {"cred.userns_changed", boolean, kNone, "True when the user namespace is another one after", namespace_changed},
    {"cred.uncertain", boolean, kNone, "True when an earlier change was missed: the credentials before may be old", uncertain},
    {"cred.repeats", unsigned_integer, kNone, "Equal changes of this container that were counted, not sent, since the last one", repeats},
    {"capability.name", string, kNone, "Capability that was used: CAP_SYS_ADMIN", capability_of},
    {"capability.number", unsigned_integer, kNone, "Number of the capability", capability_number},
    {"capability.granted", boolean, kNone, "False when the kernel refused", capability_granted},
    {"capability.count", unsigned_integer, kNone, "Uses of this capability by the container so far, with this outcome", capability_count},
    {"capability.userns_level", unsigned_integer, kNone, "Depth of the user namespace that was asked about, 0 for the initial one", capability_level},
    {"gain.way", string, kNone, "Way of a privilege gain: setuid_file, file_capabilities, setid, capset, userns, setns, fork, unexplained, late", gain_text<&PrivilegeGainFinding::way>},
    {"gain.explained", boolean, kNone, "False when no legal sequence of calls leads from the old credentials to the new", gain_truth<&PrivilegeGainFinding::explained>},
    {"gain.regained", boolean, kNone, "True when the process had dropped this privilege itself and took it back", gain_truth<&PrivilegeGainFinding::regained>},
    {"gain.to_root", boolean, kNone, "True when the process became root of its container's user namespace", gain_truth<&PrivilegeGainFinding::to_root>},
    {"gain.caps", string, kNone, "Capabilities gained", gain_text<&PrivilegeGainFinding::gained_caps>},
};
// clang-format on

}  // namespace

std::span<const Field> credential_fields() { return kFields; }

}  // namespace hullwatch::field
