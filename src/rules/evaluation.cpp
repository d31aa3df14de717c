#include "rules/evaluation.h"

#include <utility>

#include "rules/transformers.h"

namespace hullwatch {

using rules::Slot;
using rules::SlotId;

Evaluation::Evaluation(const rules::SlotTable& slots) : slots_(slots), values_(slots.size()) {}

void Evaluation::next() {
  ++epoch_;
  scratch_.clear();
}

void Evaluation::begin(const EventContext& context) {
  next();
  context_ = &context;
  overlay_ = nullptr;
}

void Evaluation::begin(const FieldOverlay& overlay) {
  next();
  context_ = nullptr;
  overlay_ = &overlay;
}

const Value& Evaluation::read(SlotId slot) {
  Cached& cached = values_[slot];
  scratch_.recycle(cached.value);
  cached.value = extract(slots_[slot]);
  cached.epoch = epoch_;
  return cached.value;
}

Value Evaluation::extract(const Slot& slot) {
  switch (slot.kind) {
    case Slot::Kind::constant: return std::string_view(slot.text);
    case Slot::Kind::field: return extract_field(slot);
    default: return transform(slot);
  }
}

Value Evaluation::extract_field(const Slot& slot) {
  if (overlay_ != nullptr) {
    const auto found = overlay_->find(slot.spelled);
    return found == overlay_->end() ? Value{} : found->second;
  }
  const Field& field = *slot.reference.field;
  if (field.get == nullptr) return {};
  return field.get(*context_, slot.reference.argument ? &*slot.reference.argument : nullptr, scratch_);
}

Value Evaluation::transform_text(const Slot& slot, std::string_view text) {
  switch (slot.kind) {
    case Slot::Kind::lower: return scratch_.keep(rules::to_lower(text));
    case Slot::Kind::upper: return scratch_.keep(rules::to_upper(text));
    case Slot::Kind::basename: return rules::base_name(text);
    case Slot::Kind::base64: {
      auto decoded = rules::decode_base64(text);
      return decoded ? Value(scratch_.keep(std::move(*decoded))) : Value{};
    }
    default: return {};
  }
}

Value Evaluation::transform(const Slot& slot) {
  using List = std::vector<std::string_view>;
  std::string text;
  if (slot.kind == Slot::Kind::list || slot.kind == Slot::Kind::concat) {
    List parts;
    for (const SlotId argument : slot.arguments) {
      const Value& part = value(argument);
      if (rules::is_missing(part)) return {};
      parts.push_back(scratch_.keep(std::string(rules::value_text(part, text))));
    }
    if (slot.kind == Slot::Kind::list) return parts;
    std::string whole;
    for (const auto part : parts) whole += part;
    return scratch_.keep(std::move(whole));
  }

  const Value& first = value(slot.arguments[0]);
  if (rules::is_missing(first)) return {};
  if (slot.kind == Slot::Kind::join || slot.kind == Slot::Kind::getopt) {
    const Value& second = value(slot.arguments[1]);
    if (rules::is_missing(second)) return {};
    if (slot.kind == Slot::Kind::join) {
      std::string joined;
      const std::string separator(rules::value_text(first, text));
      const auto* list = std::get_if<List>(&second);
      for (size_t i = 0; list != nullptr && i < list->size(); ++i) joined.append(i == 0 ? "" : separator).append((*list)[i]);
      return scratch_.keep(std::move(joined));
    }
    const auto* list = std::get_if<List>(&first);
    if (list == nullptr) return {};
    auto found = rules::parse_options(*list, rules::value_text(second, text),
                                      slot.option != '\0' ? std::optional(slot.option) : std::nullopt);
    if (found.empty()) return {};
    return slot.option != '\0' ? Value(found[0]) : Value(std::move(found));
  }

  const auto* list = std::get_if<List>(&first);
  if (slot.kind == Slot::Kind::length)
    return list != nullptr ? static_cast<uint64_t>(list->size()) : static_cast<uint64_t>(rules::value_text(first, text).size());
  if (const auto* view = std::get_if<std::string_view>(&first)) return transform_text(slot, *view);
  if (list == nullptr) return transform_text(slot, scratch_.keep(std::string(rules::value_text(first, text))));
  List out = scratch_.list();
  for (const auto element : *list) {
    const Value changed = transform_text(slot, element);
    const auto* view = std::get_if<std::string_view>(&changed);
    if (view == nullptr) return {};
    out.push_back(*view);
  }
  return out;
}

namespace rules {

std::string_view value_text(const Value& value, std::string& scratch) {
  struct Visitor {
    std::string& scratch;
    std::string_view operator()(std::monostate) const { return {}; }
    std::string_view operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string_view operator()(int64_t number) const { return scratch = std::to_string(number); }
    std::string_view operator()(uint64_t number) const { return scratch = std::to_string(number); }
    std::string_view operator()(std::string_view text) const { return text; }
    std::string_view operator()(const std::vector<std::string_view>& list) const {
      scratch.clear();
      for (const auto element : list) {
        if (!scratch.empty()) scratch += ',';
        scratch += element;
      }
      return scratch;
    }
  };
  return std::visit(Visitor{scratch}, value);
}

}  // namespace rules
}  // namespace hullwatch
