// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"
#include "base/uuid.h"

namespace jc::cli {
namespace {

/// Kinds that a person writes down; the others are written by the step that they tell of.
constexpr record::EventKind kByHand[] = {record::EventKind::Viewed,    record::EventKind::Exported,       record::EventKind::Verified,
                                         record::EventKind::Mismatch,  record::EventKind::Received,       record::EventKind::Copied,
                                         record::EventKind::Printed,   record::EventKind::TransferredOut, record::EventKind::TransferredIn,
                                         record::EventKind::Objection, record::EventKind::Decision,       record::EventKind::Frozen,
                                         record::EventKind::Unfrozen,  record::EventKind::Archived,       record::EventKind::ReportIssued};

/// CustodyEvent.outcome: docs/formats/custody.md
Text resultText(std::uint32_t outcome)
{
    switch (outcome) {
    case 1:
        return wordText(verdict::Word::Consistent);
    case 2:
        return wordText(verdict::Word::Inconsistent);
    case 3:
        return wordText(verdict::Word::Undetermined);
    default:
        return {};
    }
}

Json eventJson(const service::CustodyEntry& entry)
{
    const record::CustodyEvent& e = entry.event;
    static constexpr std::string_view kOutcomes[] = {"", "consistent", "inconsistent", "undetermined"};
    return Json::object()
        .set("index", entry.index)
        .set("id", toString(e.id))
        .set("time", formatUtc(e.time))
        .set("utcOffsetMinutes", e.utcOffsetMinutes)
        .set("kind", record::toString(e.kind))
        .set("actor", e.actor.hex())
        .set("actorName", orNull(entry.actorName))
        .set("role", record::toString(e.role))
        .set("agent", e.agent)
        .set("machine", e.machine)
        .set("filing", e.filing ? Json(toString(*e.filing)) : Json())
        .set("ordinal", e.ordinal ? Json(e.ordinal) : Json())
        .set("number", orNull(e.number))
        .set("case", orNull(e.caseNumber))
        .set("detail", orNull(e.detail))
        .set("before", orNull(toHex(e.beforeDigest)))
        .set("after", orNull(toHex(e.afterDigest)))
        .set("outcome", e.outcome >= 1 && e.outcome <= 3 ? Json(kOutcomes[e.outcome]) : Json());
}

} // namespace

Outcome runCustodyLog(Context& c)
{
    JC_TRY(auto workspace, c.open(service::Access::Read));
    JC_TRY(const auto events, service::custodyLog(*workspace, c.args.positional(0)));
    Json list = Json::array();
    for (const auto& e : events)
        list.push(eventJson(e));
    Console& out = c.console;
    out.document(Json::object().set("events", std::move(list)));
    out.line(events.empty() ? c.say(text::kCustodyNone) : c.say(text::kCustodyCount, {std::to_string(events.size())}));
    for (const auto& entry : events) {
        const auto& e = entry.event;
        std::string line = "  " + formatLocal(e.time) + "  " + c.say(eventText(e.kind));
        if (const Text r = resultText(e.outcome); !r.zh.empty() && e.kind != record::EventKind::Mismatch) line += " (" + c.say(r) + ")";
        line += "  " + (entry.actorName.empty() ? c.say(text::kKey, {e.actor.hex().substr(0, 16)}) : printable(entry.actorName));
        if (e.role != record::Role::None) line += " (" + c.say(roleText(e.role)) + ")";
        if (!e.number.empty()) line += "  " + printable(e.number);
        if (!e.detail.empty()) line += "  " + printable(e.detail);
        out.line(line);
    }
    return kExitDone;
}

Outcome runCustodyAdd(Context& c)
{
    const auto& words = c.args.positionals();
    const auto kind = record::parseEventKind(words[1]);
    bool allowed = false;
    std::string names;
    for (const auto k : kByHand) {
        allowed = allowed || kind == k;
        names += (names.empty() ? "" : ", ") + std::string(record::toString(k));
    }
    if (!allowed) return c.usage(text::kBadEvent, {printable(words[1]), names});
    std::string detail = c.args.text("--detail");
    for (std::size_t i = 2; i < words.size(); ++i)
        detail += (detail.empty() ? "" : " ") + words[i];
    JC_TRY(auto workspace, c.open(service::Access::Write));
    JC_CHECK(service::addCustodyEvent(*workspace, words[0], *kind, toNfc(detail)));
    c.console.document(Json::object().set("number", words[0]).set("kind", record::toString(*kind)).set("detail", orNull(detail)));
    c.console.line(c.say(text::kCustodyAdded, {c.say(eventText(*kind))}));
    return kExitDone;
}

} // namespace jc::cli
