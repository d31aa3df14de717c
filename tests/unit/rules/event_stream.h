#pragma once
// Whole events at times, through the accessors: for rules that remember.

#include <cstring>

#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {

inline constexpr uint64_t kMs = 1'000'000;

inline std::string rule_named(const std::string& name, const std::string& condition, const std::string& more = "") {
  return "- rule: " + name + "\n  desc: d\n  priority: INFO\n  output: o\n  condition: " + condition + "\n" + more;
}
inline std::string stateful(const std::string& more) { return "- rule: r\n  desc: d\n  priority: INFO\n  output: o\n" + more; }

/// Feeds events at times; answers how many alerts rule `r` has raised.
class Stream {
 public:
  explicit Stream(const std::string& yaml, RuleSetOptions options = {}) : loaded_(load(yaml, options)) {
    EXPECT_NE(loaded_.rules, nullptr) << errors_of(loaded_);
  }
  size_t at(uint64_t ms, const char* comm, uint32_t pid = 42, EventType type = EventType::execve) {
    Event event;
    event.type = type;
    event.header.time_ns = (1'000'000 + ms) * kMs;
    event.header.process.tgid = pid;
    std::strncpy(event.header.comm, comm, sizeof event.header.comm - 1);
    EventContext context{event, nullptr, nullptr, tree_, users_};
    context.number = ++number_;
    matches_.clear();
    loaded_.rules->evaluate(context, matches_);
    for (const RuleMatch& match : matches_) fired_ += match.rule->name == "r" ? 1 : 0;
    return fired_;
  }
  void reload(const std::string& yaml) {
    LoadedRules again = load(yaml);
    ASSERT_NE(again.rules, nullptr) << errors_of(again);
    again.rules->adopt_memory(*loaded_.rules);
    loaded_ = std::move(again);
  }
  const RuleSet& rules() { return *loaded_.rules; }
  const RuleMatch& last() { return matches_.at(0); }

 private:
  LoadedRules loaded_;
  ProcessTree tree_{16, 0};
  UserNames users_{"/nonexistent"};
  std::vector<RuleMatch> matches_;
  uint64_t number_ = 0;
  size_t fired_ = 0;
};

}  // namespace hullwatch::test
