#include "detect/request_target.h"

namespace hullwatch {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

/// Length of "/v1.41" at the front of `path`, 0 when there is none. Podman's versions have letters and dashes too.
size_t version_length(std::string_view path) {
  if (path.size() < 3 || !path.starts_with("/v") || path[2] < '0' || path[2] > '9') return 0;
  size_t end = 3;
  while (end < path.size() && (path[end] == '.' || path[end] == '-' || (path[end] >= '0' && path[end] <= '9') ||
                               (path[end] >= 'a' && path[end] <= 'z') || (path[end] >= 'A' && path[end] <= 'Z')))
    ++end;
  return end < path.size() && path[end] == '/' ? end : 0;
}

}  // namespace

std::optional<RequestTarget> split_target(std::string_view target) {
  if (!target.starts_with('/') && target != "*") {
    const size_t scheme = target.find("://");
    if (scheme == std::string_view::npos || scheme == 0) return std::nullopt;
    const size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  RequestTarget parts;
  const size_t question = target.find('?');
  auto path = decoded(target.substr(0, question));
  if (!path) return std::nullopt;
  if (question != std::string_view::npos) parts.query = target.substr(question + 1);
  if (const size_t length = version_length(*path); length > 0) {
    parts.version = path->substr(1, length - 1);
    path->erase(0, length);
  }
  parts.path = std::move(*path);
  return parts;
}

bool hijacks(std::string_view path) {
  if (path.starts_with("/libpod/")) path.remove_prefix(7);
  if (path == "/session" || path == "/grpc") return true;
  if (path.starts_with("/containers/")) return path.ends_with("/attach") || path.ends_with("/attach/ws");
  return path.starts_with("/exec/") && path.ends_with("/start");
}

}  // namespace hullwatch
