#include "detect/request_finding.h"

#include "detect/docker_api.h"
#include "detect/grpc_call.h"

namespace hullwatch {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : "; ") + part;
  return all;
}

std::string unreadable_because(const ParsedRequest& request) {
  if (request.lost) return "bytes of the request were lost on their way to hullwatch: judged as the worst";
  if (request.protocol == RequestProtocol::tls) return "TLS: the call could not be read, judged as the worst";
  if (request.protocol == RequestProtocol::http2) return "HTTP/2: the call could not be read, judged as the worst";
  return "the request could not be read: judged as the worst";
}

}  // namespace

bool is_upload(const ParsedRequest& request) {
  return request.path == "/build" || request.path == "/images/load" || request.path == "/images/create" ||
         request.path.ends_with("/archive") || request.path.starts_with("/libpod/build") ||
         request.path == "/libpod/images/load" || request.path == "/libpod/images/import";
}

RuntimeRequestFinding finding_of(const ParsedRequest& request) {
  RuntimeRequestFinding finding;
  finding.readable = request.readable && !request.overrun;
  finding.protocol = request_protocol_name(request.protocol);
  if (!request.readable) {
    finding.danger = "critical";
    finding.reasons = unreadable_because(request);
    return finding;
  }
  const bool by_name = request.protocol == RequestProtocol::grpc || request.protocol == RequestProtocol::ttrpc;
  const ApiCall call = by_name ? judge_grpc_call(request.path) : judge_api_call(request);
  finding.danger = api_danger_name(call.danger);
  finding.method = request.method;
  finding.path = request.version.empty() ? request.path : "/" + request.version + request.path;
  finding.version = call.version;
  finding.action = call.action;
  finding.target = call.target;
  finding.image = call.image;
  finding.binds = call.binds;
  finding.pid_mode = call.pid_mode;
  finding.network_mode = call.network_mode;
  finding.cap_add = call.cap_add;
  finding.command = call.command;
  finding.security_opt = call.security_opt;
  finding.privileged = call.privileged;
  finding.reasons = joined(call.reasons);
  if (request.overrun) {
    finding.danger = "critical";
    finding.reasons = "its body went on for longer than is read: judged as the worst";
  }
  return finding;
}

}  // namespace hullwatch
