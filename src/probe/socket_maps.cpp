#include "probe/socket_maps.h"

#include <bpf/bpf.h>

#include <cerrno>

namespace hullwatch {

SocketMaps::SocketMaps(const BpfObject& object)
    : listeners_(object.map_fd("listeners")),
      listener_sockets_(object.map_fd("listener_sockets")),
      windows_(object.map_fd("request_windows")) {}

Status SocketMaps::answer(const hw_listener& listener, hw_listener_class verdict, uint64_t socket_cookie) const {
  const uint32_t value = verdict;
  if (socket_cookie != 0 && bpf_map_update_elem(listener_sockets_, &listener, &socket_cookie, BPF_ANY) != 0)
    return fail(Error::from_errno("cannot note the socket of a listener", errno));
  if (bpf_map_update_elem(listeners_, &listener, &value, BPF_ANY) != 0)
    return fail(Error::from_errno("cannot tell the kernel what a listener is", errno));
  return {};
}

Status SocketMaps::set_window(uint64_t connection, const hw_request_window& window) const {
  if (bpf_map_update_elem(windows_, &connection, &window, BPF_ANY) != 0)
    return fail(Error::from_errno("cannot set the window of a connection", errno));
  return {};
}

}  // namespace hullwatch
