// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every command gets: its arguments, the console, the workspace it is to work on, progress and the wish to stop.
#include "arguments.h"
#include "console.h"
#include "progress_line.h"
#include "stopping.h"

namespace jc::cli {

class Context {
public:
    Context(const CommandLine& line, Console& output, Stopping& stopping)
        : args(line.arguments), global(line.global), console(output), m_stopping(stopping), m_progress(output.language())
    {
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    const Arguments& args;
    const GlobalOptions& global;
    Console& console;

    /// --workspace, else JC_WORKSPACE, else the current folder if it is one. nullopt: none.
    [[nodiscard]] std::optional<std::filesystem::path> findWorkspace() const;
    [[nodiscard]] bool workspaceNamed() const noexcept { return !global.workspace.empty(); } ///< by --workspace
    /// Errors: InvalidArgument when there is none.
    [[nodiscard]] Result<std::filesystem::path> workspaceDirectory() const;
    /// Errors: as above, those of Workspace::open, Identity (PIN file).
    [[nodiscard]] Result<std::unique_ptr<service::Workspace>> open(service::Access access);
    [[nodiscard]] ProgressSink& progress() { return m_progress; }
    void clearProgress() { m_progress.clear(); }
    [[nodiscard]] std::stop_token stop() { return m_stopping.token(); }
    [[nodiscard]] bool stopAsked() const { return m_stopping.asked(); }
    [[nodiscard]] const Clock& clock() const { return systemClock(); }

    [[nodiscard]] std::string say(const Text& t) const { return console.say(t); }
    [[nodiscard]] std::string say(const Text& t, std::initializer_list<std::string_view> v) const { return console.say(t, v); }
    /// A usage mistake, in words that say what to type.
    [[nodiscard]] tl::unexpected<Error> usage(const Text& t, std::initializer_list<std::string_view> v = {}) const;
    /// A whole number. Errors: InvalidArgument.
    [[nodiscard]] Result<std::uint64_t> number(std::string_view option, std::uint64_t least, std::uint64_t most,
                                               std::uint64_t otherwise) const;

private:
    [[nodiscard]] std::optional<std::string> pin(const std::filesystem::path& identity);
    Stopping& m_stopping;
    ProgressLine m_progress;
};

/// Exit code of a command, or the error that ends it.
using Outcome = Result<int>;

Outcome runDemo(Context& c);
Outcome runInit(Context& c);
Outcome runBackup(Context& c);
Outcome runRestore(Context& c);
Outcome runVerifyBackup(Context& c);
Outcome runCaseNew(Context& c);
Outcome runCaseList(Context& c);
Outcome runCaseShow(Context& c);
Outcome runFile(Context& c);
Outcome runStatus(Context& c);
Outcome runOutbox(Context& c);
Outcome runOutboxRetry(Context& c);
Outcome runReceiptExport(Context& c);
Outcome runReceiptShow(Context& c);
Outcome runReceiptExtract(Context& c);
Outcome runVerify(Context& c);
Outcome runCustodyLog(Context& c);
Outcome runCustodyAdd(Context& c);
Outcome runAudit(Context& c);
Outcome runLogExport(Context& c);
Outcome runTrustShow(Context& c);
Outcome runTrustExport(Context& c);
Outcome runTrustImport(Context& c);
Outcome runTrustUpdate(Context& c);
Outcome runStaffList(Context& c);
Outcome runStaffEnrol(Context& c);
Outcome runStaffRevoke(Context& c);
Outcome runBench(Context& c);

/// One row of `file` and of `case show`, in both forms.
[[nodiscard]] Json itemJson(const Console& console, const service::FiledItem& item);
void itemLines(Console& console, const service::FiledItem& item);

/// The program: parses, composes, runs; gives the exit code.
[[nodiscard]] int runProgram(int argc, const char* const* argv);

} // namespace jc::cli
