// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

namespace jc {
namespace {
constexpr char kHex[] = "0123456789abcdef";
constexpr char kB64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::array<std::int8_t, 256> b64Table()
{
    std::array<std::int8_t, 256> t{};
    for (auto& x : t)
        x = -1;
    for (int i = 0; i < 64; ++i)
        t[static_cast<std::uint8_t>(kB64[i])] = static_cast<std::int8_t>(i);
    return t;
}
constexpr auto kB64Table = b64Table();
int hexValue(char c) noexcept
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
} // namespace

void appendU16(Bytes& to, std::uint16_t v)
{
    to.push_back(static_cast<std::uint8_t>(v >> 8));
    to.push_back(static_cast<std::uint8_t>(v));
}
void appendU32(Bytes& to, std::uint32_t v)
{
    for (int s = 24; s >= 0; s -= 8)
        to.push_back(static_cast<std::uint8_t>(v >> s));
}
void appendU64(Bytes& to, std::uint64_t v)
{
    for (int s = 56; s >= 0; s -= 8)
        to.push_back(static_cast<std::uint8_t>(v >> s));
}
std::uint64_t readU64(std::span<const std::uint8_t, 8> b) noexcept
{
    std::uint64_t v = 0;
    for (auto c : b)
        v = v << 8 | c;
    return v;
}
std::uint32_t readU32(std::span<const std::uint8_t, 4> b) noexcept
{
    std::uint32_t v = 0;
    for (auto c : b)
        v = v << 8 | c;
    return v;
}

std::string toHex(ByteView b)
{
    std::string out;
    out.resize(b.size() * 2);
    for (std::size_t i = 0; i < b.size(); ++i) {
        out[2 * i] = kHex[b[i] >> 4];
        out[2 * i + 1] = kHex[b[i] & 15];
    }
    return out;
}
Result<Bytes> fromHex(std::string_view hex)
{
    if (hex.size() % 2 != 0) return fail(ErrorCode::Malformed, "hexadecimal text needs an even number of digits");
    Bytes out(hex.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int hi = hexValue(hex[2 * i]), lo = hexValue(hex[2 * i + 1]);
        if (hi < 0 || lo < 0) return fail(ErrorCode::Malformed, "not a hexadecimal digit");
        out[i] = static_cast<std::uint8_t>(hi << 4 | lo);
    }
    return out;
}

void appendBase64(std::string& to, ByteView b)
{
    const std::size_t start = to.size();
    to.resize(start + (b.size() + 2) / 3 * 4);
    char* o = to.data() + start;
    std::size_t i = 0;
    for (; i + 3 <= b.size(); i += 3) {
        const std::uint32_t v = static_cast<std::uint32_t>(b[i]) << 16 | static_cast<std::uint32_t>(b[i + 1]) << 8 | b[i + 2];
        *o++ = kB64[v >> 18];
        *o++ = kB64[v >> 12 & 63];
        *o++ = kB64[v >> 6 & 63];
        *o++ = kB64[v & 63];
    }
    if (const std::size_t left = b.size() - i; left != 0) {
        const std::uint32_t v = static_cast<std::uint32_t>(b[i]) << 16 | (left == 2 ? static_cast<std::uint32_t>(b[i + 1]) << 8 : 0U);
        *o++ = kB64[v >> 18];
        *o++ = kB64[v >> 12 & 63];
        *o++ = left == 2 ? kB64[v >> 6 & 63] : '=';
        *o++ = '=';
    }
}
std::string toBase64(ByteView b)
{
    std::string s;
    appendBase64(s, b);
    return s;
}
Result<Bytes> fromBase64(std::string_view t)
{
    if (t.size() % 4 != 0) return fail(ErrorCode::Malformed, "base64 text must come in groups of four characters");
    Bytes out;
    if (t.empty()) return out;
    const std::size_t pad = t[t.size() - 1] != '=' ? 0U : t[t.size() - 2] != '=' ? 1U : 2U;
    out.resize(t.size() / 4 * 3 - pad);
    std::uint8_t* o = out.data();
    const std::size_t full = pad == 0 ? t.size() : t.size() - 4;
    const auto val = [&](std::size_t i) { return static_cast<int>(kB64Table[static_cast<std::uint8_t>(t[i])]); };
    for (std::size_t i = 0; i < full; i += 4) {
        const int a = val(i), b = val(i + 1), c = val(i + 2), d = val(i + 3);
        if ((a | b | c | d) < 0) return fail(ErrorCode::Malformed, "not a base64 character");
        const auto v = static_cast<std::uint32_t>(a << 18 | b << 12 | c << 6 | d);
        *o++ = static_cast<std::uint8_t>(v >> 16);
        *o++ = static_cast<std::uint8_t>(v >> 8);
        *o++ = static_cast<std::uint8_t>(v);
    }
    if (pad != 0) {
        const int a = val(full), b = val(full + 1), c = pad == 1 ? val(full + 2) : 0;
        if ((a | b | c) < 0) return fail(ErrorCode::Malformed, "not a base64 character");
        if (pad == 1 ? (c & 3) != 0 : (b & 15) != 0) return fail(ErrorCode::Malformed, "base64 text is not canonical");
        *o++ = static_cast<std::uint8_t>(a << 2 | b >> 4);
        if (pad == 1) *o = static_cast<std::uint8_t>(b << 4 | c >> 2);
    }
    return out;
}
} // namespace jc
