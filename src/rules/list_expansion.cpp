#include "rules/list_expansion.h"

#include <algorithm>
#include <utility>

namespace hullwatch::rules {
namespace {

constexpr std::string_view kBlanks = " \t\n\r";
constexpr std::string_view kDelimiters = " \t\n\r(),=";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool is_delimiter(char c) { return kDelimiters.find(c) != std::string_view::npos; }

std::string joined_items(const ListExpansion::List& list) {
  std::string out;
  for (const auto& item : list.items) out.append(out.empty() ? "" : ", ").append(ListExpansion::quoted_item(item));
  return out;
}

}  // namespace

std::string ListExpansion::quoted_item(const std::string& item) {
  if (item.find(' ') == std::string::npos || item.front() == '"' || item.front() == '\'') return item;
  return '"' + item + '"';
}

ListExpansion::ListExpansion(std::vector<List> lists) : lists_(std::move(lists)) {
  for (size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].name.find_first_of(kDelimiters) == std::string::npos) {
      by_name_.emplace(lists_[i].name, i);
    } else {
      odd_names_.push_back(i);
    }
  }
}

void ListExpansion::mark_used(const std::string& name) {
  const auto found = std::ranges::find(lists_, name, &List::name);
  if (found != lists_.end()) found->used = true;
}

size_t ListExpansion::next_list(const std::string& text, size_t from) const {
  size_t best = lists_.size();
  for (size_t at = 0; at < text.size();) {
    while (at < text.size() && is_delimiter(text[at])) ++at;
    size_t end = at;
    while (end < text.size() && !is_delimiter(text[end])) ++end;
    const auto found = by_name_.find(std::string_view(text).substr(at, end - at));
    if (found != by_name_.end() && found->second >= from) best = std::min(best, found->second);
    at = end;
  }
  for (const size_t odd : odd_names_)
    if (odd >= from && odd < best && text.find(lists_[odd].name) != std::string::npos) best = odd;
  return best;
}

TrackedText ListExpansion::expand(TrackedText text, bool& too_long) {
  too_long = false;
  for (size_t i = next_list(text.text(), 0); i < lists_.size(); i = next_list(text.text(), i + 1)) {
    bool replaced = false;
    text = replace(text, lists_[i], replaced);
    lists_[i].used |= replaced;
    if (text.text().size() > kMaxConditionText) {
      too_long = true;
      break;
    }
  }
  return text;
}

TrackedText ListExpansion::replace(const TrackedText& source, const List& list, bool& replaced) {
  const std::string& text = source.text();
  const std::string items = joined_items(list);
  TrackedText out;
  size_t copied = 0;
  size_t at = list.name.empty() ? std::string::npos : text.find(list.name);
  while (at != std::string::npos && out.text().size() <= kMaxConditionText) {
    size_t begin = at, end = at + list.name.size();
    const bool delimited = (begin == 0 || is_delimiter(text[begin - 1])) && (end >= text.size() || is_delimiter(text[end]));
    if (!delimited) {
      at = text.find(list.name, at + 1);
      continue;
    }
    replaced = true;
    // The blanks around the name go with it, but none that an earlier replacement has already taken.
    while (begin > copied && is_blank(text[begin - 1])) --begin;
    while (end < text.size() && is_blank(text[end])) ++end;
    if (items.empty()) {  // an empty list takes one comma along
      if (begin > copied && text[begin - 1] == ',') {
        --begin;
      } else if (end < text.size() && text[end] == ',') {
        ++end;
      }
    }
    out.append(source, copied, begin);
    if (!out.empty()) out.append_plain(" ");
    out.append_for(items + " ", source, at);
    copied = end;
    at = text.find(list.name, end);
  }
  out.append(source, copied);
  return out;
}

}  // namespace hullwatch::rules
