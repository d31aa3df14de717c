/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Hashes of what something is, for the small memories that tell the new from a repeat. */
#ifndef HULLWATCH_NOVELTY_H
#define HULLWATCH_NOVELTY_H

#include "facts.h"

/* Random, so that nobody can choose what hashes like something seen before. Set at the first use. */
__u64 novelty_seed __weak = 0;

HW_INLINE __u64 novelty_begin(void)
{
	if (!novelty_seed)
		novelty_seed = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32() | 1;
	return novelty_seed;
}

HW_INLINE __u64 novelty_mix(__u64 hash, __u64 value)
{
	hash = (hash ^ hash >> 29 ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* Bytes of a word of a string, without its NUL and what follows; both architectures are little endian. */
HW_INLINE __u64 before_nul(__u64 word, bool *ended)
{
	__u64 nul = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;

	*ended = nul != 0;
	return nul ? word & ((nul & -nul) - 1) : word;
}

#define NOVELTY_WORDS 8

/* With the first `words` (8 at most) words of a string; one that cannot be read counts as empty, or as what could be. */
HW_PART __u64 novelty_text(__u64 hash, __u64 from, bool user, __u32 words)
{
	__u64 text[NOVELTY_WORDS] = {};
	bool ended = !from;

	/* a user's string at once, which is cheaper than word by word; of the kernel's, which is read byte by byte, it is not
	 */
	if (user && from && bpf_probe_read_user_str(text, sizeof(text), (void *)from) <= 0)
		return hash;
	for (__u32 i = 0; i < NOVELTY_WORDS; i++) {
		if (ended || i >= words)
			break;
		if (!user && bpf_probe_read_kernel(&text[i], sizeof(text[i]), (void *)(from + i * sizeof(text[i]))))
			break;
		hash = novelty_mix(hash, before_nul(text[i], &ended));
	}
	return hash;
}

#endif
