#include "detect/privilege_gain.h"

#include "detect/reachable_credentials.h"
#include "event/kernel_names.h"

namespace hullwatch {
namespace {

/// Root (the host's id of it) in any of the ids a set*id call can take back.
bool holds(const hw_cred& c, uint32_t root) { return c.uid == root || c.euid == root || c.suid == root; }

std::optional<ExecStep> exec_step(const hw_credential& record) {
  if (record.way != HW_WAY_EXEC) return std::nullopt;
  return ExecStep{.setuid_file = (record.exe_flags & HW_EXE_SETUID) != 0,
                  .setgid_file = (record.exe_flags & HW_EXE_SETGID) != 0,
                  .file_owner = record.exe_uid,
                  .no_new_privs = record.no_new_privs != 0};
}

std::string way_of(const hw_credential& record, bool gained_ids) {
  switch (record.way) {
    case HW_WAY_EXEC:
      if ((record.exe_flags & HW_EXE_SETUID) != 0 && gained_ids) return "setuid_file";
      return holds(record.before, record.root_uid) ? "exec_as_root" : "file_capabilities";
    case HW_WAY_SETID: return "setid";
    case HW_WAY_CAPSET: return "capset";
    case HW_WAY_KEYCTL: return "keyctl";
    case HW_WAY_USERNS: return "userns";
    case HW_WAY_SETNS: return "setns";
    case HW_WAY_FORK: return "fork";
    case HW_WAY_COMMIT: return "unexpected_call";
    default: return "late";
  }
}

}  // namespace

std::optional<PrivilegeGainFinding> judge_credentials(const hw_credential& record, uint32_t container_level) {
  const hw_cred& before = record.before;
  const hw_cred& after = record.after;
  const auto exec = exec_step(record);
  const Reachability verdict = reachable(before, after, exec ? &*exec : nullptr);

  PrivilegeGainFinding finding;
  finding.before = before;
  finding.after = after;
  if (!verdict.reachable) {
    if (record.uncertain != 0) return std::nullopt;  // `before` may be old: no ground to stand on
    finding.explained = false;
    finding.way = "unexplained: " + verdict.why_not;
    finding.to_root = after.euid == 0 || after.euid == record.root_uid;
    finding.gained_caps = capability_set_text(after.cap_permitted & ~before.cap_permitted);
    return finding;
  }

  // Privilege inside a namespace below the container's own counts for nothing outside it.
  if (after.userns_level > container_level) return std::nullopt;
  // Whoever comes down into the container's namespace had more in the one above.
  if (after.userns_level > before.userns_level) return std::nullopt;

  const bool had_root = holds(before, record.root_uid) || holds(before, 0);  // the host's is root of any namespace
  const bool gained_root = holds(after, record.root_uid) && !had_root;
  const uint64_t gained_caps = after.cap_permitted & ~before.cap_permitted;
  if (!gained_root && gained_caps == 0) return std::nullopt;
  finding.way = way_of(record, gained_root || after.euid != before.euid);
  finding.to_root = gained_root;
  finding.regained = !gained_root && had_root;
  finding.gained_caps = capability_set_text(gained_caps);
  return finding;
}

void PrivilegeGainDetector::on_event(const EventContext& context, const FindingSink& found) {
  const auto* credential = context.event.get<CredentialEvent>();
  if (credential == nullptr) return;
  auto finding = judge_credentials(credential->facts, context.container != nullptr ? context.container->userns_level : 0);
  if (!finding) return;
  Event event;
  event.type = EventType::privilege_gain;
  event.header = context.event.header;
  event.ancestors = context.event.ancestors;
  event.body = std::move(*finding);
  found(std::move(event));
}

void PrivilegeGainDetector::on_tick(uint64_t, const FindingSink&) {}

}  // namespace hullwatch
