// SPDX-License-Identifier: Apache-2.0
// Ledger entries: whatever is accepted encodes to exactly the same bytes.
#include "record/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    using namespace jc::record;
    if (const auto v = decodeLedgerEntry({data, size}); v && encode(*v) != Bytes(data, data + size)) __builtin_trap();
    return 0;
}
