// SPDX-License-Identifier: Apache-2.0
#include "verdict/reasons.h"

#include <gtest/gtest.h>

namespace jc::verdict {
namespace {

std::array<CheckResult, 5> checks(std::array<Outcome, 5> outcomes)
{
    std::array<CheckResult, 5> out;
    for (std::size_t i = 0; i < 5; ++i)
        out[i] = {static_cast<CheckId>(i), outcomes[i], "x", {}};
    return out;
}

TEST(Conclude, WordOfEveryCombinationOfOutcomes)
{
    // 5 outcomes for each of 5 checks: consistent only if the four scored ones pass, inconsistent if and only if one fails; provenance
    // never counts.
    for (int code = 0; code < 5 * 5 * 5 * 5 * 5; ++code) {
        std::array<Outcome, 5> o{};
        int rest = code;
        for (auto& x : o) {
            x = static_cast<Outcome>(rest % 5);
            rest /= 5;
        }
        const auto [word, cause] = conclude(checks(o));
        const bool anyFail = o[0] == Outcome::Fail || o[1] == Outcome::Fail || o[2] == Outcome::Fail || o[3] == Outcome::Fail;
        const bool allPass = o[0] == Outcome::Pass && o[1] == Outcome::Pass && o[2] == Outcome::Pass && o[3] == Outcome::Pass;
        EXPECT_EQ(word, anyFail ? Word::Inconsistent : allPass ? Word::Consistent : Word::Undetermined) << code;
        EXPECT_EQ(cause == Cause::None, allPass) << code;
    }
}

TEST(Conclude, NamesOneCauseMostSpecificFirst)
{
    using enum Outcome;
    EXPECT_EQ(conclude(checks({Fail, Fail, Fail, Fail, Listed})).second, Cause::File);
    EXPECT_EQ(conclude(checks({Fail, Pass, Fail, Fail, Listed})).second, Cause::Ledger);
    EXPECT_EQ(conclude(checks({Fail, Pass, Fail, Pass, Listed})).second, Cause::Identity);
    EXPECT_EQ(conclude(checks({Pass, Pass, Fail, Pass, Listed})).second, Cause::Time);
    EXPECT_EQ(conclude(checks({Pass, NotApplicable, Pass, Pass, Listed})).second, Cause::Nothing);
    EXPECT_EQ(conclude(checks({Undetermined, NotApplicable, Pass, Pass, Listed})).second, Cause::Identity);
    EXPECT_EQ(conclude(checks({Undetermined, Undetermined, Undetermined, Undetermined, Listed})).second, Cause::Receipt);
}

TEST(Conclude, AnEmptyVerdictClaimsNothing)
{
    const Verdict v = nothingVerified("nothing_checked");
    EXPECT_EQ(v.word, Word::Undetermined);
    EXPECT_EQ(v.cause, Cause::Nothing);
    for (const auto& c : v.checks) {
        EXPECT_EQ(c.outcome, Outcome::NotApplicable);
        EXPECT_EQ(c.reason, "nothing_checked");
    }
    EXPECT_EQ(Verdict{}.word, Word::Undetermined);
}

} // namespace
} // namespace jc::verdict
