#pragma once
// An immutable string that copies share: a path or an argv that a forked child has from its parent costs it a pointer.
// Not synchronised beyond shared_ptr's own count. All of them together know how much memory they hold.

#include <atomic>
#include <concepts>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

namespace hullwatch {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string_view text) : text_(text.empty() ? nullptr : std::make_shared<const Held>(text)) {}
  SharedText(const std::string& text) : SharedText(std::string_view(text)) {}
  SharedText(const char* text) : SharedText(std::string_view(text)) {}

  [[nodiscard]] std::string_view view() const { return text_ ? std::string_view(text_->text) : std::string_view{}; }
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
  /// Bytes that the texts alive in this process take, each once however many share it. Any thread.
  [[nodiscard]] static size_t alive() { return alive_.load(std::memory_order_relaxed); }
  /// Of one text, beside its characters: the string, its counts, and what the allocator adds to two blocks.
  static constexpr size_t kOverhead = 96;

  friend std::ostream& operator<<(std::ostream& out, const SharedText& text) { return out << text.view(); }

 private:
  struct Held {
    explicit Held(std::string_view from) : text(from) { alive_.fetch_add(cost(), std::memory_order_relaxed); }
    ~Held() { alive_.fetch_sub(cost(), std::memory_order_relaxed); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    [[nodiscard]] size_t cost() const { return text.size() + kOverhead; }
    const std::string text;
  };
  inline static std::atomic<size_t> alive_{0};

  std::shared_ptr<const Held> text_;
};

}  // namespace hullwatch
