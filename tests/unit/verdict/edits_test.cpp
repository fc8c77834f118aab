// SPDX-License-Identifier: Apache-2.0
// Whoever edits a receipt or a trust set gets no "consistent" out of it: every value, and every byte of every part.
#include "unit/verdict/small_ledger.h"
#include "verdict/reasons.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace jc::verdict::test {
namespace {

using Json = nlohmann::ordered_json;

/// Calls `visit` with the document once per edit: a string one byte other (of the decoded part where it is base64), a number one more or
/// less.
void forEachEdit(const Json& document, const std::function<void(const std::string& where, const std::string& edited)>& visit)
{
    const Json flat = document.flatten();
    for (const auto& [where, value] : flat.items()) {
        const Json::json_pointer pointer(where);
        const auto with = [&](Json edited) {
            Json copy = document;
            copy[pointer] = std::move(edited);
            visit(where, copy.dump());
        };
        if (value.is_number()) {
            with(value.get<std::uint64_t>() + 1);
            if (value.get<std::uint64_t>() > 0) with(value.get<std::uint64_t>() - 1);
        } else if (value.is_string()) {
            const auto text = value.get<std::string>();
            const auto bytes = fromBase64(text);
            const bool isPart = bytes && !where.ends_with("proof") && !where.ends_with("checkpoint") && !where.ends_with("format") &&
                                !where.ends_with("number");
            const std::size_t length = isPart ? bytes->size() : text.size();
            for (std::size_t i = 0; i < length; ++i) {
                if (isPart) {
                    Bytes other = *bytes;
                    other[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
                    with(toBase64(other));
                } else {
                    std::string other = text;
                    if (static_cast<unsigned char>(other[i]) >= 0x80) continue; // JSON text must stay UTF-8
                    other[i] = other[i] == 'A' ? 'B' : 'A';
                    with(other);
                }
            }
            if (isPart) {
                with(toBase64(ByteView(*bytes).first(bytes->size() - 1)));
                Bytes longer = *bytes;
                longer.push_back(0);
                with(toBase64(longer));
            } else {
                with(text + "\n");
                with(text.substr(0, text.size() - 1));
            }
        }
    }
}

struct Edited {
    SmallLedger ledger;
    Person clerk = ledger.makePerson(0, "clerk", record::Role::Clerk);
    std::uint64_t enrolment = ledger.enrol(clerk, 0, kStart + kHour);
    FilingPlan plan;
    Filed filed;
    FileFacts facts;
    Context context{kStart + 20 * kDay};

    explicit Edited(std::vector<std::string> contents, std::size_t courts = 1) : ledger(courts)
    {
        plan.contents = std::move(contents);
        plan.formFields = 3;
        filed = ledger.file(clerk, 0, kStart + 10 * kDay, plan, enrolment);
        facts = factsOf(itemName(0), plan.contents[0]);
    }
};

void expectNoEditPasses(const Edited& e, const receipt::Receipt& r)
{
    const auto trust = e.ledger.trusted();
    ASSERT_TRUE(trust);
    Cache cache;
    const std::string text = receipt::serialize(r);
    ASSERT_EQ(judgeText(&e.facts, text, *trust, e.context, cache)->word, Word::Consistent);
    std::size_t edits = 0;
    std::set<std::string> reasons;
    forEachEdit(Json::parse(text), [&](const std::string& where, const std::string& edited) {
        ++edits;
        const auto v = judgeText(&e.facts, edited, *trust, e.context, cache);
        if (!v) {
            EXPECT_EQ(v.error().code, ErrorCode::Malformed);
            return;
        }
        // Nothing authentic contradicts anything, so it is "cannot be verified", and it says whose fault.
        EXPECT_EQ(v->word, Word::Undetermined) << where << " " << edits;
        EXPECT_NE(v->cause, Cause::Nothing) << where;
        for (const CheckResult& c : v->checks)
            if (c.outcome == Outcome::Undetermined) reasons.insert(c.reason);
    });
    EXPECT_GT(edits, 3000U);
    EXPECT_GT(reasons.size(), 12U); // each with its own cause
}

TEST(Edits, OfAReceiptWithOneItem)
{
    const Edited e({"one evidence file"});
    expectNoEditPasses(e, e.ledger.receiptOf(e.filed));
}

TEST(Edits, OfAReceiptWithManyItemsAndCourts)
{
    const Edited e({"a", "b", "c", "d", "e"}, 4);
    expectNoEditPasses(e, e.ledger.receiptOf(e.filed, 0, 0, {0, 3, 0}));
}

TEST(Edits, WhereTheTrustSetEndsBeforeTheEnrolment)
{
    const Edited e({"one evidence file"});
    const auto trust = e.ledger.trusted(1);
    Cache cache;
    const std::string text = receipt::serialize(e.ledger.receiptOf(e.filed));
    ASSERT_EQ(judgeText(&e.facts, text, *trust, e.context, cache)->word, Word::Consistent);
    const Json document = Json::parse(text);
    forEachEdit(Json{{"filing", {{"enrolment", document["filing"]["enrolment"]}}}},
                [&](const std::string& where, const std::string& edited) {
                    Json whole = document;
                    whole["filing"]["enrolment"] = Json::parse(edited)["filing"]["enrolment"];
                    const auto v = judgeText(&e.facts, whole.dump(), *trust, e.context, cache);
                    if (v) {
                        EXPECT_EQ(v->word, Word::Undetermined) << where;
                    }
                });
}

TEST(Edits, ATruncatedOrPaddedReceiptIsMalformed)
{
    const Edited e({"one evidence file"});
    const auto trust = e.ledger.trusted();
    Cache cache;
    const std::string text = receipt::serialize(e.ledger.receiptOf(e.filed));
    for (std::size_t n = 0; n + 2 < text.size(); ++n)
        EXPECT_FALSE(judgeText(&e.facts, std::string_view(text).substr(0, n), *trust, e.context, cache)) << n;
    // Also once the filing is known, where the reader takes a shorter way.
    ASSERT_TRUE(judgeText(&e.facts, text, *trust, e.context, cache));
    for (std::size_t n = 0; n + 2 < text.size(); ++n)
        EXPECT_FALSE(judgeText(&e.facts, std::string_view(text).substr(0, n), *trust, e.context, cache)) << n;
    EXPECT_FALSE(judgeText(&e.facts, text + "x", *trust, e.context, cache));
    EXPECT_FALSE(judgeText(&e.facts, text + "}", *trust, e.context, cache));
    EXPECT_FALSE(judgeText(&e.facts, std::string(1'100'000, ' ') + text, *trust, e.context, cache));
    EXPECT_FALSE(judgeText(&e.facts, std::string(1'000'000, '['), *trust, e.context, cache));
}

TEST(Edits, OfATrustSetNeverProveIt)
{
    SmallLedger ledger(2, 2);
    const Person clerk = ledger.makePerson(0, "clerk", record::Role::Clerk);
    const auto at = ledger.enrol(clerk, 0, kStart + kHour);
    ledger.file(clerk, 0, kStart + kDay, {}, at);
    const std::string text = receipt::serialize(ledger.trustSet());
    const auto honest = TrustedLedger::verify(*receipt::parseTrustSet(text));
    ASSERT_TRUE(honest.ledger) << honest.detail;
    std::size_t edits = 0;
    std::set<TrustProblem> problems;
    forEachEdit(Json::parse(text), [&](const std::string& where, const std::string& edited) {
        ++edits;
        const auto parsed = receipt::parseTrustSet(edited);
        if (!parsed) {
            EXPECT_EQ(parsed.error().code, ErrorCode::Malformed);
            return;
        }
        const auto outcome = TrustedLedger::verify(*parsed);
        problems.insert(outcome.problem);
        // Nothing but another ledger's charter core can be trusted instead, and an edit does not sign one.
        EXPECT_FALSE(outcome.ledger) << where << " " << edits;
        EXPECT_NE(outcome.problem, TrustProblem::None) << where;
    });
    EXPECT_GT(edits, 3000U);
    EXPECT_GE(problems.size(), 6U);
}

} // namespace
} // namespace jc::verdict::test
