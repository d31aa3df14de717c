#pragma once
// Counts every operator new of the program it is linked into. In a file of its own, so that no call is compiled together with
// what it counts.

#include <cstdint>

/// So far, on all threads.
uint64_t allocations();
