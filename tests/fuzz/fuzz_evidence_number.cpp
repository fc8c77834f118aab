// SPDX-License-Identifier: Apache-2.0
// Evidence numbers: what is accepted prints to a form that parses to the same number; a refusal is printable.
#include "base/text.h"
#include "record/numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    const auto n = record::parseEvidenceNumber(asText({data, size}));
    if (n) {
        const auto again = record::parseEvidenceNumber(record::toString(*n));
        if (!again || !(*again == *n)) __builtin_trap();
    } else if (n.error().detail.empty() || printable(n.error().detail) != n.error().detail) {
        __builtin_trap();
    }
    return 0;
}
