#include "pipeline/pipeline.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/event_builder.h"

namespace hullwatch {
namespace {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] uint64_t boot_ns() const override { return now_; }
  [[nodiscard]] uint64_t wall_ns() const override { return 1'795'305'600'000'000'000ULL + now_; }
  void advance_ms(uint64_t ms) { now_ += ms * 1'000'000; }

 private:
  uint64_t now_ = 60'000'000'000ULL;
};

constexpr const char* kRules = R"(
- rule: Shell in a container
  desc: d
  condition: evt.type = execve and container.id != host and proc.name = sh
  output: shell in %container.name (%proc.cmdline)
  priority: WARNING
- rule: Named web
  desc: d
  condition: evt.type = execve and container.name = web and proc.name = id
  output: id in %container.name
  priority: NOTICE
- rule: Conflict
  desc: d
  condition: evt.type = identity_conflict
  output: "%note.what"
  priority: CRITICAL
- rule: Unexplained
  desc: d
  condition: evt.type = privilege_gain and gain.explained = false
  output: gain
  priority: CRITICAL
)";

/// The whole user side but for kernel and disk; containers begin by their cgroup's mkdir, as they do live.
class WholePipeline : public ::testing::Test {
 protected:
  WholePipeline() {
    std::filesystem::create_directories(cgroups_);
    PipelinePorts ports;
    ports.alert = [this](std::shared_ptr<Alert> alert) { alerts_.push_back(std::move(alert)); };
    ports.event = [this](const EventContext&) { ++events_; };
    pipeline_ = std::make_unique<Pipeline>(config_, clock_, redactor_, containers_, std::move(ports));
    LoadedRules loaded = RuleSet::load_text({{"rules.yaml", kRules}}, {.minimum_priority = Priority::debug, .match_all = true});
    for (const Diagnostic& d : loaded.diagnostics) ADD_FAILURE() << format_diagnostic(d);
    pipeline_->set_rules(loaded.rules);
    web_.cgroup_id = 4242;
    web_.id = std::string(64, 'a');
    feed(test::makes_cgroup(web_.cgroup_id, "/docker/" + web_.id));
  }
  ~WholePipeline() override { std::filesystem::remove_all(cgroups_); }

  template <typename Builder>
  void feed(Builder builder) {
    const auto record = builder.record();
    const auto taken = pipeline_->record(record);
    EXPECT_TRUE(taken) << taken.error().message;
  }
  void name_web() {
    ContainerMetadata metadata;
    metadata.name = "web";
    metadata.image = "nginx:1";
    containers_.set_metadata(web_.cgroup_id, Container::Metadata::ready, metadata);
    pipeline_->metadata_arrived(web_.cgroup_id);
  }

  std::string cgroups_ = ::testing::TempDir() + "hullwatch-pipeline";
  Config config_;
  ManualClock clock_;
  Redactor redactor_ = *Redactor::create();
  ContainerIndex containers_{cgroups_, 64, 1'000'000'000};
  std::unique_ptr<Pipeline> pipeline_;
  Container web_;
  std::vector<std::shared_ptr<Alert>> alerts_;
  int events_ = 0;
};

TEST_F(WholePipeline, AnAlertCarriesContainerProcessAndAncestors) {
  name_web();
  feed(test::exec("/usr/sbin/nginx").pid(10).in(web_));
  feed(test::forks(11).by_pid(10).in(web_));
  feed(test::exec("/bin/sh").pid(11).child_of(10).args({"sh", "-c", "id"}).in(web_));
  ASSERT_EQ(alerts_.size(), 1U);
  const Alert& alert = *alerts_[0];
  EXPECT_EQ(alert.rule, "Shell in a container");
  EXPECT_EQ(alert.container.name, "web");
  EXPECT_EQ(alert.container.id, web_.id);
  EXPECT_FALSE(alert.container.pending);
  EXPECT_EQ(alert.process.cmdline, "sh -c id");
  ASSERT_EQ(alert.ancestors.size(), 1U);
  EXPECT_EQ(alert.ancestors[0].comm, "nginx");
  EXPECT_FALSE(alert.evidence.empty());
  EXPECT_EQ(alert.uuid.size(), 36U);
}

TEST_F(WholePipeline, WhereForksWereHeldBackAncestorsAreThoseTheExecNamesUpToOneThatIsKnown) {
  name_web();
  feed(test::exec("/usr/sbin/nginx").pid(10).in(web_));
  feed(test::exec("/bin/sh").pid(13).child_of(12).ancestors({{12, "worker"}, {11, "nginx"}, {10, "nginx"}}).in(web_));
  ASSERT_EQ(alerts_.size(), 1U);
  const auto& ancestors = alerts_[0]->ancestors;
  ASSERT_EQ(ancestors.size(), 3U);
  EXPECT_EQ(ancestors[0].pid, 12U);
  EXPECT_EQ(ancestors[0].comm, "worker");
  EXPECT_EQ(ancestors[1].pid, 11U);
  EXPECT_EQ(ancestors[2].pid, 10U);
  EXPECT_EQ(ancestors[2].exe, "/usr/sbin/nginx");
}

TEST_F(WholePipeline, RulesWaitForTheContainersName) {
  feed(test::exec("/usr/bin/id").pid(11).in(web_));
  EXPECT_TRUE(alerts_.empty());
  name_web();
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->rule, "Named web");
}

