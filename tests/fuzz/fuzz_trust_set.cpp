// SPDX-License-Identifier: Apache-2.0
#include "verdict/trusted_ledger.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    const auto trust = receipt::parseTrustSet(asText({data, size}));
    if (!trust) return 0;
    if (const auto again = receipt::parseTrustSet(receipt::serialize(*trust)); !again || *again != *trust) std::abort();
    const auto outcome = verdict::TrustedLedger::verify(*trust);
    if ((outcome.ledger != nullptr) != (outcome.problem == verdict::TrustProblem::None)) std::abort();
    return 0;
}
