// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace jc {
void fillRandom(std::span<std::uint8_t> out) noexcept
{
    while (!out.empty()) {
        const ssize_t n = ::getrandom(out.data(), out.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) std::abort();
        out = out.subspan(static_cast<std::size_t>(n));
    }
}
Uuid makeUuidV7(UnixMs now)
{
    Uuid id{};
    fillRandom(id);
    const auto t = static_cast<std::uint64_t>(now);
    for (std::size_t i = 0; i < 6; ++i)
        id[i] = static_cast<std::uint8_t>(t >> (8 * (5 - i)));
    id[6] = static_cast<std::uint8_t>(0x70 | (id[6] & 0x0F));
    id[8] = static_cast<std::uint8_t>(0x80 | (id[8] & 0x3F));
    return id;
}
bool isUuidV7(const Uuid& id) noexcept
{
    return (id[6] & 0xF0) == 0x70 && (id[8] & 0xC0) == 0x80;
}
UnixMs uuidTime(const Uuid& id) noexcept
{
    UnixMs t = 0;
    for (std::size_t i = 0; i < 6; ++i)
        t = t << 8 | id[i];
    return t;
}
std::string toString(const Uuid& id)
{
    const std::string h = toHex(id);
    return h.substr(0, 8) + "-" + h.substr(8, 4) + "-" + h.substr(12, 4) + "-" + h.substr(16, 4) + "-" + h.substr(20);
}
Result<Uuid> parseUuid(std::string_view text)
{
    std::string h;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-')) return fail(ErrorCode::Malformed, "not a record id");
        if (!dash) h += text[i];
    }
    if (text.size() != 36) return fail(ErrorCode::Malformed, "not a record id");
    JC_TRY(const Bytes b, fromHex(h));
    Uuid id{};
    std::copy(b.begin(), b.end(), id.begin());
    return id;
}
} // namespace jc
