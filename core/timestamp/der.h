// SPDX-License-Identifier: Apache-2.0
#pragma once
// Internal to timestamp/: the little DER that RFC 3161 and RFC 4998 need. A reader that accepts DER only and copies nothing; a writer.
#include "base/bytes.h"
#include "base/clock.h"

#include <initializer_list>
#include <optional>

namespace jc::timestamp::der {

inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kUtf8String = 0x0c;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
[[nodiscard]] constexpr std::uint8_t contextPrimitive(unsigned n) noexcept
{
    return static_cast<std::uint8_t>(0x80U | n);
}
[[nodiscard]] constexpr std::uint8_t contextConstructed(unsigned n) noexcept
{
    return static_cast<std::uint8_t>(0xa0U | n);
}

/// First thing that was wrong in one document; null = nothing.
struct Fault {
    const char* why = nullptr;
    void set(const char* what) noexcept
    {
        if (!why) why = what;
    }
    explicit operator bool() const noexcept { return why != nullptr; }
};

struct Tlv {
    std::uint8_t tag = 0;
    ByteView content;
    ByteView whole; ///< with tag and length
};

struct AlgorithmId {
    ByteView oid;                  ///< content of the OBJECT IDENTIFIER
    std::optional<Tlv> parameters; ///< absent or whatever stands there
    /// RFC 5754: SHA-2 identifiers come with absent or with NULL parameters.
    [[nodiscard]] bool plain() const noexcept { return !parameters || (parameters->tag == kNull && parameters->content.empty()); }
};

/// Walks the elements of one constructed value. Faults stick: afterwards every answer is empty and more() is false, so loops end.
class Reader {
public:
    Reader(ByteView content, Fault& fault) noexcept : m_rest(content), m_fault(&fault) {}

    [[nodiscard]] bool more() const noexcept { return !*m_fault && !m_rest.empty(); }
    [[nodiscard]] bool nextIs(std::uint8_t tag) const noexcept { return more() && m_rest[0] == tag; }
    Tlv any(const char* what) noexcept;
    Tlv expect(std::uint8_t tag, const char* what) noexcept;
    std::optional<Tlv> optional(std::uint8_t tag, const char* what) noexcept;
    /// A reader over the content of the next element, which must have that tag.
    Reader enter(std::uint8_t tag, const char* what) noexcept { return {expect(tag, what).content, *m_fault}; }
    /// Content octets of an INTEGER (or of an implicitly tagged one), minimal form checked.
    ByteView integer(const char* what, std::uint8_t tag = kInteger) noexcept;
    /// A non-negative INTEGER ≤ max.
    std::uint64_t smallInteger(std::uint64_t max, const char* what, std::uint8_t tag = kInteger) noexcept;
    ByteView oid(const char* what) noexcept;
    bool boolean(const char* what) noexcept;
    AlgorithmId algorithm(const char* what) noexcept;
    /// Nothing may follow.
    void end(const char* what) noexcept;
    [[nodiscard]] Fault& fault() noexcept { return *m_fault; }

private:
    ByteView m_rest;
    Fault* m_fault;
};

/// Dotted text of OBJECT IDENTIFIER content octets; "" when an arc does not fit 64 bits.
[[nodiscard]] std::string oidText(ByteView content);
/// Content octets of a dotted OID. Errors: InvalidArgument.
[[nodiscard]] Result<Bytes> oidFromText(std::string_view text);

/// RFC 3161 genTime: YYYYMMDDhhmmss[.f…]Z, no trailing zeros in the fraction, at most 9 of its digits; below a millisecond is cut off.
[[nodiscard]] std::optional<UnixMs> parseGeneralizedTime(ByteView content) noexcept;
/// The same, written; nullopt outside the years 1950 to 9999.
[[nodiscard]] std::optional<std::string> generalizedTime(UnixMs t);
/// DER Time of CMS signingTime (RFC 5652 §11.3): UTCTime up to 2049, GeneralizedTime after; whole seconds.
[[nodiscard]] std::optional<Bytes> cmsTime(UnixMs t);

/// One element.
[[nodiscard]] Bytes tlv(std::uint8_t tag, ByteView content);
[[nodiscard]] Bytes tlv(std::uint8_t tag, std::initializer_list<ByteView> parts);
/// Appends tag and length only.
void appendHeader(Bytes& to, std::uint8_t tag, std::size_t length);
/// SET OF: elements in ascending order of their encodings (X.690 §11.6), written with `tag`.
[[nodiscard]] Bytes setOf(std::uint8_t tag, std::vector<Bytes> elements);
/// Non-negative INTEGER.
[[nodiscard]] Bytes unsignedInteger(std::uint64_t v);

} // namespace jc::timestamp::der
