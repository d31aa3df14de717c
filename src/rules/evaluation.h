#pragma once
// The state of one event's evaluation: each slot's value, extracted at most once, and the strings transformers built. Reused
// from event to event; one thread.

#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "enrich/context.h"
#include "rules/field_table.h"
#include "rules/slots.h"

namespace hullwatch {

/// Field values given instead of an event: a rule's test. Keyed by the field as written, "proc.aname[2]".
using FieldOverlay = std::unordered_map<std::string, Value>;

class Evaluation {
 public:
  explicit Evaluation(const rules::SlotTable& slots);

  void begin(const EventContext& context);
  /// Values come from `overlay` alone; a field that is not in it is missing.
  void begin(const FieldOverlay& overlay);

  /// Valid until the next begin().
  const Value& value(rules::SlotId slot) {
    const Cached& cached = values_[slot];
    return cached.epoch == epoch_ ? cached.value : read(slot);
  }
  [[nodiscard]] uint64_t epoch() const { return epoch_; }

 private:
  struct Cached {
    uint64_t epoch = 0;
    Value value;
  };
  void next();
  const Value& read(rules::SlotId slot);
  Value extract(const rules::Slot& slot);
  Value extract_field(const rules::Slot& slot);
  Value transform(const rules::Slot& slot);
  Value transform_text(const rules::Slot& slot, std::string_view text);

  const rules::SlotTable& slots_;
  const EventContext* context_ = nullptr;
  const FieldOverlay* overlay_ = nullptr;
  uint64_t epoch_ = 0;
  std::vector<Cached> values_;
  FieldScratch scratch_;
};

namespace rules {

inline bool is_missing(const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  const auto* list = std::get_if<std::vector<std::string_view>>(&value);
  return list != nullptr && list->empty();
}

/// The value as text, for output and for transformers. Numbers and booleans are built into `scratch`.
std::string_view value_text(const Value& value, std::string& scratch);

}  // namespace rules
}  // namespace hullwatch
