#include "util/local_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "util/fd.h"

namespace hullwatch {

bool connect_to_oneself(std::string_view name) {
  sockaddr_un address{};
  if (name.size() >= sizeof(address.sun_path)) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // a first byte of 0: abstract
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return listener && client && bind(listener.get(), target, size) == 0 && listen(listener.get(), 1) == 0 &&
         connect(client.get(), target, size) == 0;
}

}  // namespace hullwatch
