#pragma once
// An immutable string that copies share: a path or an argv that a forked child has from its parent costs it a pointer.
// Not synchronised beyond shared_ptr's own count.

#include <concepts>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

namespace hullwatch {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string_view text) : text_(text.empty() ? nullptr : std::make_shared<const std::string>(text)) {}
  SharedText(const std::string& text) : SharedText(std::string_view(text)) {}
  SharedText(const char* text) : SharedText(std::string_view(text)) {}

  [[nodiscard]] std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view{}; }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const { return text_ == nullptr; }
  [[nodiscard]] size_t size() const { return view().size(); }
  operator std::string_view() const { return view(); }
  /// True when both are one string in memory, not merely equal.
  [[nodiscard]] bool shares_with(const SharedText& other) const { return text_ == other.text_; }

  template <std::convertible_to<std::string_view> T>
  friend bool operator==(const SharedText& a, const T& b) {
    return a.view() == std::string_view(b);
  }
  friend std::ostream& operator<<(std::ostream& out, const SharedText& text) { return out << text.view(); }

 private:
  std::shared_ptr<const std::string> text_;
};

}  // namespace hullwatch
