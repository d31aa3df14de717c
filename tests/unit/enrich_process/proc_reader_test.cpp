#include "enrich/proc_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/event_builder.h"
#include "util/process_directory.h"

namespace hullwatch {
namespace {

namespace fs = std::filesystem;
using namespace test;

// A made-up /proc with one process, 42.
class ProcReaderTest : public testing::Test {
 protected:
  ProcReaderTest() : root_(fs::temp_directory_path() / ("hullwatch-proc-" + std::to_string(::getpid()))) {
    fs::create_directories(root_ / "42");
    stat("42 (sh) S 1 42 42 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 100 9 9");
    write("comm", "sh\n");
    write("cmdline", std::string("sh\0-c\0id\0", 9));
    fs::create_symlink("/bin/sh", root_ / "42/exe");
    fs::create_symlink("/srv", root_ / "42/cwd");
  }
  ~ProcReaderTest() override { fs::remove_all(root_); }
  void write(const char* file, const std::string& text) { std::ofstream(root_ / "42" / file, std::ios::binary) << text; }
  void stat(const std::string& text) { write("stat", text); }
  [[nodiscard]] Result<ProcDetails> read() const { return ProcReader(root_.string()).read(42); }

  fs::path root_;
};

TEST_F(ProcReaderTest, ReadsTheStrings) {
  const auto details = read();
  ASSERT_TRUE(details) << details.error().message;
  EXPECT_EQ(details->comm, "sh");
  EXPECT_EQ(details->exe_path, "/bin/sh");
  EXPECT_EQ(details->cwd, "/srv");
  EXPECT_EQ(details->args, std::string("sh\0-c\0id", 8));
  EXPECT_EQ(details->start_ticks, 100U);
  EXPECT_FALSE(details->args_truncated);
}

TEST_F(ProcReaderTest, ACommCannotForgeTheStartTime) {
  stat("42 (a) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 7) S 1 42 42 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 555 0");
  EXPECT_EQ(read()->start_ticks, 555U);
}

TEST_F(ProcReaderTest, ADeletedProgramIsToldApart) {
  fs::remove(root_ / "42/exe");
  fs::create_symlink("/tmp/x (deleted)", root_ / "42/exe");
  EXPECT_EQ(read()->exe_path, "/tmp/x");
  EXPECT_TRUE(read()->exe_deleted);
}

TEST_F(ProcReaderTest, ArgumentsAreBounded) {
  write("cmdline", std::string(100'000, 'a'));
  EXPECT_EQ(read()->args.size(), size_t{HW_ARGS_MAX});
  EXPECT_TRUE(read()->args_truncated);
}

TEST_F(ProcReaderTest, AKernelThreadHasNeitherProgramNorArguments) {
  fs::remove(root_ / "42/exe");
  write("cmdline", "");
  EXPECT_EQ(read()->exe_path, "");
  EXPECT_EQ(read()->args, "");
}

TEST_F(ProcReaderTest, AProcessThatIsGoneIsAnError) {
  const auto details = ProcReader(root_.string()).read(43);
  ASSERT_FALSE(details);
  EXPECT_THAT(details.error().message, testing::HasSubstr("/43/stat: No such file or directory"));
}

TEST_F(ProcReaderTest, AMalformedStatIsAnError) {
  stat("42 (sh) S 1 2");
  EXPECT_THAT(read().error().message, testing::HasSubstr("no start time"));
  stat("");
  EXPECT_FALSE(read());
}

TEST_F(ProcReaderTest, ReadsThisVeryProcess) {
  const auto details = ProcReader().read(static_cast<uint32_t>(::getpid()));
  ASSERT_TRUE(details);
  EXPECT_EQ(details->exe_path, fs::read_symlink("/proc/self/exe").string());
  EXPECT_GT(details->start_ticks, 0U);
}

hw_task task_started_at(uint64_t ns) {
  hw_task task{};
  task.h.process = key_of(42, 3, ns);
  set_comm(task.h.comm, "sh");
  task.cred = container_root();
  task.sid = 40;
  return task;
}

TEST_F(ProcReaderTest, TheSnapshotJoinsKernelAndProc) {
  const auto process = process_from_snapshot(task_started_at(1'000'000'000), *read());
  EXPECT_EQ(process.key.execs, 3U);
  EXPECT_EQ(process.exe_path, "/bin/sh");
  EXPECT_EQ(process.sid, 40U);
  EXPECT_EQ(process.cred.cap_effective, kDockerCapabilities);
  EXPECT_TRUE(process.cred_known);
}

TEST_F(ProcReaderTest, DetailsOfAnotherProcessWithThatPidAreLeftOut) {
  const auto process = process_from_snapshot(task_started_at(9'000'000'000), *read());
  EXPECT_EQ(process.comm, "sh");
  EXPECT_EQ(process.exe_path, "");
  EXPECT_EQ(process.args, "");
}

TEST(ProcReader, AProcessThatOutlivesItsFirstThreadIsReadFromAnother) {
  int gone[2], end[2];
  ASSERT_EQ(::pipe(gone) + ::pipe(end), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread([&, leader = process_directory(static_cast<uint32_t>(::getpid()))] {
      while (process_directory(static_cast<uint32_t>(::getpid())) == leader) std::this_thread::yield();
      char byte = 'x';
      ::_exit(::write(gone[1], &byte, 1) == 1 && ::read(end[0], &byte, 1) == 1 ? 0 : 1);
    }).detach();
    ::syscall(SYS_exit, 0);
  }
  char byte = 'x';
  ASSERT_EQ(::read(gone[0], &byte, 1), 1);
  const auto pid = static_cast<uint32_t>(child);
  EXPECT_TRUE(process_directory(pid).starts_with("/proc/" + std::to_string(pid) + "/task/")) << process_directory(pid);
  const auto self = ProcReader().read(static_cast<uint32_t>(::getpid())), details = ProcReader().read(pid);
  ASSERT_TRUE(self && details);
  EXPECT_EQ(details->exe_path, fs::read_symlink("/proc/self/exe").string());
  EXPECT_EQ(details->args, self->args);
  EXPECT_EQ(details->cwd, fs::current_path().string());
  EXPECT_EQ(details->comm, self->comm);
  EXPECT_EQ(ProcReader().cgroup(pid, "pids"), ProcReader().cgroup(static_cast<uint32_t>(::getpid()), "pids"));
  EXPECT_EQ(::write(end[1], &byte, 1), 1);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const int fd : {gone[0], gone[1], end[0], end[1]}) ::close(fd);
}

}  // namespace
}  // namespace hullwatch
