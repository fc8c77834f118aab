// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include <algorithm>
#include <new>

namespace jc::cli {
namespace {

struct Entry {
    std::string_view path;
    Outcome (*run)(Context&);
};
constexpr Entry kEntries[] = {
    {"demo", runDemo},
    {"init", runInit},
    {"backup", runBackup},
    {"restore", runRestore},
    {"verify-backup", runVerifyBackup},
    {"case new", runCaseNew},
    {"case list", runCaseList},
    {"case show", runCaseShow},
    {"file", runFile},
    {"status", runStatus},
    {"outbox", runOutbox},
    {"outbox retry", runOutboxRetry},
    {"receipt export", runReceiptExport},
    {"receipt show", runReceiptShow},
    {"receipt extract", runReceiptExtract},
    {"verify", runVerify},
    {"custody log", runCustodyLog},
    {"custody add", runCustodyAdd},
    {"audit", runAudit},
    {"log export", runLogExport},
    {"trust show", runTrustShow},
    {"trust export", runTrustExport},
    {"trust import", runTrustImport},
    {"trust update", runTrustUpdate},
    {"staff list", runStaffList},
    {"staff enrol", runStaffEnrol},
    {"staff revoke", runStaffRevoke},
    {"bench", runBench},
};

int runCommand(const CommandLine& line, Console& console, Stopping& stopping)
{
    const auto* entry = std::ranges::find(kEntries, line.command->path, &Entry::path);
    if (entry == std::end(kEntries)) return console.fail({ErrorCode::Internal, "this command has no program behind it"});
    Context context(line, console, stopping);
    const Outcome outcome = entry->run(context);
    context.clearProgress();
    if (outcome) return *outcome;
    // Whatever broke because of the Ctrl-C is not what happened.
    if (stopping.asked() && outcome.error().code != ErrorCode::Cancelled) return console.fail({ErrorCode::Cancelled, {}});
    return console.fail(outcome.error());
}

int answer(int argc, const char* const* argv, Console& console, Stopping& stopping)
{
    const auto line = parseCommandLine(argc, argv);
    if (!line) return console.fail(line.error());
    if (line->wish == CommandLine::Wish::Guide && console.json()) // a script forgot the command; a page of text would be no document
        return console.fail({ErrorCode::InvalidArgument, console.say(text::kMissingArgument, {"COMMAND", "jchain --help"}), "usage"});
    switch (line->wish) {
    case CommandLine::Wish::Guide:
        console.raw(guide(console.language()));
        return kExitDone;
    case CommandLine::Wish::Help:
        console.raw(helpPage(line->command, line->group, console.language()));
        return kExitDone;
    case CommandLine::Wish::Version:
        console.raw(service::softwareName() + "\n");
        return kExitDone;
    case CommandLine::Wish::Run:
        break;
    }
    return runCommand(*line, console, stopping);
}

} // namespace

int runProgram(int argc, const char* const* argv)
{
    const GlobalOptions first = preview(argc, argv);
    Console console(first.language, first.json);
    Stopping stopping;
    int code = kExitInternal;
    try {
        code = answer(argc, argv, console, stopping);
    } catch (const std::bad_alloc&) {
        code = console.fail({ErrorCode::Internal, "there is not enough memory"});
    } catch (const std::exception& e) {
        code = console.fail({ErrorCode::Internal, e.what()});
    }
    if (console.flush()) return code;
    console.note(console.say(text::kStdoutFailed));
    return kExitCannotWrite;
}

} // namespace jc::cli
