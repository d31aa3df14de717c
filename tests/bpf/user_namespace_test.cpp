// Gains inside user namespaces, by the quiet programs on the running kernel.

#include "bpf/user_namespace_suite.h"
#include "quiet_probe.h"

namespace hullwatch::test {
namespace {

class QuietWatch {
 public:
  static void begin() {
    if (::geteuid() == 0) probe_ = std::make_unique<QuietProbe>();
  }
  static void end() { probe_.reset(); }
  static std::string missing() { return probe_ ? "" : "needs root"; }
  static std::filesystem::path actor(const std::string& name) { return std::string(HULLWATCH_ACTORS) + "/" + name; }
  static std::vector<LiveRecord> of_process(pid_t pid) { return probe_->of_process(pid).records; }

 private:
  inline static std::unique_ptr<QuietProbe> probe_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Quiet, UserNamespace, QuietWatch);

}  // namespace
}  // namespace hullwatch::test
