#pragma once
// The configuration, validated. Passive data; every member's initial value is the documented default
// (`hullwatch config print`). Loaded by config/load.h; never changed while the daemon runs, but for a reload that makes a new
// one.

#include <cstdint>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "enrich/metadata_resolver.h"
#include "rules/rule_options.h"

namespace hullwatch {

struct RulesConfig {
  std::vector<std::string> paths = {"/usr/share/hullwatch/rules", "/etc/hullwatch/rules.d"};
  Priority minimum_priority = Priority::debug;
  bool match_all = false;  // matching: all
  bool watch = true;
  std::vector<RuleSelection> select;
  std::vector<AppendedOutput> append_output;
};

struct OutputConfig {
  bool json = false;  // format: json
};

struct LogConfig {
  enum class Content : uint8_t { alerts, security, all };
  bool enabled = true;
  Content content = Content::security;
  uint64_t segment_bytes = 64ULL << 20;
  uint64_t total_bytes = 1ULL << 30;  // oldest segments go first
};

struct ForkBombConfig {
  uint64_t window_ms = 1000;
  uint64_t forks_per_second = 500;  // and
  int64_t net_growth = 200;         // live tasks gained within the window
  double near_limit = 0.9;          // live ≥ this share of pids.max, while forking at ≥ near_limit_forks_per_second
  uint64_t near_limit_forks_per_second = 50;
  uint64_t failed_forks = 20;              // refused by pids.max within the window
  uint64_t split_forks_per_second = 2000;  // all containers together, none of which is a bomb by itself; and
  int64_t split_net_growth = 800;
  uint64_t quiet_ms = 3000;  // over after so long without any of these; ten times as long while near the limit
};

struct CriticalBucketConfig {
  uint64_t rate_per_second = 200;  // per (home, critical kind)
  uint64_t burst = 400;
};

struct RingsConfig {
  uint64_t critical_bytes = 1ULL << 20;
  uint64_t bulk_bytes = 0;  // 0: 4 MiB up to 4 CPUs, else 8 MiB
};

struct RuntimeSocketAllow {
  std::string image;    // glob
  bool manage = false;  // actions: manage (else read)
  std::string reason;
};

struct RuntimeSocketConfig {
  std::vector<RuntimeSocketAllow> allow;
  std::vector<std::string> extra_sockets;  // further socket paths to take for a runtime's
};

struct IdentityConfig {
  std::vector<std::string> trusted_runtimes;  // container names (globs) whose tasks may place tasks as the host may
};

struct RedactConfig {
  std::vector<std::string> patterns;  // RE2; added to the built-in ones; group 1, or the whole match, is replaced
};

struct SchedulingConfig {
  bool realtime = true;  // for the threads an alert passes through, where permitted
  int64_t nice = -10;
  uint64_t cpu_weight = 1000;  // of a cgroup of its own; 0: none
};

struct ResponseConfig {
  bool enabled = false;
  bool dry_run = false;
};

struct LimitsConfig {
  uint64_t processes = 32768;
  uint64_t containers = 4096;
  uint64_t sink_queue = 4096;
};

struct Config {
  std::string state_dir = "/var/lib/hullwatch";
  std::string pin_directory = "/sys/fs/bpf/hullwatch";  // "off": nothing outlives the daemon
  std::string listen = "127.0.0.1:9787";                // "off": no endpoint
  RulesConfig rules;
  OutputConfig output;
  LogConfig log;
  ForkBombConfig fork_bomb;
  CriticalBucketConfig critical_bucket;
  RingsConfig rings;
  RuntimeSocketConfig runtime_socket;
  IdentityConfig identity;
  RedactConfig redact;
  SchedulingConfig scheduling;
  ResponseConfig response;
  LimitsConfig limits;
  MetadataPaths metadata;
};

}  // namespace hullwatch
