// The real field table: every name the published Falco rules use is known, and rules written as they are load and say truly
// whether they can fire.

#include <gtest/gtest.h>

#include "rules/condition_parser.h"
#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {
namespace {

class PublishedField : public testing::TestWithParam<const char*> {};
TEST_P(PublishedField, IsKnown) {
  size_t length = 0;
  const std::string_view text = GetParam();
  const auto operand = rules::parse_field_or_transformer(text, length);
  ASSERT_TRUE(operand.has_value() && length == text.size()) << text;
  const auto reference = rules::resolve_field(table_fields(), *operand);
  EXPECT_TRUE(reference.has_value()) << (reference ? "" : reference.error().message);
}
INSTANTIATE_TEST_SUITE_P(
    All, PublishedField,
    testing::Values("evt.type", "evt.num", "evt.res", "evt.rawres", "evt.args", "evt.is_open_read", "evt.is_open_write",
                    "evt.is_open_exec", "evt.buffer", "evt.time", "evt.dir", "evt.arg.flags", "evt.arg.request",
                    "evt.arg.target", "evt.arg.linkpath", "evt.arg.oldpath", "evt.arg.newpath", "evt.arg.domain", "evt.arg.cmd",
                    "evt.arg.fd", "evt.arg.filename", "evt.arg.mode", "evt.arg.name", "evt.arg.path", "evt.arg.uid",
                    "proc.name", "proc.pname", "proc.aname", "proc.aname[7]", "proc.exe", "proc.pexe", "proc.exepath",
                    "proc.pexepath", "proc.aexe[2]", "proc.aexepath[2]", "proc.cmdline", "proc.pcmdline", "proc.args",
                    "proc.cwd", "proc.tty", "proc.duration", "proc.sname", "proc.env", "proc.vpid", "proc.is_vpgid_leader",
                    "proc.is_exe_upper_layer", "proc.is_exe_from_memfd", "proc.exe_ino.ctime", "proc.exe_ino.mtime",
                    "proc.exe_ino.ctime_duration_proc_start", "fd.num", "fd.name", "fd.nameraw", "fd.directory", "fd.filename",
                    "fd.type", "fd.typechar", "fd.l4proto", "fd.ip", "fd.net", "fd.sip", "fd.snet", "fd.sport", "fd.lport",
                    "fd.rport", "fd.port", "fd.cip", "fd.rip"));
INSTANTIATE_TEST_SUITE_P(More, PublishedField,
                         testing::Values("fd.cnet", "fd.rnet", "fd.sockfamily", "fd.sip.name", "fd.cip.name", "fd.lip.name",
                                         "fd.rip.name", "fd.connected", "fd.name_changed", "user.name", "user.uid",
                                         "user.loginuid", "user.loginname", "group.gid", "group.name", "thread.cap_effective",
                                         "thread.cap_permitted", "container.id", "container.name", "container.image.repository",
                                         "container.privileged", "container.start_ts", "container.mounts",
                                         "container.mount.dest[/var/run/docker.sock]", "container.mount.dest[/proc*]",
                                         "k8s.ns.name", "k8s.pod.name"));

// In the idiom of the published files: macros of macros, lists of lists, templates for tuning.
constexpr const char* kStyle = R"yaml(
- required_engine_version: 0.57.0
- required_plugin_versions:
    - name: container
      version: 0.4.0
- macro: never_true
  condition: (evt.num=0)
- macro: spawned_process
  condition: (evt.type in (execve, execveat))
- macro: open_write
  condition: (evt.type in (open,openat,openat2) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0)
- macro: container
  condition: (container.id != host)
- list: quick_shells
  items: [ash, 'sh', bash]
- list: login_programs
  items: [login, '"(systemd)"', su]
- list: all_programs
  items: [quick_shells, login_programs, "runc:[0:PARENT]"]
- macro: known_programs
  condition: (proc.name in (all_programs) or proc.aname[2] startswith google_accounts)
- macro: tuned_away
  condition: (never_true)
- rule: Unknown program with a terminal
  desc: >
    A program with a terminal.
  condition: >
    spawned_process
    and container
    and proc.tty != 0
    and not known_programs
    and not tuned_away
  output: program with a terminal | user=%user.name gparent=%proc.aname[2] command=%proc.cmdline flags=%evt.arg.flags
  priority: NOTICE
  tags: [maturity_stable, container, T1059]
- rule: Write below a directory
  desc: a file is written
  condition: open_write and fd.name startswith /etc/ and not fd.name pmatch (/etc/cron.d)
  output: written %fd.name
  priority: WARNING
)yaml";

class PublishedStyle : public testing::Test {
 protected:
  LoadedRules loaded = RuleSet::load_text({{"style.yaml", kStyle}}, {});
};

TEST_F(PublishedStyle, LoadsWithoutAWordOfComplaint) {
  for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << format_diagnostic(diagnostic);
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_EQ(loaded.rules->rules().size(), 2U);
}

TEST_F(PublishedStyle, ARuleOfExecAloneIsLive) {
  EXPECT_EQ(loaded.rules->rules()[0].state, RuleInfo::State::live) << loaded.rules->rules()[0].reason;
  EXPECT_EQ(loaded.rules->rules()[0].event_types, (std::vector{EventType::execve, EventType::execveat}));
}

TEST_F(PublishedStyle, ARuleOfFileEventsIsInertForTheRightReason) {
  EXPECT_EQ(loaded.rules->rules()[1].state, RuleInfo::State::inert);
  EXPECT_EQ(loaded.rules->rules()[1].reason, "needs events hullwatch does not observe: open, openat, openat2");
}

TEST_F(PublishedStyle, ListsOfListsReachTheCondition) {
  const auto on = [this](std::string_view name) {
    RuleTestEvent event;
    event.type = EventType::execve;
    event.values = {{"container.id", text("0123456789ab")}, {"proc.tty", count(1)}, {"proc.name", Value(name)}};
    return loaded.rules->holds(0, event);
  };
  EXPECT_TRUE(on("nmap"));
  EXPECT_FALSE(on("bash"));
  EXPECT_FALSE(on("(systemd)"));
  EXPECT_FALSE(on("runc:[0:PARENT]"));
}

}  // namespace
}  // namespace hullwatch::test
