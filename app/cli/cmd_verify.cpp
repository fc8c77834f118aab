// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"

#include <algorithm>

namespace jc::cli {
namespace {

using Mark = verdict::Outcome;

/// The evidence that a result stands for when the file or receipt could not be read: the word is still one of the three.
verdict::Cause causeOfError(const service::VerifyResult& r)
{
    return r.error.starts_with("receipt") || r.errorCode == ErrorCode::Malformed ? verdict::Cause::Receipt : verdict::Cause::File;
}

bool hasFile(const service::VerifyResult& r)
{
    return !r.digests.empty();
}

Json checksJson(const Console& console, const service::VerifyResult& r)
{
    Json checks = Json::array();
    for (std::size_t i = 0; i < 5; ++i) {
        const auto id = static_cast<verdict::CheckId>(i);
        if (r.verdict) {
            const verdict::CheckResult& c = r.verdict->checks[i];
            checks.push(Json::object()
                            .set("id", verdict::toString(c.id))
                            .set("outcome", verdict::toString(c.outcome))
                            .set("reason", c.reason)
                            .set("detail", c.detail)
                            .set("message", console.what("verdict", c.reason, c.detail)));
        } else {
            const auto outcome = id == verdict::CheckId::Provenance ? Mark::NotApplicable : Mark::Undetermined;
            checks.push(Json::object()
                            .set("id", verdict::toString(id))
                            .set("outcome", verdict::toString(outcome))
                            .set("reason", "not_checked")
                            .set("detail", "")
                            .set("message", console.what("verdict", "not_checked", {})));
        }
    }
    return checks;
}

Json resultJson(const Console& console, const service::VerifyResult& r)
{
    Json j = Json::object();
    setPath(j, r.path.empty() ? r.path : absolutePath(r.path));
    const verdict::Verdict* v = r.verdict ? &*r.verdict : nullptr;
    j.set("verdict", verdict::toString(v ? v->word : verdict::Word::Undetermined));
    j.set("cause", orNull(verdict::toString(v ? v->cause : causeOfError(r))));
    j.set("checks", checksJson(console, r));
    j.set("number", v ? orNull(v->number) : Json());
    const auto time = [](const std::optional<UnixMs>& t) { return t ? Json(formatUtc(*t)) : Json(); };
    j.set("anchoredAt", v ? time(v->anchoredAt) : Json())
        .set("tokenTime", v ? time(v->tokenTime) : Json())
        .set("notBefore", v ? time(v->notBefore) : Json());
    Json signers = Json::array(), notes = Json::array(), digests = Json::object();
    if (v) {
        for (const auto& s : v->signers)
            signers.push(s);
        for (const auto& n : v->notes)
            notes.push(Json::object().set("reason", n).set("message", console.what("note", n, {})));
    }
    for (const auto& d : r.digests)
        digests.set(crypto::name(d.algorithm), toHex(d.value));
    j.set("signers", std::move(signers));
    j.set("signerName", v ? orNull(v->signerName) : Json()).set("tokenAuthority", v ? orNull(v->tokenAuthority) : Json());
    j.set("size", hasFile(r) ? Json(r.size) : Json()).set("digests", std::move(digests));
    j.set("receipt", r.receipt.empty() ? Json() : Json(pathText(absolutePath(r.receipt))));
    j.set("notes", std::move(notes));
    return j.set("error", r.error.empty() ? Json() : errorJson(console, r.errorCode, r.error, r.errorDetail));
}

/// Marks the first group of four in which they differ, so that nobody has to compare 64 digits by eye.
void digestPair(Console& out, std::string_view name, const std::string& filed, const std::string& found)
{
    // The two words are of equal width in each language's terminal: two Chinese characters, five letters.
    const std::string label = "      " + std::string(name) + std::string(name.size() < 8 ? 8 - name.size() : 1, ' ');
    const bool zh = out.language() == Language::ZhCn;
    std::size_t at = 0;
    while (at < filed.size() && at < found.size() && filed[at] == found[at])
        ++at;
    out.line(label + out.say(text::kOnFile) + "  " + grouped(filed));
    out.line(std::string(label.size(), ' ') + out.say(text::kAtHand) + "  " + grouped(found));
    out.line(std::string(label.size() + (zh ? 4 : 5) + 2 + at / 4 * 5, ' ') + "^^^^");
}

void differences(Console& out, const service::VerifyResult& r)
{
    if (!r.verdict || !r.verdict->descriptor) return;
    const auto& d = *r.verdict->descriptor;
    for (const auto& filed : d.digests)
        for (const auto& found : r.digests)
            if (filed.algorithm == found.algorithm && filed.value != found.value) {
                const std::string_view name = filed.algorithm == crypto::DigestAlgorithm::Sha256 ? "SHA-256"
                                              : filed.algorithm == crypto::DigestAlgorithm::Sm3  ? "SM3"
                                                                                                 : "SHA-512";
                digestPair(out, name, toHex(filed.value), toHex(found.value));
            }
    if (d.size != r.size) {
        out.line("      " + out.say(text::kSize) + "  " + out.say(text::kOnFile) + " " + out.say(text::kBytes, {std::to_string(d.size)}) +
                 "  " + out.say(text::kAtHand) + " " + out.say(text::kBytes, {std::to_string(r.size)}));
    }
}

/// The check that the cause speaks of: its advice is the one that helps.
const verdict::CheckResult* decisive(const verdict::Verdict& v)
{
    for (const Mark o : {Mark::Fail, Mark::Undetermined, Mark::NotApplicable})
        for (const auto id : {verdict::CheckId::Content, verdict::CheckId::Ledger, verdict::CheckId::Identity, verdict::CheckId::Time}) {
            const auto& c = v.checks[static_cast<std::size_t>(id)];
            if (c.outcome != o || c.reason == "descriptor_not_authenticated" || c.reason == "entry_not_authenticated") continue;
            return &c;
        }
    return nullptr;
}

void resultLines(Context& c, const service::VerifyResult& r)
{
    Console& out = c.console;
    const std::string name = r.path.empty() ? std::string() : shown(r.path);
    if (!r.verdict) {
        out.line("◇ " + c.say(text::kUnread) + "  " + name);
        out.line("  " + c.say(text::kCause, {out.message("", r.error, r.errorDetail)}));
        if (const auto next = out.next("", r.error); !next.empty()) out.line("  " + c.say(text::kNext, {next}));
        return;
    }
    const verdict::Verdict& v = *r.verdict;
    const std::string_view sign = v.word == verdict::Word::Consistent ? "✔ " : v.word == verdict::Word::Inconsistent ? "✖ " : "◇ ";
    out.line(std::string(sign) + c.say(wordText(v.word)) + "  " + name +
             (!hasFile(r) && !r.receipt.empty() ? " " + c.say(text::kReceiptAlone) : ""));
    if (const auto* decisiveCheck = v.word == verdict::Word::Consistent ? nullptr : decisive(v)) {
        // A cause that names nothing explains itself by its reason.
        const std::string sentence = out.what("verdict", decisiveCheck->reason, decisiveCheck->detail);
        out.line("  " + c.say(text::kCause, {v.cause == verdict::Cause::Nothing || v.cause == verdict::Cause::None
                                                 ? sentence
                                                 : c.say(causeText(v.cause)) + " — " + sentence}));
        if (const auto next = out.next("verdict", decisiveCheck->reason); !next.empty()) out.line("  " + c.say(text::kNext, {next}));
    }
    for (const auto& check : v.checks) {
        std::string line = "  " + std::string(outcomeSign(check.outcome)) + " " + padded(c.say(checkText(check.id)), 16) +
                           padded(c.say(outcomeText(check.outcome)), 16) + out.what("verdict", check.reason, check.detail);
        // Digests are shown side by side below; other facts belong to their sentence.
        const bool digests = check.id == verdict::CheckId::Content;
        if (!digests && !check.detail.empty() && findReason("verdict", check.reason)) line += " (" + printable(check.detail) + ")";
        out.line(line);
        if (digests && check.outcome == Mark::Fail) differences(out, r);
    }
    if (!v.number.empty()) out.field(text::kNumber, v.number);
    if (v.anchoredAt) out.field(text::kAnchoredAt, shownTime(*v.anchoredAt));
    if (v.tokenTime)
        out.field(text::kTokenTime, shownTime(*v.tokenTime) + (v.tokenAuthority.empty() ? "" : "  " + printable(v.tokenAuthority)));
    if (v.notBefore) out.field(text::kNotBefore, shownTime(*v.notBefore));
    if (!v.signerName.empty()) out.field(text::kFiler, printable(v.signerName));
    if (!v.signers.empty()) {
        std::string courts;
        for (const auto& s : v.signers)
            courts += (courts.empty() ? "" : " ") + printable(s);
        out.field(text::kSigners, courts);
    }
    if (!r.receipt.empty() && hasFile(r)) out.field(text::kReceipt, shown(r.receipt));
    for (const auto& note : v.notes)
        out.line("  " + c.say(text::kWarning, {out.what("note", note, {})}));
}

/// 1 before 2 before 65/66 (and other failures) before 0. Nothing at all is undetermined.
int exitOf(const service::VerifyReport& report)
{
    if (report.results.empty()) return kExitUndetermined;
    int error = 0;
    bool undetermined = false;
    for (const auto& r : report.results) {
        if (!r.verdict) {
            const int code = exitCode(r.errorCode);
            if (error == 0 || code < error) error = code;
        } else if (r.verdict->word == verdict::Word::Inconsistent) {
            return kExitBad;
        } else if (r.verdict->word == verdict::Word::Undetermined) {
            undetermined = true;
        }
    }
    return undetermined ? kExitUndetermined : error;
}

int rank(const service::VerifyResult& r)
{
    if (!r.verdict) return 2;
    return r.verdict->word == verdict::Word::Inconsistent ? 0 : r.verdict->word == verdict::Word::Undetermined ? 1 : 3;
}

/// For writing, so that the check stands in the custody log; else for reading, saying so.
Result<std::unique_ptr<service::Workspace>> openForVerifying(Context& c)
{
    auto workspace = c.open(service::Access::Write);
    if (workspace) return workspace;
    // Whoever may not write here, or cannot wait, still gets the answer.
    Error why = std::move(workspace).error();
    if (why.code != ErrorCode::Unavailable && why.code != ErrorCode::CannotWrite && why.code != ErrorCode::NoSpace &&
        why.code != ErrorCode::Unreadable && why.code != ErrorCode::Identity)
        return tl::unexpected(std::move(why));
    auto readOnly = c.open(service::Access::Read);
    if (!readOnly) return tl::unexpected(std::move(why));
    c.console.note(c.say(text::kNotRecorded, {c.console.message("", reasonOf(why), why.detail)}));
    return readOnly;
}

} // namespace

Outcome runVerify(Context& c)
{
    service::VerifyRequest request;
    request.paths = c.args.paths();
    for (const auto& r : c.args.many("--receipt"))
        request.receipts.emplace_back(r);
    request.trust = c.args.path("--trust");
    request.online = c.args.has("--online");
    request.number = c.args.text("--number");
    request.digest = c.args.text("--digest");
    std::ranges::transform(request.digest, request.digest.begin(),
                           [](char ch) { return ch >= 'A' && ch <= 'F' ? static_cast<char>(ch - 'A' + 'a') : ch; });
    const auto isHex = [](char ch) { return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f'); };
    if (c.args.has("--digest") &&
        ((request.digest.size() != 64 && request.digest.size() != 128) || !std::ranges::all_of(request.digest, isHex)))
        return c.usage(text::kBadDigest);
    if (c.args.has("--number") && c.args.has("--digest"))
        return c.usage(text::kEitherOr, {"--number", "--digest", "jchain verify --number NUMBER"});
    const bool lookUp = c.args.has("--number") || c.args.has("--digest");
    if (request.paths.empty() && request.receipts.empty() && !lookUp) return c.usage(text::kVerifyNothing);

    std::unique_ptr<service::Workspace> workspace;
    const bool complete = request.trust && !lookUp && !request.online; // needs no workspace
    if (c.findWorkspace()) {
        auto opened = openForVerifying(c);
        // A workspace that nobody named must not stand in the way of what is complete without one.
        if (!opened && (c.workspaceNamed() || !complete)) return tl::unexpected(std::move(opened).error());
        if (opened)
            workspace = std::move(*opened);
        else
            c.console.note(c.say(text::kNotRecorded, {c.console.message("", reasonOf(opened.error()), opened.error().detail)}));
    } else if (!request.trust) {
        return c.usage(text::kVerifyNeedsTrust);
    } else if (lookUp || request.online) {
        return c.usage(text::kNoWorkspace);
    }
    auto done = service::verifyEvidence(workspace.get(), request, c.clock(), c.progress(), c.stop());
    c.clearProgress();
    if (!done) return tl::unexpected(std::move(done).error());
    const service::VerifyReport& report = *done;

    Console& out = c.console;
    Json results = Json::array();
    for (const auto& r : report.results)
        results.push(resultJson(out, r));
    Json summary = Json::object();
    summary.set("consistent", report.consistent)
        .set("inconsistent", report.inconsistent)
        .set("undetermined", report.undetermined)
        .set("errors", report.errors);
    Json trust = Json::object();
    trust.set("ledger", orNull(report.trustLedger))
        .set("source", orNull(report.trustSource))
        .set("size", report.trustSize)
        .set("time", timeOrNull(report.trustTime));
    out.document(Json::object().set("results", std::move(results)).set("summary", std::move(summary)).set("trust", std::move(trust)));

    if (report.results.empty()) out.line(c.say(text::kNothingVerified));
    if (report.results.size() > 1)
        out.line(c.say(text::kVerifySummary, {std::to_string(report.consistent), std::to_string(report.inconsistent),
                                              std::to_string(report.undetermined), std::to_string(report.errors)}));
    std::vector<const service::VerifyResult*> sorted; // the worst first, else as they were named
    for (const auto& r : report.results)
        sorted.push_back(&r);
    std::ranges::stable_sort(sorted, {}, [](const auto* r) { return rank(*r); });
    for (const auto* r : sorted) {
        if (report.results.size() > 1) out.line();
        resultLines(c, *r);
    }
    out.line();
    if (!report.trustLedger.empty())
        out.line(c.say(text::kTrust) + "  " +
                 c.say(text::kTrustLine, {printable(report.trustLedger), std::to_string(report.trustSize), shownTime(report.trustTime)}));
    out.line(c.say(text::kHonest));
    return exitOf(report);
}

} // namespace jc::cli
