#include "probe/socket_scan.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "util/fd.h"

namespace hullwatch {
namespace {

constexpr uint32_t kListening = 1U << 10;  // TCP_LISTEN

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

uint32_t own_network_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/net", &status) == 0 ? static_cast<uint32_t>(status.st_ino) : 0;
}

Status ask(int netlink) {
  struct {
    nlmsghdr header;
    unix_diag_req request;
  } message{};
  message.header.nlmsg_len = sizeof(message);
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message.request.sdiag_family = AF_UNIX;
  message.request.udiag_states = kListening;
  message.request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS;
  if (::send(netlink, &message, sizeof(message), 0) < 0)
    return fail(Error::from_errno("cannot ask for listening sockets", errno));
  return {};
}

/// One listener of the answer; `length` bytes of attributes follow `socket`.
ScannedListener read_listener(const unix_diag_msg& socket, const rtattr* attribute, size_t length, uint32_t netns) {
  ScannedListener found{};
  found.socket_inode = socket.udiag_ino;
  found.socket_cookie = uint64_t{socket.udiag_cookie[1]} << 32 | socket.udiag_cookie[0];
  auto left = static_cast<int>(length);
  bool has_file = false;
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    const auto* data = static_cast<const char*>(RTA_DATA(attribute));
    const size_t size = RTA_PAYLOAD(attribute);
    if (attribute->rta_type == UNIX_DIAG_NAME) {
      found.sun_path.assign(data, std::min<size_t>(size, HW_SUN_PATH));
    } else if (attribute->rta_type == UNIX_DIAG_VFS && size >= sizeof(unix_diag_vfs)) {
      unix_diag_vfs file{};
      std::memcpy(&file, data, sizeof(file));
      // 32 bits of the inode number: where it has more, the key fits nothing and the listener is met at its first contact.
      found.listener.ino = file.udiag_vfs_ino;
      found.listener.dev = file.udiag_vfs_dev;
      has_file = true;
    }
  }
  if (!has_file) {
    uint64_t words[HW_ABSTRACT_WORDS] = {};
    std::memcpy(words, found.sun_path.data(), found.sun_path.size());
    found.listener = {hw_abstract_hash(reinterpret_cast<const __u64*>(words)), 0, netns};
  }
  return found;
}

/// Calls `with` for each entry whose name is a number.
template <typename F>
void each_number(const std::string& path, F with) {
  const Dir dir(::opendir(path.c_str()));
  if (!dir) return;
  while (const dirent* entry = ::readdir(dir.get())) {
    uint32_t value = 0;
    const std::string_view name = entry->d_name;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (error == std::errc{} && end == name.data() + name.size()) with(value);
  }
}

}  // namespace

Result<std::vector<ScannedListener>> scan_listeners() {
  const Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return fail(Error::from_errno("cannot open a sock_diag socket", errno));
  if (auto asked = ask(netlink.get()); !asked) return fail(std::move(asked.error()));

  std::vector<ScannedListener> found;
  const uint32_t netns = own_network_namespace();
  alignas(nlmsghdr) char buffer[32768];
  for (;;) {
    const ssize_t size = ::recv(netlink.get(), buffer, sizeof(buffer), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return fail(Error::from_errno("cannot read the list of listening sockets", size < 0 ? errno : EPIPE));
    auto left = static_cast<size_t>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return found;
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(message));
        return fail(Error::from_errno("the kernel does not list listening local sockets (unix_diag)", -error->error));
      }
      if (message->nlmsg_len < NLMSG_LENGTH(sizeof(unix_diag_msg))) continue;
      const auto* socket = static_cast<const unix_diag_msg*>(NLMSG_DATA(message));
      const auto* attributes =
          reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(socket) + NLMSG_ALIGN(sizeof(*socket)));
      found.push_back(read_listener(*socket, attributes, message->nlmsg_len - NLMSG_LENGTH(sizeof(*socket)), netns));
    }
  }
}

std::unordered_map<uint32_t, std::vector<uint32_t>> find_holders(const std::vector<ScannedListener>& listeners,
                                                                 const std::string& proc) {
  std::unordered_map<uint32_t, std::vector<uint32_t>> holders;
  for (const auto& listener : listeners) holders[listener.socket_inode];
  each_number(proc, [&](uint32_t pid) {
    const std::string descriptors = proc + "/" + std::to_string(pid) + "/fd";
    each_number(descriptors, [&](uint32_t fd) {
      constexpr std::string_view kPrefix = "socket:[";
      char target[64];
      const ssize_t size = ::readlink((descriptors + "/" + std::to_string(fd)).c_str(), target, sizeof(target));
      const std::string_view link(target, size > 0 ? static_cast<size_t>(size) : 0);
      uint32_t inode = 0;
      if (!link.starts_with(kPrefix)) return;
      std::from_chars(link.data() + kPrefix.size(), link.data() + link.size(), inode);
      const auto wanted = holders.find(inode);
      if (wanted != holders.end() && (wanted->second.empty() || wanted->second.back() != pid)) wanted->second.push_back(pid);
    });
  });
  return holders;
}

Result<size_t> classify_existing_listeners(ListenerClassifier& classifier) {
  const auto listeners = scan_listeners();
  if (!listeners) return fail(listeners.error());
  const auto holders = find_holders(*listeners);
  size_t runtimes = 0;
  for (const auto& found : *listeners)
    if (classifier.on_found(found.listener, found.sun_path, holders.at(found.socket_inode), found.socket_cookie).runtime)
      ++runtimes;
  return runtimes;
}

}  // namespace hullwatch
