// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <unistd.h>

namespace jc::cli {

int exitCode(ErrorCode code) noexcept
{
    switch (code) {
    case ErrorCode::InvalidArgument:
        return kExitUsage;
    case ErrorCode::Malformed:
        return kExitMalformed;
    case ErrorCode::NotFound:
    case ErrorCode::Unreadable:
    case ErrorCode::Changed:
        return kExitMissing;
    case ErrorCode::Refused:
        return kExitRefused;
    case ErrorCode::Unavailable:
        return kExitUnavailable;
    case ErrorCode::NoSpace:
    case ErrorCode::CannotWrite:
        return kExitCannotWrite;
    case ErrorCode::Waiting:
        return kExitWaiting;
    case ErrorCode::Identity:
        return kExitIdentity;
    case ErrorCode::Damaged:
        return kExitBad;
    case ErrorCode::Cancelled:
        return kExitStopped;
    case ErrorCode::Internal:
        break;
    }
    return kExitInternal;
}

void Console::line(std::string_view s)
{
    if (m_json) return;
    m_out += s;
    m_out += '\n';
}

void Console::field(const Text& label, std::string_view value)
{
    line("  " + padded(label.in(m_language), 22) + std::string(value));
}

void Console::note(std::string_view s) const
{
    std::string out(s);
    out += '\n';
    // Where standard error is gone nobody can be told so.
    (void)writeAll(STDERR_FILENO, asBytes(out), "standard error");
}

void Console::document(const Json& json)
{
    if (m_json) m_out += json.dump();
}

std::string Console::what(std::string_view scope, std::string_view reason, std::string_view detail) const
{
    if (const ReasonText* known = findReason(scope, reason)) return say(known->what);
    return detail.empty() ? std::string(reason) : printable(detail);
}

std::string Console::next(std::string_view scope, std::string_view reason) const
{
    const ReasonText* known = findReason(scope, reason);
    return known ? say(known->next) : std::string();
}

std::string Console::message(std::string_view scope, std::string_view reason, std::string_view detail) const
{
    std::string out = what(scope, reason, detail);
    if (!detail.empty() && findReason(scope, reason)) out += " " + say(text::kDetail, {printable(detail)});
    return out;
}

std::string_view reasonOf(const Error& error) noexcept
{
    return error.reason.empty() ? toString(error.code) : std::string_view(error.reason);
}

int Console::fail(const Error& error)
{
    m_out.clear();
    std::string_view reason = reasonOf(error);
    const int code = exitCode(error.code);
    const bool sentence = reason == "usage" || reason == "not_in_this_version"; // the detail is one already, in the user's language
    if (m_json) {
        Json e = sentence ? Json::object().set("code", toString(error.code)).set("reason", reason).set("message", error.detail)
                          : errorJson(*this, error.code, reason, error.detail);
        m_out = Json::object().set("error", std::move(e)).dump();
        return code;
    }
    if (sentence) {
        note(error.detail);
        return code;
    }
    if (!findReason("", reason) && error.detail.empty()) reason = toString(error.code);
    note(what("", reason, error.detail));
    if (findReason("", reason) && !error.detail.empty()) note("  " + say(text::kDetail, {printable(error.detail)}));
    std::string advice = next("", reason);
    if (advice.empty()) advice = next("", toString(error.code));
    if (!advice.empty()) note("  " + say(text::kNext, {advice}));
    return code;
}

bool Console::flush()
{
    std::string out;
    out.swap(m_out);
    return out.empty() || writeAll(STDOUT_FILENO, asBytes(out), "standard output").has_value();
}

Json errorJson(const Console& console, ErrorCode code, std::string_view reason, std::string_view detail)
{
    return Json::object().set("code", toString(code)).set("reason", reason).set("message", console.message("", reason, detail));
}

void setPath(Json& to, const std::filesystem::path& path)
{
    const std::string& raw = path.native();
    const bool clean = isValidUtf8(raw);
    to.set("path", clean ? raw : toNfc(raw));
    if (!clean) to.set("pathBytes", toBase64(asBytes(raw)));
}

std::filesystem::path absolutePath(const std::filesystem::path& path)
{
    std::error_code ec;
    auto out = std::filesystem::absolute(path, ec);
    return ec ? path : out.lexically_normal();
}

std::string pathText(const std::filesystem::path& path)
{
    return isValidUtf8(path.native()) ? path.native() : toNfc(path.native());
}
std::string shown(const std::filesystem::path& path)
{
    return printable(path.native());
}
std::string shownTime(UnixMs t)
{
    return formatLocal(t) + " (" + formatUtcSeconds(t) + ")";
}

std::string padded(std::string_view s, std::size_t cells)
{
    // Ideographs begin at U+3000; signs such as … and ✔ below take one.
    std::size_t have = 0;
    for (const char c : s)
        have += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0U : static_cast<unsigned char>(c) >= 0xE3U ? 2U : 1U;
    std::string out(s);
    out.append(have < cells ? cells - have : 1, ' ');
    return out;
}

std::string grouped(std::string_view hex)
{
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 4) {
        if (i) out += ' ';
        out += hex.substr(i, 4);
    }
    return out;
}

} // namespace jc::cli
