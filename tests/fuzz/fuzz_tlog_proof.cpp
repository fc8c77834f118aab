// SPDX-License-Identifier: Apache-2.0
// A proof that parses has one spelling and a readable checkpoint; no proof holds under a policy without logs.
#include "note/note.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc::note;
    const auto bytes = jc::asText({data, size});
    const auto p = TlogProof::parse(bytes);
    if (!p) return 0;
    if (p->serialize() != bytes || p->path.size() > 63 || !SignedNote::parse(p->checkpoint)) std::abort();
    Policy nobody;
    nobody.quorum = "none";
    if (checkProof(*p, {}, nobody).outcome != TlogOutcome::CheckpointRejected) std::abort();
    return 0;
}
