// SPDX-License-Identifier: Apache-2.0
// A note that parses has one spelling; checking it under a fixed policy never crashes and never trusts.
#include "note/note.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc::note;
    const auto bytes = jc::asText({data, size});
    static const auto policy = Policy::parse("log court-ledger.example/log1+19d3177c+AdPPKKGh0TxQGwcD7WkD5PsHzQkzMMQyJbQM0h3XeIv3\n"
                                             "witness a court-a.example/node+8638e43f+BJge7Y1bEJlNYy+QMC0/iXNwShQ2yDSFrt+3dKdmZ+TD\n"
                                             "quorum a\n");
    if (!policy) std::abort();
    if (const auto line = parseSignatureLine(bytes); line && signatureLine(*line) != bytes) std::abort();
    const auto note = SignedNote::parse(bytes);
    if (!note) return 0;
    if (note->serialize() != bytes) std::abort();
    const auto checked = checkCheckpoint(*note, *policy);
    if (checked.outcome == NoteOutcome::Verified && (checked.cosigners.empty() || checked.checkpoint.origin != "court-ledger.example/log1"))
        std::abort();
    return 0;
}
