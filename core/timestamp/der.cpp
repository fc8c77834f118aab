// SPDX-License-Identifier: Apache-2.0
#include "timestamp/der.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace jc::timestamp::der {

Tlv Reader::any(const char* what) noexcept
{
    if (*m_fault) return {};
    if (m_rest.size() < 2) {
        m_fault->set(what);
        return {};
    }
    const std::uint8_t tag = m_rest[0];
    if ((tag & 0x1fU) == 0x1fU) { // no structure here uses high tag numbers
        m_fault->set("unexpected tag");
        return {};
    }
    std::size_t length = m_rest[1];
    std::size_t header = 2;
    if (length >= 0x80) {
        const std::size_t octets = length & 0x7fU;
        if (octets == 0 || octets > 4 || m_rest.size() < 2 + octets || m_rest[2] == 0) {
            m_fault->set("a length is not DER");
            return {};
        }
        length = 0;
        for (std::size_t i = 0; i < octets; ++i)
            length = (length << 8U) | m_rest[2 + i];
        if (length < 0x80) {
            m_fault->set("a length is not minimal");
            return {};
        }
        header += octets;
    }
    if (length > m_rest.size() - header) {
        m_fault->set("an element is longer than what holds it");
        return {};
    }
    Tlv t{tag, m_rest.subspan(header, length), m_rest.first(header + length)};
    m_rest = m_rest.subspan(header + length);
    return t;
}

Tlv Reader::expect(std::uint8_t tag, const char* what) noexcept
{
    if (!nextIs(tag)) {
        m_fault->set(what);
        return {};
    }
    return any(what);
}

std::optional<Tlv> Reader::optional(std::uint8_t tag, const char* what) noexcept
{
    if (!nextIs(tag)) return std::nullopt;
    const Tlv t = any(what);
    if (*m_fault) return std::nullopt;
    return t;
}

ByteView Reader::integer(const char* what, std::uint8_t tag) noexcept
{
    const ByteView c = expect(tag, what).content;
    if (*m_fault) return {};
    const bool padded = c.size() > 1 && ((c[0] == 0x00 && (c[1] & 0x80U) == 0) || (c[0] == 0xff && (c[1] & 0x80U) != 0));
    if (c.empty() || padded) {
        m_fault->set(what);
        return {};
    }
    return c;
}

std::uint64_t Reader::smallInteger(std::uint64_t max, const char* what, std::uint8_t tag) noexcept
{
    const ByteView c = integer(what, tag);
    if (*m_fault) return 0;
    if ((c[0] & 0x80U) != 0 || c.size() > 9 || (c.size() == 9 && c[0] != 0)) {
        m_fault->set(what);
        return 0;
    }
    std::uint64_t v = 0;
    for (const std::uint8_t b : c)
        v = (v << 8U) | b;
    if (v > max) {
        m_fault->set(what);
        return 0;
    }
    return v;
}

ByteView Reader::oid(const char* what) noexcept
{
    const ByteView c = expect(kOid, what).content;
    if (*m_fault) return {};
    bool ok = !c.empty() && c.size() <= 64 && (c.back() & 0x80U) == 0;
    for (std::size_t i = 0; ok && i < c.size(); ++i)
        ok = !(c[i] == 0x80 && (i == 0 || (c[i - 1] & 0x80U) == 0)); // padded arc
    if (!ok) {
        m_fault->set(what);
        return {};
    }
    return c;
}

bool Reader::boolean(const char* what) noexcept
{
    const ByteView c = expect(kBoolean, what).content;
    if (*m_fault) return false;
    if (c.size() != 1 || (c[0] != 0x00 && c[0] != 0xff)) {
        m_fault->set(what);
        return false;
    }
    return c[0] == 0xff;
}

AlgorithmId Reader::algorithm(const char* what) noexcept
{
    Reader seq = enter(kSequence, what);
    AlgorithmId a;
    a.oid = seq.oid(what);
    if (seq.more()) a.parameters = seq.any(what);
    seq.end(what);
    return a;
}

void Reader::end(const char* what) noexcept
{
    if (!*m_fault && !m_rest.empty()) m_fault->set(what);
}

std::string oidText(ByteView content)
{
    std::string text;
    std::uint64_t arc = 0;
    bool first = true;
    for (const std::uint8_t b : content) {
        if ((arc >> 57U) != 0) return {};
        arc = (arc << 7U) | (b & 0x7fU);
        if ((b & 0x80U) != 0) continue;
        if (first) {
            const std::uint64_t top = std::min<std::uint64_t>(arc / 40, 2);
            text = std::to_string(top) + "." + std::to_string(arc - top * 40);
            first = false;
        } else {
            text += "." + std::to_string(arc);
        }
        arc = 0;
    }
    return text;
}

Result<Bytes> oidFromText(std::string_view text)
{
    std::vector<std::uint64_t> arcs;
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        std::uint64_t v = 0;
        const auto [end, ec] = std::from_chars(part.data(), part.data() + part.size(), v);
        const bool padded = part.size() > 1 && part[0] == '0';
        if (part.empty() || ec != std::errc{} || end != part.data() + part.size() || padded || v >= (1ULL << 56U) || arcs.size() >= 32)
            return fail(ErrorCode::InvalidArgument, "not an object identifier");
        arcs.push_back(v);
        if (dot == std::string_view::npos) break;
        text.remove_prefix(dot + 1);
    }
    if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39))
        return fail(ErrorCode::InvalidArgument, "not an object identifier");
    Bytes out;
    const auto put = [&out](std::uint64_t v) {
        std::array<std::uint8_t, 10> b{};
        std::size_t n = 0;
        do {
            b[n++] = static_cast<std::uint8_t>(v & 0x7fU);
            v >>= 7U;
        } while (v != 0);
        while (n > 0) {
            --n;
            out.push_back(static_cast<std::uint8_t>(b[n] | (n > 0 ? 0x80U : 0U)));
        }
    };
    put(arcs[0] * 40 + arcs[1]);
    for (std::size_t i = 2; i < arcs.size(); ++i)
        put(arcs[i]);
    if (out.size() > 64) return fail(ErrorCode::InvalidArgument, "an object identifier is too long");
    return out;
}

