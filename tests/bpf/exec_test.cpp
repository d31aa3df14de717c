// Exec, live on the running kernel: what children really ran against what was recorded.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>

#include "process_suite.h"

namespace hullwatch::test {
namespace {

uint32_t namespace_inum(const std::string& kind) {
  const std::string link = std::filesystem::read_symlink("/proc/self/ns/" + kind).string();
  return static_cast<uint32_t>(std::stoul(link.substr(link.find('[') + 1)));
}

TEST_F(Process, exec_tells_file_arguments_and_place) {
  Child child([] { return ::chdir("/usr/share") == 0 ? exec({"/usr/bin/env", "true", "two words"}) : 97; });
  child.wait();
  const auto record = probe->exec_of(child.pid());
  ASSERT_TRUE(record);
  const auto r = record->as<hw_exec>();
  EXPECT_EQ(record->bytes<hw_exec>(r.filename), std::string("/usr/bin/env") + '\0');
  EXPECT_EQ(record->bytes<hw_exec>(r.args), std::string("/usr/bin/env\0true\0two words\0", 28));
  EXPECT_EQ(r.args_total, 28U);
  EXPECT_EQ(record->path<hw_exec>(r.exe), std::filesystem::canonical("/usr/bin/env").string());
  EXPECT_EQ(r.exe.flags, 0);
  EXPECT_EQ(record->path<hw_exec>(r.cwd), "/usr/share");
  EXPECT_STREQ(r.h.comm, "env");
  EXPECT_EQ(r.h.size, record->size());
}

TEST_F(Process, exec_tells_the_inode_and_what_kind_of_file_it_is) {
  struct stat file {};
  ASSERT_EQ(::stat("/usr/bin/true", &file), 0);
  Child child([] { return exec({"/usr/bin/true"}); });
  child.wait();
  const auto r = probe->exec_of(child.pid()).value().as<hw_exec>();
  EXPECT_EQ(r.h.exe_ino, file.st_ino);
  EXPECT_EQ(r.exe_mode, file.st_mode);
  EXPECT_EQ(r.exe_uid, file.st_uid);
  EXPECT_EQ(r.exe_mtime_ns,
            static_cast<uint64_t>(file.st_mtim.tv_sec) * 1000000000U + static_cast<uint64_t>(file.st_mtim.tv_nsec));
  EXPECT_EQ(r.exe_ctime_ns,
            static_cast<uint64_t>(file.st_ctim.tv_sec) * 1000000000U + static_cast<uint64_t>(file.st_ctim.tv_nsec));
  EXPECT_EQ(r.exe_flags & (HW_EXE_MEMFD | HW_EXE_UNLINKED | HW_EXE_SETUID | HW_EXE_SCRIPT | HW_EXE_NOT_ROOTS), 0U);
}

TEST_F(Process, exec_tells_who_and_where_it_stands) {
  Child child([] {
    ::setsid();
    return ::setresgid(1001, 1002, 1003) == 0 && ::setresuid(1004, 1005, 1006) == 0 ? exec({"/usr/bin/true"}) : 97;
  });
  child.wait();
  const auto r = probe->exec_of(child.pid()).value().as<hw_exec>();
  EXPECT_EQ(std::tie(r.cred.uid, r.cred.euid), std::make_tuple(1004U, 1005U));
  EXPECT_EQ(r.cred.suid, 1005U) << "exec copies the effective id";
  EXPECT_EQ(std::tie(r.cred.gid, r.cred.egid), std::make_tuple(1001U, 1002U));
  EXPECT_EQ(std::tie(r.h.uid, r.h.euid, r.h.gid), std::make_tuple(1004U, 1005U, 1001U));
  EXPECT_EQ(r.cred.cap_effective, 0U);
  EXPECT_NE(r.cred.cap_bounding, 0U);
  EXPECT_EQ(std::tie(r.cred.userns_level, r.cred.userns_owner), std::make_tuple(0U, 0U));
  for (const auto& [kind, inum] : std::initializer_list<std::pair<const char*, uint32_t>>{{"mnt", r.ns.mnt},
                                                                                          {"pid", r.ns.pid},
                                                                                          {"net", r.ns.net},
                                                                                          {"uts", r.ns.uts},
                                                                                          {"ipc", r.ns.ipc},
                                                                                          {"cgroup", r.ns.cgroup},
                                                                                          {"user", r.ns.user}})
    EXPECT_EQ(inum, namespace_inum(kind)) << kind;
  EXPECT_EQ(r.cred.userns, r.ns.user);
  EXPECT_EQ(std::tie(r.sid, r.pgid, r.tty),
            std::make_tuple(static_cast<uint32_t>(child.pid()), static_cast<uint32_t>(child.pid()), 0U));
  EXPECT_EQ(r.parent.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(r.h.creator.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(r.h.syscall, SYS_execve);
}

/// A filter that allows everything.
int filter_calls() {
  sock_filter allow{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = SECCOMP_RET_ALLOW};
  const sock_fprog program{.len = 1, .filter = &allow};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST_F(Process, exec_tells_terminal_login_seccomp_and_no_new_privs) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_TRUE(terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0);
  const std::string name = ::ptsname(terminal);
  struct stat device {};
  ASSERT_EQ(::stat(name.c_str(), &device), 0);
  Child child([&] {
    std::ofstream("/proc/self/loginuid") << 1234;
    if (::setsid() < 0 || ::dup2(::open(name.c_str(), O_RDWR | O_CLOEXEC), 0) != 0) return 96;  // its own: the first it opens
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || filter_calls() != 0) return 97;
    return exec({"/bin/sh", "-c", "read -r _"});
  });
  const auto record = probe->exec_of(child.pid());
  ASSERT_TRUE(record);
  std::string login;
  std::ifstream("/proc/" + std::to_string(child.pid()) + "/loginuid") >> login;
  ::close(terminal);  // ends the shell's read
  child.wait();
  const auto r = record->as<hw_exec>();
  EXPECT_EQ(r.tty, ::major(device.st_rdev) << 20 | ::minor(device.st_rdev));
  EXPECT_EQ(r.no_new_privs, 1);
  EXPECT_EQ(r.seccomp, SECCOMP_MODE_FILTER);
  EXPECT_EQ(std::to_string(r.h.loginuid), login) << "1234 where this kernel lets root set it";
  EXPECT_EQ(r.exe_flags & HW_EXE_SETUID, 0U);
}

TEST_F(Process, arguments_beyond_the_limit_are_cut_and_their_length_told) {
  Child child([] { return exec({"/usr/bin/env", "true", std::string(6000, 'a')}); });
  child.wait();
  const auto record = probe->exec_of(child.pid());
  ASSERT_TRUE(record);
  const auto r = record->as<hw_exec>();
  EXPECT_EQ(r.args_total, 13U + 5U + 6001U);
  EXPECT_EQ(r.args.len, HW_ARGS_MAX);
  EXPECT_EQ(record->bytes<hw_exec>(r.args).substr(18), std::string(HW_ARGS_MAX - 18, 'a'));
  EXPECT_EQ(record->path<hw_exec>(r.cwd), std::filesystem::current_path().string()) << "what follows the arguments is whole";
}

TEST_F(Process, the_end_of_long_arguments_is_told_and_equal_ones_have_equal_hashes) {
  const auto run = [](char padding, const char* last) {
    Child child([&] { return exec({"/usr/bin/env", "true", std::string(6000, padding), last}); });
    child.wait();
    return probe->exec_of(child.pid()).value();
  };
  const auto first = run('a', "--last");
  const auto r = first.as<hw_exec>();
  EXPECT_EQ(first.bytes<hw_exec>(r.args_tail), std::string(HW_ARGS_TAIL_MAX - 8, 'a') + std::string("\0--last\0", 8));
  EXPECT_EQ(r.args_hashed, r.args_total & ~7U);
  EXPECT_EQ(run('a', "--last").as<hw_exec>().args_hash, r.args_hash);
  EXPECT_NE(run('b', "--last").as<hw_exec>().args_hash, r.args_hash);
}

// What a container's program is told by its environment, whatever surrounds it.
TEST_F(Process, variables_of_the_dynamic_loader_are_seen_wherever_they_stand) {
  const TestCgroup container(container_name());
  const auto flags_of = [&](const std::vector<std::string>& environment) {
    Child child([&] {
      container.add(0);
      std::vector<char*> words;
      for (const auto& word : environment) words.push_back(const_cast<char*>(word.c_str()));
      words.push_back(nullptr);
      char name[] = "true";
      char* const argv[] = {name, nullptr};
      ::execve("/usr/bin/true", argv, words.data());
      return 98;
    });
    child.wait();
    return probe->exec_of(child.pid()).value().as<hw_exec>().env_flags;
  };
  EXPECT_EQ(flags_of({}), HW_ENV_SEEN);
  EXPECT_EQ(flags_of({"LD_PRELOAD=/x", "PATH=/bin"}), HW_ENV_SEEN | HW_ENV_LD_PRELOAD);
  EXPECT_EQ(flags_of({"NOTE=LD_PRELOAD=/x", "LD_PRELOADED=1", "XLD_PRELOAD=/x"}), HW_ENV_SEEN);
  EXPECT_EQ(flags_of({"GLIBC_TUNABLES=a", "LD_AUDIT=", "LD_LIBRARY_PATH=/y"}),
            HW_ENV_SEEN | HW_ENV_GLIBC_TUNABLES | HW_ENV_LD_AUDIT | HW_ENV_LD_LIBRARY_PATH);
  for (size_t padding = 4060; padding < 4100; ++padding)  // across the end of what is read at once
    EXPECT_EQ(flags_of({std::string(padding, 'x'), "LD_PRELOAD=/x"}), HW_ENV_SEEN | HW_ENV_LD_PRELOAD) << padding;
  EXPECT_EQ(flags_of(std::vector<std::string>(3000, "a")) & HW_ENV_UNREAD, 0U);
  EXPECT_EQ(flags_of({std::string(120'000, 'x'), "LD_PRELOAD=/x"}) & HW_ENV_UNREAD, HW_ENV_UNREAD);
}

TEST_F(Process, deep_directory_keeps_its_leaf_side) {
  const std::filesystem::path top = std::filesystem::temp_directory_path() / container_name();
  std::filesystem::path deep = top;
  for (int i = 0; i < 40; ++i) deep /= "d" + std::to_string(i);
  std::filesystem::create_directories(deep);
  Child child([&] { return ::chdir(deep.c_str()) == 0 ? exec({"/usr/bin/true"}) : 97; });
  child.wait();
  const auto record = probe->exec_of(child.pid());
  std::filesystem::remove_all(top);
  ASSERT_TRUE(record);
  const auto r = record->as<hw_exec>();
  EXPECT_EQ(r.cwd.count, HW_PATH_COMPONENTS);
  EXPECT_EQ(r.cwd.flags, HW_PATH_TRUNCATED);
  const std::string kept = record->path<hw_exec>(r.cwd);
  EXPECT_TRUE(deep.string().ends_with(kept)) << kept;
}

TEST_F(Process, path_inside_a_chroot_is_as_the_process_sees_it) {
  Child child([] { return ::chroot("/usr") == 0 && ::chdir("/share") == 0 ? exec({"/bin/true"}) : 97; });
  child.wait();
  const auto record = probe->exec_of(child.pid());
  if (!record)
    GTEST_SKIP() << "this machine's /usr/bin/true cannot be exec'ed in a chroot of /usr (no /usr/lib64 loader there)";
  const auto r = record->as<hw_exec>();
  EXPECT_EQ(record->path<hw_exec>(r.cwd), "/share");
  EXPECT_EQ(r.cwd.flags, 0);
}

TEST_F(Process, memfd_exec_is_named_and_flagged) {
  Child child([] {
    const int memory = ::memfd_create("payload", 0);
    const int file = ::open("/usr/bin/true", O_RDONLY | O_CLOEXEC);
    std::vector<char> bytes(1U << 20);
    for (ssize_t n = 0; (n = ::read(file, bytes.data(), bytes.size())) > 0;)
      if (::write(memory, bytes.data(), static_cast<size_t>(n)) != n) return 96;
    const char* argv[] = {"true", nullptr};
    const char* envp[] = {nullptr};
    ::fexecve(memory, const_cast<char* const*>(argv), const_cast<char* const*>(envp));
    return 98;
  });
  ASSERT_EQ(child.wait(), 0);
  const auto record = probe->exec_of(child.pid());
  ASSERT_TRUE(record);
  const auto r = record->as<hw_exec>();
  EXPECT_TRUE(r.exe_flags & HW_EXE_MEMFD);
  EXPECT_TRUE(r.exe_flags & HW_EXE_UNLINKED);
  EXPECT_TRUE(r.exe.flags & HW_PATH_ANONYMOUS);
  EXPECT_EQ(record->path<hw_exec>(r.exe), "/memfd:payload");
}

TEST_F(Process, script_is_told_from_its_interpreter) {
  const std::filesystem::path script = std::filesystem::temp_directory_path() / container_name();
  std::ofstream(script) << "#!/usr/bin/env true\n";
  ::chmod(script.c_str(), 0755);
  Child child([&] { return exec({script.string()}); });
  child.wait();
  const auto record = probe->exec_of(child.pid());
  std::filesystem::remove(script);
  ASSERT_TRUE(record);
  const auto r = record->as<hw_exec>();
  EXPECT_TRUE(r.exe_flags & HW_EXE_SCRIPT);
  EXPECT_EQ(record->bytes<hw_exec>(r.filename), script.string() + '\0');
  EXPECT_EQ(record->path<hw_exec>(r.exe), std::filesystem::canonical("/usr/bin/env").string());
}

TEST_F(Process, setuid_file_is_flagged_and_runs_secure) {
  const std::filesystem::path copy = std::filesystem::temp_directory_path() / container_name();
  std::filesystem::copy_file("/usr/bin/true", copy);
  ::chmod(copy.c_str(), 04777);
  Child child([&] { return ::setresuid(1000, 1000, 1000) == 0 ? exec({copy.string()}) : 97; });
  child.wait();
  const auto record = probe->exec_of(child.pid());
  std::filesystem::remove(copy);
  ASSERT_TRUE(record);
  const auto r = record->as<hw_exec>();
  EXPECT_TRUE(r.exe_flags & HW_EXE_SETUID);
  EXPECT_TRUE(r.exe_flags & HW_EXE_WRITABLE);
  EXPECT_EQ(r.secureexec, 1);
  EXPECT_EQ(std::tie(r.cred.uid, r.cred.euid), std::make_tuple(1000U, 0U));
}

}  // namespace
}  // namespace hullwatch::test
