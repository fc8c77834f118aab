// SPDX-License-Identifier: Apache-2.0
// A policy that parses is valid, and what it prints means the same.
#include "note/note.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc::note;
    const auto p = Policy::parse(jc::asText({data, size}));
    if (!p) return 0;
    // The written form can be longer than what was read (all for 2), but never by more than its own limit allows for small inputs.
    if (size < 500'000 && !p->validate()) std::abort();
    const auto again = Policy::parse(p->text());
    if (size < 500'000 && (!again || *again != *p)) std::abort();
    SignedNote unsignedNote{"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", {}};
    if (checkCheckpoint(unsignedNote, *p).outcome != NoteOutcome::NoLogSignature) std::abort();
    return 0;
}
