#include "util/diagnostic.h"

#include <algorithm>
#include <numeric>

namespace hullwatch {
namespace {

constexpr size_t kMaxExcerpt = 200;  // characters of a line that are shown

/// Columns count bytes. One byte of the excerpt becomes one column on the screen wherever it is printable ASCII; a UTF-8
/// sequence keeps its one column by leaving the continuation bytes out of the caret line.
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += (byte < 0x20 && c != '\t') || byte == 0x7F ? '?' : c;
  }
  return out;
}

std::string caret_line(std::string_view excerpt, uint32_t column) {
  std::string out;
  for (size_t i = 0; i + 1 < column && i < excerpt.size(); ++i) {
    if (!is_continuation(excerpt[i])) out += excerpt[i] == '\t' ? '\t' : ' ';
  }
  return out + '^';
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string format_diagnostic(const Diagnostic& diagnostic) {
  std::string out = printable(diagnostic.position.file);
  if (diagnostic.position.line != 0) {
    out += ':' + std::to_string(diagnostic.position.line);
    if (diagnostic.position.column != 0) out += ':' + std::to_string(diagnostic.position.column);
  }
  if (!out.empty()) out += ": ";
  out += diagnostic.severity == Diagnostic::Severity::error ? "error: " : "warning: ";
  if (!diagnostic.item.empty()) out += printable(diagnostic.item) + ": ";
  out += printable(diagnostic.message);
  if (!diagnostic.code.empty()) out += " [" + diagnostic.code + ']';
  if (!diagnostic.excerpt.empty()) {
    const std::string_view shown = std::string_view(diagnostic.excerpt).substr(0, kMaxExcerpt);
    out += "\n  " + printable(shown);
    const uint32_t column = diagnostic.position.column;
    if (column != 0 && column <= shown.size() + 1) out += "\n  " + caret_line(shown, column);
  }
  if (!diagnostic.hint.empty()) out += "\n  hint: " + printable(diagnostic.hint);
  return out;
}

std::string_view line_of(std::string_view text, uint32_t line) {
  for (uint32_t n = 1; !text.empty(); ++n) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (n == line) {
      std::string_view found = text.substr(0, end);
      if (found.ends_with('\r')) found.remove_suffix(1);
      return found;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.size() > 64) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? std::string() : "did you mean '" + std::string(best) + "'?";
}

}  // namespace hullwatch
