#pragma once
// What operator new has handed out in this program and not had back, by what the allocator took for it. In a file of its own,
// so that no call is compiled together with what it counts.

#include <cstdint>

uint64_t heap_bytes();
