#pragma once
// A macro while rules compile. Private to rule_compiler*.cpp.

#include "rules/rule_compiler.h"

namespace hullwatch::rules {

struct RuleCompiler::Macro {
  const MacroDefinition* definition = nullptr;
  TrackedText text;
  Expr expr;
  NodeId node = 0;
  enum class Stage : uint8_t { parsed, compiled, failed } stage = Stage::parsed;
  bool used = false, open = false, checked = false;
  uint32_t height = 1;               // macros of macros
  std::vector<CompileError> errors;  // reported with the first rule that meets them
  std::optional<uint64_t> content;
};

/// The macros a condition may name: those first defined before it last changed.
class RuleCompiler::VisibleMacros final : public MacroLookup {
 public:
  VisibleMacros(RuleCompiler& compiler, uint32_t visibility) : compiler_(compiler), visibility_(visibility) {}
  Compiled<NodeId> macro(std::string_view name, uint32_t offset) override;

 private:
  RuleCompiler& compiler_;
  uint32_t visibility_;
};

}  // namespace hullwatch::rules
