#pragma once
// Texts that come again and again (the paths of a node's programs, their usual arguments), so that each is made once. One
// thread.

#include <array>
#include <functional>
#include <string_view>

#include "enrich/shared_text.h"

namespace hullwatch {

class TextCache {
 public:
  /// `text` as a text that may be shared with earlier ones; long ones are made anew each time.
  SharedText of(std::string_view text) {
    if (text.size() > kLongest) return text;
    SharedText& kept = kept_[std::hash<std::string_view>{}(text) % kept_.size()];
    if (kept != text) kept = text;
    return kept;
  }

 private:
  static constexpr size_t kLongest = 256;
  std::array<SharedText, 256> kept_;  // by hash; another text of the same place takes it over
};

}  // namespace hullwatch
