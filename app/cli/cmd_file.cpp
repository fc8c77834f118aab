// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"

namespace jc::cli {

Json itemJson(const Console& console, const service::FiledItem& item)
{
    Json j = Json::object();
    setPath(j, absolutePath(item.path));
    j.set("state",
          service::toString(!item.error.empty() && item.state == service::ItemState::Skipped ? service::ItemState::Refused : item.state));
    j.set("number", orNull(item.number)).set("sha256", orNull(item.sha256)).set("sm3", orNull(item.sm3)).set("sha512", orNull(item.sha512));
    j.set("size", item.size).set("receipt", item.receipt ? Json(pathText(absolutePath(*item.receipt))) : Json());
    j.set("error", orNull(item.error))
        .set("message", item.error.empty() ? Json() : Json(console.message("filing", item.error, item.errorDetail)));
    j.set("duplicate",
          item.duplicate ? Json::object().set("of", orNull(item.duplicateOf)).set("time", timeOrNull(item.duplicateTime)) : Json());
    return j.set("resumed", item.resumed);
}

void itemLines(Console& console, const service::FiledItem& item)
{
    const bool failed = !item.error.empty();
    const bool anchored = item.state == service::ItemState::Anchored;
    console.line(std::string(failed     ? "✖ "
                             : anchored ? "✔ "
                                        : "… ") +
                 console.say(failed ? Text{"未存证", "not filed"} : stateText(item.state)) + "  " + shown(item.path));
    if (failed) {
        console.line("    " + console.message("filing", item.error, item.errorDetail));
        if (const auto next = console.next("filing", item.error); !next.empty()) console.line("    " + console.say(text::kNext, {next}));
        return;
    }
    if (!item.number.empty()) console.line("    " + console.say(text::kNumber) + "  " + item.number);
    if (!item.sha256.empty()) console.line("    SHA-256  " + grouped(item.sha256));
    if (!item.sm3.empty()) console.line("    SM3      " + grouped(item.sm3));
    if (!item.sha512.empty()) console.line("    SHA-512  " + grouped(item.sha512));
    if (item.receipt) console.line("    " + console.say(text::kReceipt) + "  " + shown(*item.receipt));
    if (item.duplicate) console.line("    " + console.say(text::kDuplicate, {item.duplicateOf, shownTime(item.duplicateTime)}));
    if (item.resumed) console.line("    " + console.say(text::kResumed));
}

namespace {

/// 75 where something waits, else why some were not filed: 66 before 73 before 3.
int exitOf(const service::FilingReport& report)
{
    bool missing = false, disk = false, other = false, waiting = report.waiting > 0;
    for (const auto& item : report.items) {
        if (item.error.empty()) {
            waiting = waiting || item.state == service::ItemState::Queued || item.state == service::ItemState::Timestamped ||
                      item.state == service::ItemState::Fixed;
            continue;
        }
        const int code = exitCode(item.errorCode);
        missing = missing || code == kExitMissing;
        disk = disk || code == kExitCannotWrite;
        other = other || (code != kExitMissing && code != kExitCannotWrite);
    }
    if (waiting) return kExitWaiting;
    if (missing) return kExitMissing;
    if (disk) return kExitCannotWrite;
    // Nothing at all was filed: that is no success either.
    return other || report.filed == 0 ? kExitRefused : kExitDone;
}

Json reportJson(const Console& console, const service::FilingReport& r)
{
    Json filing = Json::object();
    filing.set("index", orNull(r.index))
        .set("entryHash", orNull(r.entryHash))
        .set("time", timeOrNull(r.time))
        .set("state", service::toString(r.state));
    filing.set("recordId", orNull(r.recordId)).set("waitingFor", orNull(r.waitingFor));
    filing.set("waitingReason", orNull(r.waitingReason)).set("otherCourt", r.otherCourt);
    Json items = Json::array();
    for (const auto& item : r.items)
        items.push(itemJson(console, item));
    Json summary = Json::object();
    summary.set("filed", r.filed).set("failed", r.failed).set("waiting", r.waiting).set("skipped", r.skipped);
    return Json::object().set("filing", std::move(filing)).set("items", std::move(items)).set("summary", std::move(summary));
}

} // namespace

Outcome runFile(Context& c)
{
    service::FilingRequest request;
    request.caseNumber = c.args.text("--case");
    request.paths = c.args.paths();
    if (const auto purpose = c.args.one("--purpose")) {
        if (const auto kind = parsePurpose(*purpose))
            request.purpose = *kind;
        else
            request.purposeText = toNfc(*purpose);
    }
    request.form = c.args.path("--form");
    request.sha512 = c.args.has("--sha512");
    request.seal = !c.args.has("--no-seal");
    request.emptyReason = c.args.text("--allow-empty");
    request.receiptsDir = c.args.path("--receipts");
    JC_TRY(const auto seconds, c.number("--wait", 0, 86400, 15));
    request.wait = std::chrono::milliseconds(seconds * 1000);
    request.acknowledges = true;

    JC_TRY(auto workspace, c.open(service::Access::Write));
    auto filed = service::fileEvidence(*workspace, request, c.progress(), c.stop());
    c.clearProgress();
    if (!filed) return tl::unexpected(std::move(filed).error());
    const service::FilingReport& r = *filed;
    const int code = exitOf(r);

    Console& out = c.console;
    out.document(reportJson(out, r));
    const std::string failed = std::to_string(r.failed + r.skipped), done = std::to_string(r.filed);
    if (code == kExitWaiting)
        out.line(c.say(text::kFiledWaiting, {std::to_string(r.filed + r.waiting), std::to_string(r.waiting)}));
    else if (r.filed == 0)
        out.line(c.say(text::kFiledNone));
    else if (r.failed > 0)
        out.line(c.say(text::kFiledSome, {done, failed}));
    else
        out.line(c.say(text::kFiledAll, {done}));
    if (r.failed > 0 && code == kExitWaiting) out.line(c.say(text::kFiledSome, {std::to_string(r.filed + r.waiting), failed}));
    if (r.skipped > 0) out.line(c.say(text::kSkipped, {std::to_string(r.skipped)}));
    if (r.index) out.line(c.say(text::kFilingEntry, {std::to_string(*r.index), shownTime(r.time)}));
    if (!r.index && !r.recordId.empty()) out.line(c.say(text::kFilingRecord, {r.recordId}));
    if (!r.waitingReason.empty()) out.line("  " + out.what("", r.waitingReason, {}));
    if (r.otherCourt) out.line(c.say(text::kOtherCourt));
    // What needs a person comes first.
    for (const auto& item : r.items)
        if (!item.error.empty()) itemLines(out, item);
    for (const auto& item : r.items)
        if (item.error.empty()) itemLines(out, item);
    if (code == kExitWaiting) out.line(c.say(text::kNext, {c.say(text::kRetryNext)}));
    // Killed before this, the same command does not file the same files twice.
    if (!out.flush()) {
        out.note(c.say(text::kStdoutFailed));
        return kExitCannotWrite;
    }
    JC_CHECK(service::acknowledge(*workspace));
    return code;
}

} // namespace jc::cli
