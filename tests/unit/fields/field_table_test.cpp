#include "rules/field_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "event/event_type.h"
#include "probe/providers.h"
#include "probe/tier_needs.h"
#include "rules/event_arguments.h"
#include "support/field_value.h"
#include "support/world.h"

namespace hullwatch {
namespace {

using namespace test;

TEST(FieldTable, NamesAreUniqueAndFound) {
  std::set<std::string_view> seen;
  for (const Field& field : fields()) {
    EXPECT_TRUE(seen.insert(field.name).second) << field.name;
    EXPECT_EQ(find_field(field.name), &field);
  }
  EXPECT_EQ(find_field("proc.nmae"), nullptr);
}

TEST(FieldTable, EveryFieldIsDescribed) {
  for (const Field& field : fields()) EXPECT_FALSE(field.description.empty()) << field.name;
}

TEST(FieldTable, AFieldHasAnAccessorOrSaysWhatItNeeds) {
  for (const Field& field : fields()) EXPECT_NE(field.get == nullptr, field.needs.empty()) << field.name;
}

// `hullwatch fields` tells these as "needs event": each must be an event that exists, and that nothing here makes.
TEST(FieldTable, TheEventsAFieldNeedsAreThoseNobodyObserves) {
  constexpr std::string_view kNeeds = "needs the events ";
  size_t seen = 0;
  for (const Field& field : fields()) {
    if (!field.needs.starts_with(kNeeds)) continue;
    for (std::string_view rest = field.needs.substr(kNeeds.size()); !rest.empty(); ++seen) {
      const std::string_view name = rest.substr(0, rest.find(", "));
      EXPECT_TRUE(is_known_event_name(name)) << field.name << ": " << name;
      EXPECT_FALSE(event_type_from_name(name)) << field.name << ": " << name;
      rest.remove_prefix(std::min(rest.size(), name.size() + 2));
    }
  }
  EXPECT_GT(seen, 100U);
}

TEST(FieldTable, WhatATierDoesNotTellAreFieldsThatOthersDo) {
  for (const Provider& provider : providers())
    for (const std::string_view name : provider.untold) {
      const Field* field = find_field(name);
      ASSERT_NE(field, nullptr) << name;
      EXPECT_NE(field->get, nullptr) << name;
      const auto all = tiers_of_field(name);
      const auto needs = std::ranges::find(all, provider.observation, &TierNeeds::observation);
      ASSERT_NE(needs, all.end()) << name;
      EXPECT_FALSE(needs->tiers.empty()) << name;
    }
}

TEST(FieldTable, EveryFieldOfThePublishedRulesIsKnown) {
  for (const auto* name : {"evt.type",
                           "evt.num",
                           "evt.res",
                           "evt.rawres",
                           "evt.args",
                           "evt.is_open_read",
                           "evt.is_open_write",
                           "evt.is_open_exec",
                           "evt.arg",
                           "evt.rawarg",
                           "evt.buffer",
                           "evt.hostname",
                           "evt.dir",
                           "proc.name",
                           "proc.pname",
                           "proc.aname",
                           "proc.exe",
                           "proc.pexe",
                           "proc.exepath",
                           "proc.pexepath",
                           "proc.aexepath",
                           "proc.aexe",
                           "proc.cmdline",
                           "proc.pcmdline",
                           "proc.args",
                           "proc.cwd",
                           "proc.tty",
                           "proc.duration",
                           "proc.ppid.duration",
                           "proc.sname",
                           "proc.is_exe_upper_layer",
                           "proc.is_exe_from_memfd",
                           "proc.exe_ino.ctime",
                           "proc.exe_ino.mtime",
                           "proc.exe_ino.ctime_duration_proc_start",
                           "proc.env",
                           "proc.vpid",
                           "proc.is_vpgid_leader",
                           "proc.vpgid.name",
                           "proc.vpgid.exe",
                           "fd.num",
                           "fd.name",
                           "fd.nameraw",
                           "fd.directory",
                           "fd.filename",
                           "fd.type",
                           "fd.typechar",
                           "fd.types",
                           "fd.l4proto",
                           "fd.ip",
                           "fd.net",
                           "fd.sip",
                           "fd.snet",
                           "fd.sport",
                           "fd.lport",
                           "fd.rport",
                           "fd.sip.name",
                           "fd.cip.name",
                           "fd.lip.name",
                           "fd.rip.name",
                           "fd.connected",
                           "fd.name_changed",
                           "fd.cip",
                           "fd.rip",
                           "fd.cnet",
                           "fd.rnet",
                           "fd.port",
                           "fd.sockfamily",
                           "user.name",
                           "user.uid",
                           "user.loginuid",
                           "user.loginname",
                           "group.gid",
                           "group.name",
                           "thread.cap_effective",
                           "thread.cap_permitted",
                           "container.id",
                           "container.image.repository",
                           "container.privileged",
                           "container.start_ts",
                           "container.mounts",
                           "container.mount.dest",
                           "k8s.ns.name",
                           "k8s.pod.name"})
    EXPECT_NE(find_field(name), nullptr) << name;
}

TEST(FieldTable, ArgumentsOfThePublishedRulesAreKnown) {
  for (const auto* name : {"flags", "request", "target", "linkpath", "oldpath", "newpath", "domain", "cmd", "fd", "filename",
                           "mode", "name", "path", "uid"})
    EXPECT_TRUE(is_known_argument(name)) << name;
  EXPECT_FALSE(is_known_argument("flgas"));
}

// A value of another type than the table says would be compared as nothing.
void expect_declared_type(const Field& field, const Value& value) {
  switch (field.type) {
    case ValueType::boolean: EXPECT_TRUE(std::holds_alternative<bool>(value)) << field.name; break;
    case ValueType::integer: EXPECT_TRUE(std::holds_alternative<int64_t>(value)) << field.name; break;
    case ValueType::unsigned_integer:
    case ValueType::relative_time:
    case ValueType::absolute_time: EXPECT_TRUE(std::holds_alternative<uint64_t>(value)) << field.name; break;
    default: EXPECT_TRUE(std::holds_alternative<std::string_view>(value)) << field.name;
  }
}

// One event of every kind, rich enough that most fields have a value on some.
class EveryEvent : public testing::Test {
 protected:
  EveryEvent() {
    auto& web = world_.container("web");
    world_.process(exec("/sbin/init").pid(1));
    world_.process(exec("/bin/sh").pid(100, 1).child_of(1).in(web));
    RuntimeRequestFinding request;
    request.runtime = "docker";
    request.method = "GET";
    add(exec("/bin/id").pid(101, 1).child_of(100).in(web).tty(1).build());
    add(forks(102).by_pid(100).build());
    add(exits(100).build());
    add(credential(user(1), root()).in(web).build());
    add(uses_capability(21).in(web).build());
    add(mounts("a", "/b", "c").data("d").resolved("/e").in(web).build());
    add(mount_operation(HW_MOUNT_FSCONFIG).source("k").target("v").build());
    add(unshares(0x20000).build());
    add(makes_cgroup(5, "/a").build());
    add(attaches_to_cgroup(5).moved(1, 0, 5).build());
    add(connects_to("/run/docker.sock").in(web).build());
    add(request_bytes("GET / HTTP/1.1").build());
    add(burst().build());
    add(flood_of(HW_MOUNT).build());
    add(finding(EventType::fork_bomb, *events_[0], ForkBombFinding{.reason = "growth"}));
    add(finding(EventType::privilege_gain, *events_[0],
                PrivilegeGainFinding{.before = user(1), .after = root(), .way = "setid", .gained_caps = "CAP_KILL"}));
    add(finding(EventType::runtime_request, *events_[0], request));
    add(finding(EventType::events_lost, *events_[0], LossEvent{}));
    add(BuiltEvent(Event{}));
  }
  void add(BuiltEvent event) { events_.push_back(std::move(event)); }

