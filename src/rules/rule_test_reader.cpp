#include "rules/rule_test_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "event/event_type.h"
#include "rules/condition_parser.h"
#include "rules/item_reader.h"
#include "rules/slots.h"
#include "util/duration.h"

namespace hullwatch::rules {
namespace {

constexpr uint32_t kMaxRepeat = 20'000;
constexpr uint64_t kMaxTime = 30ULL * 86'400'000'000'000;

class CaseReader {
 public:
  CaseReader(const ItemPlace& place, const FieldLookup& fields, Diagnostics& diagnostics)
      : item_(place, diagnostics), slots_(fields) {
    test_case_.texts = std::make_shared<std::deque<std::string>>();
    item_.in_extension(true);
    test_case_.position = {place.file->name, place.node->line, place.node->column};
  }

  std::optional<RuleTestCase> read() {
    static constexpr std::array<std::string_view, 4> kKeys = {"name", "event", "events", "fires"};
    const YamlNode& node = *item_.place().node;
    if (!node.is_map()) {
      item_.error(node, "a test must be a map of event or events, and fires");
      return std::nullopt;
    }
    for (const auto& [key, value] : node.entries)
      if (std::ranges::find(kKeys, key->value) == kKeys.end())
        item_.error(*key, "unknown key '" + key->value + "' in a test", "name, event, events, fires");
    test_case_.name = item_.optional("name").value_or("");
    read_fires();
    const YamlNode* event = node.find("event");
    const YamlNode* events = node.find("events");
    if ((event != nullptr) == (events != nullptr)) {
      item_.error(node, "a test must have either 'event', a map of fields and values, or 'events', a list of such");
    } else if (event != nullptr) {
      read_event(*event, false);
    } else if (!events->is_sequence() || events->items.empty()) {
      item_.error(*events, "the value of 'events' must be a list of maps of fields and values");
    } else {
      for (const auto& one : events->items) read_event(*one, true);
    }
    return item_.failed() ? std::nullopt : std::optional(std::move(test_case_));
  }

 private:
  std::string_view keep(const std::string& text) { return test_case_.texts->emplace_back(text); }
  RuleTestEvent& event() { return test_case_.events.back(); }

  /// true, false, or a number of alerts.
  void read_fires() {
    const auto text = item_.required("fires");
    if (!text) return;
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, test_case_.fires);
    if (parsed.ec == std::errc() && parsed.ptr == end) {
      test_case_.exact = true;
    } else if (const auto fires = parse_yaml_bool(*text)) {
      test_case_.fires = *fires ? 1 : 0;
    } else {
      item_.error(*item_.node("fires"), "the value of 'fires' must be true, false, or a number of alerts");
    }
  }

  void read_event(const YamlNode& node, bool one_of_many) {
    if (!node.is_map()) return item_.error(node, "an event of a test must be a map of fields and values");
    const uint64_t earlier = test_case_.events.empty() ? 0 : test_case_.events.back().at_ns;
    test_case_.events.emplace_back();
    event().at_ns = earlier;
    for (const auto& [key, value] : node.entries)
      if (!one_of_many || !read_time(key->value, *value)) read_field(*key, *value);
    if (!item_.failed() && event().type == EventType::unknown) item_.error(node, "the event of a test must have a 'type'");
  }

  /// When, how often.
  bool read_time(std::string_view key, const YamlNode& value) {
    if (key == "repeat") {
      const char* end = value.value.data() + value.value.size();
      const auto parsed = std::from_chars(value.value.data(), end, event().repeat);
      if (parsed.ec != std::errc() || parsed.ptr != end || event().repeat == 0 || event().repeat > kMaxRepeat)
        item_.error(value, "the value of 'repeat' must be a whole number from 1 to " + std::to_string(kMaxRepeat));
      return true;
    }
    if (key != "at" && key != "every") return false;
    const auto parsed = value.value == "0" ? std::optional<uint64_t>(0) : parse_duration(value.value);
    if (!parsed || *parsed > kMaxTime)
      item_.error(value, "the value of '" + std::string(key) + "' is no duration up to 30d", "as in 500ms, 10s");
    else
      (key == "at" ? event().at_ns : event().every_ns) = *parsed;
    return true;
  }

  void read_field(const YamlNode& key, const YamlNode& value) {
    const std::string name = key.value == "type" ? "evt.type" : key.value;
    if (name == "evt.type") return read_type(value);
    size_t length = 0;
    const auto operand = parse_field_or_transformer(name, length);
    if (!operand || length != name.size() || operand->kind != Operand::Kind::field)
      return item_.error(key, "'" + name + "' is not a field");
    const auto slot = slots_.intern(*operand);
    if (!slot) return item_.error(key, slot.error().message, suggest_field(slots_.fields(), operand->text));
    if (value.is_null()) return;  // missing
    const bool list = slots_[*slot].type.list || slots_[*slot].reference.any_ancestor();
    Value typed = list ? list_of(value) : scalar_of(value, slots_[*slot].type.type);
    if (!std::holds_alternative<std::monostate>(typed)) event().values.insert_or_assign(operand->spelled(), std::move(typed));
  }

  void read_type(const YamlNode& value) {
    const auto type = event_type_from_name(value.value);
    if (!type) return item_.error(value, "unknown event type '" + value.value + "'");
    event().type = *type;
    event().values.insert_or_assign("evt.type", Value(event_type_name(*type)));
  }

  Value list_of(const YamlNode& value) {
    std::vector<std::string_view> out;
    if (value.is_scalar()) out.push_back(keep(value.value));
    for (const auto& element : value.items) out.push_back(keep(element->value));
    return out;
  }

  Value scalar_of(const YamlNode& value, ValueType type) {
    const std::string& text = value.value;
    const char* end = text.data() + text.size();
    const auto number = [&]<typename T>(T out) -> Value {
      const auto parsed = std::from_chars(text.data(), end, out);
      if (parsed.ec == std::errc() && parsed.ptr == end) return out;
      item_.error(value, "'" + text + "' is not a number");
      return {};
    };
    if (!value.is_scalar()) {
      item_.error(value, "this field takes one value");
      return {};
    }
    switch (type) {
      case ValueType::boolean: {
        const auto flag = parse_yaml_bool(text);
        if (!flag) item_.error(value, "'" + text + "' is neither true nor false");
        return flag ? Value(*flag) : Value{};
      }
      case ValueType::integer: return number(int64_t{0});
      case ValueType::unsigned_integer:
      case ValueType::relative_time:
      case ValueType::absolute_time:
      case ValueType::port: return number(uint64_t{0});
      default: return keep(text);
    }
  }

  ItemReader item_;
  SlotTable slots_;
  RuleTestCase test_case_;
};

}  // namespace

std::vector<RuleTestCase> read_test_cases(const RuleDefinition& rule, size_t index, const FieldLookup& fields,
                                          Diagnostics& diagnostics) {
  std::vector<RuleTestCase> out;
  if (!rule.tests || rule.tests->is_null()) return out;
  if (!rule.tests->is_sequence()) {
    ItemReader item(rule.place, diagnostics);
    item.in_extension(true);
    item.error(*rule.tests, "the value of 'tests' must be a sequence of cases");
    return out;
  }
  for (const auto& node : rule.tests->items) {
    const ItemPlace place{rule.place.file, node, rule.place.label + ", test " + std::to_string(out.size() + 1)};
    auto test_case = CaseReader(place, fields, diagnostics).read();
    if (!test_case) continue;
    test_case->rule = index;
    out.push_back(std::move(*test_case));
  }
  return out;
}

}  // namespace hullwatch::rules
