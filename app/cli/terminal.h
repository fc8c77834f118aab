// SPDX-License-Identifier: Apache-2.0
#pragma once
// Questions to the person at the terminal. Nothing is asked when standard input is no terminal.
#include <optional>
#include <string>
#include <string_view>

namespace jc::cli {

[[nodiscard]] bool canAsk() noexcept;
/// One line without echo; the terminal's settings are given back, also after Ctrl-C. nullopt: no terminal, end of input, or stopped.
[[nodiscard]] std::optional<std::string> askSecret(std::string_view prompt);
[[nodiscard]] std::optional<std::string> askLine(std::string_view prompt);

} // namespace jc::cli
