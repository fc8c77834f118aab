// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"

namespace jc::cli {
namespace {

Json pendingJson(const Console& console, const std::vector<service::PendingFiling>& pending)
{
    Json list = Json::array();
    for (const auto& p : pending) {
        Json waits = Json::array();
        if (p.waitsForLedger) waits.push("ledger");
        if (p.waitsForToken) waits.push("timestamp");
        if (p.waitsForReceipts) waits.push("receipts");
        list.push(Json::object()
                      .set("recordId", p.recordId)
                      .set("case", p.caseNumber)
                      .set("items", p.items)
                      .set("created", timeOrNull(p.created))
                      .set("waitingFor", std::move(waits))
                      .set("reason", orNull(p.reason))
                      .set("message", p.reason.empty() ? Json() : Json(console.message("", p.reason, p.detail))));
    }
    return list;
}

void pendingLines(Console& out, const std::vector<service::PendingFiling>& pending)
{
    for (const auto& p : pending) {
        out.line("  " + out.say(text::kPendingLine, {p.recordId, printable(p.caseNumber), std::to_string(p.items), shownTime(p.created)}));
        std::string what;
        const auto add = [&](bool waits, const Text& t) {
            if (waits) what += (what.empty() ? "" : out.say(text::kAnd)) + out.say(t);
        };
        add(p.waitsForLedger, text::kWaitLedger);
        add(p.waitsForToken, text::kWaitToken);
        add(p.waitsForReceipts, text::kWaitReceipts);
        if (!what.empty()) out.line("    " + out.say(text::kWaitsFor, {what}));
        if (p.reason.empty()) continue;
        out.line("    " + out.message("", p.reason, p.detail));
        if (const auto next = out.next("", p.reason); !next.empty()) out.line("    " + out.say(text::kNext, {next}));
    }
}

} // namespace

Outcome runStatus(Context& c)
{
    JC_TRY(auto workspace, c.open(service::Access::Read));
    JC_TRY(const auto s, service::status(*workspace));
    const auto& court = s.config;
    Console& out = c.console;
    // Opened for reading only: that the keys were not loaded is no fault of the ledger.
    const bool readOnly = !s.writability.empty() && s.writability != "writable" && s.writability != "no_keys";
    out.document(Json::object()
                     .set("workspace", pathText(workspace->directory()))
                     .set("court", Json::object().set("key", court.courtKey).set("nameZh", court.nameZh).set("nameEn", court.nameEn))
                     .set("demonstration", court.demonstration)
                     .set("person", orNull(s.person))
                     .set("role", orNull(s.role))
                     .set("ledger", Json::object()
                                        .set("origin", s.ledgerOrigin)
                                        .set("id", s.ledgerId)
                                        .set("size", s.ledgerSize)
                                        .set("time", timeOrNull(s.ledgerTime))
                                        .set("checkpointTime", timeOrNull(s.checkpointTime))
                                        .set("writability", s.writability))
                     .set("cases", s.cases)
                     .set("filings", s.filings)
                     .set("items", s.items)
                     .set("custodyEvents", s.custodyEvents)
                     .set("pending", pendingJson(out, s.pending))
                     .set("freeBytes", s.freeBytes));
    out.line(readOnly            ? c.say(text::kStatusReadOnly)
             : s.pending.empty() ? c.say(text::kStatusReady)
                                 : c.say(text::kStatusWaiting, {std::to_string(s.pending.size())}));
    if (readOnly) {
        out.line("  " + out.what("", s.writability, {}));
        if (const auto next = out.next("", s.writability); !next.empty()) out.line("  " + c.say(text::kNext, {next}));
    }
    out.field(text::kWorkspace, shown(workspace->directory()) + (court.demonstration ? " (" + c.say(text::kDemonstration) + ")" : ""));
    out.field(text::kCourt, printable(court.courtKey + "  " + court.nameZh + "  " + court.nameEn));
    const auto role = record::parseRole(s.role);
    if (!s.person.empty())
        out.field(text::kPerson, printable(s.person) + " (" + c.say(role ? roleText(*role) : Text{"未登记", "not enrolled"}) + ")");
    out.field(text::kLedger, c.say(text::kLedgerLine, {printable(s.ledgerOrigin), std::to_string(s.ledgerSize), shownTime(s.ledgerTime)}));
    out.field(text::kFingerprint, grouped(s.ledgerId));
    out.field(text::kCounts, c.say(text::kCountsLine, {std::to_string(s.cases), std::to_string(s.filings), std::to_string(s.items),
                                                       std::to_string(s.custodyEvents)}));
    out.field(text::kFree, std::to_string(s.freeBytes / 1'000'000) + " MB");
    pendingLines(out, s.pending);
    if (!s.pending.empty()) out.line(c.say(text::kNext, {c.say(text::kRetryNext)}));
    return kExitDone;
}

Outcome runOutbox(Context& c)
{
    JC_TRY(auto workspace, c.open(service::Access::Read));
    JC_TRY(const auto s, service::status(*workspace));
    Console& out = c.console;
    out.document(Json::object().set("pending", pendingJson(out, s.pending)));
    out.line(s.pending.empty() ? c.say(text::kOutboxNone) : c.say(text::kOutboxSome, {std::to_string(s.pending.size())}));
    pendingLines(out, s.pending);
    if (!s.pending.empty()) out.line(c.say(text::kNext, {c.say(text::kRetryNext)}));
    return kExitDone;
}

Outcome runOutboxRetry(Context& c)
{
    JC_TRY(const auto seconds, c.number("--wait", 0, 86400, 15));
    JC_TRY(auto workspace, c.open(service::Access::Write));
    auto left = service::retryOutbox(*workspace, std::chrono::milliseconds(seconds * 1000), c.progress(), c.stop());
    c.clearProgress();
    if (!left) return tl::unexpected(std::move(left).error());
    Console& out = c.console;
    out.document(Json::object().set("pending", pendingJson(out, *left)));
    out.line(left->empty() ? c.say(text::kOutboxNone) : c.say(text::kOutboxSome, {std::to_string(left->size())}));
    pendingLines(out, *left);
    return left->empty() ? kExitDone : kExitWaiting;
}

} // namespace jc::cli
