#pragma once
// Directories laid out as cgroup file systems and /proc are, a container in them, and children to be ended.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include "respond/response_executor.h"
#include "unit/enrich/temp_tree.h"

namespace hullwatch::test {

/// Sleeps until it is ended.
class Child {
 public:
  Child() : pid_(::fork()) {
    if (pid_ != 0) return;
    for (;;) ::pause();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] uint32_t pid() const { return static_cast<uint32_t>(pid_); }
  /// The signal that ended it; waits for it.
  int ended_by() {
    int status = 0;
    ended_ = ::waitpid(pid_, &status, 0) == pid_;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
  [[nodiscard]] bool lives() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  pid_t pid_;
  bool ended_ = false;
};

class RespondTest : public ::testing::Test {
 protected:
  static constexpr const char* kPath = "/docker/box";
  static constexpr uint32_t kOwn = 4711;

  RespondTest() {
    scene_.own = {kOwn};
    scene_.patience = std::chrono::milliseconds(0);
    scene_.proc_root = files_.path() + "/proc";
    own_cgroups("0::/system.slice/hullwatch.service\n");
  }
  void own_cgroups(const std::string& lines) { files_.write("proc/" + std::to_string(kOwn) + "/cgroup", lines); }
  /// The unified hierarchy alone.
  void unified() {
    scene_.tree.path = files_.path() + "/unified";
    files_.write("unified/docker/box/cgroup.freeze", "0\n");
    files_.write("unified/docker/box/cgroup.events", "populated 1\nfrozen 1\n");
    files_.write("unified/docker/box/cgroup.procs", "");
    files_.write("unified/docker/box/pids.max", "max\n");
    home_ = files_.make("unified/docker/box");
  }
  /// v1's pids and freezer, where pids tells containers apart.
  void v1() {
    scene_.tree.path = files_.path() + "/pids";
    scene_.tree.version = 1;
    v1_controllers();
    home_ = files_.make("pids/docker/box");
  }
  void v1_controllers() {
    scene_.tree.controllers = {{"pids", files_.path() + "/pids"}, {"freezer", files_.path() + "/freezer"}};
    files_.write("pids/docker/box/pids.max", "max\n");
    files_.write("pids/docker/box/cgroup.procs", "");
    files_.write("freezer/docker/box/freezer.state", "THAWED\n");
  }
  [[nodiscard]] std::string text(const std::string& file) const {
    std::ostringstream out;
    out << std::ifstream(files_.path() + "/" + file).rdbuf();
    return out.str();
  }
  [[nodiscard]] ResponseOrder order(ResponseAction::Kind kind, uint64_t value = 0) const {
    return {.action = {.kind = kind, .value = value}, .home = home_, .container_id = "box", .cgroup_path = kPath};
  }
  ResponseEffect carry_out(const ResponseOrder& order) { return ResponseExecutor(scene_).carry_out(order); }

  TempTree files_;
  ResponseScene scene_;
  uint64_t home_ = 0;
};

}  // namespace hullwatch::test
