#pragma once
// State by key, bounded: at most `capacity` keys; a new one takes the place of the one that was used least recently. What is
// thrown out while it still mattered is counted. Allocates only while it grows. Evaluator thread.

#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hullwatch::rules {

/// State has reset(), which makes it as new and keeps its memory.
template <typename State>
class KeyedStore {
 public:
  /// A state not used for `lifetime_ns` says nothing any more.
  KeyedStore(size_t capacity, uint64_t lifetime_ns)
      : capacity_(capacity), mask_(std::bit_ceil(capacity) - 1), lifetime_ns_(lifetime_ns) {}

  /// The key's state, a fresh one when it is not known. Valid until the next at() or expire().
  State& at(std::string_view key, uint64_t now_ns) {
    if (buckets_.empty()) buckets_.assign(mask_ + 1, kNone);
    const size_t hash = std::hash<std::string_view>{}(key);
    uint32_t id = buckets_[hash & mask_];
    while (id != kNone && (nodes_[id].hash != hash || nodes_[id].key != key)) id = nodes_[id].next;
    if (id != kNone) {
      unlink(id);
    } else {
      id = take(now_ns);
      nodes_[id].hash = hash;
      nodes_[id].key.assign(key);
      nodes_[id].next = buckets_[hash & mask_];
      buckets_[hash & mask_] = id;
      ++size_;
    }
    push_newest(id);
    // Rings are read apart: a late event must not make a state older.
    if (nodes_[id].used_ns < now_ns) nodes_[id].used_ns = now_ns;
    return nodes_[id].state;
  }

  /// Forgets what was not used within its lifetime.
  void expire(uint64_t now_ns) {
    while (oldest_ != kNone && nodes_[oldest_].used_ns + lifetime_ns_ < now_ns) release(oldest_);
  }

  [[nodiscard]] size_t size() const { return size_; }
  /// Bytes that a store takes at most, when a key and a state take so much beside themselves. While the nodes move to a larger
  /// place there are half as many more.
  [[nodiscard]] static constexpr uint64_t memory_limit(size_t capacity, size_t key_bytes, size_t state_bytes) {
    const uint64_t places = std::bit_ceil(capacity);
    return places * sizeof(Node) * 3 / 2 + places * sizeof(uint32_t) + capacity * (key_bytes + state_bytes + kAllocated);
  }
  [[nodiscard]] uint64_t evicted() const { return evicted_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kAllocated = 32;  // by the allocator itself, for two blocks
  struct Node {
    std::string key;
    size_t hash = 0;
    uint64_t used_ns = 0;
    uint32_t next = kNone;  // in its bucket, or among the free
    uint32_t newer = kNone, older = kNone;
    State state;
  };

  uint32_t take(uint64_t now_ns) {
    if (free_ == kNone && nodes_.size() < capacity_) {
      nodes_.emplace_back();
      return static_cast<uint32_t>(nodes_.size() - 1);
    }
    if (free_ == kNone) {
      if (nodes_[oldest_].used_ns + lifetime_ns_ >= now_ns) ++evicted_;
      release(oldest_);
    }
    const uint32_t id = free_;
    free_ = nodes_[id].next;
    return id;
  }
  void release(uint32_t id) {
    uint32_t* link = &buckets_[nodes_[id].hash & mask_];
    while (*link != id) link = &nodes_[*link].next;
    *link = nodes_[id].next;
    unlink(id);
    nodes_[id].state.reset();
    nodes_[id].used_ns = 0;
    nodes_[id].next = free_;
    free_ = id;
    --size_;
  }
  void unlink(uint32_t id) {
    const Node& node = nodes_[id];
    (node.newer != kNone ? nodes_[node.newer].older : newest_) = node.older;
    (node.older != kNone ? nodes_[node.older].newer : oldest_) = node.newer;
  }
  void push_newest(uint32_t id) {
    nodes_[id].newer = kNone;
    nodes_[id].older = newest_;
    (newest_ != kNone ? nodes_[newest_].newer : oldest_) = id;
    newest_ = id;
  }

  size_t capacity_, mask_;
  uint64_t lifetime_ns_;
  std::vector<Node> nodes_;
  std::vector<uint32_t> buckets_;
  uint32_t newest_ = kNone, oldest_ = kNone, free_ = kNone;
  size_t size_ = 0;
  uint64_t evicted_ = 0;
};

}  // namespace hullwatch::rules
