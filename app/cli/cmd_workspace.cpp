// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"
#include "record/numbers.h"

#include <algorithm>

namespace jc::cli {
namespace {

std::vector<std::filesystem::path> pathsOf(const std::vector<std::string>& given)
{
    return {given.begin(), given.end()};
}

Json backupJson(const service::BackupInfo& b, const std::filesystem::path& file)
{
    return Json::object()
        .set("file", pathText(absolutePath(file)))
        .set("created", timeOrNull(b.created))
        .set("files", b.files)
        .set("bytes", b.bytes)
        .set("ledgerSize", b.ledgerSize)
        .set("items", b.items)
        .set("origin", b.origin);
}

void backupLines(Context& c, const Text& headline, const std::filesystem::path& place, const service::BackupInfo& b)
{
    c.console.line(c.say(headline, {shown(place)}));
    c.console.line("  " + c.say(text::kBackupLine, {std::to_string(b.files), std::to_string(b.bytes), std::to_string(b.ledgerSize),
                                                    std::to_string(b.items), shownTime(b.created)}));
    c.console.line("  " + printable(b.origin));
}

} // namespace

Outcome runDemo(Context& c)
{
    const auto dir = absolutePath(c.args.positional(0));
    JC_CHECK(service::makeDemonstration(dir, c.clock()));
    c.console.document(Json::object()
                           .set("workspace", pathText(dir))
                           .set("identities", pathText(dir / "identities"))
                           .set("pinFile", pathText(dir / "identities" / "PIN"))
                           .set("trust", pathText(dir / "trust.jct")));
    c.console.line(c.say(text::kDemoMade, {shown(dir)}));
    c.console.line(c.say(text::kDemoPin, {shown(dir / "identities"), shown(dir / "identities" / "PIN")}));
    c.console.line(c.say(text::kNext, {c.say(text::kDemoNext, {shown(dir)})}));
    return kExitDone;
}

Outcome runInit(Context& c)
{
    service::NewCourt court;
    court.courtKey = c.args.text("--court");
    if (!record::isValidCourtKey(court.courtKey)) return c.usage(text::kBadCourt);
    court.nameZh = c.args.one("--name-zh").value_or(court.courtKey);
    court.nameEn = c.args.one("--name-en").value_or(court.courtKey);
    std::string lower = court.courtKey;
    std::ranges::transform(lower, lower.begin(), [](char ch) { return ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch - 'A' + 'a') : ch; });
    court.ledgerName = c.args.one("--ledger").value_or("court-" + lower);
    court.administrators = pathsOf(c.args.many("--administrator"));
    court.caAnchors = pathsOf(c.args.many("--ca"));
    court.authorityUrls = c.args.many("--tsa");
    court.tsaAnchors = pathsOf(c.args.many("--tsa-anchor"));
    if (!c.args.positional(0).empty() && c.workspaceNamed())
        return c.usage(text::kEitherOr, {"DIR", "--workspace", "jchain init --court 210600 … DIR"});
    std::filesystem::path dir = c.args.positional(0);
    if (dir.empty()) {
        JC_TRY(dir, c.workspaceDirectory());
    }
    dir = absolutePath(dir);
    JC_CHECK(service::initWorkspace(dir, court, c.clock()));
    c.console.document(Json::object()
                           .set("workspace", pathText(dir))
                           .set("court", court.courtKey)
                           .set("ledger", court.ledgerName)
                           .set("trust", pathText(dir / "trust.jct")));
    c.console.line(c.say(text::kInitMade, {shown(dir)}));
    c.console.line(c.say(text::kNext, {c.say(text::kInitNext, {shown(dir)})}));
    return kExitDone;
}

Outcome runBackup(Context& c)
{
    const std::filesystem::path file = c.args.positional(0);
    JC_TRY(auto workspace, c.open(service::Access::Write));
    auto made = service::backup(*workspace, file, c.progress(), c.stop());
    c.clearProgress();
    if (!made) return tl::unexpected(std::move(made).error());
    c.console.document(backupJson(*made, file));
    backupLines(c, text::kBackupMade, absolutePath(file), *made);
    return kExitDone;
}

Outcome runRestore(Context& c)
{
    const std::filesystem::path file = c.args.positional(0);
    std::filesystem::path dir = c.args.positional(1);
    if (!dir.empty() && c.workspaceNamed()) return c.usage(text::kEitherOr, {"DIR", "--workspace", "jchain restore FILE DIR"});
    if (dir.empty()) {
        JC_TRY(dir, c.workspaceDirectory());
    }
    dir = absolutePath(dir);
    auto made = service::restore(file, dir, c.args.path("--last"), c.progress(), c.stop());
    c.clearProgress();
    if (!made) return tl::unexpected(std::move(made).error());
    c.console.document(backupJson(*made, file).set("workspace", pathText(dir)));
    backupLines(c, text::kRestored, dir, *made);
    return kExitDone;
}

Outcome runVerifyBackup(Context& c)
{
    const std::filesystem::path file = c.args.positional(0);
    auto made = service::verifyBackup(file, c.progress(), c.stop());
    c.clearProgress();
    if (!made) return tl::unexpected(std::move(made).error());
    c.console.document(backupJson(*made, file));
    backupLines(c, text::kBackupSound, absolutePath(file), *made);
    return kExitDone;
}

} // namespace jc::cli
