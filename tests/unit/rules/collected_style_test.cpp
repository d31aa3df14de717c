// Rules of the kind people keep for themselves: macros changed later, tuple exceptions, deprecated fields, other sources,
// fields of plugins. All load, and each says truly whether it can fire.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {
namespace {

constexpr const char* kStyle = R"yaml(
- required_engine_version: 0.57.0
- required_plugin_versions:
    - name: container
      version: 0.4.1
    - name: k8saudit
      version: 0.7.0
      alternatives:
        - name: k8saudit-gke
          version: 0.1.0

# Macros of macros, in the order a reader would write them.
- macro: began
  condition: (evt.type in (execve, execveat) and evt.dir=<)
- macro: inside
  condition: (container.id != host)
- macro: began_inside
  condition: (began and inside)
- macro: opened
  condition: (evt.type in (open, openat, openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0)
- macro: called_out
  condition: >
    (evt.type = connect and evt.dir = < and (fd.typechar = 4 or fd.typechar = 6) and
     (evt.rawres >= 0 or evt.res = EINPROGRESS) and fd.l4proto != udp)
- macro: quiet_by_choice
  condition: (never)
- macro: never
  condition: (evt.num=0)
- macro: quiet_by_choice
  condition: (never)
- macro: quiet_by_choice
  condition: or (proc.pname = auditor)
  override:
    condition: append

- list: shells
  items: [ash, bash, dash]
- list: fetchers
  items: [curl, 'wget', "aria2c"]
- list: hands
  items: [shells, fetchers, "busybox sh", '"[kworker]"']
- list: nobody
  items: []
- list: metadata_addresses
  items: ['"169.254.169.254"', '"fd00:ec2::254"']

- rule: Fetcher below a web server
  desc: >
    A program that downloads, made by a server.
  condition: >
    began_inside and proc.name in (fetchers, nobody) and proc.pname in (nginx, apache2)
    and not quiet_by_choice
    and (proc.args icontains "http://" or proc.cmdline startswith "curl -k" or proc.exepath glob "/tmp/*")
  output: "*Fetcher | user=%user.name uid=%user.uid command=%proc.cmdline grandparent=%proc.aname[2] tty=%proc.tty %container.info"
  priority: WARNING
  tags: [maturity_incubating, container, T1105]
  exceptions:
    - name: updaters
      fields: [proc.pname, proc.cmdline, "proc.aname[2]"]
      comps: [in, startswith, =]
      values:
        - [[nginx, hands], "curl -fsS https://", supervisor]
    - name: by_image
      fields: container.image.repository
      comps: endswith anyof
      values: [/updater, /mirror]
    - name: template
      fields: [proc.name, k8s.ns.name]

- rule: Encoded script in arguments
  desc: something encoded is given to an interpreter
  condition: >
    began and proc.name in (hands) and len(proc.cmdline) > 40
    and (proc.cmdline regex ".*base64 +(-d|--decode).*" or b64(proc.args) contains "eval" or tolower(proc.args) contains anyof ("exec(", "atob"))
  output: Encoded | args=%proc.args name=%toupper(proc.name) ancestors=%proc.aname ns=%k8s.ns.name pod=%k8s.pod.name
  priority: notice
  tags: [maturity_sandbox]

- rule: Metadata service asked
  desc: the cloud's metadata service is contacted
  condition: called_out and inside and fd.sip in (metadata_addresses) and not fd.sip.name in (metadata.internal) and fd.snet != 10.0.0.0/8
  output: Metadata | connection=%fd.name server=%fd.sip.name lport=%fd.lport lat=%evt.latency
  priority: NOTICE
  enabled: false

- rule: Sensitive file read under a mount
  desc: a file of the node is read
  condition: opened and inside and (fd.name pmatch (/host/etc, /mnt/root) or fd.directory in (/root/.ssh)) and fd.name endswith .pem
  output: Read | file=%fd.name flags=%evt.arg.flags mode=%evt.arg.mode
  priority: WARNING
  enabled: true

- rule: Trace attached or library set
  desc: a debugger on another process
  condition: evt.type = ptrace and evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE) and proc.env icontains LD_PRELOAD
  output: Ptrace | request=%evt.arg.request
  priority: CRITICAL

- rule: Entered another namespace
  desc: setns by a program that is no runtime
  condition: (evt.type = setns or (evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER)) and not proc.name in (runc, crun) and not proc.pname startswith "runc:["
  output: Namespace | call=%evt.type args=%evt.args
  priority: NOTICE

- rule: Network tool, or what looks like it
  desc: either half alone would do
  condition: (began and proc.name = ncat) or (evt.type = listen and evt.dir = < and fd.sport in (4444, http))
  output: Tool | %proc.name %fd.name
  priority: NOTICE

- rule: Only when it is entered
  desc: no event is one of entering
  condition: evt.type = execve and evt.dir = >
  output: never
  priority: DEBUG

- rule: Rule with a field of tomorrow
  desc: skipped without an error
  condition: began and proc.of.tomorrow = 1
  output: x
  priority: DEBUG
  skip-if-unknown-filter: true

- rule: Pod made with the host's network
  desc: from the audit log of the API server
  condition: ka.verb = create and ka.target.resource = pods and ka.req.pod.host_network intersects (true)
  output: Pod | user=%ka.user.name pod=%ka.resp.name
  priority: WARNING
  source: k8s_audit
  tags: [k8s]

- macro: began_inside
  condition: and proc.pname exists
  append: true

- rule: Entered another namespace
  condition: and not container.image.repository glob "*/debug-tools"
  output: image=%container.image.repository:%container.image.tag
  priority: WARNING
  override:
    condition: append
    output: append
    priority: replace
- rule: Fetcher below a web server
  exceptions:
    - name: template
      values:
        - [curl, kube-system]
  override:
    exceptions: append
- rule: Sensitive file read under a mount
  enabled: false
)yaml";

