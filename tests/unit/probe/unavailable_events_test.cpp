// What the ladder's choice means for rules: which events a kernel cannot provide.

#include "probe/unavailable_events.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "event/event_type.h"

namespace hullwatch {
namespace {

using enum EventType;
using Types = std::vector<EventType>;

/// The best provider of each observation, but for one: a tier of it, or none.
std::vector<Rung> ladder(std::string_view observation = {}, std::optional<hw_provider> tier = std::nullopt) {
  std::vector<Rung> rungs;
  for (const Observation& o : observations()) {
    Rung rung{.observation = &o, .provider = nullptr, .refused = {}};
    for (const Provider& provider : providers())
      if (rung.provider == nullptr && provider.observation == o.name && (o.name != observation || provider.tier == tier))
        rung.provider = &provider;
    rungs.push_back(rung);
  }
  return rungs;
}

TEST(UnavailableEvents, AreNoneOfAKernelThatGivesTheBest) { EXPECT_EQ(unavailable_events(ladder()), Types{}); }

TEST(UnavailableEvents, AreAllOfAnObservationWithoutAProvider) {
  EXPECT_EQ(unavailable_events(ladder("mount")), (Types{EventType::mount, umount2, pivot_root, open_tree, fsopen, fsconfig,
                                                        fsmount, move_mount, mount_setattr, fspick}));
}

TEST(UnavailableEvents, AreAlsoTheFindingsMadeOfThem) {
  EXPECT_EQ(unavailable_events(ladder("namespace")), (Types{setns, unshare, container_crossing}));
  const Types socket = unavailable_events(ladder("runtime_socket"));
  EXPECT_NE(std::ranges::find(socket, runtime_request), socket.end());
}

TEST(UnavailableEvents, AreWhatTheProviderLacks) {
  EXPECT_EQ(unavailable_events(ladder("mount", HW_BY_LSM)),
            (Types{open_tree, fsopen, fsconfig, fsmount, mount_setattr, fspick}));
  const Types ids = unavailable_events(ladder("credential", HW_BY_ALWAYS));
  EXPECT_NE(std::ranges::find(ids, setuid), ids.end());
  EXPECT_EQ(std::ranges::find(ids, credential_change), ids.end());
}

}  // namespace
}  // namespace hullwatch
