// SPDX-License-Identifier: Apache-2.0
#include "base/json_reader.h"

#include <cstdio>

namespace jc {
namespace {
constexpr int kMaxDepth = 8;
}
void JsonReader::skipSpace() noexcept
{
    while (m_pos < m_text.size() && (m_text[m_pos] == ' ' || m_text[m_pos] == '\n' || m_text[m_pos] == '\r' || m_text[m_pos] == '\t'))
        ++m_pos;
}
bool JsonReader::expect(char c)
{
    if (!ok()) return false;
    skipSpace();
    if (m_pos >= m_text.size() || m_text[m_pos] != c) {
        reject(m_pos >= m_text.size() ? "the text ends too early" : "unexpected character");
        return false;
    }
    ++m_pos;
    return true;
}
bool JsonReader::beginObject()
{
    if (!expect('{')) return false;
    if (++m_depth > kMaxDepth) {
        reject("nested too deeply");
        return false;
    }
    m_first[m_depth] = true;
    return true;
}
bool JsonReader::nextKey(std::string_view& key)
{
    if (!ok()) return false;
    skipSpace();
    if (m_pos < m_text.size() && m_text[m_pos] == '}') {
        ++m_pos;
        --m_depth;
        return false;
    }
    if (!m_first[m_depth] && !expect(',')) return false;
    m_first[m_depth] = false;
    std::string scratch;
    if (!string(key, scratch)) return false;
    if (!scratch.empty()) {
        reject("a key may not contain escapes");
        return false;
    }
    return expect(':');
}
bool JsonReader::beginArray()
{
    if (!expect('[')) return false;
    if (++m_depth > kMaxDepth) {
        reject("nested too deeply");
        return false;
    }
    m_first[m_depth] = true;
    return true;
}
bool JsonReader::nextElement()
{
    if (!ok()) return false;
    skipSpace();
    if (m_pos < m_text.size() && m_text[m_pos] == ']') {
        ++m_pos;
        --m_depth;
        return false;
    }
    if (!m_first[m_depth] && !expect(',')) return false;
    m_first[m_depth] = false;
    return true;
}
bool JsonReader::string(std::string_view& out, std::string& scratch)
{
    if (!expect('"')) return false;
    const std::size_t start = m_pos;
    scratch.clear();
    bool escaped = false;
    while (m_pos < m_text.size()) {
        const char c = m_text[m_pos];
        if (c == '"') {
            out = escaped ? std::string_view(scratch) : m_text.substr(start, m_pos - start);
            ++m_pos;
            return true;
        }
        if (static_cast<unsigned char>(c) < 0x20) break;
        if (c == '\\') {
            if (!escaped) scratch.assign(m_text.substr(start, m_pos - start));
            escaped = true;
            if (++m_pos >= m_text.size()) break;
            switch (m_text[m_pos]) {
            case 'n':
                scratch += '\n';
                break;
            case '"':
                scratch += '"';
                break;
            case '\\':
                scratch += '\\';
                break;
            case '/':
                scratch += '/';
                break;
            default:
                reject("this escape is not used in this format");
                return false;
            }
        } else if (escaped) {
            scratch += c;
        }
        ++m_pos;
    }
    reject(m_pos >= m_text.size() ? "the text ends inside a string" : "control character in a string");
    return false;
}
bool JsonReader::number(std::uint64_t& out)
{
    if (!ok()) return false;
    skipSpace();
    const std::size_t start = m_pos;
    std::uint64_t v = 0;
    while (m_pos < m_text.size() && m_text[m_pos] >= '0' && m_text[m_pos] <= '9') {
        const auto d = static_cast<std::uint64_t>(m_text[m_pos] - '0');
        if (v > (UINT64_MAX - d) / 10) {
            reject("number too large");
            return false;
        }
        v = v * 10 + d;
        ++m_pos;
    }
    const bool more = m_pos < m_text.size() && (m_text[m_pos] == '.' || m_text[m_pos] == 'e' || m_text[m_pos] == 'E');
    if (m_pos == start || (m_pos - start > 1 && m_text[start] == '0') || more) {
        reject("not a plain decimal number");
        return false;
    }
    out = v;
    return true;
}
bool JsonReader::skipValue(int depth)
{
    if (depth > kMaxDepth) {
        reject("nested too deeply");
        return false;
    }
    skipSpace();
    if (m_pos >= m_text.size()) {
        reject("the text ends too early");
        return false;
    }
    const char c = m_text[m_pos];
    std::string_view s;
    std::string scratch;
    if (c == '"') return string(s, scratch);
    if (c == '{') {
        if (!beginObject()) return false;
        while (nextKey(s))
            if (!skipValue(depth + 1)) return false;
        return ok();
    }
    if (c == '[') {
        if (!beginArray()) return false;
        while (nextElement())
            if (!skipValue(depth + 1)) return false;
        return ok();
    }
    std::uint64_t n = 0;
    return number(n);
}
bool JsonReader::raw(std::string_view& out)
{
    if (!ok()) return false;
    skipSpace();
    const std::size_t start = m_pos;
    if (!skipValue(m_depth)) return false;
    out = m_text.substr(start, m_pos - start);
    return true;
}
bool JsonReader::end()
{
    if (!ok()) return false;
    skipSpace();
    if (m_pos != m_text.size()) reject("something follows the document");
    return ok();
}
Error JsonReader::error() const
{
    return Error{ErrorCode::Malformed,
                 std::string(m_error ? m_error : "malformed") + " (at byte " + std::to_string(m_pos) + ")",
                 {},
                 std::source_location::current(),
                 {}};
}
void appendJsonString(std::string& to, std::string_view s)
{
    to += '"';
    for (const char c : s) {
        switch (c) {
        case '"':
            to += "\\\"";
            break;
        case '\\':
            to += "\\\\";
            break;
        case '\n':
            to += "\\n";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20) {
                char b[8];
                std::snprintf(b, sizeof b, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
                to += b;
            } else {
                to += c;
            }
        }
    }
    to += '"';
}
} // namespace jc
