#pragma once
// The ladder: for each observation the providers that can make it, best first, with the BPF programs each is made of, what it
// needs of the kernel and what it cannot see. ONE table: probing, loading, `doctor`, the metrics, the docs and the tests read
// it. Constant data; any thread.

#include <span>
#include <string_view>

#include "hullwatch/wire.h"

namespace hullwatch {

/// One kernel feature a provider stands on; tried, never inferred from a version.
struct Hook {
  enum class Kind : uint8_t {
    tp_btf,          // name: the tracepoint; arguments: how many at least it must have
    lsm,             // name: the LSM hook ("unix_stream_connect"); and "bpf" must be an active LSM
    fentry,          // name: a kernel function, hooked at entry
    fexit,           // the same at return
    kfunc,           // any of the names separated by '|' must be in BTF
    proc_connector,  // a NETLINK_CONNECTOR socket that may listen
    iterator,        // name: "task"
    cgroup_sysctl,   // a program for accesses below /proc/sys, at the root of the cgroup v2 hierarchy, that has tasks' storage
  };
  Kind kind;
  std::string_view name;
  int arguments = 0;  // tp_btf: least count of arguments the programs rely on; 0: not checked
};

struct Provider {
  std::string_view observation;
  hw_provider tier;
  std::string_view name;                       // "lsm/unix_stream_connect + fexit/__sys_connect_file", as doctor prints it
  std::span<const std::string_view> programs;  // loaded for it, where the kernel has their hook; `hooks` are those it must have
  std::span<const Hook> hooks;
  bool sees_outcome;  // false: records carry HW_F_ATTEMPT
  std::string_view needs;
  std::string_view cannot_see;  // empty: nothing known
  /// Fields of rules it says nothing in, for all of its events: missing, or the same whatever happens.
  std::span<const std::string_view> untold = {};
};

struct Observation {
  std::string_view name;
  bool core;                       // its loss makes /readyz fail
  std::span<const hw_kind> kinds;  // what it sends
  std::string_view tells;
};

std::span<const Observation> observations();
/// Best first within an observation.
std::span<const Provider> providers();
/// What no observation is of, on any kernel: said by doctor, so that nobody takes silence for an answer.
std::span<const std::string_view> not_observed();
std::string_view tier_name(hw_provider tier);  // "T3 quiet"

}  // namespace hullwatch
