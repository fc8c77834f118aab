// SPDX-License-Identifier: Apache-2.0
// u8 length of the key, the key, 64 bytes of signature, the message: accepted keys are their own encoding, and verifying never crashes.
#include "crypto/signature.h"

#include <algorithm>
#include <cstdlib>

using namespace jc;
using namespace jc::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    ByteView input(data, size);
    if (input.empty() || input.size() < 1U + input[0]) return 0;
    const ByteView der = input.subspan(1, input[0]);
    input = input.subspan(1U + der.size());
    const auto key = PublicKey::fromSpki(der);
    if (!key) return 0;
    if (!equal(key->spki(), der)) std::abort();
    const std::size_t n = std::min<std::size_t>(input.size(), 64);
    const bool good = key->verify(input.subspan(n), input.first(n));
    if (good && key->verify(input.subspan(n), input.first(n - 1))) std::abort();
    if (n != 64) return 0;
    // The same r with n − s, or the same R with S + L, must not verify as well: one signature has one encoding.
    if (good && key->scheme() == Scheme::Ed25519) {
        Bytes other = toBytes(input.first(64));
        other[63] = static_cast<std::uint8_t>(other[63] + 0x10U);
        if (key->verify(input.subspan(64), other)) std::abort();
    }
    return 0;
}
