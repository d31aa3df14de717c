#include "rules/rule_compiler.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "event/event_type.h"
#include "rules/condition_parser.h"
#include "rules/rule_exceptions.h"
#include "rules/rule_test_reader.h"

namespace hullwatch::rules {
namespace {

constexpr size_t kTooManyEventTypes = 100;
constexpr uint32_t kMaxMacroHeight = 500;  // macros of macros: bounds the stack
constexpr std::string_view kContainerInfo = "%container.info";
/// What Falco's container plugin suggests.
constexpr std::string_view kSuggestedOutput =
    " container_id=%container.id container_name=%container.name container_image_repository=%container.image.repository "
    "container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name";

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

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

TrackedText trimmed_output(const TrackedText& source, bool& had_container_info) {
  const std::string& text = source.text();
  const size_t begin = text.find_first_not_of(" \t\r\n");
  TrackedText out;
  if (begin == std::string::npos) return out;
  const size_t end = text.find_last_not_of(" \t\r\n") + 1;
  size_t copied = begin;
  for (size_t at = text.find(kContainerInfo, begin); at != std::string::npos && at < end;
       at = text.find(kContainerInfo, copied)) {
    had_container_info = true;
    out.append(source, copied, at);
    copied = at + kContainerInfo.size();
  }
  out.append(source, copied, end);
  return out;
}

bool applies(const AppendedOutput& appended, const RuleDefinition& rule) {
  const auto has = [&rule](const std::string& tag) { return rule.tags.contains(tag); };
  return (appended.rule.empty() || appended.rule == rule.name) && (appended.source.empty() || appended.source == rule.source) &&
         std::ranges::all_of(appended.tags, has);
}

/// `*` stands for any text, all other characters for themselves.
bool matches_wildcard(std::string_view text, std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (size_t next = pattern.find('*'); next != std::string_view::npos; next = pattern.find('*')) {
    const size_t at = text.find(pattern.substr(0, next));
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + next);
    pattern.remove_prefix(next + 1);
  }
  return text.ends_with(pattern);
}

bool selects(const RuleSelection& selection, const RuleDefinition& rule) {
  if (!selection.tag.empty()) return rule.tags.contains(selection.tag);
  return matches_wildcard(rule.name, selection.rule);
}

}  // namespace

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
  Compiled<NodeId> macro(std::string_view name, uint32_t offset) override {
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

 private:
  RuleCompiler& compiler_;
  uint32_t visibility_;
};

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
  pool_ = &scratch.pool;
  for (const auto& definition : definitions_.macros()) {
    auto& macro = macros_[definition.name] = std::make_unique<Macro>();
    macro->definition = &definition;
    parse_macro(*macro);
  }
  for (const auto& definition : definitions_.macros()) check_references(*macros_[definition.name]);
  for (const auto& rule : definitions_.rules())
    if (!rule.unknown_source) compile_rule(rule, scratch);
}

