#include "probe/socket_scan.h"

#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "probe/sock_diag.h"
#include "util/process_directory.h"

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
  unix_diag_req request{};
  request.sdiag_family = AF_UNIX;
  request.udiag_states = kListening;
  request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS;
  std::vector<ScannedListener> found;
  const uint32_t netns = own_network_namespace();
  auto dumped = dump_sockets(&request, sizeof(request), [&](const nlmsghdr& message) {
    if (message.nlmsg_len < NLMSG_LENGTH(sizeof(unix_diag_msg))) return;
    const auto* socket = static_cast<const unix_diag_msg*>(NLMSG_DATA(&message));
    const auto* attributes =
        reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(socket) + NLMSG_ALIGN(sizeof(*socket)));
    found.push_back(read_listener(*socket, attributes, message.nlmsg_len - NLMSG_LENGTH(sizeof(*socket)), netns));
  });
  if (!dumped) return fail(std::move(dumped.error()));
  return found;
}

Result<std::vector<ScannedListener>> scan_tcp_listeners() {
  std::vector<ScannedListener> found;
  const uint32_t netns = own_network_namespace();
  for (const int family : {AF_INET, AF_INET6}) {
    inet_diag_req_v2 request{};
    request.sdiag_family = static_cast<uint8_t>(family);
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = kListening;
    auto dumped = dump_sockets(&request, sizeof(request), [&](const nlmsghdr& message) {
      if (message.nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return;
      const auto* socket = static_cast<const inet_diag_msg*>(NLMSG_DATA(&message));
      found.push_back({.listener = {.ino = ntohs(socket->id.idiag_sport), .dev = HW_LISTENER_TCP, .netns = netns},
                       .socket_cookie = 0,
                       .socket_inode = socket->idiag_inode,
                       .sun_path = {}});
    });
    if (!dumped) return fail(std::move(dumped.error()));
  }
  return found;
}

std::unordered_map<uint32_t, std::vector<uint32_t>> find_holders(const std::vector<ScannedListener>& listeners,
                                                                 const std::string& proc) {
  std::unordered_map<uint32_t, std::vector<uint32_t>> holders;
  for (const auto& listener : listeners) holders[listener.socket_inode];
  each_number(proc, [&](uint32_t pid) {
    const std::string descriptors = process_directory(pid, proc) + "/fd";
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
  auto listeners = scan_listeners();
  if (!listeners) return fail(std::move(listeners.error()));
  auto tcp = scan_tcp_listeners();  // a kernel without tcp_diag has unix sockets all the same
  if (tcp) listeners->insert(listeners->end(), tcp->begin(), tcp->end());
  const auto holders = find_holders(*listeners);
  size_t runtimes = 0;
  // Runtimes last: where two sockets share a port (one for each address), the runtime's verdict stands.
  std::vector<const ScannedListener*> found_runtimes;
  for (const auto& found : *listeners)
    if (classifier.on_found(found.listener, found.sun_path, holders.at(found.socket_inode), found.socket_cookie).runtime)
      found_runtimes.push_back(&found);
  for (const auto* found : found_runtimes) {
    ++runtimes;
    if (found->listener.dev == HW_LISTENER_TCP)
      classifier.on_found(found->listener, found->sun_path, holders.at(found->socket_inode), found->socket_cookie);
  }
  if (!tcp) return fail(std::move(tcp.error()));
  return runtimes;
}

}  // namespace hullwatch