std::optional<UnixMs> parseGeneralizedTime(ByteView c) noexcept
{
    if (c.size() < 15 || c.size() > 25 || c.back() != 'Z') return std::nullopt;
    const auto digits = [&c](std::size_t from, std::size_t count) -> int {
        int v = 0;
        for (std::size_t i = from; i < from + count; ++i) {
            if (c[i] < '0' || c[i] > '9') return -1;
            v = v * 10 + (c[i] - '0');
        }
        return v;
    };
    const int year = digits(0, 4), month = digits(4, 2), day = digits(6, 2), hour = digits(8, 2), minute = digits(10, 2),
              second = digits(12, 2);
    if (year < 1950 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return std::nullopt;
    UnixMs ms = 0;
    if (c.size() > 15) {
        const std::size_t fraction = c.size() - 16; // digits between "." and "Z"
        if (c[14] != '.' || fraction == 0 || c[c.size() - 2] == '0') return std::nullopt;
        for (std::size_t i = 0; i < fraction; ++i)
            if (c[15 + i] < '0' || c[15 + i] > '9') return std::nullopt;
        UnixMs weight = 100;
        for (std::size_t i = 0; i < fraction && weight > 0; ++i, weight /= 10)
            ms += weight * (c[15 + i] - '0');
    }
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    const UnixMs days = std::chrono::sys_days{date}.time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute) * 60'000 + second * 1000 + ms;
}

namespace {
struct Civil {
    int year;
    unsigned month, day;
    int hour, minute, second, ms;
};
std::optional<Civil> civil(UnixMs t)
{
    constexpr UnixMs kFirst = -631'152'000'000;     // 1950-01-01
    constexpr UnixMs kBehind = 253'402'300'800'000; // 10000-01-01
    if (t < kFirst || t >= kBehind) return std::nullopt;
    constexpr UnixMs kDay = 86'400'000;
    UnixMs days = t / kDay;
    if (t % kDay < 0) --days;
    const int rest = static_cast<int>(t - days * kDay);
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
    return Civil{int{date.year()},   unsigned{date.month()}, unsigned{date.day()}, rest / 3'600'000,
                 rest / 60'000 % 60, rest / 1000 % 60,       rest % 1000};
}
} // namespace

std::optional<std::string> generalizedTime(UnixMs t)
{
    const auto c = civil(t);
    if (!c) return std::nullopt;
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%04d%02u%02u%02d%02d%02d.%03d", c->year, c->month, c->day, c->hour, c->minute, c->second, c->ms);
    std::string s = buffer;
    while (s.back() == '0')
        s.pop_back(); // the fraction carries no trailing zeros, an empty one no point
    if (s.back() == '.') s.pop_back();
    return s + "Z";
}

std::optional<Bytes> cmsTime(UnixMs t)
{
    const auto c = civil(t);
    if (!c) return std::nullopt;
    constexpr std::uint8_t kUtcTime = 0x17;
    const bool utc = c->year < 2050;
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%0*d%02u%02u%02d%02d%02dZ", utc ? 2 : 4, utc ? c->year % 100 : c->year, c->month, c->day, c->hour,
                  c->minute, c->second);
    return tlv(utc ? kUtcTime : kGeneralizedTime, asBytes(buffer));
}

void appendHeader(Bytes& to, std::uint8_t tag, std::size_t length)
{
    to.push_back(tag);
    if (length < 0x80) {
        to.push_back(static_cast<std::uint8_t>(length));
        return;
    }
    unsigned octets = 1;
    while (octets < sizeof length && (length >> (8U * octets)) != 0)
        ++octets;
    to.push_back(static_cast<std::uint8_t>(0x80U | octets));
    for (unsigned i = octets; i > 0; --i)
        to.push_back(static_cast<std::uint8_t>(length >> (8U * (i - 1))));
}

Bytes tlv(std::uint8_t tag, ByteView content)
{
    return tlv(tag, {content});
}

Bytes tlv(std::uint8_t tag, std::initializer_list<ByteView> parts)
{
    std::size_t size = 0;
    for (const ByteView p : parts)
        size += p.size();
    Bytes out;
    out.reserve(size + 6);
    appendHeader(out, tag, size);
    for (const ByteView p : parts)
        append(out, p);
    return out;
}

Bytes setOf(std::uint8_t tag, std::vector<Bytes> elements)
{
    std::sort(elements.begin(), elements.end());
    Bytes content;
    for (const Bytes& e : elements)
        append(content, ByteView(e));
    return tlv(tag, content);
}

Bytes unsignedInteger(std::uint64_t v)
{
    std::array<std::uint8_t, 9> b{};
    for (std::size_t i = 0; i < 8; ++i)
        b[8 - i] = static_cast<std::uint8_t>(v >> (8U * i));
    std::size_t from = 0;
    while (from < 8 && b[from] == 0 && (b[from + 1] & 0x80U) == 0)
        ++from;
    return tlv(kInteger, ByteView(b).subspan(from));
}

} // namespace jc::timestamp::der
