#include "rules/tracked_text.h"

#include <algorithm>
#include <utility>

namespace hullwatch::rules {

TrackedText::TrackedText(const SourceFile& file, YamlPtr scalar) : text_(scalar->value) {
  segments_.push_back({0, &file, std::move(scalar), 0, false});
}

void TrackedText::append(const TrackedText& other, size_t begin, size_t end) {
  end = std::min(end, other.text_.size());
  if (begin >= end) return;
  // From the segment that holds `begin`: lists cut a text into many, and each is looked at once.
  auto next = std::ranges::upper_bound(other.segments_, begin, {}, &Segment::begin);
  if (next != other.segments_.begin()) --next;
  for (; next != other.segments_.end() && next->begin < end; ++next) {
    const Segment& segment = *next;
    const size_t from = std::max(begin, segment.begin);
    Segment copy = segment;
    copy.begin = text_.size() + (from - begin);
    if (!copy.fixed) copy.offset += from - segment.begin;
    segments_.push_back(std::move(copy));
  }
  text_.append(other.text_, begin, end - begin);
}

void TrackedText::append_for(std::string_view text, const TrackedText& from, size_t offset) {
  const auto next = std::ranges::upper_bound(from.segments_, offset, {}, &Segment::begin);
  if (next != from.segments_.begin()) {
    Segment copy = *std::prev(next);
    if (!copy.fixed) copy.offset += offset - copy.begin;
    copy.begin = text_.size();
    copy.fixed = true;
    segments_.push_back(std::move(copy));
  }
  text_.append(text);
}

void TrackedText::append_for(std::string_view text, const SourceFile& file, YamlPtr node) {
  segments_.push_back({text_.size(), &file, std::move(node), 0, true});
  text_.append(text);
}

void TrackedText::locate(size_t offset, SourcePosition& position, std::string& excerpt) const {
  const auto next = std::ranges::upper_bound(segments_, offset, {}, &Segment::begin);
  if (next == segments_.begin()) return;
  const Segment& segment = *std::prev(next);
  position.file = segment.file->name;
  if (segment.node->is_scalar()) {
    const size_t within = segment.offset + (segment.fixed ? 0 : offset - segment.begin);
    std::tie(position.line, position.column) = position_in_scalar(*segment.file, *segment.node, within);
  } else {
    position.line = segment.node->line;
    position.column = segment.node->column;
  }
  excerpt = segment.file->line(position.line);
}

}  // namespace hullwatch::rules
