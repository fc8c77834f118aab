// SPDX-License-Identifier: Apache-2.0
// A tile's path that parses has one spelling; bundles and tiles of any bytes are read within bounds.
#include "merkle/tiles.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc::merkle;
    const jc::ByteView bytes(data, size);
    if (const auto id = parseTilePath(jc::asText(bytes))) {
        const auto path = id->level == kEntriesLevel ? entriesPath(*id) : tilePath(*id);
        if (path != jc::asText(bytes)) std::abort();
    }
    if (size == 0) return 0;
    const unsigned count = data[0] + 1U;
    const auto rest = bytes.subspan(1);
    if (const auto entries = decodeEntryBundle(rest, count)) {
        const auto again = encodeEntryBundle(std::span<const jc::ByteView>(*entries));
        if (!again || !jc::equal(*again, rest)) std::abort();
    }
    if (const auto tile = decodeTile(rest, count); tile && !jc::equal(encodeTile(*tile), rest)) std::abort();
    return 0;
}
