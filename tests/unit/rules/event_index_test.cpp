#include <gtest/gtest.h>

#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {
namespace {

using enum EventType;
using Types = std::vector<EventType>;

size_t all_types() { return Condition("proc.name = a").info().event_types.size(); }

TEST(EventIndex, EqualityAndMembershipNameTheEvents) {
  EXPECT_EQ(Condition("evt.type = execve").info().event_types, Types{execve});
  EXPECT_EQ(Condition("evt.type in (mount, execve)").info().event_types, (Types{execve, mount}));
  EXPECT_EQ(Condition("evt.type = anyof (mount, execve)").info().event_types, (Types{execve, mount}));
}

TEST(EventIndex, AnOrdinaryCheckIsNeutral) {
  EXPECT_EQ(Condition("proc.name = a and evt.type = execve").info().event_types, Types{execve});
  EXPECT_EQ(Condition("proc.name = a or evt.type = execve").info().event_types.size(), all_types());
  EXPECT_EQ(Condition("not proc.name = a").info().event_types.size(), all_types());
}

TEST(EventIndex, NegationIsPushedToTheLeaves) {
  EXPECT_EQ(Condition("not evt.type = execve").info().event_types.size(), all_types() - 1);
  EXPECT_EQ(Condition("evt.type != execve").info().event_types.size(), all_types() - 1);
  EXPECT_EQ(Condition("not not evt.type = execve").info().event_types, Types{execve});
  EXPECT_EQ(Condition("not (evt.type != execve or proc.name = a)").info().event_types, Types{execve});
  EXPECT_EQ(Condition("not (evt.type = execve and proc.name = a)").info().event_types.size(), all_types());
}

TEST(EventIndex, UnionAndIntersection) {
  EXPECT_EQ(Condition("evt.type = execve or (evt.type = mount and proc.name = a)").info().event_types, (Types{execve, mount}));
  EXPECT_EQ(Condition("evt.type in (execve, mount) and evt.type in (mount, setns)").info().event_types, Types{mount});
}

TEST(EventIndex, AliasesAreTheEventTheyName) {
  EXPECT_EQ(Condition("evt.type in (fork, vfork, clone3)").info().event_types, Types{clone});
  EXPECT_TRUE(Condition("evt.type = fork").on({}, clone));
  EXPECT_FALSE(Condition("evt.type != fork").on({}, clone));
}

TEST(EventIndex, NeverTrueIsInertAndAlwaysTrueIsNeutral) {
  for (const char* never : {"evt.num = 0", "evt.num < 1", "evt.num in (0)", "evt.num <= 0", "not evt.num >= 1"}) {
    const Condition condition(never);
    EXPECT_EQ(condition.info().state, RuleInfo::State::inert) << never;
    EXPECT_EQ(condition.info().reason, "the condition can never hold");
  }
  EXPECT_EQ(Condition("evt.num >= 1 and evt.type = execve").info().event_types, Types{execve});
  EXPECT_TRUE(Condition("not evt.num = 0 and evt.type = execve").on({}));
}

TEST(EventIndex, ARuleForEventsNothingProducesIsInertAndSaysWhich) {
  const Condition condition("evt.type in (open, openat) and proc.name = a");
  EXPECT_EQ(condition.info().state, RuleInfo::State::inert);
  EXPECT_EQ(condition.info().reason, "needs events hullwatch does not observe: open, openat");
  EXPECT_EQ(condition.info().missing_events, (std::vector<std::string>{"open", "openat"}));
}

TEST(EventIndex, ARuleThatIsPartlyObservedIsLiveAndSaysWhatItMisses) {
  const Condition condition("evt.type in (open, execve)");
  EXPECT_EQ(condition.info().state, RuleInfo::State::live);
  EXPECT_EQ(condition.info().event_types, Types{execve});
  EXPECT_EQ(condition.info().missing_events, std::vector<std::string>{"open"});
}

TEST(EventIndex, ARuleThatHangsOnAFieldNothingProducesIsInert) {
  const Condition condition("evt.type = execve and fd.name = /etc/shadow");
  EXPECT_EQ(condition.info().state, RuleInfo::State::inert);
  EXPECT_EQ(condition.info().reason, "needs fields hullwatch does not have: fd.name (needs file events)");
}

TEST(EventIndex, AnExceptionOnAFieldNothingProducesMakesTheRuleInert) {
  EXPECT_EQ(Condition("evt.type = execve and not fd.name = /x").info().state, RuleInfo::State::inert);
}

TEST(EventIndex, AFieldThatOnlyOtherEventsNeedDoesNotMakeARuleInert) {
  const Condition condition("(evt.type = mount and fd.name = /x) or (evt.type = execve and proc.name = a)");
  EXPECT_EQ(condition.info().state, RuleInfo::State::live);
  EXPECT_EQ(condition.info().event_types, Types{execve});
  EXPECT_EQ(condition.info().missing_fields, std::vector<std::string>{"fd.name"});
}

TEST(EventIndex, EventsWithoutAProviderAreNotLive) {
  RuleSetOptions options;
  options.unavailable_events = {mount};
  const auto loaded = load(rule_with("evt.type = mount"), options);
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_EQ(loaded.rules->rules()[0].reason, "needs events nothing on this kernel provides: mount");
  EXPECT_FALSE(loaded.rules->wants(mount));
}

TEST(EventIndex, ARuleForNearlyEveryEventIsWarnedOf) {
  EXPECT_NE(find_code(load(rule_with("proc.name = a")), "LOAD_NO_EVTTYPE"), nullptr);
  EXPECT_NE(find_code(load(rule_with("evt.type != execve")), "LOAD_NO_EVTTYPE"), nullptr);
  EXPECT_EQ(find_code(load(rule_with("evt.type = execve")), "LOAD_NO_EVTTYPE"), nullptr);
  EXPECT_EQ(find_code(load(rule_with("evt.num = 0")), "LOAD_NO_EVTTYPE"), nullptr);
  EXPECT_EQ(find_code(load(rule_with("proc.name = a", "  warn_evttypes: false\n")), "LOAD_NO_EVTTYPE"), nullptr);
}

}  // namespace
}  // namespace hullwatch::test
