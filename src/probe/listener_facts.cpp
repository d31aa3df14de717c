#include "probe/listener_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "util/fd.h"
#include "util/process_directory.h"

namespace hullwatch {
namespace {

struct Known {
  std::string_view what;
  std::string_view runtime;
};

// File names of exes; a name that ends in '*' is a prefix. What hides behind k3s and its like is containerd and the kubelet.
constexpr std::array kPrograms = {
    Known{"dockerd", "docker"},
    Known{"cri-dockerd", "docker"},
    Known{"containerd", "containerd"},
    Known{"containerd-shim*", "containerd"},
    Known{"crio", "crio"},
    Known{"podman", "podman"},
    Known{"buildkitd", "buildkit"},
    Known{"kubelet", "kubelet"},
    Known{"k3s*", "containerd"},
    Known{"rke2", "containerd"},
    Known{"k0s", "containerd"},
    Known{"kubelite", "kubelet"},
};

constexpr std::array kUnits = {
    Known{"docker.service", "docker"},         Known{"cri-docker.service", "docker"},
    Known{"containerd.service", "containerd"}, Known{"crio.service", "crio"},
    Known{"podman.service", "podman"},         Known{"buildkit.service", "buildkit"},
    Known{"kubelet.service", "kubelet"},       Known{"k3s.service", "containerd"},
    Known{"k3s-agent.service", "containerd"},  Known{"rke2-server.service", "containerd"},
    Known{"rke2-agent.service", "containerd"}, Known{"snap.docker.dockerd.service", "docker"},
};

// Below /run (/var/run is the same), "*" stands for one component, "**" for what is left.
constexpr std::array kPaths = {
    Known{"/run/docker.sock", "docker"},
    Known{"/run/user/*/docker.sock", "docker"},
    Known{"/run/cri-dockerd.sock", "docker"},
    Known{"/run/dockershim.sock", "docker"},
    Known{"/run/containerd/**", "containerd"},
    Known{"/run/docker/containerd/**", "containerd"},
    Known{"/run/k3s/containerd/**", "containerd"},
    Known{"/run/crio/crio.sock", "crio"},
    Known{"/run/podman/podman.sock", "podman"},
    Known{"/run/user/*/podman/podman.sock", "podman"},
    Known{"/run/buildkit/buildkitd.sock", "buildkit"},
    Known{"/var/lib/kubelet/pod-resources/kubelet.sock", "kubelet"},
    Known{"/var/lib/kubelet/device-plugins/kubelet.sock", "kubelet"},
};

// Programs that listen and hand the socket to the service, which may be a runtime.
constexpr std::array kActivators = {
    Known{"systemd", "*"},
    Known{"systemd-socket-activate", "*"},
    Known{"xinetd", "*"},
    Known{"inetd", "*"},
};

constexpr std::array kFileNames = {
    Known{"docker.sock", "docker"},      Known{"containerd.sock", "containerd"}, Known{"containerd.sock.ttrpc", "containerd"},
    Known{"crio.sock", "crio"},          Known{"podman.sock", "podman"},         Known{"buildkitd.sock", "buildkit"},
    Known{"cri-dockerd.sock", "docker"}, Known{"kubelet.sock", "kubelet"},
};

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

template <size_t N>
std::string_view find_name(const std::array<Known, N>& table, std::string_view name) {
  for (const Known& known : table) {
    const bool prefix = known.what.ends_with('*');
    if (prefix ? name.starts_with(known.what.substr(0, known.what.size() - 1)) : name == known.what) return known.runtime;
  }
  return {};
}

std::string_view next_component(std::string_view& path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

bool path_matches(std::string_view pattern, std::string_view path) {
  for (;;) {
    const auto want = next_component(pattern);
    const auto have = next_component(path);
    if (want == "**") return !have.empty();
    if (want.empty() || have.empty()) return want.empty() && have.empty();
    if (want != "*" && want != have) return false;
  }
}

std::string_view find_path(std::string_view path) {
  constexpr std::string_view kVarRun = "/var/run/";
  if (path.starts_with(kVarRun)) path.remove_prefix(4);
  for (const Known& known : kPaths)
    if (path_matches(known.what, path)) return known.runtime;
  return {};
}

std::string read_file(const std::string& path, size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(limit, '\0');
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

std::string read_link(const std::string& path) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<size_t>(size)) : std::string{};
}

/// Last component of the first cgroup line that names a unit.
std::string unit_of(std::string_view cgroups) {
  while (!cgroups.empty()) {
    const auto line = cgroups.substr(0, cgroups.find('\n'));
    const auto unit = base_name(line);
    if (unit.ends_with(".service") || unit.ends_with(".scope")) return std::string(unit);
    cgroups.remove_prefix(std::min(line.size() + 1, cgroups.size()));
  }
  return {};
}

}  // namespace

ListenerJudgement classify(const ListenerFacts& facts) {
  std::string_view program = base_name(facts.exe);
  constexpr std::string_view kDeleted = " (deleted)";  // an upgrade replaced the file under a running daemon
  if (program.ends_with(kDeleted)) program.remove_suffix(kDeleted.size());
  const bool gone = facts.exe.empty();
  const auto by_program = find_name(kPrograms, gone ? std::string_view(facts.comm) : program);
  const auto by_unit = find_name(kUnits, facts.unit);
  const auto by_path = facts.host_mounts || gone ? find_path(facts.name) : std::string_view{};
  const auto by_file_name = find_name(kFileNames, base_name(facts.name));

  const bool activates = facts.init || !find_name(kActivators, program).empty();
  const bool unproven = activates || gone;
  for (const auto found : {by_program, by_unit, by_path, unproven ? by_file_name : std::string_view{}})
    if (!found.empty()) return {true, false, std::string(found)};
  if (facts.configured) return {true, false, by_file_name.empty() ? "unknown" : std::string(by_file_name)};
  return {false, unproven, {}};
}

std::string bound_name(std::string_view sun_path) {
  if (sun_path.starts_with('\0')) return "@" + std::string(sun_path.substr(1));
  return std::string(sun_path.substr(0, sun_path.find('\0')));
}

ListenerFacts read_listener_facts(uint32_t tgid, const std::string& proc) {
  ListenerFacts facts;
  if (tgid == 0) return facts;
  const std::string dir = process_directory(tgid, proc);
  facts.exe = read_link(dir + "/exe");
  facts.comm = read_file(proc + "/" + std::to_string(tgid) + "/comm", 64);
  if (!facts.comm.empty() && facts.comm.back() == '\n') facts.comm.pop_back();
  facts.unit = unit_of(read_file(dir + "/cgroup", 16384));
  facts.init = tgid == 1;
  const std::string mounts = read_link(dir + "/ns/mnt");
  facts.host_mounts = !mounts.empty() && mounts == read_link(process_directory(1, proc) + "/ns/mnt");
  return facts;
}

}  // namespace hullwatch
