// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <utf8proc.h>

#include <cstdio>
#include <cstdlib>

namespace jc {
namespace {
/// Length of the valid sequence at s, 0 if none; code point in cp. Rejects surrogates, overlong forms and > U+10FFFF.
std::size_t decodeOne(std::string_view s, std::int32_t& cp) noexcept
{
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(s.data()), static_cast<utf8proc_ssize_t>(s.size()), &cp);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}
} // namespace

bool isValidUtf8(std::string_view s) noexcept
{
    while (!s.empty()) {
        if (static_cast<unsigned char>(s[0]) < 0x80) {
            s.remove_prefix(1);
            continue;
        }
        std::int32_t cp = 0;
        const auto n = decodeOne(s, cp);
        if (n == 0) return false;
        s.remove_prefix(n);
    }
    return true;
}

std::string toNfc(std::string_view s)
{
    std::string clean;
    bool ascii = true;
    clean.reserve(s.size());
    while (!s.empty()) {
        std::int32_t cp = 0;
        if (static_cast<unsigned char>(s[0]) < 0x80) {
            clean += s[0];
            s.remove_prefix(1);
        } else if (const auto n = decodeOne(s, cp); n != 0) {
            ascii = false;
            clean.append(s.substr(0, n));
            s.remove_prefix(n);
        } else {
            ascii = false;
            clean += "\xEF\xBF\xBD";
            s.remove_prefix(1);
        }
    }
    if (ascii) return clean;
    utf8proc_uint8_t* out = nullptr;
    const auto n = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(clean.data()), static_cast<utf8proc_ssize_t>(clean.size()), &out,
                                static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (n < 0) return clean;
    std::string r(reinterpret_cast<char*>(out), static_cast<std::size_t>(n));
    std::free(out);
    return r;
}

std::string_view cutUtf8(std::string_view s, std::size_t maxBytes) noexcept
{
    if (s.size() <= maxBytes) return s;
    std::size_t n = maxBytes;
    while (n > 0 && (static_cast<unsigned char>(s[n]) & 0xC0) == 0x80)
        --n;
    return s.substr(0, n);
}

std::string printable(std::string_view s)
{
    std::string out;
    char b[16];
    while (!s.empty()) {
        std::int32_t cp = 0;
        const auto n = decodeOne(s, cp);
        if (n == 0) {
            std::snprintf(b, sizeof b, "\\x%02x", static_cast<unsigned char>(s[0]));
            out += b;
            s.remove_prefix(1);
            continue;
        }
        const bool bad = cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) ||
                         cp == 0x2028 || cp == 0x2029 || cp == 0x200E || cp == 0x200F;
        if (bad) {
            std::snprintf(b, sizeof b, cp < 0x100 ? "\\x%02x" : "\\u{%x}", static_cast<unsigned>(cp));
            out += b;
        } else {
            out.append(s.substr(0, n));
        }
        s.remove_prefix(n);
    }
    return out;
}
} // namespace jc
