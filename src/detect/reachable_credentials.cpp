#include "detect/reachable_credentials.h"

#include <linux/capability.h>
#include <linux/securebits.h>

#include <array>

namespace hullwatch {
namespace {

constexpr uint64_t bit(int capability) { return 1ULL << capability; }

bool subset(uint64_t part, uint64_t whole) { return (part & ~whole) == 0; }

/// Securebits anyone may set without CAP_SETPCAP: keep-caps always, the exec-restrict pair (bits 8 to 11) since 6.14.
constexpr uint32_t kFreeSecurebits = (1U << SECURE_KEEP_CAPS) | 0xf00U;

Reachability no(std::string why) { return {false, std::move(why)}; }

struct Ids {
  std::array<uint32_t, 4> v;  // real, effective, saved, file system
};
Ids uids(const hw_cred& c) { return {{c.uid, c.euid, c.suid, c.fsuid}}; }
Ids gids(const hw_cred& c) { return {{c.gid, c.egid, c.sgid, c.fsgid}}; }

bool holds(const Ids& ids, uint32_t id) {
  for (uint32_t v : ids.v)
    if (v == id) return true;
  return false;
}

/// Without the capability a set*id call may only move ids a task already has; fsuid alone never feeds the other three.
bool permuted(const Ids& before, const Ids& after) {
  const Ids own{{before.v[0], before.v[1], before.v[2], before.v[0]}};
  for (size_t i = 0; i < 3; ++i)
    if (!holds(own, after.v[i])) return false;
  return holds(before, after.v[3]);
}

/// Invariants the kernel keeps in every credential it makes.
Reachability well_formed(const hw_cred& c) {
  if (!subset(c.cap_effective, c.cap_permitted)) return no("effective capabilities exceed the permitted ones");
  if (!subset(c.cap_ambient, c.cap_permitted & c.cap_inheritable))
    return no("ambient capabilities exceed the permitted and inheritable ones");
  return {};
}

/// The task went down into a user namespace: it has every capability there, and any id the namespace maps.
Reachability entered_userns(const hw_cred& before, const hw_cred& after) {
  const bool had_root = holds(uids(before), 0) || (before.cap_permitted & bit(CAP_SETUID)) != 0;
  if (holds(uids(after), 0) && !had_root && after.userns_owner != 0)
    return no("host root appeared in a user namespace that was not root's to map");
  return {};
}

Reachability by_exec(const hw_cred& before, const hw_cred& after, const ExecStep& exec) {
  const uint64_t ceiling = exec.no_new_privs ? before.cap_permitted | before.cap_ambient
                                             : before.cap_bounding | before.cap_inheritable | before.cap_ambient;
  if (!subset(after.cap_permitted, ceiling))
    return no(exec.no_new_privs ? "exec gained capabilities although no_new_privs is set"
                                : "exec gained capabilities outside the bounding set");
  const bool setuid = exec.setuid_file && !exec.no_new_privs;
  const bool may_setuid = (before.cap_permitted & bit(CAP_SETUID)) != 0;
  for (uint32_t id : uids(after).v)
    if (!holds(uids(before), id) && !(setuid && id == exec.file_owner) && !may_setuid)
      return no("exec changed the user id without a setuid file");
  const bool may_setgid = (before.cap_permitted & bit(CAP_SETGID)) != 0 || (exec.setgid_file && !exec.no_new_privs);
  for (uint32_t id : gids(after).v)
    if (!holds(gids(before), id) && !may_setgid) return no("exec changed the group id without a setgid file");
  return {};
}

Reachability by_calls(const hw_cred& before, const hw_cred& after) {
  if (!subset(after.cap_permitted, before.cap_permitted)) return no("permitted capabilities grew without an exec");
  if ((before.cap_permitted & bit(CAP_SETUID)) == 0 && !permuted(uids(before), uids(after)))
    return no("a user id appeared that the task did not hold, without CAP_SETUID");
  if ((before.cap_permitted & bit(CAP_SETGID)) == 0 && !permuted(gids(before), gids(after)))
    return no("a group id appeared that the task did not hold, without CAP_SETGID");
  return {};
}

}  // namespace

Reachability reachable(const hw_cred& before, const hw_cred& after, const ExecStep* exec) {
  if (auto verdict = well_formed(after); !verdict.reachable) return verdict;
  if (after.userns != before.userns) {
    if (after.userns_level <= before.userns_level) return no("the task left its user namespace upwards");
    return entered_userns(before, after);
  }
  if (!subset(after.cap_bounding, before.cap_bounding)) return no("the capability bounding set grew");
  const bool may_setpcap = (before.cap_permitted & bit(CAP_SETPCAP)) != 0;
  const uint64_t inheritable = before.cap_inheritable | before.cap_permitted | (may_setpcap ? before.cap_bounding : 0);
  if (!subset(after.cap_inheritable, inheritable)) return no("inheritable capabilities grew beyond the permitted ones");
  // Keep-caps is cleared by exec; anything else about securebits needs CAP_SETPCAP.
  if (!may_setpcap && ((before.securebits ^ after.securebits) & ~kFreeSecurebits) != 0)
    return no("securebits changed without CAP_SETPCAP");
  if (before.userns_level > 0 && holds(uids(after), 0) && !holds(uids(before), 0) && before.userns_owner != 0)
    return no("host root appeared inside a user namespace that root did not make");
  return exec != nullptr ? by_exec(before, after, *exec) : by_calls(before, after);
}

}  // namespace hullwatch
