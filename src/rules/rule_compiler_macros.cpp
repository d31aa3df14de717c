// The part of the compiler for macros: who sees which, loops, and each compiled once.

#include <algorithm>
#include <functional>
#include <utility>

#include "rules/rule_compiler_macro.h"

namespace hullwatch::rules {
namespace {

constexpr uint32_t kMaxMacroHeight = 500;  // macros of macros: bounds the stack

}  // namespace

Compiled<NodeId> RuleCompiler::VisibleMacros::macro(std::string_view name, uint32_t offset) {
  const auto found = compiler_.macros_.find(name);
  if (found == compiler_.macros_.end() || found->second->definition->index >= visibility_) {
    if (compiler_.definitions_.is_broken(std::string(name))) return compile_error(offset, "", std::string(name));
    return compile_error(offset, "undefined macro '" + std::string(name) + "'");
  }
  Macro& macro = *found->second;
  macro.used = true;
  compiler_.compile_macro(macro);
  if (macro.stage == Macro::Stage::compiled) return macro.node;
  return compile_error(offset, "", std::string(name));
}

void RuleCompiler::parse_macro(Macro& macro) {
  macro.text = macro.definition->condition;
  auto expr = parse(macro.text, macro.definition->place);
  if (!expr) {
    macro.stage = Macro::Stage::failed;
    return;
  }
  macro.expr = std::move(*expr);
}

/// Unknown macros and loops are errors even where no rule uses the macro.
void RuleCompiler::check_references(Macro& macro) {
  if (macro.checked || macro.stage == Macro::Stage::failed) return;
  macro.open = true;
  ++open_macros_;
  walk_references(macro, macro.expr);
  --open_macros_;
  macro.open = false;
  macro.checked = true;
}

void RuleCompiler::walk_references(Macro& macro, const Expr& expr) {
  for (const auto& child : expr.children) walk_references(macro, child);
  if (expr.kind != Expr::Kind::macro) return;
  const auto fail = [&](std::string message) {
    Diagnostic& diagnostic = diagnostics_.error("", "");
    diagnostic = located({std::move(message), {}, expr.offset, false, {}}, "LOAD_ERR_VALIDATE", macro.text,
                         macro.definition->place.label);
    macro.stage = Macro::Stage::failed;
  };
  const auto found = macros_.find(expr.macro);
  if (found == macros_.end() || found->second->definition->index >= macro.definition->visibility) {
    if (!definitions_.is_broken(expr.macro)) fail("undefined macro '" + expr.macro + "'");
    return;
  }
  Macro& inner = *found->second;
  inner.used = true;
  if (inner.open) return fail("reference loop in macro '" + expr.macro + "'");
  if (open_macros_ < kMaxMacroHeight) check_references(inner);
  if (inner.stage == Macro::Stage::failed) {  // reported with it
    macro.stage = Macro::Stage::failed;
    return;
  }
  macro.height = std::max(macro.height, inner.height + 1);
  if (open_macros_ >= kMaxMacroHeight || macro.height > kMaxMacroHeight) fail("macros nest deeper than 500 levels");
}

void RuleCompiler::compile_macro(Macro& macro) {
  if (macro.stage != Macro::Stage::parsed || macro.open) return;
  macro.open = true;
  VisibleMacros visible(*this, macro.definition->visibility);
  ConditionCompiler compiler(*pool_, visible);
  macro.errors = compiler.compile(macro.expr, macro.node);
  report_warnings(compiler, macro.text, macro.definition->place.label);
  macro.stage = macro.errors.empty() ? Macro::Stage::compiled : Macro::Stage::failed;
  macro.open = false;
}

uint64_t RuleCompiler::content_of(const std::string& text, const Expr& expr) {
  const auto mix = [](uint64_t a, uint64_t b) { return (a ^ b) * 0x9e3779b97f4a7c15ULL; };
  uint64_t content = std::hash<std::string>{}(text);
  const auto add_macros = [&](const auto& self, const Expr& at) -> void {
    for (const auto& child : at.children) self(self, child);
    if (at.kind != Expr::Kind::macro) return;
    const auto found = macros_.find(at.macro);
    if (found == macros_.end() || found->second->stage == Macro::Stage::failed) return;
    Macro& macro = *found->second;
    if (!macro.content) macro.content = content_of(macro.text.text(), macro.expr);
    content = mix(content, *macro.content);
  };
  add_macros(add_macros, expr);
  return content;
}

}  // namespace hullwatch::rules
