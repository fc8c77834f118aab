// SPDX-License-Identifier: Apache-2.0
#include "timestamp/timestamp.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    using namespace jc::timestamp;
    const ByteView input(data, size);
    const auto info = parseToken(input);
    const auto certificates = tokenCertificates(input);
    static PathCache cache;
    // Whatever the token carries is offered as trusted too, so that the path code is reached.
    const std::span<const crypto::Certificate> anchors =
        certificates ? std::span<const crypto::Certificate>(*certificates) : std::span<const crypto::Certificate>();
    const TokenCheck check = checkToken(input, info ? ByteView(info->imprint) : ByteView(), anchors, {}, &cache);
    if (!info && check.outcome != TokenOutcome::Unparsable) std::abort();
    if (info && check.outcome == TokenOutcome::ImprintDiffers) std::abort();                      // its own imprint was expected
    if (info && check.outcome != checkToken(input, info->imprint, anchors).outcome) std::abort(); // the cache changes no answer
    return 0;
}
