#pragma once
// Compiled rules: immutable once loaded, so that a reload compiles a new set aside and swaps the pointer.
// load: any thread. evaluate: evaluator thread; no I/O, no allocation but for rules that match.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "enrich/context.h"
#include "event/event_type.h"
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
};

class FieldLookup;

struct RuleSetOptions {
  Priority minimum_priority = Priority::debug;
  bool match_all = false;  // rule_matching: all
  /// Event types this kernel has no provider for: rules that need them are inert.
  std::vector<EventType> unavailable_events = {};
  const FieldLookup* fields = nullptr;  // null: the one table
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
};

/// One case of a rule's `tests:`, see rule_tests.h.
struct RuleTestCase;

class RuleSet {
 public:
  /// Files in the order given; directories are expanded in lexical order to .yaml and .yml. All errors are reported.
  static LoadedRules load(const std::vector<std::string>& paths, const RuleSetOptions& options);
  /// The same from memory: (name, text) pairs. For tests and fuzzing.
  static LoadedRules load_text(const std::vector<std::pair<std::string, std::string>>& files, const RuleSetOptions& options);

  ~RuleSet();
  /// Appends the matches of this event, in definition order. Counts matches per rule.
  void evaluate(const EventContext& context, std::vector<RuleMatch>& matches) const;
  /// True when some live rule can match this type: lets the caller skip work.
  [[nodiscard]] bool wants(EventType type) const;
  [[nodiscard]] const std::vector<RuleInfo>& rules() const;
  /// Matches so far, by index of rules(). Readable from any thread.
  [[nodiscard]] uint64_t match_count(size_t rule) const;
  /// SHA-256 of each file read, hex.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& file_digests() const;
  /// The cases written beside the rules, in the order of the files.
  [[nodiscard]] const std::vector<RuleTestCase>& test_cases() const;
  /// Whether the case's rule holds for the case's event. Evaluator thread.
  [[nodiscard]] bool holds(const RuleTestCase& test_case) const;

 private:
  explicit RuleSet(std::unique_ptr<CompiledRules> compiled);
  std::unique_ptr<CompiledRules> compiled_;
};

}  // namespace hullwatch
