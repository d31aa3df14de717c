#pragma once
// One action that is to be carried out, and what became of it. Passive data.

#include <cstdint>
#include <string>

#include "alert/response_action.h"

namespace hullwatch {

struct ResponseOrder {
  ResponseAction action = {};
  std::string rule = {}, alert_uuid = {};  // empty: ordered by command
  uint64_t alert_seq = 0;
  uint64_t home = 0;                                                     // of the process the alert is about; 0: the host
  std::string container_id = {}, container_name = {}, cgroup_path = {};  // of that home; the path from the hierarchy's root
  uint32_t pid = 0;  // for `signal`: the process, and its start on CLOCK_BOOTTIME
  uint64_t start_ns = 0;
};

/// What one action did.
struct ResponseEffect {
  ResponseResult result = ResponseResult::done;
  std::string reason = {};  // why not; or how it was before
  std::string target = {};  // the file that is written, or "pid 4711"
};

struct ResponseOutcome {
  ResponseOrder order = {};
  ResponseEffect effect = {};
  uint64_t time_ns = 0;  // CLOCK_REALTIME of its end
  uint64_t took_ns = 0;  // since it was ordered
};

/// Members of its record: "\"response\":{…},\"container\":{…}".
std::string response_members(const ResponseOutcome& outcome);
/// Those of actions that found the queue full.
std::string shed_members(ResponseAction::Kind kind, uint64_t count);

}  // namespace hullwatch
