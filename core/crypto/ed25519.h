// SPDX-License-Identifier: Apache-2.0
#pragma once
// Private to crypto: the byte checks of RFC 8032 that OpenSSL 3.0 leaves out.
#include "crypto/signature.h"

namespace jc::crypto {

/// y < p and not one of the points whose order divides 8. Says nothing about being on the curve; verification does.
[[nodiscard]] bool isAcceptableEd25519Key(const Ed25519Key& key) noexcept;
/// S < L
[[nodiscard]] bool hasCanonicalEd25519Scalar(std::span<const std::uint8_t, 64> signature) noexcept;

} // namespace jc::crypto
