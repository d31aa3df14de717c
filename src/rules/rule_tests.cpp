#include "rules/rule_tests.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "event/event_type.h"
#include "rules/compiled_rules.h"
#include "rules/event_key.h"

namespace hullwatch {
namespace {

using namespace rules;

constexpr uint64_t kStart = 1'000'000'000'000;  // far enough from 0 for windows to reach back
constexpr size_t kMaxLines = 30;

/// One case against one rule: the rule's own state, made anew.
class Run {
 public:
  Run(CompiledRules& compiled, const RuleTestCase& test_case)
      : compiled_(compiled), case_(test_case), evaluation_(*compiled.evaluation) {
    if (const auto& memory = compiled.memory[case_.rule]) {
      if (memory->threshold) threshold_.emplace(memory->threshold->spec());
      if (memory->sequence) sequence_.emplace(memory->sequence->spec());
    }
    result_.test_case = &test_case;
  }

  RuleTestResult play() {
    std::vector<std::pair<uint64_t, const RuleTestEvent*>> events;
    for (const RuleTestEvent& event : case_.events)
      for (uint32_t i = 0; i < event.repeat; ++i) events.emplace_back(event.at_ns + i * event.every_ns, &event);
    // In the order of time; what stands first comes first.
    std::ranges::stable_sort(events, {}, &std::pair<uint64_t, const RuleTestEvent*>::first);
    for (const auto& [at, event] : events) take(at, *event);
    const bool fired = result_.fired > 0;
    result_.passed = case_.exact ? result_.fired == case_.fires : fired == (case_.fires > 0);
    if (!result_.passed) result_.account = account();
    return std::move(result_);
  }

 private:
  struct Line {
    uint64_t at;
    std::string text;
  };

  bool holds(NodeId node, const RuleTestEvent& event) { return compiled_.pool.evaluate(node, event.type, evaluation_); }

  void take(uint64_t at, const RuleTestEvent& event) {
    evaluation_.begin(event.values);
    ++number_;
    const uint64_t now = kStart + at;
    std::string what;
    bool fires = false;
    if (sequence_) {
      for (size_t step = 0; step < compiled_.steps[case_.rule].size(); ++step) {
        if (!holds(compiled_.steps[case_.rule][step], event)) continue;
        const auto progress = sequence_->observe(evaluation_, step, {now, number_, 0, event.type, {}});
        what += (what.empty() ? "" : ", ") + ("matches step " + std::to_string(step + 1)) +
                (progress.reached == 0 ? " before the step ahead of it" : "");
        fires = fires || !progress.chain.empty();
      }
      if (what.empty()) what = "matches no step";
      what += by(sequence_->spec().by);
    } else {
      const bool matched = holds(compiled_.conditions[case_.rule], event);
      what = matched ? "condition holds" : "condition does not hold" + read_values();
      fires = matched;
      if (matched && threshold_) {
        const auto progress = threshold_->observe(evaluation_, now);
        what += ": " + std::to_string(progress.counted) + " of " + std::to_string(threshold_->spec().count) +
                by(threshold_->spec().by);
        fires = progress.holds;
      }
    }
    if (fires) what += fire(now);
    lines_.push_back({at, std::string(event_type_name(event.type)) + ": " + what});
  }

  std::string fire(uint64_t now) {
    const auto& suppress = compiled_.suppress[case_.rule];
    SuppressKey key{suppress.for_ns, {}};
    build_key(evaluation_, suppress.by, key.text);
    if (!key.empty() && suppressor_.holds_back(key, now, [](const auto&) {})) {
      ++result_.suppressed;
      return " -> held back" + by(suppress.by);
    }
    ++result_.fired;
    return " -> FIRES";
  }

  std::string by(std::span<const SlotId> slots) {
    const std::string key = key_text(evaluation_, slots, compiled_.pool.slots());
    return key.empty() ? "" : " (" + key + ")";
  }

  /// The values the condition reads, as the case gives them.
  std::string read_values() {
    std::string out, scratch;
    for (const SlotId slot : compiled_.pool.slots_of(compiled_.conditions[case_.rule])) {
      const Value& value = evaluation_.value(slot);
      out += (out.empty() ? " (it reads " : ", ") + compiled_.pool.slots()[slot].spelled;
      out += is_missing(value) ? " which is missing" : " = " + std::string(value_text(value, scratch));
    }
    return out.empty() ? out : out + ")";
  }

  std::string account() const {
    std::string out;
    for (size_t i = 0; i < lines_.size(); ++i) {
      if (lines_.size() > kMaxLines && i == kMaxLines - 5) {
        out += "      … " + std::to_string(lines_.size() - kMaxLines) + " more …\n";
        i = lines_.size() - 5;
      }
      char at[32];
      std::snprintf(at, sizeof(at), "%+.3fs", static_cast<double>(lines_[i].at) / 1e9);
      out += "    " + std::string(at) + "  " + lines_[i].text + "\n";
    }
    return out;
  }

  CompiledRules& compiled_;
  const RuleTestCase& case_;
  Evaluation& evaluation_;
  std::optional<Threshold> threshold_;
  std::optional<Sequence> sequence_;
  Suppressor suppressor_;
  RuleTestResult result_;
  std::vector<Line> lines_;
  uint64_t number_ = 0;
};

}  // namespace

bool RuleSet::holds(size_t rule, const RuleTestEvent& event) const {
  compiled_->evaluation->begin(event.values);
  return compiled_->pool.evaluate(compiled_->conditions[rule], event.type, *compiled_->evaluation);
}

RuleTestResult RuleSet::run(const RuleTestCase& test_case) const { return Run(*compiled_, test_case).play(); }

std::vector<RuleTestResult> run_rule_tests(const RuleSet& rules) {
  std::vector<RuleTestResult> results;
  for (const auto& test_case : rules.test_cases()) results.push_back(rules.run(test_case));
  return results;
}

}  // namespace hullwatch
