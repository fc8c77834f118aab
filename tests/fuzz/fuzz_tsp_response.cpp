// SPDX-License-Identifier: Apache-2.0
#include "timestamp/timestamp.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    using namespace jc::timestamp;
    // The request that tests/fuzz/corpus/tsp_response/valid-* answer: SHA-256 of nothing, nonce 0x0123456789abcdef.
    static const Request request = [] {
        Request r;
        r.nonce = 0x0123456789abcdefULL;
        r.der = fromHex("30430201013031300d060960864801650304020105000420e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85502"
                        "080123456789abcdef"
                        "0101ff")
                    .value();
        return r;
    }();
    const auto token = acceptResponse(request, ByteView(data, size));
    if (token && !parseToken(*token)) std::abort(); // what is accepted is a token
    return 0;
}
