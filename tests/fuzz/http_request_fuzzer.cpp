// Any bytes as a client's stream to a runtime's socket. However the stream is cut into reads, the same requests come out of it;
// and whatever they ask for can be judged.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "detect/docker_api.h"
#include "detect/http_request.h"

namespace {

std::vector<hullwatch::ParsedRequest> parse(std::string_view stream, size_t piece) {
  std::vector<hullwatch::ParsedRequest> requests;
  hullwatch::HttpRequestParser parser([&](const hullwatch::ParsedRequest& request) { requests.push_back(request); });
  for (size_t at = 0; at < stream.size(); at += piece) parser.feed(stream.substr(at, piece));
  parser.flush();
  return requests;
}

bool same(const hullwatch::ParsedRequest& a, const hullwatch::ParsedRequest& b) {
  return a.readable == b.readable && a.method == b.method && a.target == b.target && a.body == b.body &&
         a.body_complete == b.body_complete && a.opaque == b.opaque;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = parse(stream, stream.size() + 1);
  const auto pieces = parse(stream, 1 + data[0] % 32U);
  if (whole.size() != pieces.size()) std::abort();
  for (size_t i = 0; i < whole.size(); i++) {
    if (!same(whole[i], pieces[i])) std::abort();
    if (whole[i].readable) [[maybe_unused]]
      const auto call = hullwatch::judge_api_call(whole[i]);
  }
  return 0;
}
