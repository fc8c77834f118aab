// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"

namespace jc::cli {
namespace {

template <class Finding> Json findingJson(const Console& console, std::string_view area, const Finding& f)
{
    return Json::object()
        .set("area", area)
        .set("what", f.what)
        .set("where", f.where)
        .set("message", console.message("audit", f.what, f.detail));
}

/// The deep audit has named everything there is to name: its advice stands once, at the end.
template <class Finding> void findingLines(Console& out, const Finding& f, bool advice)
{
    out.line("✖ " + printable(f.where) + "  " + out.message("audit", f.what, f.detail));
    if (const auto next = out.next("audit", f.what); advice && !next.empty()) out.line("    " + out.say(text::kNext, {next}));
}

void headline(Console& out, std::size_t findings)
{
    out.line(findings == 0 ? out.say(text::kAuditSound) : out.say(text::kAuditDamaged, {std::to_string(findings)}));
}

Outcome auditLog(Context& c, const std::string& location)
{
    auto done = service::auditPublishedLog(location, c.args.path("--trust"), c.progress(), c.stop());
    c.clearProgress();
    if (!done) return tl::unexpected(std::move(done).error());
    Console& out = c.console;
    Json findings = Json::array();
    for (const auto& f : done->findings)
        findings.push(findingJson(out, "log", f));
    out.document(Json::object()
                     .set("sound", done->findings.empty())
                     .set("location", location)
                     .set("authenticated", done->authenticated)
                     .set("size", done->size)
                     .set("entries", done->entries)
                     .set("tiles", done->tiles)
                     .set("root", orNull(done->root))
                     .set("findings", std::move(findings)));
    headline(out, done->findings.size());
    for (const auto& f : done->findings)
        findingLines(out, f, true);
    out.line("  " + c.say(text::kAuditLog, {std::to_string(done->size), std::to_string(done->entries), std::to_string(done->tiles)}));
    if (done->root) out.line("  " + c.say(text::kAuditRoot, {grouped(*done->root)}));
    out.line("  " + c.say(done->authenticated ? text::kAuditAuthenticated : text::kAuditNotAuthenticated));
    return done->findings.empty() ? kExitDone : kExitBad;
}

} // namespace

Outcome runAudit(Context& c)
{
    if (const auto location = c.args.one("--log")) return auditLog(c, *location);
    if (c.args.has("--trust")) return c.usage(text::kMissingOption, {"--log", "DIR|URL", "jchain audit --log DIR --trust T.jct"});
    JC_TRY(const auto dir, c.workspaceDirectory());
    const bool deep = c.args.has("--deep");
    auto done = service::auditWorkspace(dir, deep, c.progress(), c.stop());
    c.clearProgress();
    if (!done) return tl::unexpected(std::move(done).error());
    const auto& a = *done;
    Console& out = c.console;
    Json findings = Json::array();
    for (const auto& f : a.ledger.findings)
        findings.push(findingJson(out, "ledger", f));
    for (const auto& f : a.archive)
        findings.push(findingJson(out, "archive", f));
    out.document(Json::object()
                     .set("sound", a.sound())
                     .set("deep", deep)
                     .set("ledger", Json::object()
                                        .set("entries", a.ledger.entries)
                                        .set("tiles", a.ledger.tiles)
                                        .set("checkpoints", a.ledger.checkpoints)
                                        .set("signatures", a.ledger.signatures)
                                        .set("root", orNull(a.ledger.rootHex)))
                     .set("archive", Json::object()
                                         .set("custodyEvents", a.custodyEvents)
                                         .set("items", a.items)
                                         .set("objects", a.objects)
                                         .set("receipts", a.receipts))
                     .set("findings", std::move(findings)));
    headline(out, a.ledger.findings.size() + a.archive.size());
    for (const auto& f : a.ledger.findings)
        findingLines(out, f, !deep);
    for (const auto& f : a.archive)
        findingLines(out, f, !deep);
    if (deep && !a.sound()) out.line(out.say(text::kNext, {out.say(text::kAuditDamagedNext)}));
    const auto n = [](std::uint64_t v) { return std::to_string(v); };
    out.line("  " + c.say(text::kAuditLedger, {n(a.ledger.entries), n(a.ledger.tiles), n(a.ledger.checkpoints), n(a.ledger.signatures)}));
    out.line("  " + c.say(text::kAuditArchive, {n(a.custodyEvents), n(a.items), n(a.objects), n(a.receipts)}));
    if (!a.ledger.rootHex.empty()) out.line("  " + c.say(text::kAuditRoot, {grouped(a.ledger.rootHex)}));
    if (!deep) out.line("  " + c.say(text::kAuditShallow));
    return a.sound() ? kExitDone : kExitBad;
}

Outcome runLogExport(Context& c)
{
    const auto dir = absolutePath(c.args.positional(0));
    JC_TRY(auto workspace, c.open(service::Access::Read));
    auto size = service::exportLog(*workspace, dir, c.progress(), c.stop());
    c.clearProgress();
    if (!size) return tl::unexpected(std::move(size).error());
    c.console.document(Json::object().set("directory", pathText(dir)).set("size", *size));
    c.console.line(c.say(text::kLogExported, {std::to_string(*size), shown(dir)}));
    return kExitDone;
}

} // namespace jc::cli
