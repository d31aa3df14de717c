#include "event/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/event_builder.h"

namespace hullwatch {
namespace {

using namespace test;
using testing::HasSubstr;

std::string error_of(std::vector<std::byte> record) {
  Decoder decoder;
  const auto event = decoder.decode(record);
  return event ? "" : event.error().message;
}

// Overwrites one member of a record's fixed struct after the builder has made it.
template <typename Fixed, typename Change>
std::vector<std::byte> spoilt(std::vector<std::byte> record, Change change) {
  Fixed facts;
  std::memcpy(&facts, record.data(), sizeof(facts));
  change(facts);
  std::memcpy(record.data(), &facts, sizeof(facts));
  return record;
}

TEST(Decode, ExecCarriesPathsAndArguments) {
  const auto event = exec("/usr/bin/sh").args({"sh", "-c", "id"}).cwd("/home/a").build();
  const auto* body = event->get<ExecEvent>();
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(event->type, EventType::execve);
  EXPECT_EQ(body->filename, "/usr/bin/sh");
  EXPECT_EQ(body->exe_path, "/usr/bin/sh");
  EXPECT_EQ(body->cwd, "/home/a");
  EXPECT_EQ(body->args, std::string_view("sh\0-c\0id", 8));
  EXPECT_FALSE(body->args_truncated);
}

TEST(Decode, AnEmptyLastArgumentIsKept) {
  const auto event = exec("/bin/x").args({"x", ""}).build();
  EXPECT_EQ(event->get<ExecEvent>()->args, std::string_view("x\0", 2));
}

TEST(Decode, ArgumentsLongerThanCopiedAreTruncated) {
  EXPECT_TRUE(exec("/bin/x").args({"x"}).args_total(9000).build()->get<ExecEvent>()->args_truncated);
}

TEST(Decode, TheEndOfTruncatedArgumentsIsBesideTheirBeginning) {
  const auto event = exec("/bin/x").args({"x"}).args_total(9000).args_tail(std::string_view("yy\0last\0", 8)).build();
  EXPECT_EQ(event->get<ExecEvent>()->args_tail, std::string_view("yy\0last", 7));
  EXPECT_THAT(error_of(exec("/bin/x").args_tail(std::string(HW_ARGS_TAIL_MAX + 1, 'x')).record()),
              HasSubstr("end of the args"));
}

TEST(Decode, TheRootDirectoryIsASlash) { EXPECT_EQ(exec("/bin/x").cwd("/").build()->get<ExecEvent>()->cwd, "/"); }

TEST(Decode, AWorkingDirectoryWithoutComponentsIsTheRoot) {
  EXPECT_EQ(exec("/bin/x").with([](hw_exec& e) { e.cwd = {}; }).build()->get<ExecEvent>()->cwd, "/");
  EXPECT_EQ(exec("/bin/x").with([](hw_exec& e) { e.cwd = {{}, 0, HW_PATH_TRUNCATED}; }).build()->get<ExecEvent>()->cwd, "");
}

TEST(Decode, AMemfdKeepsItsBareName) { EXPECT_EQ(exec("memfd:x").build()->get<ExecEvent>()->exe_path, "memfd:x"); }

TEST(Decode, ATruncatedPathIsNotAbsolute) {
  const auto event = exec("/a/b").with([](hw_exec& e) { e.exe.flags |= HW_PATH_TRUNCATED; }).build();
  EXPECT_EQ(event->get<ExecEvent>()->exe_path, "<truncated>/a/b");
}

TEST(Decode, ExecveatIsToldByItsNumber) {
  EXPECT_EQ(exec("/bin/x").syscall(322).build()->type, EventType::execveat);
  EXPECT_EQ(exec("/bin/x").syscall(358).flags(HW_F_COMPAT).build()->type, EventType::execveat);
  EXPECT_EQ(exec("/bin/x").syscall(358).build()->type, EventType::execve);
}

TEST(Decode, CredentialsAreNamedByTheCall) {
  EXPECT_EQ(credential(user(1), root()).syscall(117).build()->type, EventType::setresuid);
  EXPECT_EQ(credential(user(1), root()).syscall(208).flags(HW_F_COMPAT).build()->type, EventType::setresuid);
  EXPECT_EQ(credential(user(1), root()).way(HW_WAY_EXEC).syscall(59).build()->type, EventType::credential_change);
}

TEST(Decode, EveryMountOperationHasItsType) {
  for (uint32_t op = 0; op < HW_MOUNT_OP_MAX; ++op) EXPECT_NE(mount_operation(op).build()->type, EventType::unknown);
  EXPECT_EQ(mount_operation(HW_MOUNT_FSPICK).build()->type, EventType::fspick);
  EXPECT_EQ(mount_operation(HW_MOUNT_SETATTR).build()->type, EventType::mount_setattr);
}

TEST(Decode, MountCarriesStringsAndResolvedTarget) {
  const auto event = mounts("proc", "/proc/self/fd/4", "proc").data("hidepid=2").resolved("/merged/proc").build();
  const auto* body = event->get<MountEvent>();
  EXPECT_EQ(body->source, "proc");
  EXPECT_EQ(body->target, "/proc/self/fd/4");
  EXPECT_EQ(body->fstype, "proc");
  EXPECT_EQ(body->data, "hidepid=2");
  EXPECT_EQ(body->resolved_target, "/merged/proc");
  EXPECT_EQ(body->resolved_source, "");
}

TEST(Decode, CgroupMkdirCarriesItsPath) {
  const auto event = makes_cgroup(42, "/docker/abc").build();
  EXPECT_EQ(event->type, EventType::cgroup_mkdir);
  EXPECT_EQ(event->get<CgroupEvent>()->path, "/docker/abc");
}

TEST(Decode, AnAbstractSocketNameBeginsWithAt) {
  EXPECT_EQ(connects_to("@/containerd-shim/x").build()->get<SocketEvent>()->name, "@/containerd-shim/x");
  EXPECT_EQ(connects_to("/run/docker.sock").build()->get<SocketEvent>()->name, "/run/docker.sock");
}

TEST(Decode, CriticalRecordsCarryAncestorsThatOutliveAMove) {
  auto event = uses_capability(21).ancestors({{7, "sh"}, {1, "init"}}).build();
  const Event moved = std::move(event.edit());
  ASSERT_NE(moved.ancestors, nullptr);
  EXPECT_EQ(moved.ancestors[0].key.tgid, 7U);
  EXPECT_STREQ(moved.ancestors[1].comm, "init");
  EXPECT_EQ(exec("/bin/x").build()->ancestors, nullptr);
}

TEST(Decode, ASettingsValueIsWithoutWhatWritingItAddsAndItsNameEndsAtANul) {
  const auto built = writes_setting(std::string_view("kernel/core_pattern\0x", 21), "|/bin/x %p\n").build();
  const auto* setting = built->get<SettingEvent>();
  ASSERT_NE(setting, nullptr);
  EXPECT_EQ(built->type, EventType::kernel_setting);
  EXPECT_EQ(setting->name, "kernel/core_pattern");
  EXPECT_EQ(setting->value, "|/bin/x %p");
  EXPECT_EQ(setting->facts.length, 11U);
}

TEST(Decode, ACommWithoutNulIsBounded) {
  auto event = exits(5).with([](hw_exit& e) { std::memset(e.h.comm, 'a', HW_COMM_LEN); }).build();
  EXPECT_EQ(event->comm(), "aaaaaaaaaaaaaaaa");
}

TEST(Decode, PaddingUpToAWordIsAccepted) {
  auto record = exec("/bin/sh").record();
  record.resize(record.size() + 7);
  EXPECT_EQ(error_of(record), "");
  record.resize(record.size() + 1);
  EXPECT_THAT(error_of(record), HasSubstr("its header says"));
}

TEST(DecodeHostile, EveryTruncationIsAnError) {
  const auto whole = mounts("a", "/b", "c").data("d").resolved("/e/f").record();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)}), "") << size;
    // The same with a header that agrees with the bytes.
    if (size < sizeof(hw_header)) continue;
    auto agreeing = spoilt<hw_header>({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)},
                                      [&](hw_header& h) { h.size = static_cast<uint32_t>(size); });
    EXPECT_NE(error_of(agreeing), "") << size;
  }
}

