#include "probe/listener_classifier.h"

#include <sys/stat.h>

#include <algorithm>

namespace hullwatch {

size_t ListenerClassifier::Hash::operator()(const Key& key) const noexcept {
  return static_cast<size_t>((key.ino * 0x9e3779b97f4a7c15ULL) ^ (uint64_t{key.dev} << 32 | key.netns));
}

ListenerClassifier::ListenerClassifier(std::vector<std::string> extra_sockets, Answer answer, std::string proc)
    : extra_sockets_(std::move(extra_sockets)), answer_(std::move(answer)), proc_(std::move(proc)) {}

ListenerJudgement ListenerClassifier::on_contact(const hw_socket& contact) {
  if (contact.listener_class == HW_LISTENER_RUNTIME || contact.listener_class == HW_LISTENER_PENDING)
    if (auto known = verdict_of(contact.listener)) return *known;
  const std::string_view sun_path(contact.name, std::min<size_t>(contact.name_len, sizeof(contact.name)));
  auto verdict = judge(contact.listener, contact.listener_tgid, sun_path);
  settle(contact.listener, verdict, 0);
  return verdict;
}

ListenerJudgement ListenerClassifier::on_found(const hw_listener& listener, std::string_view sun_path,
                                               const std::vector<uint32_t>& holders, uint64_t socket_cookie) {
  ListenerJudgement verdict;
  for (const uint32_t tgid : holders)
    if (!verdict.runtime) verdict = judge(listener, tgid, sun_path);
  // Held by nobody we can see: left to the first contact, which names who listens.
  if (!holders.empty()) settle(listener, verdict, socket_cookie);
  return verdict;
}

std::optional<ListenerJudgement> ListenerClassifier::verdict_of(const hw_listener& listener) const {
  const std::lock_guard lock(mutex_);
  const auto found = verdicts_.find({listener.ino, listener.dev, listener.netns});
  if (found == verdicts_.end()) return std::nullopt;
  return found->second;
}

ListenerJudgement ListenerClassifier::judge(const hw_listener& listener, uint32_t tgid, std::string_view sun_path) const {
  ListenerFacts facts = read_listener_facts(tgid, sun_path, proc_);
  facts.configured = configured(listener, sun_path);
  return classify(facts);
}

/// A configured path means the socket it leads to now, under whatever name that was bound. Devices are not compared: stat(2)
/// tells another one than the kernel on overlayfs.
bool ListenerClassifier::configured(const hw_listener& listener, std::string_view sun_path) const {
  return std::any_of(extra_sockets_.begin(), extra_sockets_.end(), [&](const std::string& path) {
    if (sun_path.substr(0, sun_path.find('\0')) == path) return true;
    struct stat status {};
    return listener.dev != 0 && ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && status.st_ino == listener.ino;
  });
}

void ListenerClassifier::settle(const hw_listener& listener, const ListenerJudgement& verdict, uint64_t socket_cookie) {
  {
    const std::lock_guard lock(mutex_);
    if (verdicts_.size() >= kMaxListeners) verdicts_.clear();
    verdicts_[{listener.ino, listener.dev, listener.netns}] = verdict;
  }
  answer_(listener, verdict.runtime ? HW_LISTENER_RUNTIME : HW_LISTENER_OTHER, socket_cookie);
}

}  // namespace hullwatch
