// SPDX-License-Identifier: Apache-2.0
#pragma once
// Private to receipt: what both envelopes (.jcr, .jct) read and write alike.
#include "base/json_reader.h"
#include "receipt/receipt.h"

namespace jc::receipt::envelope {

inline constexpr std::size_t kMaxPath = 63; ///< of a tree with 2^63 leaves
inline constexpr std::size_t kMaxCertificates = 16;
inline constexpr std::size_t kMaxTokens = 8;
inline constexpr std::size_t kMaxHandovers = 1024;
inline constexpr const char* kBadKey = "unknown or repeated key";

/// The keys of one object, one bit each.
class Keys {
public:
    /// False when the key was there before.
    [[nodiscard]] bool first(unsigned bit) noexcept
    {
        const bool fresh = (m_seen & bit) == 0;
        m_seen |= bit;
        return fresh;
    }
    [[nodiscard]] bool all(unsigned bits) const noexcept { return (m_seen & bits) == bits; }

private:
    unsigned m_seen = 0;
};

[[nodiscard]] inline bool reject(JsonReader& in, const char* why) noexcept
{
    in.reject(why);
    return false;
}
/// After the last key of an object: nothing went wrong and nothing required is missing.
[[nodiscard]] bool finish(JsonReader& in, const Keys& seen, unsigned required) noexcept;

[[nodiscard]] bool readBytes(JsonReader& in, Bytes& out);      ///< canonical base64 of at least one byte
[[nodiscard]] bool readText(JsonReader& in, std::string& out); ///< UTF-8, at least one byte
[[nodiscard]] bool readBytesArray(JsonReader& in, std::vector<Bytes>& out, std::size_t most);
[[nodiscard]] bool readHandovers(JsonReader& in, std::vector<HandoverPart>& out);
[[nodiscard]] bool readHash(JsonReader& in, std::span<std::uint8_t, 32> out);
template <class Hash> [[nodiscard]] bool readHashes(JsonReader& in, std::vector<Hash>& out)
{
    if (!in.beginArray()) return false;
    while (in.nextElement()) {
        if (out.size() == kMaxPath) return reject(in, "a path has at most 63 hashes");
        if (!readHash(in, std::span<std::uint8_t, 32>(out.emplace_back().data(), 32))) return false;
    }
    return in.ok();
}

inline ByteView view(const Bytes& b) noexcept
{
    return b;
}
template <class Tag> ByteView view(const Hash32<Tag>& h) noexcept
{
    return h.bytes();
}
template <class T> void appendBytes(std::string& to, const T& value)
{
    to += '"';
    appendBase64(to, view(value));
    to += '"';
}
template <class T> void appendArray(std::string& to, const std::vector<T>& values)
{
    to += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
        to += i == 0 ? "\n" : ",\n";
        appendBytes(to, values[i]);
    }
    to += values.empty() ? "]" : "\n]";
}
void appendHandovers(std::string& to, const std::vector<HandoverPart>& handovers);

} // namespace jc::receipt::envelope