TEST(DecodeHostile, ErrorsNameKindAndSizes) {
  auto record = exits(5).record();
  const auto size = record.size();
  record = spoilt<hw_header>(record, [](hw_header& h) { h.size = 4096; });
  EXPECT_EQ(error_of(record), "exit record of " + std::to_string(size) + " bytes: its header says 4096 bytes");
}

TEST(DecodeHostile, AnUnknownKindIsRefused) {
  for (const uint16_t kind : {uint16_t{0}, uint16_t{HW_KIND_MAX}, uint16_t{0xffff}}) {
    const auto record = spoilt<hw_header>(exits(5).record(), [&](hw_header& h) { h.kind = kind; });
    EXPECT_THAT(error_of(record), HasSubstr("kind " + std::to_string(kind) + " is unknown"));
  }
}

TEST(DecodeHostile, ATaskIsNoEvent) {
  EXPECT_THAT(error_of(spoilt<hw_header>(exits(5).record(), [](hw_header& h) { h.kind = HW_TASK; })), HasSubstr("is no event"));
}

TEST(DecodeHostile, AnUnknownProviderIsRefused) {
  EXPECT_THAT(error_of(exits(5).with([](hw_exit& e) { e.h.provider = HW_PROVIDER_MAX; }).record()), HasSubstr("provider"));
}

TEST(DecodeHostile, BytesAfterAFixedRecordAreRefused) {
  auto record = exits(5).record();
  record.resize(record.size() + 8);
  record = spoilt<hw_header>(record, [&](hw_header& h) { h.size = static_cast<uint32_t>(record.size()); });
  EXPECT_THAT(error_of(record), HasSubstr("8 bytes follow"));
}

