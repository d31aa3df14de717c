#include "probe/sock_diag.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "util/fd.h"

namespace hullwatch {
namespace {

Status ask(int netlink, const void* request, size_t size) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(size));
  header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  iovec parts[] = {{&header, NLMSG_HDRLEN}, {const_cast<void*>(request), size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (::sendmsg(netlink, &message, 0) < 0) return fail(Error::from_errno("cannot ask for listening sockets", errno));
  return {};
}

}  // namespace

Status dump_sockets(const void* request, size_t size, const std::function<void(const nlmsghdr&)>& each) {
  const Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return fail(Error::from_errno("cannot open a sock_diag socket", errno));
  if (auto asked = ask(netlink.get(), request, size); !asked) return asked;
  alignas(nlmsghdr) char buffer[32768];
  for (;;) {
    const ssize_t got = ::recv(netlink.get(), buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(Error::from_errno("cannot read the list of listening sockets", got < 0 ? errno : EPIPE));
    auto left = static_cast<size_t>(got);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return {};
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(message));
        return fail(Error::from_errno("the kernel does not list listening sockets (unix_diag, tcp_diag)", -error->error));
      }
      each(*message);
    }
  }
}

}  // namespace hullwatch
