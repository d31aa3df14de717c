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
  settle(contact.listener, verdict, {contact.listener_tgid}, 0);
  return verdict;
}

ListenerJudgement ListenerClassifier::on_found(const hw_listener& listener, std::string_view sun_path,
                                               const std::vector<uint32_t>& holders, uint64_t socket_cookie) {
  ListenerJudgement verdict;
  for (const uint32_t tgid : holders)
    if (!verdict.runtime) {
      auto judged = judge(listener, tgid, sun_path);
      if (judged.runtime || judged.undecided) verdict = std::move(judged);
    }
  // Held by nobody we can see: left to the first contact, which names who listens.
  if (!holders.empty()) settle(listener, verdict, holders, socket_cookie);
  return verdict;
}

ListenerJudgement ListenerClassifier::on_server(const hw_listener& listener, uint32_t server) {
  auto verdict = judge(listener, server, {});
  verdict.undecided = false;
  settle(listener, verdict, {server}, 0);
  return verdict;
}

void ListenerClassifier::on_process_changed(uint32_t tgid) {
  std::vector<hw_listener> gone;
  {
    const std::lock_guard lock(mutex_);
    facts_.erase(tgid);
    const auto held = held_.find(tgid);
    if (held == held_.end()) return;
    gone = std::move(held->second);
    held_.erase(held);
    for (const hw_listener& listener : gone) verdicts_.erase({listener.ino, listener.dev, listener.netns});
  }
  for (const hw_listener& listener : gone) answer_(listener, HW_LISTENER_UNKNOWN, 0);
}

std::optional<ListenerJudgement> ListenerClassifier::verdict_of(const hw_listener& listener) const {
  const std::lock_guard lock(mutex_);
  const auto found = verdicts_.find({listener.ino, listener.dev, listener.netns});
  if (found == verdicts_.end()) return std::nullopt;
  return found->second;
}

ListenerJudgement ListenerClassifier::judge(const hw_listener& listener, uint32_t tgid, std::string_view sun_path) {
  ListenerFacts facts = facts_of(tgid);
  facts.name = listener.dev == HW_LISTENER_TCP ? "tcp:" + std::to_string(listener.ino) : bound_name(sun_path);
  facts.configured = configured(listener, facts.name);
  return classify(facts);
}

ListenerFacts ListenerClassifier::facts_of(uint32_t tgid) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = facts_.find(tgid); known != facts_.end() && now - known->second.read < kFactsLife)
      return known->second.facts;
  }
  ListenerFacts facts = read_listener_facts(tgid, proc_);
  const std::lock_guard lock(mutex_);
  if (facts_.size() >= kMaxProcesses) facts_.clear();
  facts_[tgid] = {facts, now};
  return facts;
}

/// A configured path means the socket it leads to now, under whatever name that was bound. Devices are not compared: stat(2)
/// tells another one than the kernel on overlayfs.
bool ListenerClassifier::configured(const hw_listener& listener, std::string_view name) const {
  const bool has_inode = listener.dev != 0 && listener.dev != HW_LISTENER_TCP;
  return std::any_of(extra_sockets_.begin(), extra_sockets_.end(), [&](const std::string& path) {
    if (name == path) return true;
    struct stat status {};
    return has_inode && ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && status.st_ino == listener.ino;
  });
}

void ListenerClassifier::settle(const hw_listener& listener, const ListenerJudgement& verdict,
                                const std::vector<uint32_t>& holders, uint64_t socket_cookie) {
  {
    const std::lock_guard lock(mutex_);
    if (verdicts_.size() >= kMaxListeners || held_.size() >= kMaxListeners) {
      verdicts_.clear();
      held_.clear();
    }
    verdicts_[{listener.ino, listener.dev, listener.netns}] = verdict;
    for (const uint32_t tgid : holders) {
      auto& held = held_[tgid];
      if (std::none_of(held.begin(), held.end(), [&](const hw_listener& l) {
            return l.ino == listener.ino && l.dev == listener.dev && l.netns == listener.netns;
          }))
        held.push_back(listener);
    }
  }
  const auto answer = verdict.runtime ? HW_LISTENER_RUNTIME : (verdict.undecided ? HW_LISTENER_PENDING : HW_LISTENER_OTHER);
  answer_(listener, answer, socket_cookie);
}

}  // namespace hullwatch
