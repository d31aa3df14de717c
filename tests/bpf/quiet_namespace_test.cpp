// Namespaces and the use of capabilities, by actors against the live quiet providers; last in its executable, it looks at what
// failed.

#include <algorithm>

#include "quiet_suite.h"

namespace hullwatch::test {
namespace {

nlohmann::json told_namespaces(const hw_namespaces& n) {
  return {{"mnt", n.mnt}, {"pid", n.pid},       {"net", n.net},  {"uts", n.uts},
          {"ipc", n.ipc}, {"cgroup", n.cgroup}, {"user", n.user}};
}

TEST_F(Quiet, UnshareShowsTheNamespacesBeforeAndAfter) {
  const auto run = Quiet::run({"namespaces", "unshare", "0x20000", "0x4000000"});  // NEWNS, NEWUTS
  const auto seen = run.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(seen.size(), 2U);
  for (std::size_t i : {0U, 1U}) {
    EXPECT_EQ(told_namespaces(seen[i].before), run.told.at(i)["before"]);
    EXPECT_EQ(told_namespaces(seen[i].after), run.told.at(i)["after"]);
    EXPECT_EQ(seen[i].result, 0);
    EXPECT_EQ(seen[i].op, HW_NS_UNSHARE);
  }
  EXPECT_EQ(seen[0].ns_flags, 0x20000U);
}

TEST_F(Quiet, TheFirstNamespaceOfItsKindPassesAFlood) {
  QuietProbe probe(strict());
  const auto container = probe.container();
  std::vector<std::string> command = {"namespaces", "unshare"};
  command.insert(command.end(), 200, "0x4000000");          // NEWUTS
  command.insert(command.end(), {"0x8000000", "0x20000"});  // NEWIPC, NEWNS
  const auto run = probe.run(command, container.get());
  ASSERT_EQ(run.told.size(), 202U);
  const auto seen = run.all<hw_namespace>(HW_NAMESPACE);
  for (const uint64_t flags : {0x8000000U, 0x20000U})
    EXPECT_EQ(std::ranges::count_if(seen, [&](const auto& r) { return r.ns_flags == flags; }), 1) << flags;
  EXPECT_LT(seen.size(), 180U) << "it was a flood";
  EXPECT_EQ(seen.size() + probe.suppressed(container->id(), HW_NAMESPACE), 202U);
}

TEST_F(Quiet, SetnsShowsItsOutcome) {
  const auto run = Quiet::run({"namespaces", "setns", "/proc/self/ns/uts", "0x4000000"});
  const auto seen = run.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].op, HW_NS_SETNS);
  EXPECT_EQ(seen[0].result, run.told.at(0)["result"]);
}

TEST_F(Quiet, AnewUserNamespaceByCloneIsAChangeOfTheChild) {
  const auto run = Quiet::run({"namespaces", "clone", "0x10000000"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].way, HW_WAY_USERNS);
  EXPECT_EQ(seen[0].before.userns, run.told.at(0)["before"]["user"]);
  EXPECT_EQ(seen[0].after.userns, run.told.at(0)["after"]["user"]);
  EXPECT_EQ(seen[0].after.userns_level, seen[0].before.userns_level + 1);
}

TEST_F(Quiet, AnewUserNamespaceByUnshareAloneIsFoundAtItsFirstUse) {
  const auto run = Quiet::run({"namespaces", "usemap"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].way, HW_WAY_UNKNOWN);
  EXPECT_TRUE(seen[0].h.flags & HW_F_LATE);
  EXPECT_EQ(seen[0].after.userns, run.told.at(0)["after"]["user"]);
}

TEST_F(Quiet, TheFirstUseOfEachCapabilityInAContainerIsARecordTheRestACount) {
  const auto container = probe_->container();
  const auto first = probe_->run({"setid", "resuid", "1000", "1000", "1000"}, container.get());
  const auto second = probe_->run({"setid", "resuid", "1000", "1000", "1000"}, container.get());
  const auto of_setuid = [](const ActorRun& run) {
    return std::ranges::count_if(run.all<hw_capability>(HW_CAPABILITY), [](const auto& r) { return r.capability == 7; });
  };
  EXPECT_EQ(of_setuid(first), 1);
  EXPECT_EQ(of_setuid(second), 0);
  EXPECT_EQ(probe_->capability_uses(container->id(), 7, false), 2U);
}

TEST_F(Quiet, ADeniedCapabilityInAContainerIsARecord) {
  const auto container = probe_->container();
  const auto run = probe_->run({"mount_calls", "denied", directory_}, container.get());
  const auto seen = run.all<hw_capability>(HW_CAPABILITY);
  const auto denied = std::ranges::find_if(seen, [](const auto& r) { return r.capability == 21 && r.result != 0; });
  ASSERT_NE(denied, seen.end());
  EXPECT_EQ(denied->h.home, container->id());
  EXPECT_EQ(probe_->capability_uses(container->id(), 21, true), 3U);
}

TEST_F(Quiet, UseOnTheHostIsOnlyCounted) {
  const auto before = probe_->capability_uses(0, 7, false);
  EXPECT_TRUE(Quiet::run({"setid", "resuid", "1000", "1000", "1000"}).all<hw_capability>(HW_CAPABILITY).empty());
  EXPECT_GT(probe_->capability_uses(0, 7, false), before);
}

TEST_F(Quiet, NothingFailedInTheKernel) {
  const auto errors = probe_->object().errors();
  for (const auto place : {HW_PLACE_OUTCOME, HW_PLACE_CALL_FULL, HW_PLACE_TRANSITIONS}) EXPECT_EQ(errors[place], 0U) << place;
  const auto counts = probe_->object().counts();
  for (const auto kind : {HW_CREDENTIAL, HW_CAPABILITY, HW_MOUNT, HW_NAMESPACE}) EXPECT_EQ(counts[kind].lost, 0U) << kind;
}

}  // namespace
}  // namespace hullwatch::test
