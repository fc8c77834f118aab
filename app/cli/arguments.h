// SPDX-License-Identifier: Apache-2.0
#pragma once
// What was typed, taken apart by the command table. CLI11 is seen in arguments.cpp only.
#include "base/error.h"
#include "command_table.h"

#include <filesystem>
#include <map>
#include <optional>

namespace jc::cli {

struct GlobalOptions {
    std::string workspace, as, pinFile;
    Language language = Language::En;
    bool json = false, yes = false;
};

/// Values of one command's own options ("--case") and its positional arguments.
class Arguments {
public:
    [[nodiscard]] bool has(std::string_view option) const;
    [[nodiscard]] std::optional<std::string> one(std::string_view option) const; ///< the last one given
    [[nodiscard]] std::string text(std::string_view option) const;               ///< "" when not given
    [[nodiscard]] const std::vector<std::string>& many(std::string_view option) const;
    [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view option) const;
    [[nodiscard]] const std::vector<std::string>& positionals() const noexcept { return m_positionals; }
    [[nodiscard]] std::string positional(std::size_t i) const; ///< "" when not given
    [[nodiscard]] std::vector<std::filesystem::path> paths() const;

private:
    friend class Reader;
    std::map<std::string, std::vector<std::string>, std::less<>> m_options;
    std::vector<std::string> m_positionals;
};

struct CommandLine {
    enum class Wish { Run, Help, Version, Guide };
    Wish wish = Wish::Guide;
    const CommandSpec* command = nullptr; ///< with Help: the one asked about, or null for all
    std::string group;                    ///< with Help: "receipt" alone
    GlobalOptions global;
    Arguments arguments;
};

/// --lang and --json are looked for first, so that a mistake elsewhere on the line is answered in the right way. Environment: see
/// languageOf.
[[nodiscard]] GlobalOptions preview(int argc, const char* const* argv);
/// --lang, else JC_LANG, LC_ALL, LANG: the first that is set; "zh…" is Chinese, everything else English.
[[nodiscard]] Language languageOf(const std::optional<std::string>& option);
/// Errors: InvalidArgument, whose detail is a sentence in the language of the line.
[[nodiscard]] Result<CommandLine> parseCommandLine(int argc, const char* const* argv);

} // namespace jc::cli
