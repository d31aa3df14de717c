// Which evasions are open on a kernel follows from what its providers say that they cannot see.

#include "probe/evasions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace hullwatch {
namespace {

bool has(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

std::vector<Rung> with(std::string_view observation, const Provider* provider) {
  const auto found = std::ranges::find(observations(), observation, &Observation::name);
  return {Rung{.observation = &*found, .provider = provider, .refused = {}}};
}

const Provider* provider_that(std::string_view observation, bool says, std::string_view words) {
  const auto found = std::ranges::find_if(
      providers(), [&](const Provider& p) { return p.observation == observation && has(p.cannot_see, words) == says; });
  return found == providers().end() ? nullptr : &*found;
}

std::set<std::string_view> names(const std::vector<OpenEvasion>& open) {
  std::set<std::string_view> out;
  for (const OpenEvasion& one : open)
    if (one.evasion->observation != "file") out.insert(one.evasion->name);
  return out;
}

TEST(Evasions, AreEachOnce) {
  std::set<std::string_view> seen;
  for (const Evasion& evasion : evasions()) EXPECT_TRUE(seen.insert(evasion.name).second) << evasion.name;
}

TEST(Evasions, AreShownByAnObservationThatThereIs) {
  for (const Evasion& evasion : evasions())
    EXPECT_TRUE(std::ranges::find(observations(), evasion.observation, &Observation::name) != observations().end() ||
                evasion.observation == "file" || evasion.observation == "guard")
        << evasion.name;
}

// Else a row could be excused by words that nobody reads.
TEST(Evasions, AreOpenInWordsThatDoctorPrints) {
  for (const Evasion& evasion : evasions()) {
    const auto says = [&](std::string_view text) { return has(text, evasion.unseen); };
    if (evasion.observation == "file") {
      EXPECT_TRUE(!evasion.unseen.empty() && std::ranges::any_of(not_observed(), says)) << evasion.name;
    } else if (!evasion.unseen.empty()) {
      EXPECT_NE(provider_that(evasion.observation, true, evasion.unseen), nullptr) << evasion.name;
    }
  }
}

TEST(OpenEvasions, AreAllOfAnObservationWithoutAProvider) {
  std::set<std::string_view> mounts;
  for (const Evasion& evasion : evasions())
    if (evasion.observation == "mount") mounts.insert(evasion.name);
  const auto open = open_evasions(with("mount", nullptr));
  EXPECT_EQ(names(open), mounts);
  EXPECT_EQ(open.front().because, "no provider for mount");
}

TEST(OpenEvasions, AreThoseAProviderCannotSee) {
  constexpr std::string_view kWords = "who uses a connection that another process opened";
  const auto open = open_evasions(with("runtime_socket", provider_that("runtime_socket", true, kWords)));
  EXPECT_EQ(names(open), (std::set<std::string_view>{"socket_inherited", "socket_of_parent"}));
  EXPECT_EQ(open.front().because, kWords);
}

TEST(OpenEvasions, AreNoneOfAProviderThatSeesThem) {
  const Provider* sees = provider_that("runtime_socket", false, "who uses a connection that another process opened");
  EXPECT_EQ(names(open_evasions(with("runtime_socket", sees))), std::set<std::string_view>{});
}

TEST(OpenEvasions, AreWhatNoObservationIsOf) {
  const auto all = open_evasions({});
  for (const OpenEvasion& open : all) {
    EXPECT_EQ(open.evasion->observation, "file");
    EXPECT_EQ(open.because.substr(0, 14), "not observed: ");
  }
  EXPECT_EQ(static_cast<ptrdiff_t>(all.size()), std::ranges::count(evasions(), "file", &Evasion::observation));
}

}  // namespace
}  // namespace hullwatch