TEST_F(WholePipeline, ANameThatDoesNotComeIsWaitedForAtMost200Ms) {
  feed(test::exec("/bin/sh").pid(11).in(web_));
  clock_.advance_ms(100);
  pipeline_->tick({});
  EXPECT_TRUE(alerts_.empty());
  clock_.advance_ms(101);
  pipeline_->tick({});
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_TRUE(alerts_[0]->container.pending);
  EXPECT_EQ(pipeline_->stats().events_unnamed, 1U);
}

TEST_F(WholePipeline, WhatStillWaitsIsJudgedAtTheEnd) {
  feed(test::exec("/bin/sh").pid(11).in(web_));
  pipeline_->flush();
  EXPECT_EQ(alerts_.size(), 1U);
}

TEST_F(WholePipeline, SecretsOfCommandLinesDoNotReachAnAlert) {
  name_web();
  feed(test::exec("/bin/sh").pid(11).args({"sh", "--password", "hunter2", "PASSWORD=hunter2"}).in(web_));
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->output.find("hunter2"), std::string::npos) << alerts_[0]->output;
  EXPECT_EQ(alerts_[0]->process.cmdline.find("hunter2"), std::string::npos);
}

TEST_F(WholePipeline, AnExecTheKernelCouldNotYetPlaceBelongsToItsCgroupsContainer) {
  name_web();
  feed(test::exec("/bin/sh").pid(11).with([this](hw_exec& e) {
    e.h.cgroup = web_.cgroup_id;
    e.ns_pid = 1;
  }));
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->container.name, "web");
  feed(test::exec("/bin/sh").pid(12).with([this](hw_exec& e) { e.h.cgroup = web_.cgroup_id; }));
  EXPECT_EQ(alerts_.size(), 1U) << "the runtime's own program, still in the host's pid namespace";
}

TEST_F(WholePipeline, AnExecThatIsReadBeforeItsCgroupsRecordBelongsToTheContainerThere) {
  std::filesystem::create_directories(cgroups_ + "/plain");
  struct stat cgroup {};
  ASSERT_EQ(::stat((cgroups_ + "/plain").c_str(), &cgroup), 0);
  containers_.set_named_lookup([](std::string_view path) -> std::optional<CgroupIdentity> {
    if (path != "/plain") return {};
    CgroupIdentity identity;
    identity.runtime = "runc";
    identity.id = identity.cgroup_path = path;
    return identity;
  });
  feed(test::exec("/bin/sh").pid(11).with([&](hw_exec& e) {
    e.h.cgroup = cgroup.st_ino;
    e.ns_pid = 1;
  }));
  pipeline_->flush();
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->container.id, "/plain");
}

TEST_F(WholePipeline, WhatAProcessDoesThatWasPlacedByItsCgroupIsItsContainersToo) {
  name_web();
  const auto inside = [this](auto& facts) { facts.h.cgroup = web_.cgroup_id; };
  feed(test::exec("/bin/sh").pid(11).with([&](hw_exec& e) {
    inside(e);
    e.ns_pid = 1;
  }));
  feed(test::forks(12).by_pid(11).with([&](hw_fork& f) {
    inside(f);
    f.child_cgroup = web_.cgroup_id;
  }));
  alerts_.clear();
  feed(test::credential(test::user(1000), test::root()).pid(12).way(HW_WAY_COMMIT).with(inside));
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->container.name, "web");
  feed(test::credential(test::user(1000), test::root()).pid(11, 0).way(HW_WAY_COMMIT).with(inside));
  EXPECT_EQ(alerts_.at(1)->container.id, "") << "the runtime did it, before it exec'ed the container's program";
  feed(test::credential(test::user(1000), test::root()).pid(13).way(HW_WAY_COMMIT).with(inside));
  EXPECT_EQ(alerts_.at(2)->container.id, "") << "who is not known to run a program of the container's";
}

TEST_F(WholePipeline, AnExecPlacedByItsCgroupIsStillThereAfterItWaitedForTheName) {
  feed(test::exec("/bin/sh").pid(11).with([this](hw_exec& e) {
    e.h.cgroup = web_.cgroup_id;
    e.ns_pid = 1;
  }));
  EXPECT_TRUE(alerts_.empty());
  name_web();
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->container.name, "web");
}

