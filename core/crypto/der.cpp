// SPDX-License-Identifier: Apache-2.0
#include "crypto/der.h"

namespace jc::crypto {
namespace {

constexpr int kMaxDepth = 24;

bool primitiveIsDer(unsigned tag, ByteView c) noexcept
{
    switch (tag) {
    case 0x01:
        return c.size() == 1 && (c[0] == 0x00 || c[0] == 0xff);
    case 0x02: // INTEGER
    case 0x0a: // ENUMERATED
        if (c.empty()) return false;
        return c.size() == 1 || !((c[0] == 0x00 && c[1] < 0x80) || (c[0] == 0xff && c[1] >= 0x80));
    case 0x03: // BIT STRING
        if (c.empty() || c[0] > 7 || (c.size() == 1 && c[0] != 0)) return false;
        return (c.back() & ((1U << c[0]) - 1U)) == 0 || c.size() == 1;
    case 0x05:
        return c.empty();
    case 0x06: { // OBJECT IDENTIFIER: complete arcs, none padded
        if (c.empty() || c.back() >= 0x80) return false;
        bool start = true;
        for (const auto b : c) {
            if (start && b == 0x80) return false;
            start = b < 0x80;
        }
        return true;
    }
    case 0x10: // SEQUENCE and SET are always constructed
    case 0x11:
        return false;
    default:
        return true;
    }
}

bool takeValue(ByteView& in, int depth) noexcept
{
    if (depth > kMaxDepth || in.size() < 2) return false;
    const unsigned identifier = in[0];
    if ((identifier & 0x1fU) == 0x1fU) return false; // no format of ours has tags above 30
    std::size_t header = 2;
    std::size_t length = in[1];
    if (length >= 0x80) {
        const std::size_t n = length & 0x7fU;
        if (n == 0 || n > 3 || in.size() < 2 + n || in[2] == 0) return false;
        length = 0;
        for (std::size_t i = 0; i < n; ++i)
            length = (length << 8U) | in[2 + i];
        if (length < 0x80) return false;
        header += n;
    }
    if (in.size() - header < length) return false;
    ByteView content = in.subspan(header, length);
    in = in.subspan(header + length);
    const bool universal = (identifier & 0xc0U) == 0;
    const unsigned tag = identifier & 0x1fU;
    if ((identifier & 0x20U) == 0) return !universal || primitiveIsDer(tag, content);
    if (universal && tag != 0x10 && tag != 0x11) return false; // strings in pieces are BER
    while (!content.empty()) {
        if (!takeValue(content, depth + 1)) return false;
    }
    return true;
}

} // namespace

bool isSingleDerValue(ByteView der) noexcept
{
    return takeValue(der, 0) && der.empty();
}

} // namespace jc::crypto
