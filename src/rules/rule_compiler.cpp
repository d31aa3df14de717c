#include "rules/rule_compiler.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "rules/condition_parser.h"
#include "rules/rule_compiler_macro.h"
#include "rules/rule_exceptions.h"
#include "rules/rule_test_reader.h"

namespace hullwatch::rules {
namespace {

constexpr size_t kTooManyEventTypes = 100;

std::vector<ListExpansion::List> resolve_lists(const Definitions& definitions, std::vector<std::string>& used) {
  std::vector<ListExpansion::List> out;
  for (const auto& list : definitions.lists()) {
    ListExpansion::List resolved{list.name, {}};
    for (const auto& item : list.items) {
      // One level deep, and only lists that were there before: the rest stays a string, for the textual pass to find.
      const ListDefinition* inner = definitions.find_list(item);
      if (inner != nullptr && inner->index < list.visibility) {
        used.push_back(inner->name);
        resolved.items.insert(resolved.items.end(), inner->items.begin(), inner->items.end());
      } else {
        resolved.items.push_back(item);
      }
    }
    out.push_back(std::move(resolved));
  }
  return out;
}

}  // namespace

RuleCompiler::RuleCompiler(const Definitions& definitions, const RuleSetOptions& options, Diagnostics& diagnostics)
    : definitions_(definitions),
      options_(options),
      diagnostics_(diagnostics),
      fields_(options.fields != nullptr ? *options.fields : table_fields()),
      lists_([&] {
        std::vector<std::string> used;
        ListExpansion lists(resolve_lists(definitions, used));
        for (const auto& name : used) lists.mark_used(name);
        return lists;
      }()) {}

RuleCompiler::~RuleCompiler() = default;

void RuleCompiler::check() {
  CompiledRules scratch(fields_);
  compile_all(scratch);
}

void RuleCompiler::compile(CompiledRules& out) {
  compile_all(out);
  // Only now is it known which nodes rules share.
  index_rules(out);
  warn_unused();
  warn_unmatched();
}

void RuleCompiler::compile_all(CompiledRules& out) {
  pool_ = &out.pool;
  for (const auto& definition : definitions_.macros()) {
    auto& macro = macros_[definition.name] = std::make_unique<Macro>();
    macro->definition = &definition;
    parse_macro(*macro);
  }
  for (const auto& definition : definitions_.macros()) check_references(*macros_[definition.name]);
  for (const auto& rule : definitions_.rules())
    if (!rule.unknown_source) compile_rule(rule, out);
}

Diagnostic RuleCompiler::located(const CompileError& error, std::string code, const TrackedText& text,
                                 const std::string& label) const {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = error.message;
  diagnostic.hint = error.unknown_field.empty() ? error.hint : suggest_field(fields_, error.unknown_field);
  diagnostic.item = label;
  point_at(diagnostic, text, error.offset);
  return diagnostic;
}

std::optional<Expr> RuleCompiler::parse(TrackedText& text, const ItemPlace& place) {
  bool too_long = false;
  text = lists_.expand(std::move(text), too_long);
  auto expr = too_long
                  ? tl::expected<Expr, SyntaxError>(tl::make_unexpected(SyntaxError{"lists make the condition too long", 0}))
                  : parse_condition(text.text());
  if (expr) return std::move(*expr);
  const CompileError error{expr.error().message, {}, expr.error().offset, false, {}};
  Diagnostic& diagnostic = diagnostics_.error("", "");
  diagnostic = located(error, "LOAD_ERR_COMPILE_CONDITION", text, place.label);
  return std::nullopt;
}

void RuleCompiler::report_warnings(const ConditionCompiler& compiler, const TrackedText& text, const std::string& label) {
  for (const auto& warning : compiler.warnings()) {
    Diagnostic& diagnostic = diagnostics_.warning("", "");
    diagnostic = located({warning.message, {}, warning.offset, false, {}}, warning.code, text, label);
    diagnostic.severity = Diagnostic::Severity::warning;
  }
}

/// An error with an empty message stands for a macro, named in the hint, that failed: its own errors take the place.
void RuleCompiler::gather(const std::vector<CompileError>& errors, const TrackedText& text, const std::string& label,
                          std::vector<Found>& out, std::set<const Macro*>& seen) const {
  for (const auto& error : errors) {
    if (!error.message.empty()) {
      const bool undefined = error.message.starts_with("undefined macro");
      out.push_back(
          {located(error, undefined ? "LOAD_ERR_VALIDATE" : "LOAD_ERR_COMPILE_CONDITION", text, label), error.unknown_name});
      continue;
    }
    const auto found = macros_.find(error.hint);
    if (found == macros_.end() || !seen.insert(found->second.get()).second) continue;
    const Macro& macro = *found->second;
    gather(macro.errors, macro.text, macro.definition->place.label, out, seen);
  }
}

void RuleCompiler::report(const RuleDefinition& rule, const std::vector<Found>& errors) {
  // Falco stops at the first error, so that one decides whether the rule is forgiven.
  const bool forgiven = rule.skip_if_unknown_filter && !errors.empty() && errors.front().unknown_name;
  for (const auto& error : errors) {
    if (!forgiven) {
      diagnostics_.error("", "") = error.diagnostic;
    } else if (error.unknown_name) {
      Diagnostic& diagnostic = diagnostics_.warning("", "");
      diagnostic = error.diagnostic;
      diagnostic.severity = Diagnostic::Severity::warning;
      diagnostic.code = "LOAD_UNKNOWN_FILTER";
      diagnostic.item = rule.place.label;
    }
  }
}

std::optional<NodeId> RuleCompiler::compile_condition(const RuleDefinition& rule, std::optional<TrackedText> whole,
                                                      uint64_t& content) {
  if (!whole) return std::nullopt;
  TrackedText& text = *whole;
  const auto expr = parse(text, rule.place);
  if (!expr) return std::nullopt;
  VisibleMacros visible(*this, UINT32_MAX);
  ConditionCompiler compiler(*pool_, visible);
  NodeId node = 0;
  const auto errors = compiler.compile(*expr, node);
  report_warnings(compiler, text, rule.place.label);
  if (errors.empty()) {
    content = content * 31 + content_of(text.text(), *expr);
    return node;
  }
  std::vector<Found> found;
  std::set<const Macro*> seen;
  gather(errors, text, rule.place.label, found, seen);
  report(rule, found);
  return std::nullopt;
}

void RuleCompiler::compile_rule(const RuleDefinition& rule, CompiledRules& out) {
  auto output = compile_output(rule);
  uint64_t content = std::hash<std::string>{}(rule.name);
  const auto node = compile_condition(rule, with_exceptions(rule, diagnostics_), content);
  Extensions extensions;
  const bool extended = compile_extensions(rule, node.value_or(0), content, extensions);
  auto cases = read_test_cases(rule, out.infos.size(), fields_, diagnostics_);
  if (!output || !node || !extended) return;
  const NodeFacts& facts = pool_->facts(*node);
  if (rule.warn_event_types && extensions.steps.empty() && facts.may_hold.count() > kTooManyEventTypes) {
    Diagnostic& diagnostic =
        diagnostics_.warning("LOAD_NO_EVTTYPE", "the rule is tried for nearly every event: it names no evt.type");
    diagnostic.item = rule.place.label;
    point_at(diagnostic, *rule.place.file, *rule.place.node);
  }

  if (!rule.extensions.respond.empty() && !options_.respond) {
    Diagnostic& diagnostic = diagnostics_.warning("LOAD_WARNING_EXTENSION", "'respond' is off: no action is carried out");
    diagnostic.hint = "the rule raises its alert; response.enabled in the configuration turns it on";
    diagnostic.item = rule.place.label;
    point_at(diagnostic, *rule.place.file, *rule.extensions.respond_node);
  }

  RuleInfo info;
  info.name = rule.name;
  info.description = rule.description;
  info.output = rule.output.text();
  info.condition = rule.condition.text();
  info.priority = rule.priority;
  info.tags.assign(rule.tags.begin(), rule.tags.end());
  info.source = rule.source;
  info.position = {rule.place.file->name, rule.place.node->line, rule.place.node->column};
  info.respond = rule.extensions.respond;
  if (extensions.steps.empty())
    find_state(rule, *node, info);
  else
    find_sequence_state(rule, extensions.steps, info);
  if (info.state == RuleInfo::State::live && !extensions.without_accessor.empty()) {
    info.state = RuleInfo::State::inert;
    info.reason = "needs fields hullwatch does not have: " + std::string(extensions.without_accessor.front()->name);
    for (const Field* field : extensions.without_accessor) info.missing_fields.emplace_back(field->name);
  }

  out.infos.push_back(std::move(info));
  out.memory.push_back(std::move(extensions.memory));
  out.steps.push_back(std::move(extensions.steps));
  out.suppress.push_back(std::move(extensions.suppress));
  out.conditions.push_back(*node);
  out.outputs.push_back(std::move(*output));
  std::ranges::move(cases, std::back_inserter(out.test_cases));
}

void RuleCompiler::warn_unused() {
  const auto warn = [this](const ItemPlace& place, const char* code) {
    Diagnostic& diagnostic = diagnostics_.warning(code, "nothing refers to it");
    diagnostic.item = place.label;
    point_at(diagnostic, *place.file, *place.node);
  };
  for (const auto& [name, macro] : macros_)
    if (!macro->used) warn(macro->definition->place, "LOAD_UNUSED_MACRO");
  for (const auto& list : lists_.lists())
    if (!list.used) warn(definitions_.find_list(list.name)->place, "LOAD_UNUSED_LIST");
}

}  // namespace hullwatch::rules
