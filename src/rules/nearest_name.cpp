#include "rules/nearest_name.h"

#include <algorithm>
#include <vector>

namespace hullwatch::rules {
namespace {

constexpr size_t kLongestCompared = 128;  // a hint is not worth more work than this

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

NearestName::NearestName(std::string_view wanted) : wanted_(wanted), distance_(std::max<size_t>(2, wanted.size() / 3) + 1) {}

void NearestName::offer(std::string_view candidate) {
  if (wanted_.size() > kLongestCompared || candidate.size() > kLongestCompared) return;
  const size_t distance = edit_distance(wanted_, candidate);
  if (distance >= distance_) return;
  distance_ = distance;
  best_ = candidate;
}

}  // namespace hullwatch::rules
