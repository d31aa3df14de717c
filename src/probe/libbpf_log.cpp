#include "probe/libbpf_log.h"

#include <bpf/libbpf.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <sstream>
#include <vector>

namespace hullwatch {
namespace {

thread_local LibbpfLog* current_log = nullptr;

__attribute__((format(printf, 2, 0))) int collect(libbpf_print_level level, const char* format, va_list arguments) {
  if (!current_log || level == LIBBPF_DEBUG) return 0;
  std::array<char, 16384> line{};  // a verifier log arrives as one call; its beginning tells less than its end
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (length >= static_cast<int>(line.size())) {
    std::vector<char> whole(static_cast<size_t>(length) + 1);
    std::vsnprintf(whole.data(), whole.size(), format, again);
    current_log->append(whole.data());
  } else if (length > 0) {
    current_log->append(line.data());
  }
  va_end(again);
  return 0;
}

}  // namespace

LibbpfLog::LibbpfLog() : previous_(libbpf_set_print(collect)) { current_log = this; }

LibbpfLog::~LibbpfLog() {
  current_log = nullptr;
  libbpf_set_print(previous_);
}

std::string LibbpfLog::failed_program() const {
  constexpr std::string_view kEnd = "': failed to load: ";
  const size_t end = text_.rfind(kEnd);
  if (end == std::string::npos) return {};
  const size_t start = text_.rfind("prog '", end);
  return start == std::string::npos ? std::string() : text_.substr(start + 6, end - start - 6);
}

std::string LibbpfLog::tail(size_t lines) const {
  std::vector<std::string> kept;
  std::istringstream in(text_);
  for (std::string line; std::getline(in, line);) {
    const bool noise = line.empty() || line.starts_with("processed ") || line.starts_with("verification time") ||
                       line.starts_with("stack depth") || line.find("-- BEGIN PROG LOAD LOG") != std::string::npos ||
                       line.find("-- END PROG LOAD LOG") != std::string::npos ||
                       line.find("failed to load") != std::string::npos;
    if (!noise) kept.push_back(line);
  }
  std::string out;
  for (size_t i = kept.size() > lines ? kept.size() - lines : 0; i < kept.size(); ++i) {
    if (!out.empty()) out += " | ";
    out += kept[i];
  }
  return out;
}

}  // namespace hullwatch
