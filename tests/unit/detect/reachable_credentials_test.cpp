#include "detect/reachable_credentials.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <functional>
#include <string>
#include <vector>

namespace hullwatch {
namespace {

constexpr uint64_t kAll = (1ULL << 41) - 1;
constexpr uint64_t kDocker = 0xa80425fb;
constexpr uint32_t kInitNs = 1, kChildNs = 2;

hw_cred user(uint32_t id) {
  return hw_cred{.uid = id,
                 .gid = id,
                 .suid = id,
                 .sgid = id,
                 .euid = id,
                 .egid = id,
                 .fsuid = id,
                 .fsgid = id,
                 .securebits = 0,
                 .userns = kInitNs,
                 .userns_level = 0,
                 .userns_owner = 0,
                 .cap_inheritable = 0,
                 .cap_permitted = 0,
                 .cap_effective = 0,
                 .cap_bounding = kAll,
                 .cap_ambient = 0};
}
hw_cred root(uint64_t caps = kAll) {
  hw_cred c = user(0);
  c.cap_permitted = c.cap_effective = c.cap_bounding = caps;
  return c;
}
hw_cred with(hw_cred c, const std::function<void(hw_cred&)>& change) {
  change(c);
  return c;
}

struct Case {
  std::string name;
  hw_cred before, after;
  std::optional<ExecStep> exec;
  bool reachable;
};

std::vector<Case> cases() {
  const hw_cred saved_root = with(root(), [](hw_cred& c) {
    c.euid = c.fsuid = 1000;
    c.cap_effective = 0;
  });
  const hw_cred by_setuid_file = with(root(), [](hw_cred& c) { c.uid = c.gid = c.egid = c.sgid = c.fsgid = 1000; });
  const ExecStep plain{}, setuid_root{.setuid_file = true}, setuid_nnp{.setuid_file = true, .no_new_privs = true};
  return {
      {"nothing changes", user(1000), user(1000), {}, true},
      {"root drops to a user", root(), user(1000), {}, true},
      {"a seteuid toggle takes the saved id back", saved_root, root(), {}, true},
      {"a user becomes root from nothing", user(1000), root(), {}, false},
      {"only the euid is overwritten", user(1000), with(user(1000), [](hw_cred& c) { c.euid = 0; }), {}, false},
      {"only fsuid is overwritten", user(1000), with(user(1000), [](hw_cred& c) { c.fsuid = 0; }), {}, false},
      {"only capabilities are overwritten",
       user(1000),
       with(user(1000), [](hw_cred& c) { c.cap_permitted = c.cap_effective = kAll; }),
       {},
       false},
      {"CAP_SETUID allows any user",
       with(user(1000), [](hw_cred& c) { c.cap_permitted = 1ULL << CAP_SETUID; }),
       with(user(1000), [](hw_cred& c) { c.uid = c.euid = c.suid = c.fsuid = 0; }),
       {},
       true},
      {"CAP_SETUID does not allow any group",
       with(user(1000), [](hw_cred& c) { c.cap_permitted = 1ULL << CAP_SETUID; }),
       with(user(1000), [](hw_cred& c) { c.gid = 0; }),
       {},
       false},
      {"a group is permuted",
       with(user(1000), [](hw_cred& c) { c.sgid = 7; }),
       with(user(1000), [](hw_cred& c) { c.egid = c.sgid = 7; }),
       {},
       true},
      {"effective beyond permitted", root(kDocker), with(root(kDocker), [](hw_cred& c) { c.cap_effective = kAll; }), {}, false},
      {"the bounding set grows", root(kDocker), root(), {}, false},
      {"the bounding set shrinks", root(), root(kDocker), {}, true},
      {"inheritable from permitted",
       root(kDocker),
       with(root(kDocker), [](hw_cred& c) { c.cap_inheritable = kDocker; }),
       {},
       true},
      {"inheritable from nowhere", user(1000), with(user(1000), [](hw_cred& c) { c.cap_inheritable = 1; }), {}, false},
      {"ambient without inheritable", root(), with(root(), [](hw_cred& c) { c.cap_ambient = 1; }), {}, false},
      {"securebits without CAP_SETPCAP", user(1000), with(user(1000), [](hw_cred& c) { c.securebits = 1; }), {}, false},
      {"keep-caps by anyone", user(1000), with(user(1000), [](hw_cred& c) { c.securebits = 1U << 4; }), {}, true},
      {"exec of a setuid-root file", user(1000), by_setuid_file, setuid_root, true},
      {"exec of a plain file gains nothing", user(1000), by_setuid_file, plain, false},
      {"exec of a setuid file under no_new_privs", user(1000), by_setuid_file, setuid_nnp, false},
      {"exec of a setgid file", user(1000), with(user(1000), [](hw_cred& c) { c.egid = c.sgid = c.fsgid = 42; }),
       ExecStep{.setgid_file = true}, true},
      {"exec of a plain file gives no group", user(1000), with(user(1000), [](hw_cred& c) { c.egid = c.sgid = c.fsgid = 42; }),
       plain, false},
      {"exec of a file with capabilities", user(1000),
       with(user(1000), [](hw_cred& c) { c.cap_permitted = c.cap_effective = 1ULL << CAP_NET_RAW; }), plain, true},
      {"exec gains beyond the bounding set", with(user(1000), [](hw_cred& c) { c.cap_bounding = kDocker; }),
       with(user(1000),
            [](hw_cred& c) {
              c.cap_bounding = kDocker;
              c.cap_permitted = 1ULL << CAP_SYS_ADMIN;
            }),
       plain, false},
      {"unshare of a user namespace",
       user(1000),
       with(root(),
            [](hw_cred& c) {
              c = user(1000);
              c.cap_permitted = c.cap_effective = kAll;
              c.userns = kChildNs;
              c.userns_level = 1;
              c.userns_owner = 1000;
            }),
       {},
       true},
      {"host root in a user's own namespace",
       user(1000),
       with(root(),
            [](hw_cred& c) {
              c.userns = kChildNs;
              c.userns_level = 1;
              c.userns_owner = 1000;
            }),
       {},
       false},
      {"leaving a user namespace upwards",
       with(user(1000),
            [](hw_cred& c) {
              c.userns = kChildNs;
              c.userns_level = 1;
            }),
       user(1000),
       {},
       false},
      {"changing to a sibling namespace",
       with(user(1000),
            [](hw_cred& c) {
              c.userns = kChildNs;
              c.userns_level = 1;
            }),
       with(user(1000),
            [](hw_cred& c) {
              c.userns = 3;
              c.userns_level = 1;
            }),
       {},
       false},
  };
}

TEST(ReachableCredentials, FollowsTheKernelsRules) {
  for (const Case& c : cases()) {
    const Reachability verdict = reachable(c.before, c.after, c.exec ? &*c.exec : nullptr);
    EXPECT_EQ(verdict.reachable, c.reachable) << c.name << (verdict.why_not.empty() ? "" : ": " + verdict.why_not);
    EXPECT_EQ(verdict.why_not.empty(), verdict.reachable) << c.name;
  }
}

TEST(ReachableCredentials, EveryChangeOfOneIdFromAnUnprivilegedUserIsUnreachable) {
  uint32_t hw_cred::*const ids[] = {&hw_cred::uid, &hw_cred::euid, &hw_cred::suid, &hw_cred::fsuid,
                                    &hw_cred::gid, &hw_cred::egid, &hw_cred::sgid, &hw_cred::fsgid};
  for (auto id : ids) {
    hw_cred after = user(1000);
    after.*id = 33;
    EXPECT_FALSE(reachable(user(1000), after, nullptr).reachable);
  }
}

}  // namespace
}  // namespace hullwatch
