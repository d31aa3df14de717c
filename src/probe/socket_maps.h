#pragma once
// What user space tells the programs that watch runtime sockets. Any thread; the BpfObject outlives it.

#include "hullwatch/wire.h"
#include "probe/bpf_object.h"
#include "util/result.h"

namespace hullwatch {

class SocketMaps {
 public:
  explicit SocketMaps(const BpfObject& object);

  /// What a listener is. `socket_cookie` ties the answer to the socket it was given for; 0: to whichever is met next.
  Status answer(const hw_listener& listener, hw_listener_class verdict, uint64_t socket_cookie) const;
  /// Which bytes of a connection to send.
  Status set_window(uint64_t connection, const hw_request_window& window) const;

 private:
  int listeners_, listener_sockets_, windows_;
};

}  // namespace hullwatch
