#pragma once
// Compiled rules: immutable once loaded, but for what stateful rules remember, so that a reload compiles a new set aside and
// swaps the pointer. load: any thread. evaluate: evaluator thread; no I/O, no allocation but for rules that match.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/response_action.h"
#include "enrich/context.h"
#include "event/event_type.h"
#include "rules/rule_options.h"
#include "rules/suppressor.h"
#include "util/diagnostic.h"
#include "util/result.h"

namespace hullwatch {

struct RuleInfo {
  enum class State : uint8_t { live, inert, disabled };
  std::string name, description, output, condition;
  Priority priority = Priority::notice;
  std::vector<std::string> tags;
  std::string source = "syscall";
  State state = State::live;
  std::string reason;  // why inert or disabled
  SourcePosition position;
  std::vector<EventType> event_types;
  /// What it would take for the rule to be wholly live: fields without accessor and events nothing here produces. A live rule
  /// may have them too, when other events of it do not need them.
  std::vector<std::string> missing_fields, missing_events;
  std::vector<std::string> unprovided_events;  // of missing_events, those that other kernels provide
  std::vector<ResponseAction> respond;
};

class FieldLookup;

struct RuleSetOptions {
  Priority minimum_priority = Priority::debug;
  bool match_all = false;  // rule_matching: all
  /// Event types this kernel has no provider for: rules that need them are inert.
  std::vector<EventType> unavailable_events = {};
  const FieldLookup* fields = nullptr;  // null: the one table
  std::vector<RuleSelection> selections = {};
  std::vector<AppendedOutput> append_output = {};
  bool respond = false;  // response.enabled: what `respond` names is carried out
};

class RuleSet;
struct CompiledRules;  // private: compiled_rules.h
struct LoadedRules {
  std::shared_ptr<const RuleSet> rules;  // null when there was an error
  std::vector<Diagnostic> diagnostics;
};

struct RuleMatch {
  const RuleInfo* rule;
  std::string output;  // rendered
  std::vector<std::pair<std::string, OutputValue>> output_fields;
  std::vector<std::pair<std::string, OutputValue>> evidence = {};  // what a threshold or sequence saw
  SuppressKey suppress = {};                                       // with `suppress`: what makes alerts of this rule alike
};

/// What stateful rules remember now, and what they had to forget while it mattered.
struct RuleMemoryStats {
  uint64_t threshold_keys = 0, threshold_evicted = 0, sequence_keys = 0, sequence_evicted = 0;
};

/// One case of a rule's `tests:`, see rule_tests.h.
struct RuleTestCase;
struct RuleTestEvent;
struct RuleTestResult;

class RuleSet {
 public:
  /// Files in the order given; directories are expanded in lexical order to .yaml and .yml. All errors are reported.
  static LoadedRules load(const std::vector<std::string>& paths, const RuleSetOptions& options);
  /// The same from memory: (name, text) pairs. For tests and fuzzing.
  static LoadedRules load_text(const std::vector<std::pair<std::string, std::string>>& files, const RuleSetOptions& options);

  ~RuleSet();
  /// Appends the matches of this event, in definition order: first the rules that judge one event (only the first of them,
  /// unless match_all), then thresholds and sequences that this event completes. Counts matches per rule.
  void evaluate(const EventContext& context, std::vector<RuleMatch>& matches) const;
  /// True when some live rule can match this type: lets the caller skip work.
  [[nodiscard]] bool wants(EventType type) const;
  [[nodiscard]] const std::vector<RuleInfo>& rules() const;
  /// The fields that the rule's condition reads, those of a sequence's steps included, in order and each once.
  [[nodiscard]] std::vector<std::string_view> fields_of(size_t rule) const;
  /// Matches so far, by index of rules(). Readable from any thread.
  [[nodiscard]] uint64_t match_count(size_t rule) const;
  /// SHA-256 of each file read, hex.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& file_digests() const;
  /// The same of what lies at `paths` now, without loading it; files that cannot be read are left out.
  static std::vector<std::pair<std::string, std::string>> digests_of(const std::vector<std::string>& paths);
  /// The cases written beside the rules, in the order of the files.
  [[nodiscard]] const std::vector<RuleTestCase>& test_cases() const;
  /// Whether the rule's condition holds for the event. Evaluator thread.
  [[nodiscard]] bool holds(size_t rule, const RuleTestEvent& event) const;
  /// Runs a case, from no state. Evaluator thread.
  [[nodiscard]] RuleTestResult run(const RuleTestCase& test_case) const;

  /// Takes over what equal rules of another set remember, which has it no more. Evaluator thread.
  void adopt_memory(const RuleSet& earlier) const;
  /// Forgets what is too old to matter; about once a second. Evaluator thread.
  void expire(uint64_t boot_ns) const;
  [[nodiscard]] RuleMemoryStats memory_stats() const;
  /// Bytes that stateful rules remember at most, `suppress` aside. Any thread.
  [[nodiscard]] uint64_t memory_limit() const;

 private:
  explicit RuleSet(std::unique_ptr<CompiledRules> compiled);
  void report(uint32_t rule, std::vector<RuleMatch>& matches) const;
  std::unique_ptr<CompiledRules> compiled_;
};

}  // namespace hullwatch
