#pragma once
// The one table of fields: name, type, meaning, accessor. Rule lookup, type check, output templates, JSON keys,
// `hullwatch fields` and docs/fields.md all come from it.

#include <span>
#include <string>
#include <string_view>

#include "enrich/context.h"
#include "rules/value.h"

namespace hullwatch {

/// Strings an accessor had to build; owned by the evaluation, cleared per event.
class FieldScratch {
 public:
  std::string_view keep(std::string text);
  void clear();

 private:
  std::vector<std::string> kept_;
  size_t used_ = 0;
};

/// The argument in brackets: `proc.aname[2]`, `evt.arg[flags]`.
struct FieldArgument {
  std::string text;
  int64_t index = -1;  // when text is a number
};

struct Field {
  enum class Argument : uint8_t { none, index, optional_index, key };

  std::string_view name;
  ValueType type;
  Argument argument = Argument::none;
  std::string_view description;
  /// Null: known by name so that rules load, but nothing here produces it; `needs` says what would.
  Value (*get)(const EventContext&, const FieldArgument*, FieldScratch&) = nullptr;
  std::string_view needs = {};
};

std::span<const Field> fields();
const Field* find_field(std::string_view name);

}  // namespace hullwatch
