// SPDX-License-Identifier: Apache-2.0
#pragma once
// Private to verdict: every reason code that a check can give, its outcome and its cause. docs/reference/verdicts.md is this table in
// words.
#include "verdict/verdict.h"

namespace jc::verdict {

struct Reason {
    CheckId check{};
    std::string_view code;
    Outcome outcome{};
    Cause cause = Cause::None; ///< None: follows from another check's reason, or nothing is wrong
};
/// All reasons, in the order of the table.
[[nodiscard]] std::span<const Reason> allReasons() noexcept;
/// nullptr for a pair that is not in the table.
[[nodiscard]] const Reason* findReason(CheckId check, std::string_view code) noexcept;
/// A result with the outcome that the table gives this reason.
[[nodiscard]] CheckResult result(CheckId check, std::string_view code, std::string detail = {});

} // namespace jc::verdict
