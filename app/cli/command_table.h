// SPDX-License-Identifier: Apache-2.0
#pragma once
// Every command with its options, arguments, help and examples: what is parsed, what --help prints and what docs/reference/cli.md says.
#include "texts.h"

#include <span>

namespace jc::cli {

struct OptionSpec {
    std::string_view name;  ///< "--case"
    std::string_view value; ///< what --help calls its value ("NO"); empty = a switch
    Text help;
    bool required = false;
    bool repeated = false;
};
struct PositionalSpec {
    std::string_view name; ///< as --help shows it: "PATH…"; empty = none
    std::size_t least = 0, most = 0;
    Text help;
};
class Context;
struct CommandSpec {
    std::string_view path; ///< "receipt export"
    Text summary;          ///< a few words, for lists
    Text paragraph;
    std::span<const OptionSpec> options;
    PositionalSpec positional;
    std::span<const std::string_view> examples;
    Text exits; ///< what this command's exit codes mean, beyond the common ones
};

[[nodiscard]] std::span<const CommandSpec> commands();
[[nodiscard]] std::span<const OptionSpec> globalOptions();
[[nodiscard]] const CommandSpec* findCommand(std::string_view path);
/// Words that are a first word of longer commands ("receipt").
[[nodiscard]] bool isGroup(std::string_view word);
/// The page of one command, of a group, or (both empty) of the program.
[[nodiscard]] std::string helpPage(const CommandSpec* command, std::string_view group, Language language);
/// What `jchain` alone prints.
[[nodiscard]] std::string guide(Language language);
/// Commands and options of the design that this version does not have: told so instead of "unknown".
[[nodiscard]] bool comesLater(std::string_view word);

} // namespace jc::cli
