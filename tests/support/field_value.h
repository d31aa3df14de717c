#pragma once
// A field's value as a test reads it: `shown(context, "proc.aname[2]")` is the text a rule's output would have.

#include <gtest/gtest.h>

#include <charconv>
#include <string>
#include <string_view>

#include "rules/field_table.h"

namespace hullwatch::test {

inline constexpr std::string_view kMissing = "(missing)";

/// The value rendered; kMissing when there is none; lists joined by a comma.
inline std::string shown(const EventContext& context, std::string_view spelled) {
  static FieldScratch scratch;
  scratch.clear();
  FieldArgument argument;
  bool has_argument = false;
  if (const size_t bracket = spelled.find('['); bracket != std::string_view::npos) {
    argument.text = spelled.substr(bracket + 1, spelled.size() - bracket - 2);
    spelled = spelled.substr(0, bracket);
    has_argument = true;
  } else if (spelled.starts_with("evt.arg.") || spelled.starts_with("evt.rawarg.")) {
    const size_t dot = spelled.find('.', 4);
    argument.text = spelled.substr(dot + 1);
    spelled = spelled.substr(0, dot);
    has_argument = true;
  }
  if (has_argument) {
    const char* end = argument.text.data() + argument.text.size();
    int64_t index = 0;
    if (const auto parsed = std::from_chars(argument.text.data(), end, index); parsed.ec == std::errc{} && parsed.ptr == end)
      argument.index = index;
  }
  const Field* field = find_field(spelled);
  if (field == nullptr || field->get == nullptr) {
    ADD_FAILURE() << spelled << (field == nullptr ? " is no field" : " has no accessor");
    return "";
  }
  struct Show {
    std::string operator()(std::monostate) const { return std::string(kMissing); }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(uint64_t value) const { return std::to_string(value); }
    std::string operator()(std::string_view value) const { return std::string(value); }
    std::string operator()(const std::vector<std::string_view>& values) const {
      std::string joined;
      for (const auto value : values) joined.append(joined.empty() ? "" : ",").append(value);
      return joined;
    }
  };
  return std::visit(Show{}, field->get(context, has_argument ? &argument : nullptr, scratch));
}

}  // namespace hullwatch::test
