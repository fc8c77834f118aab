// SPDX-License-Identifier: Apache-2.0
#pragma once
// Byte strings, hex, base64 and big-endian integers.
#include "base/error.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jc {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView asBytes(std::string_view s) noexcept
{
    return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}
[[nodiscard]] inline std::string_view asText(ByteView b) noexcept
{
    return {reinterpret_cast<const char*>(b.data()), b.size()};
}
[[nodiscard]] inline Bytes toBytes(std::string_view s)
{
    return Bytes(asBytes(s).begin(), asBytes(s).end());
}
[[nodiscard]] inline Bytes toBytes(ByteView b)
{
    return Bytes(b.begin(), b.end());
}
inline void append(Bytes& to, ByteView b)
{
    to.insert(to.end(), b.begin(), b.end());
}
inline void append(Bytes& to, std::string_view s)
{
    append(to, asBytes(s));
}
[[nodiscard]] inline bool equal(ByteView a, ByteView b) noexcept
{
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Big-endian, appended / read at offset 0 of exactly sizeof bytes.
void appendU16(Bytes& to, std::uint16_t v);
void appendU32(Bytes& to, std::uint32_t v);
void appendU64(Bytes& to, std::uint64_t v);
[[nodiscard]] std::uint64_t readU64(std::span<const std::uint8_t, 8> b) noexcept;
[[nodiscard]] std::uint32_t readU32(std::span<const std::uint8_t, 4> b) noexcept;

/// Lower-case hex. fromHex accepts either case, even length. Errors: Malformed.
[[nodiscard]] std::string toHex(ByteView b);
[[nodiscard]] Result<Bytes> fromHex(std::string_view hex);

/// Standard base64 with padding (RFC 4648 §4). fromBase64 is canonical only: padding present, unused bits zero, no white space. Errors:
/// Malformed.
[[nodiscard]] std::string toBase64(ByteView b);
void appendBase64(std::string& to, ByteView b);
[[nodiscard]] Result<Bytes> fromBase64(std::string_view text);

/// 32 bytes with a meaning. Tag keeps a leaf hash from being used as a root hash. Bytes are in the order the algorithm emits them.
template <class Tag> class Hash32 {
public:
    static constexpr std::size_t kSize = 32;
    constexpr Hash32() = default; ///< all zero
    /// Wraps bytes that already are a hash; never hashes.
    [[nodiscard]] static constexpr Hash32 fromBytes(std::span<const std::uint8_t, kSize> bytes) noexcept
    {
        Hash32 h;
        for (std::size_t i = 0; i < kSize; ++i)
            h.m_bytes[i] = bytes[i];
        return h;
    }
    /// Errors: Malformed unless exactly 32 bytes.
    [[nodiscard]] static Result<Hash32> parse(ByteView bytes)
    {
        if (bytes.size() != kSize) return fail(ErrorCode::Malformed, "a hash must have 32 bytes");
        return fromBytes(bytes.template first<kSize>());
    }
    [[nodiscard]] constexpr std::span<const std::uint8_t, kSize> bytes() const noexcept { return m_bytes; }
    [[nodiscard]] std::uint8_t* data() noexcept { return m_bytes.data(); }
    [[nodiscard]] std::string hex() const { return toHex(m_bytes); }
    template <class Other> [[nodiscard]] constexpr Other as() const noexcept
    {
        return Other::fromBytes(m_bytes);
    } ///< deliberate re-tagging
    friend constexpr auto operator<=>(const Hash32&, const Hash32&) = default;

private:
    std::array<std::uint8_t, kSize> m_bytes{};
};
struct Hash32Hasher { ///< for unordered containers; hashes are uniform, so the first word serves
    template <class T> std::size_t operator()(const Hash32<T>& h) const noexcept
    {
        std::size_t v;
        std::memcpy(&v, h.bytes().data(), sizeof v);
        return v;
    }
};

/// Plain SHA-256 of some bytes (a file, a certificate, a record) – not a Merkle node.
using Sha256Digest = Hash32<struct Sha256Tag>;
/// Identity of a signer: SHA-256 of a certificate (staff) or of a SubjectPublicKeyInfo (court key). formats.md §3
using SignerId = Hash32<struct SignerTag>;
/// L = SHA-256(CharterCore). formats.md §1
using LedgerId = Hash32<struct LedgerTag>;

} // namespace jc