void RuleCompiler::compile(CompiledRules& out) {
  pool_ = &out.pool;
  for (const auto& definition : definitions_.macros()) {
    auto& macro = macros_[definition.name] = std::make_unique<Macro>();
    macro->definition = &definition;
    parse_macro(*macro);
  }
  for (const auto& definition : definitions_.macros()) check_references(*macros_[definition.name]);
  for (const auto& rule : definitions_.rules())
    if (!rule.unknown_source) compile_rule(rule, out);
  // Only now is it known which nodes rules share.
  index_rules(out);
  warn_unused();
  warn_unmatched();
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

TrackedText RuleCompiler::with_appended(const RuleDefinition& rule) const {
  TrackedText text = rule.output;
  for (const auto& appended : options_.append_output) {
    if (!applies(appended, rule)) continue;
    if (!appended.output.empty()) text.append_plain(" " + appended.output);
    if (appended.suggested) text.append_plain(kSuggestedOutput);
  }
  return text;
}

void RuleCompiler::add_members(const RuleDefinition& rule, OutputTemplate& output) {
  for (const auto& appended : options_.append_output) {
    if (!applies(appended, rule)) continue;
    for (const auto& [key, text] : appended.fields)
      if (const auto added = output.add_member(key, text, pool_->slots()); !added)
        report(rule, {{located(added.error(), "LOAD_ERR_COMPILE_OUTPUT", rule.output, rule.place.label), false}});
  }
}

std::optional<OutputTemplate> RuleCompiler::compile_output(const RuleDefinition& rule) {
  bool had_container_info = false;
  const TrackedText text = trimmed_output(with_appended(rule), had_container_info);
  const auto warn = [&](std::string message) {
    Diagnostic& diagnostic = diagnostics_.warning("LOAD_DEPRECATED_ITEM", std::move(message));
    diagnostic.item = rule.place.label;
    point_at(diagnostic, rule.output, 0);
  };
  if (had_container_info) warn("%container.info is deprecated and stands for nothing");
  for (const std::string_view field : {"%evt.dir", "%evt.latency"})
    if (text.text().find(field) != std::string::npos) warn("field '" + std::string(field.substr(1)) + "' is deprecated");
  auto compiled = OutputTemplate::compile(text.text(), pool_->slots());
  if (compiled) {
    add_members(rule, *compiled);
    return std::move(*compiled);
  }
  report(rule, {{located(compiled.error(), "LOAD_ERR_COMPILE_OUTPUT", text, rule.place.label), compiled.error().unknown_name}});
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

void RuleCompiler::find_state(const RuleDefinition& rule, NodeId node, RuleInfo& info) const {
  const NodeFacts& facts = pool_->facts(node);
  uint64_t unavailable = 0;
  for (const EventType type : options_.unavailable_events) unavailable |= uint64_t{1} << static_cast<unsigned>(type);
  const uint64_t possible = facts.may_hold.own();
  const uint64_t live = possible & ~facts.blind.own() & ~unavailable;
  for (const auto& type : event_types()) {
    const uint64_t bit = uint64_t{1} << static_cast<unsigned>(type.type);
    if ((live & bit) != 0) info.event_types.push_back(type.type);
    if ((possible & unavailable & bit) != 0) info.unprovided_events.emplace_back(type.name);
  }

  std::vector<const Field*> missing;
  if (!facts.blind.empty()) missing = pool_->missing_fields(node, facts.may_hold);
  std::string needs;
  for (const Field* field : missing) {
    info.missing_fields.emplace_back(field->name);
    if (needs.empty()) needs = field->needs;
  }
  std::ranges::sort(info.missing_fields);
  // A set that holds the names nobody mentioned is open: it misses nothing in particular.
  const bool open = facts.may_hold.contains(TypeSet::kWords * 64 - 1);
  if (!open) info.missing_events = pool_->foreign_names(facts.may_hold);
  info.missing_events.insert(info.missing_events.end(), info.unprovided_events.begin(), info.unprovided_events.end());

  const auto set = [&info](RuleInfo::State state, std::string reason) {
    info.state = state;
    info.reason = std::move(reason);
  };
  bool enabled = rule.enabled, selected = false;
  for (const auto& selection : options_.selections) {
    if (!selects(selection, rule)) continue;
    enabled = selection.enable;
    selected = true;
  }
  if (!enabled)
    return set(RuleInfo::State::disabled, selected ? "disabled by the configuration: rules.select" : "enabled: false");
  if (rule.priority > options_.minimum_priority)
    return set(RuleInfo::State::disabled,
               "its priority is below the minimum, " + std::string(priority_name(options_.minimum_priority)));
  if (live != 0) return;
  if (facts.may_hold.empty()) return set(RuleInfo::State::inert, "the condition can never hold");
  if (possible == 0)
    return set(RuleInfo::State::inert, "needs events hullwatch does not observe: " + joined(info.missing_events));
  if ((possible & ~unavailable) == 0)
    return set(RuleInfo::State::inert, "needs events nothing on this kernel provides: " + joined(info.unprovided_events));
  set(RuleInfo::State::inert,
      "needs fields hullwatch does not have: " + joined(info.missing_fields) + (needs.empty() ? "" : " (" + needs + ")"));
}

void RuleCompiler::warn_unmatched() {
  for (const auto& selection : options_.selections) {
    if (std::ranges::any_of(definitions_.rules(), [&](const RuleDefinition& rule) { return selects(selection, rule); }))
      continue;
    diagnostics_.warning("LOAD_WARNING_EXTENSION",
                         std::string("rules.select: no rule ") +
                             (selection.tag.empty() ? "is named '" + selection.rule : "has the tag '" + selection.tag) + "'");
  }
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