class CollectedStyle : public testing::Test {
 protected:
  [[nodiscard]] const RuleInfo& rule(const std::string& name) const {
    const auto& rules = loaded.rules->rules();
    return *std::ranges::find(rules, name, &RuleInfo::name);
  }
  [[nodiscard]] bool holds(const std::string& name, EventType type,
                           const std::map<std::string, Value, std::less<>>& values) const {
    RuleTestEvent event;
    event.type = type;
    for (const auto& [field, value] : values) event.values.emplace(field, value);
    return loaded.rules->holds(static_cast<size_t>(&rule(name) - loaded.rules->rules().data()), event);
  }
  LoadedRules loaded = RuleSet::load_text({{"style.yaml", kStyle}}, {});
};

TEST_F(CollectedStyle, LoadsWithoutAnError) {
  EXPECT_EQ(errors_of(loaded), "");
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_EQ(loaded.rules->rules().size(), 8U) << "one has a field of tomorrow, one another source";
}

TEST_F(CollectedStyle, IsWarnedOfWhatIsOldOrUnknown) {
  std::map<std::string, int> codes;
  for (const auto& d : loaded.diagnostics) ++codes[d.code];
  const std::map<std::string, int> expected = {
      {"LOAD_WARNING_EXTENSION", 1}, {"LOAD_DEPRECATED_ITEM", 8}, {"LOAD_UNKNOWN_FILTER", 1}, {"LOAD_UNKNOWN_SOURCE", 1}};
  EXPECT_EQ(codes, expected);
}

struct Judged {
  const char* rule;
  RuleInfo::State state;
  const char* reason;
};
class CollectedRule : public CollectedStyle, public testing::WithParamInterface<Judged> {};
TEST_P(CollectedRule, IsJudgedTruly) {
  EXPECT_EQ(rule(GetParam().rule).state, GetParam().state);
  EXPECT_EQ(rule(GetParam().rule).reason, GetParam().reason);
}
using enum RuleInfo::State;
INSTANTIATE_TEST_SUITE_P(
    All, CollectedRule,
    testing::Values(Judged{"Fetcher below a web server", live, ""}, Judged{"Encoded script in arguments", live, ""},
                    Judged{"Metadata service asked", disabled, "enabled: false"},
                    Judged{"Sensitive file read under a mount", disabled, "enabled: false"},
                    Judged{"Trace attached or library set", inert, "needs events hullwatch does not observe: ptrace"},
                    Judged{"Entered another namespace", live, ""}, Judged{"Network tool, or what looks like it", live, ""},
                    Judged{"Only when it is entered", inert, "the condition can never hold"}));

TEST_F(CollectedStyle, ALiveRuleSaysWhichOfItsEventsItMisses) {
  EXPECT_EQ(rule("Network tool, or what looks like it").missing_events, (std::vector<std::string>{"listen"}));
}

TEST_F(CollectedStyle, TuplesExceptWhatFitsAllTheirFields) {
  const auto fetcher = [this](std::string_view parent, std::string_view command, std::string_view above) {
    return holds("Fetcher below a web server", EventType::execve,
                 {{"container.id", text("0123456789ab")},
                  {"proc.name", text("curl")},
                  {"proc.pname", text(parent)},
                  {"proc.aname[2]", text(above)},
                  {"proc.args", text("HTTP://x")},
                  {"proc.cmdline", text(command)},
                  {"container.image.repository", text("shop/front")}});
  };
  EXPECT_TRUE(fetcher("nginx", "curl HTTP://x", "supervisor"));
  EXPECT_TRUE(fetcher("nginx", "curl -fsS https://x", "sh"));
  EXPECT_FALSE(fetcher("nginx", "curl -fsS https://x", "supervisor"));
  EXPECT_TRUE(fetcher("apache2", "curl -fsS https://x", "supervisor"));
  EXPECT_FALSE(fetcher("sh", "curl HTTP://x", "supervisor"));
}

TEST_F(CollectedStyle, AnExceptionIsFilledByALaterItem) {
  const auto in = [this](std::string_view ns) {
    return holds("Fetcher below a web server", EventType::execve,
                 {{"container.id", text("0123456789ab")},
                  {"proc.name", text("curl")},
                  {"proc.pname", text("nginx")},
                  {"proc.args", text("http://x")},
                  {"k8s.ns.name", text(ns)}});
  };
  EXPECT_TRUE(in("shop"));
  EXPECT_FALSE(in("kube-system"));
}

TEST_F(CollectedStyle, OverridesReachConditionOutputAndPriority) {
  const RuleInfo& info = rule("Entered another namespace");
  EXPECT_EQ(info.priority, Priority::warning);
  EXPECT_TRUE(info.output.ends_with("args=%evt.args image=%container.image.repository:%container.image.tag"));
  const auto from = [this](std::string_view image) {
    return holds("Entered another namespace", EventType::setns,
                 {{"proc.name", text("nsenter")}, {"container.image.repository", text(image)}});
  };
  EXPECT_TRUE(from("shop/front"));
  EXPECT_FALSE(from("team/debug-tools"));
}

}  // namespace
}  // namespace hullwatch::test
