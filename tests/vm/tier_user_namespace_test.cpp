// Gains inside user namespaces, by what the ladder chooses in the guest.

#include "bpf/user_namespace_suite.h"
#include "vm/tier.h"

namespace hullwatch::test {
namespace {

class TierWatch : public SensorTest {
 public:
  static void begin() { SetUpTestSuite(); }
  static void end() {}
  static std::string missing() {
    if (has("credential", {HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH})) return "";
    const Provider* chosen = provider("credential");
    return "credential is provided by " + std::string(provider_of("credential")) +
           (chosen != nullptr ? ", which cannot see " + std::string(chosen->cannot_see) : "");
  }
  static std::filesystem::path actor(const std::string& name) { return here() / name; }
  static std::vector<LiveRecord> of_process(pid_t pid) {
    drain();
    std::vector<LiveRecord> found;
    std::ranges::copy_if(captured_, std::back_inserter(found),
                         [&](const LiveRecord& record) { return record.header().process.tgid == static_cast<uint32_t>(pid); });
    return found;
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Tier, UserNamespace, TierWatch);

}  // namespace
}  // namespace hullwatch::test