TEST(DecodeHostile, ASpanBeyondTheTailIsRefused) {
  const auto base = exec("/bin/sh");
  const auto bad = [&](auto change) { return error_of(spoilt<hw_exec>(base.record(), change)); };
  EXPECT_THAT(bad([](hw_exec& e) { e.args = {0xffff, 1}; }), HasSubstr("args at 65535+1 leaves the tail"));
  EXPECT_THAT(bad([](hw_exec& e) { e.args = {0, 0xffff}; }), HasSubstr("leaves the tail"));
  EXPECT_THAT(bad([](hw_exec& e) { e.filename = {1, 0xffff}; }), HasSubstr("filename"));
  EXPECT_THAT(bad([](hw_exec& e) { e.exe.components = {0xffff, 0xffff}; }), HasSubstr("exe path"));
  EXPECT_THAT(bad([](hw_exec& e) { e.cwd.components.len = 0xffff; }), HasSubstr("cwd"));
}

TEST(DecodeHostile, APathMustHaveItsComponents) {
  const auto record = spoilt<hw_exec>(exec("/bin/sh").record(), [](hw_exec& e) { e.exe.count = 9; });
  EXPECT_THAT(error_of(record), HasSubstr("exe path has 2 whole components, not 9"));
  const auto many = spoilt<hw_exec>(exec("/bin/sh").record(), [](hw_exec& e) { e.exe.count = 0xffff; });
  EXPECT_THAT(error_of(many), HasSubstr("more than 32"));
}

TEST(DecodeHostile, EnumerationsOutOfRangeAreRefused) {
  EXPECT_THAT(error_of(credential(root(), root()).way(HW_WAY_MAX).record()), HasSubstr("way 9 is out of range"));
  EXPECT_THAT(error_of(mount_operation(HW_MOUNT_OP_MAX).record()), HasSubstr("mount operation"));
  EXPECT_THAT(error_of(NamespaceBuilder(HW_NS_OP_MAX, 0).record()), HasSubstr("namespace operation"));
  EXPECT_THAT(error_of(CgroupBuilder(HW_CGROUP_OP_MAX, 1).record()), HasSubstr("cgroup operation"));
  EXPECT_THAT(error_of(SocketBuilder(HW_SOCKET_OP_MAX, "x").record()), HasSubstr("socket operation"));
  EXPECT_THAT(error_of(uses_capability(64).record()), HasSubstr("capability 64"));
  EXPECT_THAT(error_of(flood_of(HW_KIND_MAX).record()), HasSubstr("flooded kind"));
  EXPECT_THAT(error_of(exec("/x").with([](hw_exec& e) { e.seccomp = 3; }).record()), HasSubstr("seccomp"));
}

TEST(DecodeHostile, ASettingsTextsAreBounded) {
  const auto bad = [](auto change) { return error_of(writes_setting("kernel/x", "y").with(change).record()); };
  EXPECT_THAT(bad([](hw_setting& s) { s.name_len = HW_SETTING_NAME + 1; }), HasSubstr("name length 129 is out of range"));
  EXPECT_THAT(bad([](hw_setting& s) { s.value_len = 0xffff; }), HasSubstr("value length 65535 is out of range"));
  EXPECT_THAT(bad([](hw_setting& s) { s.source = HW_SETTING_SOURCE_MAX; }), HasSubstr("source 2 is out of range"));
  EXPECT_EQ(bad([](hw_setting& s) { s.name_len = HW_SETTING_NAME, s.value_len = HW_SETTING_VALUE; }), "");
}

TEST(DecodeHostile, ASocketNameIsBounded) {
  EXPECT_THAT(error_of(connects_to("/x").with([](hw_socket& s) { s.name_len = 109; }).record()),
              HasSubstr("name length 109 is out of range"));
}

TEST(DecodeHostile, ARequestCannotCarryMoreThanWasRead) {
  EXPECT_THAT(error_of(request_bytes("GET /").with([](hw_request& r) { r.length = 2; }).record()),
              HasSubstr("carries 5 bytes"));
}

TEST(DecodeHostile, AFailureLeavesTheDecoderFit) {
  Decoder decoder;
  const auto bad = exec("/bin/sh").with([](hw_exec& e) { e.exe.count = 30; }).record();
  const auto good = exec("/bin/sh").record();
  EXPECT_FALSE(decoder.decode(bad));
  EXPECT_EQ(decoder.decode(good)->get<ExecEvent>()->exe_path, "/bin/sh");
}

TEST(DecodeTask, IsReadBySizeAndKind) {
  hw_task task{};
  task.h.kind = HW_TASK;
  task.h.size = sizeof(task);
  task.sid = 9;
  std::vector<std::byte> bytes(sizeof(task));
  std::memcpy(bytes.data(), &task, sizeof(task));
  EXPECT_EQ(decode_task(bytes)->sid, 9U);
  bytes.pop_back();
  EXPECT_FALSE(decode_task(bytes));
  EXPECT_THAT(decode_task(exits(5).record()).error().message, HasSubstr("is no task"));
}

}  // namespace
}  // namespace hullwatch
