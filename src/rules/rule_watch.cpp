#include "rules/rule_watch.h"

#include <cstring>

#include "event/event_type.h"
#include "rules/event_key.h"

namespace hullwatch::rules {
namespace {

std::string comm_text(const StepEvent& step) { return {step.comm.data(), strnlen(step.comm.data(), step.comm.size())}; }

void add_key(Evidence& out, std::span<const SlotId> by, CompiledRules& compiled) {
  if (!by.empty()) out.emplace_back("counted_by", key_text(*compiled.evaluation, by, compiled.pool.slots()));
}

}  // namespace

Evidence watch_threshold(Threshold& threshold, CompiledRules& compiled, const EventContext& context) {
  const uint64_t now = context.event.header.time_ns;
  const auto progress = threshold.observe(*compiled.evaluation, now);
  if (!progress.holds) return {};
  Evidence out;
  out.emplace_back("threshold_count", uint64_t{progress.counted});
  out.emplace_back("threshold_window_ns", threshold.spec().window_ns);
  out.emplace_back("threshold_took_ns", now - std::min(now, progress.first_ns));
  add_key(out, threshold.spec().by, compiled);
  return out;
}

Evidence watch_sequence(Sequence& sequence, size_t step, CompiledRules& compiled, const EventContext& context) {
  StepEvent event{context.event.header.time_ns, context.number, context.event.header.process.tgid, context.event.type, {}};
  std::memcpy(event.comm.data(), context.event.header.comm, event.comm.size());
  const auto progress = sequence.observe(*compiled.evaluation, step, event);
  Evidence out;
  for (size_t i = 0; i < progress.chain.size(); ++i) {
    const StepEvent& one = progress.chain[i];
    const std::string name = "step_" + std::to_string(i + 1);
    out.emplace_back(name, std::string(event_type_name(one.type)));
    out.emplace_back(name + "_boot_ns", one.time_ns);
    out.emplace_back(name + "_pid", uint64_t{one.pid});
    out.emplace_back(name + "_comm", comm_text(one));
  }
  if (!out.empty()) add_key(out, sequence.spec().by, compiled);
  return out;
}

}  // namespace hullwatch::rules
