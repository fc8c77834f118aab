// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"
#include "terminal.h"

namespace jc::cli {
namespace {

Json staffJson(const service::StaffInfo& s)
{
    return Json::object()
        .set("name", s.name)
        .set("certificateHash", s.certificateHash)
        .set("role", s.role)
        .set("state", s.state)
        .set("notBefore", timeOrNull(s.notBefore))
        .set("notAfter", timeOrNull(s.notAfter))
        .set("revokedFrom", s.revokedFrom ? Json(formatUtc(*s.revokedFrom)) : Json());
}

std::string roleWord(const Console& console, std::string_view role)
{
    const auto known = record::parseRole(role);
    return known ? console.say(roleText(*known)) : std::string(role);
}

std::string nameOf(const service::StaffInfo& s)
{
    return s.name.empty() ? s.certificateHash : printable(s.name);
}

} // namespace

Outcome runStaffList(Context& c)
{
    JC_TRY(auto workspace, c.open(service::Access::Read));
    JC_TRY(const auto all, service::listStaff(*workspace));
    Json list = Json::array();
    for (const auto& s : all)
        list.push(staffJson(s));
    c.console.document(Json::object().set("staff", std::move(list)));
    c.console.line(all.empty() ? c.say(text::kStaffNone) : c.say(text::kStaffTotal, {std::to_string(all.size())}));
    for (const auto& s : all) {
        std::string state = c.say(staffStateText(s.state));
        if (s.revokedFrom) state += " " + shownTime(*s.revokedFrom);
        c.console.line("  " + c.say(text::kStaffLine, {nameOf(s), roleWord(c.console, s.role), state, formatLocal(s.notBefore),
                                                       formatLocal(s.notAfter), s.certificateHash}));
    }
    return kExitDone;
}

Outcome runStaffEnrol(Context& c)
{
    const auto word = c.args.one("--role").value_or("clerk");
    const auto role = record::parseRole(word);
    if (!role || *role == record::Role::None) return c.usage(text::kBadRole, {printable(word)});
    JC_TRY(auto workspace, c.open(service::Access::Write));
    JC_TRY(const auto s, service::enrolStaff(*workspace, c.args.positional(0), *role));
    const bool waits = s.state == "waiting_for_second";
    c.console.document(Json::object().set("staff", staffJson(s)));
    c.console.line(waits ? c.say(text::kSecondNeeded, {nameOf(s)}) : c.say(text::kEnrolled, {nameOf(s), roleWord(c.console, s.role)}));
    c.console.line("  " + s.certificateHash);
    if (waits) c.console.line(c.say(text::kNext, {c.say(text::kSecondNext)}));
    return waits ? kExitWaiting : kExitDone;
}

Outcome runStaffRevoke(Context& c)
{
    std::optional<UnixMs> from;
    if (const auto time = c.args.one("--from")) {
        const auto t = parseTime(*time);
        if (!t) return c.usage(text::kBadTime, {"--from", printable(*time)});
        from = *t;
    }
    if (!c.global.yes && canAsk()) {
        const auto answer = askLine(c.say(text::kRevokeAsk, {printable(c.args.positional(0))}));
        if (answer != "yes") return fail(ErrorCode::Refused, {}, "not_confirmed");
    }
    JC_TRY(auto workspace, c.open(service::Access::Write));
    JC_TRY(const auto s, service::revokeStaff(*workspace, c.args.positional(0), from, toNfc(c.args.text("--reason"))));
    const bool waits = s.state == "waiting_for_second";
    c.console.document(Json::object().set("staff", staffJson(s)));
    c.console.line(c.say(waits ? text::kSecondNeeded : text::kRevoked, {nameOf(s)}));
    if (s.revokedFrom) c.console.line("  " + shownTime(*s.revokedFrom));
    if (waits) c.console.line(c.say(text::kNext, {c.say(text::kSecondNext)}));
    return waits ? kExitWaiting : kExitDone;
}

} // namespace jc::cli
