#include "rules/event_key.h"

#include <functional>

namespace hullwatch::rules {
namespace {

constexpr size_t kHashText = 20;

}  // namespace

void build_key(Evaluation& evaluation, std::span<const SlotId> by, std::string& out) {
  out.clear();
  std::string scratch;  // numbers are short: it does not allocate
  for (const SlotId slot : by) {
    const Value& value = evaluation.value(slot);
    // No value holds a NUL, so the keys of different values differ.
    if (is_missing(value))
      out.append("\0-", 2);
    else
      out.append("\0=", 2).append(value_text(value, scratch));
  }
  if (out.size() <= kMaxKey) return;
  const size_t hash = std::hash<std::string_view>{}(out);
  out.resize(kMaxKey - kHashText);
  out.append(std::to_string(hash));
}

std::string key_text(Evaluation& evaluation, std::span<const SlotId> by, const SlotTable& slots) {
  std::string out, scratch;
  for (const SlotId slot : by) {
    const Value& value = evaluation.value(slot);
    out.append(out.empty() ? "" : " ").append(slots[slot].spelled).append("=");
    out.append(is_missing(value) ? "<NA>" : value_text(value, scratch));
  }
  return out;
}

}  // namespace hullwatch::rules
