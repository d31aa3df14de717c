#include "probe/proc_connector.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hullwatch {
namespace {

constexpr std::uint32_t kUidEvent = 0x4, kGidEvent = 0x40;
constexpr int kMostQueued = 65536;  // what a socket's default buffer could hold, many times over

// Since 6.6 a listener may say which events it wants; a longer message than the older kernels know is ignored there.
struct Subscription {
  std::uint32_t operation, events;
};

Status send_subscription(int socket, const Subscription& wanted, std::size_t size) {
  alignas(nlmsghdr) std::array<std::byte, NLMSG_SPACE(sizeof(cn_msg) + sizeof(Subscription))> bytes{};
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(cn_msg) + size));
  header.nlmsg_type = NLMSG_DONE;
  header.nlmsg_pid = static_cast<std::uint32_t>(::getpid());
  cn_msg message{};
  message.id = {CN_IDX_PROC, CN_VAL_PROC};
  message.len = static_cast<std::uint16_t>(size);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + NLMSG_HDRLEN, &message, sizeof message);
  std::memcpy(bytes.data() + NLMSG_HDRLEN + sizeof message, &wanted, size);
  if (::send(socket, bytes.data(), header.nlmsg_len, 0) < 0)
    return fail(Error::from_errno("cannot subscribe to the proc connector", errno));
  return {};
}

// Takes what is queued. True when there was anything.
bool drain(int socket) {
  std::array<std::byte, 4096> bytes;
  for (int taken = 0; taken < kMostQueued; ++taken) {
    const auto got = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno != ENOBUFS && errno != EINTR) return taken > 0;
  }
  return true;
}

// Delivery is synchronous, so the message of our own change is there when the call is back. The fsgid gives and takes no
// capability, and the raw call changes this thread only.
bool hears_own_change(int socket) {
  const auto own = ::syscall(SYS_setfsgid, -1);
  drain(socket);
  ::syscall(SYS_setfsgid, own + 1);
  ::syscall(SYS_setfsgid, own);
  return drain(socket);
}

}  // namespace

Result<ProcConnector> ProcConnector::open() {
  Fd socket(::socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR));
  if (!socket) return fail(Error::from_errno("cannot open a proc connector socket", errno));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = CN_IDX_PROC;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    return fail(Error::from_errno("cannot bind the proc connector socket", errno));

  const Subscription wanted{PROC_CN_MCAST_LISTEN, kUidEvent | kGidEvent};
  for (const std::size_t size : {sizeof wanted, sizeof wanted.operation}) {
    if (auto sent = send_subscription(socket.get(), wanted, size); !sent) return fail(sent.error());
    if (hears_own_change(socket.get())) return ProcConnector(std::move(socket));
  }
  return fail(
      "the proc connector is silent: a change of our own fsgid brought no message (it needs CAP_NET_ADMIN and CAP_SETGID in "
      "the initial user and network namespaces, and CONFIG_PROC_EVENTS)");
}

Status ProcConnector::attach(int filter) {
  if (::setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof filter) < 0)
    return fail(Error::from_errno("cannot attach the filter of the proc connector", errno));
  drain(socket_.get());
  return {};
}

}  // namespace hullwatch
