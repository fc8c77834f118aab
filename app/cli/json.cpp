// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include "base/clock.h"
#include "base/json_reader.h"
#include "base/text.h"

#include <charconv>
#include <cmath>

namespace jc::cli {
namespace {

void newLine(std::string& to, bool pretty, unsigned depth)
{
    if (!pretty) return;
    to += '\n';
    to.append(std::size_t{2} * depth, ' ');
}

} // namespace

Json::Json(double n)
{
    if (!std::isfinite(n)) return; // JSON has no word for it
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, n, std::chars_format::general, 6);
    m_value = Number{std::string(text, end.ptr)};
}

Json Json::object()
{
    Json j;
    j.m_value = Object{};
    return j;
}

Json Json::array()
{
    Json j;
    j.m_value = Array{};
    return j;
}

Json& Json::set(std::string_view key, Json value)
{
    if (auto* members = std::get_if<Object>(&m_value)) members->emplace_back(std::string(key), std::move(value));
    return *this;
}

Json& Json::push(Json value)
{
    if (auto* elements = std::get_if<Array>(&m_value)) elements->push_back(std::move(value));
    return *this;
}

std::string Json::dump(bool pretty) const
{
    std::string out;
    write(out, pretty, 0);
    out += '\n';
    return out;
}

void Json::write(std::string& to, bool pretty, unsigned depth) const
{
    if (const auto* b = std::get_if<bool>(&m_value)) {
        to += *b ? "true" : "false";
    } else if (const auto* n = std::get_if<Number>(&m_value)) {
        to += n->text;
    } else if (const auto* s = std::get_if<std::string>(&m_value)) {
        appendJsonString(to, isValidUtf8(*s) ? *s : toNfc(*s));
    } else if (const auto* a = std::get_if<Array>(&m_value)) {
        to += '[';
        for (std::size_t i = 0; i < a->size(); ++i) {
            if (i) to += ',';
            newLine(to, pretty, depth + 1);
            (*a)[i].write(to, pretty, depth + 1);
        }
        if (!a->empty()) newLine(to, pretty, depth);
        to += ']';
    } else if (const auto* o = std::get_if<Object>(&m_value)) {
        to += '{';
        for (std::size_t i = 0; i < o->size(); ++i) {
            if (i) to += ',';
            newLine(to, pretty, depth + 1);
            appendJsonString(to, (*o)[i].first);
            to += pretty ? ": " : ":";
            (*o)[i].second.write(to, pretty, depth + 1);
        }
        if (!o->empty()) newLine(to, pretty, depth);
        to += '}';
    } else {
        to += "null";
    }
}

Json orNull(std::string_view s)
{
    return s.empty() ? Json() : Json(s);
}
Json timeOrNull(std::int64_t unixMs)
{
    return unixMs == 0 ? Json() : Json(formatUtc(unixMs));
}

} // namespace jc::cli
