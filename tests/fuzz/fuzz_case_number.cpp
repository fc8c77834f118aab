// SPDX-License-Identifier: Apache-2.0
// Case numbers: the stored form of whatever is accepted parses to itself; a refusal is printable.
#include "base/text.h"
#include "record/numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    const auto text = asText({data, size});
    const auto n = record::parseCaseNumber(text);
    if (n) {
        const auto again = record::parseCaseNumber(n->text);
        if (!again || !(*again == *n) || n->text.size() > 128) __builtin_trap();
    } else if (n.error().detail.empty() || printable(n.error().detail) != n.error().detail) {
        __builtin_trap();
    }
    if (const auto key = record::courtKeyOf(text); key && !record::isValidCourtKey(*key)) __builtin_trap();
    return 0;
}
