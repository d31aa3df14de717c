#pragma once
// What a gRPC or ttrpc call to a runtime asks for, by service and method: containerd's services and shims, the CRI, buildkit.
// The message is not read; where it could ask for the node (a container's specification) it is judged as the worst. Pure.

#include <string_view>

#include "detect/docker_api.h"

namespace hullwatch {

/// `path`: "/runtime.v1.RuntimeService/Exec".
ApiCall judge_grpc_call(std::string_view path);

}  // namespace hullwatch
