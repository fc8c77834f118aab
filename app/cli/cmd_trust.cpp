// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"
#include "terminal.h"

#include <algorithm>

namespace jc::cli {
namespace {

Json trustJson(const service::TrustInfo& t)
{
    Json courts = Json::array();
    for (const auto& court : t.courts)
        courts.push(Json::object().set("key", court.key).set("nameZh", court.nameZh).set("nameEn", court.nameEn));
    return Json::object()
        .set("name", t.name)
        .set("origin", t.origin)
        .set("fingerprint", t.fingerprint)
        .set("size", t.size)
        .set("time", timeOrNull(t.time))
        .set("quorum", t.quorum)
        .set("courts", std::move(courts))
        .set("staff", t.staff)
        .set("revoked", t.revoked);
}

void trustLines(Context& c, const service::TrustInfo& t)
{
    Console& out = c.console;
    out.field(text::kLedger, printable(t.origin) + "  " + c.say(text::kTrustSize, {std::to_string(t.size), shownTime(t.time)}));
    out.field(text::kFingerprint, grouped(t.fingerprint));
    for (const auto& court : t.courts)
        out.field(text::kCourt, printable(court.key + "  " + court.nameZh + "  " + court.nameEn));
    out.field(text::kQuorum, c.say(text::kQuorumLine, {std::to_string(t.quorum), std::to_string(t.courts.size())}));
    out.field(text::kStaff, c.say(text::kStaffCount, {std::to_string(t.staff), std::to_string(t.revoked)}));
}

} // namespace

Outcome runTrustShow(Context& c)
{
    std::filesystem::path file = c.args.positional(0);
    if (file.empty()) {
        JC_TRY(const auto dir, c.workspaceDirectory());
        file = dir / "trust.jct";
    }
    JC_TRY(const auto info, service::readTrust(file));
    c.console.document(trustJson(info));
    c.console.line(c.say(text::kTrustHeader, {printable(info.name)}));
    trustLines(c, info);
    return kExitDone;
}

Outcome runTrustExport(Context& c)
{
    const auto file = absolutePath(c.args.positional(0));
    JC_TRY(auto workspace, c.open(service::Access::Read));
    JC_CHECK(service::exportTrust(*workspace, file));
    JC_TRY(const auto info, service::readTrust(file));
    c.console.document(trustJson(info).set("file", pathText(file)));
    c.console.line(c.say(text::kTrustExported, {shown(file)}));
    trustLines(c, info);
    return kExitDone;
}

Outcome runTrustImport(Context& c)
{
    const std::filesystem::path file = c.args.positional(0);
    std::string fingerprint;
    for (const char ch : c.args.text("--fingerprint"))
        if (ch != ' ' && ch != ':') fingerprint += ch >= 'A' && ch <= 'F' ? static_cast<char>(ch - 'A' + 'a') : ch;
    const auto isHex = [](char ch) { return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f'); };
    if (c.args.has("--fingerprint") && (fingerprint.size() != 64 || !std::ranges::all_of(fingerprint, isHex)))
        return c.usage(text::kBadFingerprint);
    JC_TRY(auto workspace, c.open(service::Access::Write));
    if (fingerprint.empty()) {
        JC_TRY(const auto seen, service::importTrust(*workspace, file, ""));
        if (c.global.yes) {
            fingerprint = seen.fingerprint;
        } else {
            if (canAsk()) {
                c.console.note(c.say(text::kTrustHeader, {printable(seen.origin)}));
                c.console.note(c.say(text::kTrustCompare, {grouped(seen.fingerprint)}));
                const auto answer = askLine(c.say(text::kTrustAsk));
                if (answer == "yes") fingerprint = seen.fingerprint;
            }
            // Not filled in for a script: a fingerprint taken from the file itself would compare it with itself.
            if (fingerprint.empty())
                return fail(ErrorCode::Refused, c.say(text::kTrustNotConfirmed, {shown(file), "HEX"}), "not_confirmed");
        }
    }
    JC_TRY(const auto info, service::importTrust(*workspace, file, fingerprint));
    c.console.document(trustJson(info));
    c.console.line(c.say(text::kTrustImported, {printable(info.origin)}));
    trustLines(c, info);
    return kExitDone;
}

Outcome runTrustUpdate(Context& c)
{
    JC_TRY(auto workspace, c.open(service::Access::Write));
    JC_TRY(const auto info, service::updateTrust(*workspace));
    c.console.document(trustJson(info));
    c.console.line(c.say(text::kTrustUpdated, {std::to_string(info.size)}));
    trustLines(c, info);
    return kExitDone;
}

} // namespace jc::cli
