// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shared by this room's parsers: lines, decimals, characters.
#include "base/bytes.h"

#include <limits>
#include <optional>

namespace jc::note {

/// Sizes, indexes and times stay below 2^63, as in programs that read them into signed numbers.
inline constexpr std::uint64_t kMaxNumber = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// "0" or [1-9][0-9]*, at most kMaxNumber.
[[nodiscard]] inline std::optional<std::uint64_t> parseDecimal(std::string_view s) noexcept
{
    if (s.empty() || s.size() > 19 || (s.size() > 1 && s[0] == '0')) return std::nullopt;
    std::uint64_t v = 0; // 19 digits fit into 64 bits
    for (const char c : s) {
        if (c < '0' || c > '9') return std::nullopt;
        v = v * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (v > kMaxNumber) return std::nullopt;
    return v;
}

/// Takes the next line, without its '\n', off the front of `rest`; nullopt when no complete line is left.
[[nodiscard]] inline std::optional<std::string_view> takeLine(std::string_view& rest) noexcept
{
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return line;
}

/// Exactly 32 bytes of canonical base64, decoded without allocation.
[[nodiscard]] bool decodeHash(std::string_view text, std::span<std::uint8_t, 32> out) noexcept;

} // namespace jc::note
