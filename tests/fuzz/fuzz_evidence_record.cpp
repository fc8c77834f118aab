// SPDX-License-Identifier: Apache-2.0
#include "timestamp/evidence_record.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    using namespace jc::timestamp;
    const auto record = parseEvidenceRecord(ByteView(data, size));
    if (!record) return 0;
    const auto certificates = tokenCertificates(record->token);
    const auto file = record->reducedTree.empty() ? Sha256Digest{} : Sha256Digest::parse(record->reducedTree[0].at(0)).value();
    const TokenCheck check = checkEvidenceRecord(
        *record, file, certificates ? std::span<const crypto::Certificate>(*certificates) : std::span<const crypto::Certificate>());
    if (check.outcome == TokenOutcome::Unparsable && certificates) {
        // A record that was read holds a token that can be read; only its signer's certificate may be none.
        if (!parseToken(record->token)) std::abort();
    }
    return 0;
}
