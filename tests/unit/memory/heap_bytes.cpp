#include "heap_bytes.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
constexpr uint64_t kChunkHead = sizeof(size_t);
std::atomic<uint64_t> held{0};
}  // namespace

uint64_t heap_bytes() { return held.load(std::memory_order_relaxed); }

void* operator new(size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  held.fetch_add(malloc_usable_size(memory) + kChunkHead, std::memory_order_relaxed);
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  held.fetch_sub(malloc_usable_size(memory) + kChunkHead, std::memory_order_relaxed);
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
