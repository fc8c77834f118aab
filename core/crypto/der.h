// SPDX-License-Identifier: Apache-2.0
#pragma once
// Private to crypto: is a byte string exactly one value in distinguished encoding?
#include "base/bytes.h"

namespace jc::crypto {

/// One ASN.1 value in DER and nothing behind it: definite minimal lengths, primitive strings, minimal integers, booleans 00 or FF, zero
/// padding bits. Contents of OCTET and BIT STRINGs are opaque. Does not see what needs a schema (defaults written out, order of a SET).
[[nodiscard]] bool isSingleDerValue(ByteView der) noexcept;

} // namespace jc::crypto
