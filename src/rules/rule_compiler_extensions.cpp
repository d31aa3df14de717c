// The part of the compiler for what rules have beyond Falco's language: threshold, sequence, suppress.

#include <algorithm>
#include <functional>
#include <utility>

#include "rules/condition_parser.h"
#include "rules/rule_compiler.h"
#include "rules/rule_exceptions.h"

namespace hullwatch::rules {
namespace {

uint64_t mixed(uint64_t content, uint64_t more) { return (content ^ more) * 0x9e3779b97f4a7c15ULL; }

uint64_t mixed(uint64_t content, const std::vector<NamedField>& fields) {
  for (const auto& field : fields) content = mixed(content, std::hash<std::string>{}(field.text));
  return content;
}

}  // namespace

bool RuleCompiler::intern_fields(const RuleDefinition& rule, const std::vector<NamedField>& fields, std::vector<SlotId>& out,
                                 Extensions& extensions) {
  bool good = true;
  for (const auto& field : fields) {
    size_t length = 0;
    const auto operand = parse_field_or_transformer(field.text, length);
    CompileError error;
    if (operand && length == field.text.size()) {
      const auto slot = pool_->slots().intern(*operand);
      if (slot) {
        out.push_back(*slot);
        const auto& missing = pool_->slots()[*slot].without_accessor;
        extensions.without_accessor.insert(extensions.without_accessor.end(), missing.begin(), missing.end());
        continue;
      }
      error = slot.error();
      if (!error.unknown_field.empty()) error.hint = suggest_field(fields_, error.unknown_field);
    } else {
      error.message = "'" + field.text + "' is not a field";
    }
    good = false;
    Diagnostic& diagnostic = diagnostics_.error("LOAD_ERR_EXTENSION", error.message);
    diagnostic.hint = error.hint;
    diagnostic.item = rule.place.label;
    point_at(diagnostic, *rule.place.file, *field.node);
  }
  return good;
}

std::optional<NodeId> RuleCompiler::compile_step(const RuleDefinition& rule, const SequenceStep& step, uint64_t& content) {
  if (step.condition) return compile_condition(rule, *step.condition, content);
  const auto fail = [&](std::string message) {
    Diagnostic& diagnostic = diagnostics_.error("LOAD_ERR_EXTENSION", std::move(message));
    diagnostic.item = rule.place.label;
    point_at(diagnostic, *rule.place.file, *step.node);
    return std::nullopt;
  };
  const auto named = std::ranges::find(definitions_.rules(), step.rule, &RuleDefinition::name);
  if (named == definitions_.rules().end()) {
    if (definitions_.is_broken(step.rule)) return std::nullopt;  // its own errors say why
    return fail("a step names rule '" + step.rule + "', which is not defined");
  }
  if (&*named == &rule) return fail("a step of a sequence cannot be the rule itself");
  if (named->extensions.threshold || named->extensions.sequence)
    return fail("a step of a sequence cannot be rule '" + step.rule + "', which has a threshold or sequence itself");
  if (named->unknown_source) return fail("a step names rule '" + step.rule + "', whose source is unknown");
  return compile_condition(*named, with_exceptions(*named, diagnostics_), content);
}

bool RuleCompiler::compile_extensions(const RuleDefinition& rule, NodeId condition, uint64_t content, Extensions& out) {
  const RuleExtensions& written = rule.extensions;
  bool good = true;
  if (written.threshold) {
    ThresholdSpec spec{written.threshold->count, written.threshold->window_ns, {}, std::nullopt};
    good &= intern_fields(rule, written.threshold->by, spec.by, out);
    content = mixed(mixed(mixed(content, written.threshold->by), spec.count), spec.window_ns);
    if (written.threshold->distinct) {
      std::vector<SlotId> distinct;
      good &= intern_fields(rule, {*written.threshold->distinct}, distinct, out);
      if (!distinct.empty()) spec.distinct = distinct.front();
      content = mixed(mixed(content, 1), {*written.threshold->distinct});
    }
    out.memory = std::make_unique<RuleMemory>();
    out.memory->threshold.emplace(std::move(spec));
  }
  if (written.sequence) {
    SequenceSpec spec{written.sequence->steps.size(), written.sequence->within_ns, {}};
    good &= intern_fields(rule, written.sequence->by, spec.by, out);
    content = mixed(mixed(content, written.sequence->by), spec.within_ns);
    for (const auto& step : written.sequence->steps) {
      const auto node = compile_step(rule, step, content);
      good &= node.has_value();
      if (node) out.steps.push_back(pool_->all_of({condition, *node}));
    }
    out.memory = std::make_unique<RuleMemory>();
    out.memory->sequence.emplace(std::move(spec));
  }
  if (out.memory) out.memory->content = content;
  if (written.suppress) {
    out.suppress.for_ns = written.suppress->for_ns;
    good &= intern_fields(rule, written.suppress->by, out.suppress.by, out);
    const uint64_t id = mixed(mixed(content, written.suppress->by), written.suppress->for_ns);
    out.suppress.id = rule.name + '\0' + std::to_string(id);
  }
  return good;
}

/// A sequence is live when each of its steps is.
void RuleCompiler::find_sequence_state(const RuleDefinition& rule, const std::vector<NodeId>& steps, RuleInfo& info) const {
  const auto merge = [](auto& into, const auto& more) {
    for (const auto& one : more)
      if (std::ranges::find(into, one) == into.end()) into.push_back(one);
    std::ranges::sort(into);
  };
  for (size_t i = 0; i < steps.size(); ++i) {
    RuleInfo step;
    find_state(rule, steps[i], step);
    merge(info.event_types, step.event_types);
    merge(info.missing_fields, step.missing_fields);
    merge(info.missing_events, step.missing_events);
    merge(info.unprovided_events, step.unprovided_events);
    if (step.state == RuleInfo::State::live || info.state != RuleInfo::State::live) continue;
    info.state = step.state;
    info.reason = step.state == RuleInfo::State::inert ? "step " + std::to_string(i + 1) + ": " + step.reason : step.reason;
  }
}

/// Only once all rules are compiled is it known which nodes they share.
void RuleCompiler::index_rules(CompiledRules& out) {
  for (size_t i = 0; i < out.infos.size(); ++i) {
    if (out.infos[i].state != RuleInfo::State::live) continue;
    const auto rule = static_cast<uint32_t>(i);
    if (!out.memory[i]) {
      out.index.add(rule, out.conditions[i], out.infos[i].event_types, out.pool);
      continue;
    }
    const auto watch = [&](uint32_t step, NodeId condition, const std::vector<EventType>& types) {
      out.watch_index.add(static_cast<uint32_t>(out.watchers.size()), condition, types, out.pool);
      out.watchers.push_back({rule, step});
    };
    if (out.steps[i].empty()) watch(0, out.conditions[i], out.infos[i].event_types);
    for (size_t step = 0; step < out.steps[i].size(); ++step) {
      const NodeFacts& facts = out.pool.facts(out.steps[i][step]);
      const uint64_t possible = facts.may_hold.own() & ~facts.blind.own();
      std::vector<EventType> types;
      for (const EventType type : out.infos[i].event_types)
        if ((possible >> static_cast<unsigned>(type) & 1) != 0) types.push_back(type);
      watch(static_cast<uint32_t>(step), out.steps[i][step], types);
    }
  }
  out.index.build(out.pool);
  out.watch_index.build(out.pool);
}

}  // namespace hullwatch::rules
