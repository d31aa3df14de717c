#pragma once
// Syntax tree -> nodes of the pool: fields looked up, operators checked against types, constants parsed, event types turned
// into sets. Macros come through MacroLookup, already compiled. Load time, one thread.

#include "rules/condition_ast.h"
#include "rules/condition_pool.h"

namespace hullwatch::rules {

class MacroLookup {
 public:
  virtual ~MacroLookup() = default;
  /// The macro's node as seen from the condition being compiled. Fails when there is no such macro, or with an empty message
  /// when the macro itself is wrong.
  virtual Compiled<NodeId> macro(std::string_view name, uint32_t offset) = 0;
};

/// Accepted, with a warning: there are no enter events any more, and so no direction and no latency.
bool is_deprecated_field(std::string_view name);

/// What compiling noticed but does not refuse.
struct CompileWarning {
  std::string code, message;
  uint32_t offset = 0;
};

class ConditionCompiler {
 public:
  ConditionCompiler(ConditionPool& pool, MacroLookup& macros) : pool_(pool), macros_(macros) {}

  /// All errors of the condition, in the order of the text; empty means `node` holds the result.
  std::vector<CompileError> compile(const Expr& expr, NodeId& node);
  [[nodiscard]] const std::vector<CompileWarning>& warnings() const { return warnings_; }

 private:
  NodeId visit(const Expr& expr);
  NodeId visit_check(const Expr& expr);
  Compiled<NodeId> compile_check(const Expr& expr);
  Compiled<NodeId> compile_event_type(const Expr& expr);
  Compiled<NodeId> compare_slots(const Expr& expr, SlotId left, const std::string& key);
  void warn_about(const Expr& expr, const OperandType& type, const Constant& constant);

  ConditionPool& pool_;
  MacroLookup& macros_;
  std::vector<CompileError> errors_;
  std::vector<CompileWarning> warnings_;
};

}  // namespace hullwatch::rules
