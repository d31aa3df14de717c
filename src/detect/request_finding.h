#pragma once
// From a request, as it was parsed, to what a finding says of it: what is asked for, and how dangerous that is. What could not
// be read is judged as the worst. Pure; any thread.

#include "detect/http_request.h"
#include "event/event.h"

namespace hullwatch {

/// Who asks, and whose socket it is, are left to the caller.
RuntimeRequestFinding finding_of(const ParsedRequest& request);
/// Uploads: their bodies are archives, not JSON, and longer than anybody reads. What they ask for stands in the path.
bool is_upload(const ParsedRequest& request);

}  // namespace hullwatch