TEST_F(WholePipeline, AHomeThatIsLostIsKeptAndToldUnlessItWasInferredBeforeHomesWereKnown) {
  name_web();
  feed(test::exec("/usr/bin/id").pid(11).in(web_));
  alerts_.clear();
  const auto lost_at = [this](uint64_t time_ns) {
    feed(test::exec("/usr/bin/id").pid(11).with([time_ns](hw_exec& e) {
      e.h.time_ns = time_ns;
      e.h.flags |= HW_F_HOME_INFERRED;
    }));
  };
  pipeline_->homes_are_known();
  lost_at(clock_.boot_ns() - 1);
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->rule, "Named web") << "it is the container's all the same";
  clock_.advance_ms(1);
  lost_at(clock_.boot_ns());
  ASSERT_EQ(alerts_.size(), 3U);
  EXPECT_EQ(alerts_[1]->rule, "Conflict");
  EXPECT_EQ(alerts_[2]->rule, "Named web");
}

TEST_F(WholePipeline, FindingsAreJudgedByRulesToo) {
  hw_cred user = test::user(1000), root = test::root();
  feed(test::credential(user, root).pid(12).way(HW_WAY_COMMIT));
  ASSERT_EQ(alerts_.size(), 1U);
  EXPECT_EQ(alerts_[0]->priority, Priority::critical);
}

TEST_F(WholePipeline, AChangeMadeByAnExecIsShownWithItsProgramWhenTheNextExecWasReadFirst) {
  name_web();
  feed(test::exec("/bin/exploit").pid(12).args({"exploit", "now"}).in(web_));
  feed(test::exec("/bin/id").pid(12, 2).in(web_));
  feed(test::credential(test::user(1000), test::root()).pid(12).way(HW_WAY_COMMIT).in(web_));
  const auto gain = std::find_if(alerts_.begin(), alerts_.end(), [](const auto& a) { return a->rule == "Unexplained"; });
  ASSERT_NE(gain, alerts_.end());
  EXPECT_EQ((*gain)->process.exe, "/bin/exploit");
  EXPECT_EQ((*gain)->process.cmdline, "exploit now");
}

constexpr const char* kSuppressed = R"(
- rule: Id
  desc: d
  condition: evt.type = execve and proc.name = id
  output: id
  priority: WARNING
  suppress: {for: 10s, by: container.id}
)";

TEST_F(WholePipeline, WhatIsSuppressedGoesOutForTheLogAndIsClosedByTheClockOrTheEnd) {
  name_web();
  pipeline_->set_rules(RuleSet::load_text({{"s.yaml", kSuppressed}}, {}).rules);
  const auto run = [this] { feed(test::exec("/usr/bin/id").pid(11).in(web_).at(clock_.boot_ns())); };
  for (int i = 0; i < 3; ++i) run();
  ASSERT_EQ(alerts_.size(), 3U);
  EXPECT_FALSE(alerts_[0]->suppressed);
  EXPECT_TRUE(alerts_[1]->suppressed && alerts_[2]->suppressed);
  clock_.advance_ms(10'000);
  pipeline_->tick({});
  ASSERT_EQ(alerts_.size(), 4U);
  EXPECT_EQ(alerts_[3]->repeated, 2U);
  EXPECT_EQ(alerts_[3]->boot_ns, clock_.boot_ns());
  EXPECT_NE(alerts_[3]->uuid, alerts_[2]->uuid);
  EXPECT_EQ(alerts_[3]->container.name, "web");
  for (int i = 0; i < 2; ++i) run();
  pipeline_->set_rules(RuleSet::load_text({{"s.yaml", kRules}}, {}).rules);  // no reload silences what was held back
  pipeline_->flush();
  ASSERT_EQ(alerts_.size(), 7U);
  EXPECT_EQ(alerts_[6]->repeated, 1U);
}

TEST_F(WholePipeline, AnAlertCarriesWhatItsRuleAsksForUnlessItIsHeldBack) {
  name_web();
  const std::string responding = std::string(kSuppressed) + "  respond: [freeze, {signal: KILL}]\n";
  pipeline_->set_rules(RuleSet::load_text({{"s.yaml", responding}}, {.respond = true}).rules);
  for (int i = 0; i < 2; ++i) feed(test::exec("/usr/bin/id").pid(11).in(web_).at(clock_.boot_ns()));
  pipeline_->flush();
  ASSERT_EQ(alerts_.size(), 3U);
  EXPECT_EQ(alerts_[0]->home, web_.cgroup_id);
  EXPECT_EQ(alerts_[0]->respond.size(), 2U);
  EXPECT_TRUE(alerts_[1]->suppressed && alerts_[1]->respond.empty());
  EXPECT_TRUE(alerts_[2]->repeated == 1 && alerts_[2]->respond.empty());
}

TEST_F(WholePipeline, ABadRecordIsCountedAndSaysWhy) {
  const auto record = test::exec("/bin/sh").record();
  const auto taken = pipeline_->record(std::span(record).first(record.size() / 2));
  EXPECT_FALSE(taken);
  EXPECT_EQ(pipeline_->stats().decode_errors, 1U);
  EXPECT_TRUE(alerts_.empty());
}

}  // namespace
}  // namespace hullwatch
