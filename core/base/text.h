// SPDX-License-Identifier: Apache-2.0
#pragma once
// UTF-8 and Unicode normal form C (UAX #15, through utf8proc).
#include "base/bytes.h"

namespace jc {
[[nodiscard]] bool isValidUtf8(std::string_view s) noexcept;
/// NFC of valid UTF-8; of invalid UTF-8, each bad byte becomes U+FFFD first. Never fails.
[[nodiscard]] std::string toNfc(std::string_view s);
/// Cuts at a character boundary so that at most maxBytes remain. s must be valid UTF-8.
[[nodiscard]] std::string_view cutUtf8(std::string_view s, std::size_t maxBytes) noexcept;
/// For terminals and logs: control characters (also U+0080–9F, bidi overrides, line separators) become \xNN or \u{…}; never fails.
[[nodiscard]] std::string printable(std::string_view s);
} // namespace jc
