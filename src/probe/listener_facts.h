#pragma once
// What a listening local socket is: a runtime's API or something else. Facts, and the pure judgement over them; reading the
// facts of a live process is the thin part. Any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hullwatch/wire.h"

namespace hullwatch {

struct ListenerFacts {
  std::string name{};  // as bound: "/run/docker.sock", "docker.sock" (bound relative), "@abstract", "tcp:2375"
  std::string exe{};   // path of the listening process's exe; empty: gone, or a kernel thread
  std::string comm{};
  std::string unit{};        // last component of its cgroup: "docker.service"
  bool init = false;         // it is the host's PID 1: socket activation, the API comes later
  bool host_mounts = false;  // its mount namespace is the host's, so that `name` means what it seems to
  bool configured = false;   // named in runtime_socket.extra_sockets
};

struct ListenerJudgement {
  bool runtime = false;
  bool undecided = false;  // it listens for another program, or is gone: who reads from the socket will tell
  std::string name;        // "docker", "containerd", "crio", "podman", "buildkit", "kubelet", "unknown"; empty for what is none
};

/// By the program that listens, by its unit, by a well-known path of the host, or by configuration. A well-known file name
/// elsewhere counts only where the listener is not known yet (PID 1, or a program that listens for others) or no more: names
/// alone prove nothing.
ListenerJudgement classify(const ListenerFacts& facts);

/// Name of a socket from its sun_path as the kernel has it; an abstract one begins with NUL, which becomes '@'.
std::string bound_name(std::string_view sun_path);
/// Facts of the process `tgid` that listens; `name` and `configured` are left to the caller. Reads `proc` ("/proc"). What
/// cannot be read stays empty.
ListenerFacts read_listener_facts(uint32_t tgid, const std::string& proc = "/proc");

}  // namespace hullwatch
