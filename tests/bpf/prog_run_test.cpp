// One program run by the kernel's own test facility (BPF_PROG_TEST_RUN), with nothing attached: what it makes of the calling
// thread and of the message it is given, without the events that otherwise lead to it.

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "live_probe.h"

namespace hullwatch::test {
namespace {

constexpr uid_t kNobody = 65534;

class ProgRun : public testing::Test {
 protected:
  void SetUp() override {
    constexpr std::array<std::string_view, 1> wanted = {"quiet_proc_connector"};
    auto object = BpfObject::load({}, wanted);
    ASSERT_TRUE(object) << object.error().message;
    object_.emplace(std::move(*object));
    ASSERT_TRUE(object_->failures().empty());
    auto rings = RingReader::start(object_->map_fd("critical"), object_->map_fd("bulk"), 1U << 20,
                                   [this](std::span<const std::byte> record, bool) { records_.emplace_back(record); });
    ASSERT_TRUE(rings) << rings.error().message;
    rings_ = std::move(*rings);
  }

  /// What the program says of a message of `size` bytes; -1: the kernel did not run it.
  int run(size_t size = 64) {
    const std::array<std::byte, 256> message{};
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.data_in = message.data();
    options.data_size_in = static_cast<uint32_t>(size);
    options.repeat = 1;
    const int failed = bpf_prog_test_run_opts(object_->program_fd("quiet_proc_connector"), &options);
    return failed != 0 ? -1 : static_cast<int>(options.retval);
  }

  /// The credential records of this thread since the last call.
  std::vector<hw_credential> seen() {
    while (rings_->poll(std::chrono::milliseconds(50)).value_or(0) > 0) {
    }
    std::vector<hw_credential> found;
    for (const LiveRecord& record : std::exchange(records_, {}))
      if (record.header().kind == HW_CREDENTIAL && record.header().tid == static_cast<uint32_t>(::syscall(SYS_gettid)))
        found.push_back(record.as<hw_credential>());
    return found;
  }

  std::optional<BpfObject> object_;
  std::vector<LiveRecord> records_;
  std::unique_ptr<RingReader> rings_;
};

/// The raw call: libc would change all threads.
void become(uid_t fsuid) { ::syscall(SYS_setfsuid, fsuid); }

TEST_F(ProgRun, the_connectors_filter_takes_no_message) {
  for (const size_t size : {14U, 64U, 256U}) EXPECT_EQ(run(size), 0) << "bytes of it that the socket would keep";
}

// It runs where the kernel commits credentials: in a call that is not about them, bpf(2), something else has committed.
TEST_F(ProgRun, a_change_is_told_once_with_what_was_before) {
  ASSERT_EQ(run(), 0);
  const auto first = seen();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].uncertain, 1U) << "what was before the first look is not known";
  EXPECT_EQ(first[0].before.fsuid, first[0].after.fsuid);
  become(kNobody);
  ASSERT_EQ(run(), 0);
  const auto left = seen();
  ASSERT_EQ(run(), 0);
  EXPECT_TRUE(seen().empty()) << "nothing has changed since";
  become(0);
  ASSERT_EQ(run(), 0);
  const auto came_back = seen();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(std::tie(left[0].before.fsuid, left[0].after.fsuid), std::make_tuple(0U, kNobody));
  EXPECT_EQ(left[0].way, HW_WAY_COMMIT);
  EXPECT_EQ(left[0].uncertain, 0U);
  EXPECT_EQ(left[0].h.provider, HW_BY_QUIET);
  EXPECT_EQ(left[0].h.syscall, SYS_bpf);
  ASSERT_EQ(came_back.size(), 1U);
  EXPECT_EQ(std::tie(came_back[0].before.fsuid, came_back[0].after.fsuid), std::make_tuple(kNobody, 0U));
}

}  // namespace
}  // namespace hullwatch::test
