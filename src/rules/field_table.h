#pragma once
// The one table of fields: name, type, meaning, accessor. Rule lookup, type check, output templates, JSON keys,
// `hullwatch fields` and docs/fields.md all come from it. The table is constant, any thread; accessors: evaluator thread.

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "enrich/context.h"
#include "rules/value.h"

namespace hullwatch {

/// Strings an accessor had to build; owned by the evaluation, cleared per event. Their memory is used again.
class FieldScratch {
 public:
  /// Valid until clear().
  std::string_view keep(std::string text) { return next() = std::move(text); }
  /// An empty string to build in; it and views into it are valid until clear().
  std::string& next() {
    if (used_ == kept_.size()) kept_.emplace_back();
    std::string& text = kept_[used_++];
    text.clear();
    return text;
  }
  void clear() { used_ = 0; }

  /// An empty list, for a Value to take along; with the memory of one that came back.
  std::vector<std::string_view> list() {
    if (lists_.empty()) return {};
    std::vector<std::string_view> list = std::move(lists_.back());
    lists_.pop_back();
    list.clear();
    return list;
  }
  /// Takes back the list of a value that is not needed any more.
  void recycle(Value& value) {
    auto* list = std::get_if<std::vector<std::string_view>>(&value);
    if (list != nullptr && list->capacity() > 0) lists_.push_back(std::move(*list));
  }

 private:
  std::vector<std::vector<std::string_view>> lists_;
  std::deque<std::string> kept_;  // a deque: growing must not move short strings from under their views
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

/// All fields, in groups: evt, proc, user, … The lineage fields (proc.aname and its like) yield with an index one ancestor,
/// without one the list of all, nearest first. `evt.arg.NAME` is `evt.arg` with the argument NAME.
std::span<const Field> fields();
/// Null when there is no such field.
const Field* find_field(std::string_view name);

}  // namespace hullwatch
