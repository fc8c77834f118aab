// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "record/numbers.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace jc::record {
namespace {
constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kExample = " Type it as printed, for example JC210600-7QZK-2026-18204-3-72.";
constexpr std::uint64_t kMaxIndex = 0x7FFF'FFFF'FFFF'FFFF, kMaxOrdinal = 0xFFFF'FFFF;

bool isDigit(char c) noexcept
{
    return c >= '0' && c <= '9';
}
bool isUpper(char c) noexcept
{
    return c >= 'A' && c <= 'Z';
}

/// The characters read as one decimal number, letters as 10…35, modulo 97 (ISO 7064 MOD 97-10).
unsigned mod97(std::string_view s) noexcept
{
    unsigned r = 0;
    for (const char c : s) {
        if (isDigit(c))
            r = (r * 10 + static_cast<unsigned>(c - '0')) % 97;
        else if (isUpper(c))
            r = (r * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
    }
    return r;
}

tl::unexpected<Error> refuse(std::string_view why)
{
    return fail(ErrorCode::Malformed, std::string(why).append(kExample));
}

/// Half-width capitals and plain hyphens; spaces around removed.
std::string normalise(std::string_view s)
{
    const auto startsAny = [&](std::initializer_list<std::string_view> list) {
        for (const auto x : list) {
            if (s.starts_with(x)) return x.size();
        }
        return std::size_t{0};
    };
    std::string out;
    while (!s.empty()) {
        const auto c = static_cast<unsigned char>(s[0]);
        if (c < 0x80) {
            out += s[0] >= 'a' && s[0] <= 'z'                     ? static_cast<char>(s[0] - 'a' + 'A')
                   : s[0] == '\t' || s[0] == '\r' || s[0] == '\n' ? ' '
                                                                  : s[0];
            s.remove_prefix(1);
            // U+FF0D, U+2010…U+2015, U+2212, U+FE63: what input methods and word processors make of a hyphen
        } else if (const auto n = startsAny({"－", "‐", "‑", "‒", "–", "—", "―", "−", "﹣"}); n != 0) {
            out += '-';
            s.remove_prefix(n);
        } else if (s.starts_with("　")) {
            out += ' ';
            s.remove_prefix(3);
        } else if (c == 0xEF && s.size() >= 3 && (s[1] == '\xBC' || s[1] == '\xBD')) { // U+FF00–FF7F: full-width digits and letters
            const unsigned cp = 0xF000U | (static_cast<unsigned char>(s[1]) & 0x3FU) << 6 | (static_cast<unsigned char>(s[2]) & 0x3FU);
            char half = cp >= 0xFF01 && cp <= 0xFF5E ? static_cast<char>(cp - 0xFF00 + 0x20) : '?';
            if (half >= 'a' && half <= 'z') half = static_cast<char>(half - 'a' + 'A');
            out += half;
            s.remove_prefix(3);
        } else {
            out += s[0];
            s.remove_prefix(1);
        }
    }
    const auto first = out.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

bool parseCount(std::string_view s, std::uint64_t limit, std::uint64_t& out) noexcept
{
    if (s.empty() || s.size() > 19 || (s.size() > 1 && s[0] == '0') || !std::ranges::all_of(s, isDigit)) return false;
    out = 0;
    for (const char c : s)
        out = out * 10 + static_cast<std::uint64_t>(c - '0');
    return out <= limit;
}
std::string body(const EvidenceNumber& n)
{
    char year[16];
    std::snprintf(year, sizeof year, "%04d", n.year);
    return "JC" + n.court + "-" + n.tag + "-" + year + "-" + std::to_string(n.index) + "-" + std::to_string(n.ordinal);
}
} // namespace

bool isValidCourtKey(std::string_view key) noexcept
{
    return key.size() == 6 && std::ranges::all_of(key, [](char c) { return isDigit(c) || isUpper(c); });
}

std::string ledgerTag(const LedgerId& id)
{
    const auto b = id.bytes();
    const std::uint32_t bits = static_cast<std::uint32_t>(b[0]) << 12 | static_cast<std::uint32_t>(b[1]) << 4 | b[2] >> 4;
    std::string tag;
    for (int shift = 15; shift >= 0; shift -= 5)
        tag += kCrockford[bits >> shift & 31U];
    return tag;
}

std::string toString(const EvidenceNumber& n)
{
    std::string s = body(n);
    const unsigned check = 98 - mod97(s + "00");
    s += '-';
    s += static_cast<char>('0' + check / 10);
    s += static_cast<char>('0' + check % 10);
    return s;
}

Result<EvidenceNumber> parseEvidenceNumber(std::string_view text)
{
    if (text.size() > 256) return refuse("This is too long for an evidence number.");
    const std::string s = normalise(text);
    if (s.empty()) return refuse("The evidence number is missing.");
    std::vector<std::string_view> parts;
    for (std::string_view rest = s;;) {
        const auto hyphen = rest.find('-');
        parts.push_back(rest.substr(0, hyphen));
        if (hyphen == std::string_view::npos) break;
        rest.remove_prefix(hyphen + 1);
    }
    if (!parts[0].starts_with("JC")) return refuse("An evidence number begins with JC.");
    if (parts.size() != 6) return refuse("An evidence number has six parts with hyphens between them.");
    EvidenceNumber n;
    n.court = parts[0].substr(2);
    if (!isValidCourtKey(n.court)) return refuse("The court, after JC, has six digits or letters.");
    n.tag = parts[1];
    if (n.tag.size() != 4 || n.tag.find_first_not_of(kCrockford) != std::string::npos) {
        return refuse("The second part, the ledger, has four characters, and never I, L, O or U.");
    }
    std::uint64_t year = 0;
    if (parts[2].size() != 4 || !parseCount(parts[2], 9999, year) || year < 1970) return refuse("The third part is a year of four digits.");
    n.year = static_cast<int>(year);
    if (!parseCount(parts[3], kMaxIndex, n.index)) return refuse("The fourth part, the entry, is a whole number without leading zeros.");
    if (!parseCount(parts[4], kMaxOrdinal, n.ordinal) || n.ordinal == 0) {
        return refuse("The fifth part, the item, is a whole number from 1 without leading zeros.");
    }
    if (parts[5].size() != 2 || !std::ranges::all_of(parts[5], isDigit)) return refuse("The last part is two check digits.");
    // Compared with what would be printed: 00, 01 and 99 have the remainder of 97, 98 and 02 but are never printed.
    if (toString(n) != s) return refuse("The check digits do not fit, so at least one character was mistyped or two were swapped.");
    return n;
}
} // namespace jc::record
