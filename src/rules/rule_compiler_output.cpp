// The part of the compiler for outputs: what the configuration adds, what is deprecated.

#include <algorithm>
#include <utility>

#include "rules/rule_compiler.h"

namespace hullwatch::rules {
namespace {

constexpr std::string_view kContainerInfo = "%container.info";
/// What Falco's container plugin suggests.
constexpr std::string_view kSuggestedOutput =
    " container_id=%container.id container_name=%container.name container_image_repository=%container.image.repository "
    "container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name";

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

}  // namespace

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

}  // namespace hullwatch::rules
