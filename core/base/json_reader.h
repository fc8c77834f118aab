// SPDX-License-Identifier: Apache-2.0
#pragma once
// Strict pull reader for the project's own JSON envelopes (.jcr, .jct): no escapes other than \n \" \\ \/, no duplicate or unknown keys
// (the caller's switch decides), no numbers but decimal integers without sign or leading zero, depth ≤ 8, nothing after the document.
// Zero-copy where a string has no escape. Not a general JSON parser on purpose: signed bytes never depend on JSON.
#include "base/bytes.h"

namespace jc {
class JsonReader {
public:
    explicit JsonReader(std::string_view text) noexcept : m_text(text) {}

    /// Each returns false and keeps the first error on malformed input; afterwards everything returns false.
    [[nodiscard]] bool beginObject();
    /// Next key of the current object into `key`; false at its end (then the object is closed) or on error: check ok().
    [[nodiscard]] bool nextKey(std::string_view& key);
    [[nodiscard]] bool beginArray();
    /// True while another element follows; false at the end (array closed) or on error.
    [[nodiscard]] bool nextElement();
    /// A string; `out` views the input when it has no escapes, else `scratch`.
    [[nodiscard]] bool string(std::string_view& out, std::string& scratch);
    [[nodiscard]] bool number(std::uint64_t& out);
    /// The raw text of the next value, whatever it is (used to compare shared parts byte for byte). Skips it.
    [[nodiscard]] bool raw(std::string_view& out);
    /// After the last value: only white space may follow.
    [[nodiscard]] bool end();
    [[nodiscard]] bool ok() const noexcept { return m_error == nullptr; }
    void reject(const char* why) noexcept
    {
        if (!m_error) m_error = why;
    }
    [[nodiscard]] Error error() const; ///< Malformed with the offset
    [[nodiscard]] std::size_t offset() const noexcept { return m_pos; }

private:
    void skipSpace() noexcept;
    [[nodiscard]] bool expect(char c);
    [[nodiscard]] bool skipValue(int depth);
    std::string_view m_text;
    std::size_t m_pos = 0;
    const char* m_error = nullptr;
    int m_depth = 0;
    bool m_first[10] = {};
};
/// Appends a JSON string literal (RFC 8259); input must be valid UTF-8.
void appendJsonString(std::string& to, std::string_view s);
} // namespace jc
