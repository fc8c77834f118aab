// SPDX-License-Identifier: Apache-2.0
// The only file that uses OpenSSL's low-level SHA-256: no allocation, no provider dispatch. docs/decisions/0002-low-level-sha256.md
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/digest.h"

#include <openssl/sha.h>

namespace jc::crypto {

// These three cannot fail: they work on memory that the caller owns and always return 1.
Sha256Digest sha256(ByteView data) noexcept
{
    SHA256_CTX ctx;
    Sha256Digest out;
    SHA256_Init(&ctx);
    SHA256_Update(&ctx, data.data(), data.size());
    SHA256_Final(out.data(), &ctx);
    return out;
}

Sha256Digest sha256(std::initializer_list<ByteView> parts) noexcept
{
    SHA256_CTX ctx;
    Sha256Digest out;
    SHA256_Init(&ctx);
    for (const ByteView part : parts)
        SHA256_Update(&ctx, part.data(), part.size());
    SHA256_Final(out.data(), &ctx);
    return out;
}

} // namespace jc::crypto
