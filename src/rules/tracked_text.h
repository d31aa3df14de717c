#pragma once
// A condition put together from several places (the rule, appended parts, exceptions, lists) that still knows, for each of its
// bytes, where in which file it came from. The files must outlive it.

#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_set.h"
#include "rules/yaml_tree.h"

namespace hullwatch::rules {

class TrackedText {
 public:
  TrackedText() = default;
  TrackedText(const SourceFile& file, YamlPtr scalar);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  /// Part [begin, end) of another text, with its origins.
  void append(const TrackedText& other, size_t begin = 0, size_t end = std::string::npos);
  /// Text that stands for what is at `offset` of `from`: a list's items for its name.
  void append_for(std::string_view text, const TrackedText& from, size_t offset);
  /// Text that stands for the whole of a node: an exception.
  void append_for(std::string_view text, const SourceFile& file, YamlPtr node);
  /// Text of nobody's, as the blank between appended parts; it takes the origin of what is before it.
  void append_plain(std::string_view text) { text_.append(text); }

  /// Where byte `offset` came from, and the line there.
  void locate(size_t offset, SourcePosition& position, std::string& excerpt) const;

 private:
  struct Segment {
    size_t begin;  // in text_
    const SourceFile* file;
    YamlPtr node;
    size_t offset;  // in the node's value
    bool fixed;     // all of it stands for that one place
  };
  std::string text_;
  std::vector<Segment> segments_;
};

}  // namespace hullwatch::rules