  World world_;
  std::vector<BuiltEvent> events_;
};

TEST_F(EveryEvent, AccessorsYieldTheDeclaredTypeOrNothing) {
  FieldScratch scratch;
  const FieldArgument argument{"1", 1};
  for (const auto& event : events_) {
    const auto context = world_.context(event);
    for (const Field& field : fields()) {
      if (field.get == nullptr) continue;
      const Value value = field.get(context, field.argument == Field::Argument::none ? nullptr : &argument, scratch);
      if (!std::holds_alternative<std::monostate>(value)) expect_declared_type(field, value);
    }
    scratch.clear();
  }
}

TEST_F(EveryEvent, EveryTypeButUnknownHasArguments) {
  for (const auto& info : event_types()) EXPECT_FALSE(event_arguments(info.type).empty()) << info.name;
}

TEST_F(EveryEvent, EveryArgumentCanBeShown) {
  for (const auto& event : events_) {
    const auto context = world_.context(event);
    for (size_t i = 0; i < event_arguments(event->type).size(); ++i) shown(context, "evt.arg[" + std::to_string(i) + "]");
    EXPECT_EQ(shown(context, "evt.arg[99]"), kMissing);
  }
}

TEST(FieldScratch, ViewsSurviveGrowth) {
  FieldScratch scratch;
  const auto first = scratch.keep("short");
  for (int i = 0; i < 1000; ++i) scratch.keep("x");
  EXPECT_EQ(first, "short");
}

TEST(FieldScratch, MemoryIsUsedAgain) {
  FieldScratch scratch;
  scratch.next().assign(1000, 'a');
  scratch.clear();
  EXPECT_EQ(scratch.next(), "");
  scratch.clear();
  EXPECT_GE(scratch.next().capacity(), 1000U);
}

}  // namespace
}  // namespace hullwatch
