// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/bytes.h"
#include "base/clock.h"

namespace jc {
/// UUIDv7 (RFC 9562 §5.7): 48-bit ms time, 74 random bits. Bytes in network order.
using Uuid = std::array<std::uint8_t, 16>;
[[nodiscard]] Uuid makeUuidV7(UnixMs now);
[[nodiscard]] bool isUuidV7(const Uuid& id) noexcept;
[[nodiscard]] UnixMs uuidTime(const Uuid& id) noexcept;
[[nodiscard]] std::string toString(const Uuid& id); ///< 8-4-4-4-12, lower case
[[nodiscard]] Result<Uuid> parseUuid(std::string_view text);
/// Kernel randomness (getrandom); aborts the program if the kernel has none.
void fillRandom(std::span<std::uint8_t> out) noexcept;
} // namespace jc
