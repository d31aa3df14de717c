#pragma once
// Definitions -> compiled rules: lists put in, macros resolved, conditions and outputs compiled, each rule's state found. Load
// time, one thread.

#include <map>
#include <set>

#include "rules/compiled_rules.h"
#include "rules/condition_compiler.h"
#include "rules/definitions.h"
#include "rules/list_expansion.h"

namespace hullwatch::rules {

class RuleCompiler {
 public:
  RuleCompiler(const Definitions& definitions, const RuleSetOptions& options, Diagnostics& diagnostics);
  ~RuleCompiler();

  /// Compiles everything only to find its errors.
  void check();
  /// Compiles everything.
  void compile(CompiledRules& out);

 private:
  struct Macro;
  class VisibleMacros;
  struct Found {
    Diagnostic diagnostic;
    bool unknown_name = false;
  };

  void compile_all(CompiledRules& out);
  void compile_rule(const RuleDefinition& rule, CompiledRules& out);
  std::optional<Expr> parse(TrackedText& text, const ItemPlace& place);
  /// Of no text, which is one whose errors are told already: nothing.
  std::optional<NodeId> compile_condition(const RuleDefinition& rule, std::optional<TrackedText> whole, uint64_t& content);
  void gather(const std::vector<CompileError>& errors, const TrackedText& text, const std::string& label,
              std::vector<Found>& out, std::set<const Macro*>& seen) const;
  /// As errors, or as warnings when the rule asks to be skipped for unknown names.
  void report(const RuleDefinition& rule, const std::vector<Found>& errors);
  void report_warnings(const ConditionCompiler& compiler, const TrackedText& text, const std::string& label);
  void warn_unused();
  Diagnostic located(const CompileError& error, std::string code, const TrackedText& text, const std::string& label) const;

  // rule_compiler_macros.cpp
  void parse_macro(Macro& macro);
  void check_references(Macro& macro);
  void walk_references(Macro& macro, const Expr& expr);
  void compile_macro(Macro& macro);
  /// Hash of a condition with its macros.
  uint64_t content_of(const std::string& text, const Expr& expr);

  // rule_compiler_output.cpp
  std::optional<OutputTemplate> compile_output(const RuleDefinition& rule);
  [[nodiscard]] TrackedText with_appended(const RuleDefinition& rule) const;
  void add_members(const RuleDefinition& rule, OutputTemplate& output);

  // rule_compiler_state.cpp
  void find_state(const RuleDefinition& rule, NodeId node, RuleInfo& info) const;
  void warn_unmatched();

  // rule_compiler_extensions.cpp
  static void index_rules(CompiledRules& out);
  /// What the rule has beyond its condition. False when it has mistakes.
  struct Extensions {
    std::unique_ptr<RuleMemory> memory;
    std::vector<NodeId> steps;
    CompiledRules::Suppress suppress;
    std::vector<const Field*> without_accessor;  // of its `by` and `distinct` fields
  };
  bool compile_extensions(const RuleDefinition& rule, NodeId condition, uint64_t content, Extensions& out);
  std::optional<NodeId> compile_step(const RuleDefinition& rule, const SequenceStep& step, uint64_t& content);
  bool intern_fields(const RuleDefinition& rule, const std::vector<NamedField>& fields, std::vector<SlotId>& out,
                     Extensions& extensions);
  void find_sequence_state(const RuleDefinition& rule, const std::vector<NodeId>& steps, RuleInfo& info) const;

  const Definitions& definitions_;
  const RuleSetOptions& options_;
  Diagnostics& diagnostics_;
  const FieldLookup& fields_;
  ListExpansion lists_;
  ConditionPool* pool_ = nullptr;
  std::map<std::string, std::unique_ptr<Macro>, std::less<>> macros_;
  uint32_t open_macros_ = 0;  // how deep check_references() is
};

}  // namespace hullwatch::rules
