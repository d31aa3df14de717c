#pragma once
// Lists are textual: in a condition, a list's name between delimiters is replaced by its items, joined by commas, before
// anything is parsed. Even inside a quoted string; that is how the language is.

#include <string>
#include <unordered_map>
#include <vector>

#include "rules/tracked_text.h"

namespace hullwatch::rules {

class ListExpansion {
 public:
  struct List {
    std::string name;
    std::vector<std::string> items;
    bool used = false;
  };
  explicit ListExpansion(std::vector<List> lists);

  /// Replaces each list, in order of definition, one pass each. Refuses what grows beyond kMaxConditionText.
  TrackedText expand(TrackedText text, bool& too_long);
  [[nodiscard]] const std::vector<List>& lists() const { return lists_; }
  void mark_used(const std::string& name);

  static constexpr size_t kMaxConditionText = 4U << 20;
  /// As items and exception values enter a condition: with quotes when they hold a blank and have none.
  static std::string quoted_item(const std::string& item);

 private:
  [[nodiscard]] size_t next_list(const std::string& text, size_t from) const;
  static TrackedText replace(const TrackedText& text, const List& list, bool& replaced);

  std::vector<List> lists_;
  std::unordered_map<std::string_view, size_t> by_name_;  // names that are one word
  std::vector<size_t> odd_names_;                         // the others, which a look at the words does not find
};

}  // namespace hullwatch::rules
