// SPDX-License-Identifier: Apache-2.0
// Whole stories, as a user meets them.
#include "unit/verdict/small_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace jc::verdict::test {
namespace {

const std::string kContent = "one evidence file";

const CheckResult& check(const Verdict& v, CheckId id)
{
    return v.checks[static_cast<std::size_t>(id)];
}
bool hasNote(const Verdict& v, std::string_view note)
{
    return std::ranges::find(v.notes, note) != v.notes.end();
}

class VerdictStory : public ::testing::Test {
protected:
    SmallLedger ledger{4, 3};
    Person clerk = ledger.makePerson(0, "王书记员", record::Role::Clerk);
    std::uint64_t enrolment = ledger.enrol(clerk, 0, kStart + kHour);
    UnixMs t = kStart + 10 * kDay;
    Context context{kStart + 20 * kDay};
    FileFacts facts = factsOf(itemName(0), kContent);

    Verdict judged(const Filed& f, std::uint64_t trustSize = 0, std::size_t item = 0) const
    {
        const auto trust = ledger.trusted(trustSize);
        if (!trust) throw std::runtime_error("the test's own trust set does not hold");
        return judge(&facts, ledger.receiptOf(f, item), *trust, context);
    }
};

TEST_F(VerdictStory, FiledAndVerified)
{
    FilingPlan plan;
    plan.formFields = 9;
    plan.namesToken = true;
    const Filed f = ledger.file(clerk, 0, t, plan, enrolment);
    const auto r = ledger.receiptOf(f);
    const Verdict v = judged(f);
    EXPECT_EQ(v.word, Word::Consistent);
    EXPECT_EQ(v.number, r.number);
    EXPECT_EQ(v.notBefore, t);
    // Courts signed at t+1, +2, +3, +4 seconds; one of four may lie, so the second smallest counts.
    EXPECT_EQ(v.anchoredAt, t + 2000);
    EXPECT_EQ(v.tokenTime, t);
    EXPECT_EQ(v.tokenAuthority, "TSA 210600");
    EXPECT_EQ(v.signerName, "王书记员");
    EXPECT_EQ(v.signers, (std::vector<std::string>{"210600", "210601", "210602", "210603"}));
    EXPECT_EQ(v.trustSize, 3U);
    ASSERT_TRUE(v.descriptor);
    EXPECT_EQ(v.descriptor->name, itemName(0));
    EXPECT_EQ(check(v, CheckId::Provenance).detail, "9/12");
    EXPECT_TRUE(v.notes.empty());
}

TEST_F(VerdictStory, ExactlyAQuorumIsEnough)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    const auto trust = ledger.trusted();
    for (std::size_t signers = 0; signers <= 4; ++signers) {
        const Verdict v = judge(&facts, ledger.receiptOf(f, 0, 0, {1, signers, 0}), *trust, context);
        EXPECT_EQ(v.word, signers >= 3 ? Word::Consistent : Word::Undetermined) << signers;
    }
}

TEST_F(VerdictStory, OneFlippedByteNamesTheFile)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    facts = factsOf(itemName(0), "one evidence fiLe");
    const Verdict v = judged(f);
    EXPECT_EQ(v.word, Word::Inconsistent);
    EXPECT_EQ(v.cause, Cause::File);
    EXPECT_EQ(check(v, CheckId::Identity).outcome, Outcome::Pass);
    EXPECT_EQ(check(v, CheckId::Time).outcome, Outcome::Pass);
    EXPECT_EQ(check(v, CheckId::Ledger).outcome, Outcome::Pass);
    const std::string& detail = check(v, CheckId::Content).detail;
    EXPECT_NE(detail.find(digestOf(kContent).hex()), std::string::npos);
    EXPECT_NE(detail.find(digestOf("one evidence fiLe").hex()), std::string::npos);
}

TEST_F(VerdictStory, AnotherNameIsANoteOnly)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    facts.name = "renamed.pdf";
    Verdict v = judged(f);
    EXPECT_EQ(v.word, Word::Consistent);
    EXPECT_TRUE(hasNote(v, "name_differs"));
    facts.name.clear(); // a digest alone has no name
    v = judged(f);
    EXPECT_FALSE(hasNote(v, "name_differs"));
}

TEST_F(VerdictStory, ManyItemsEachWithItsOwnReceipt)
{
    FilingPlan plan;
    plan.contents.clear();
    for (int i = 0; i < 7; ++i)
        plan.contents.push_back("content " + std::to_string(i));
    const Filed f = ledger.file(clerk, 0, t, plan, enrolment);
    const auto trust = ledger.trusted();
    Cache cache;
    for (std::size_t i = 0; i < 7; ++i) {
        const FileFacts own = factsOf(itemName(i), plan.contents[i]);
        const auto r = ledger.receiptOf(f, i);
        const Verdict direct = judge(&own, r, *trust, context);
        EXPECT_EQ(direct.word, Word::Consistent) << check(direct, CheckId::Time).reason;
        const auto text = judgeText(&own, receipt::serialize(r), *trust, context, cache);
        ASSERT_TRUE(text);
        EXPECT_EQ(text->word, Word::Consistent);
        EXPECT_EQ(text->number, direct.number);
        const FileFacts others = factsOf(itemName(i), plan.contents[(i + 1) % 7]);
        EXPECT_EQ(judgeText(&others, receipt::serialize(r), *trust, context, cache)->word, Word::Inconsistent);
        auto swapped = r;
        swapped.item.siblings = f.siblings[(i + 1) % 7];
        if (swapped.item.siblings != r.item.siblings) {
            EXPECT_EQ(check(judge(&own, swapped, *trust, context), CheckId::Time).reason, "token_for_other_data");
        }
    }
}

TEST_F(VerdictStory, ASecretSingleItemIsStampedBlinded)
{
    FilingPlan plan;
    plan.blindSingle = true;
    const Filed f = ledger.file(clerk, 0, t, plan, enrolment);
    EXPECT_EQ(judged(f).word, Word::Consistent);
}

TEST_F(VerdictStory, AnEmptyFileVerifies)
{
    FilingPlan plan;
    plan.contents = {""};
    const Filed f = ledger.file(clerk, 0, t, plan, enrolment);
    facts = factsOf(itemName(0), "");
    EXPECT_EQ(judged(f).word, Word::Consistent);
}

TEST_F(VerdictStory, WithoutATokenTheQuorumTimeCounts)
{
    FilingPlan plan;
    plan.token = false;
    const Filed f = ledger.file(clerk, 0, t, plan, enrolment);
    const Verdict v = judged(f);
    EXPECT_EQ(v.word, Word::Consistent);
    EXPECT_TRUE(hasNote(v, "no_token_yet"));
    EXPECT_FALSE(v.tokenTime);
}

TEST_F(VerdictStory, AReceiptAloneAnswersAllButContent)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    const Verdict v = judge(nullptr, ledger.receiptOf(f), *ledger.trusted(), context);
    EXPECT_EQ(v.word, Word::Undetermined);
    EXPECT_EQ(v.cause, Cause::Nothing);
    EXPECT_EQ(check(v, CheckId::Content).outcome, Outcome::NotApplicable);
    EXPECT_EQ(check(v, CheckId::Identity).outcome, Outcome::Pass);
    EXPECT_EQ(check(v, CheckId::Time).outcome, Outcome::Pass);
    EXPECT_EQ(check(v, CheckId::Ledger).outcome, Outcome::Pass);
}

TEST_F(VerdictStory, ACertificateThatExpiredSinceIsANote)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    context.now = kStart + 3000 * kDay;
    const Verdict v = judged(f);
    EXPECT_EQ(v.word, Word::Consistent);
    EXPECT_TRUE(hasNote(v, "certificate_expired_since"));
}

TEST_F(VerdictStory, RevokedLaterThreeWays)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    const auto revokedFrom = [&](UnixMs from) {
        SmallLedger l = ledger;
        l.revoke(clerk, 0, from, t + 2 * kDay, 0);
        l.revoke(clerk, 0, from, t + 2 * kDay, 1); // three administrators, so it takes two
        return judge(&facts, l.receiptOf(f, 0, 3), *l.trusted(), context);
    };
    Verdict v = revokedFrom(t + kDay);
    EXPECT_EQ(v.word, Word::Consistent);
    EXPECT_TRUE(hasNote(v, "revoked_later"));
    v = revokedFrom(t - kDay);
    EXPECT_EQ(v.word, Word::Inconsistent);
    EXPECT_EQ(v.cause, Cause::Identity);
    EXPECT_EQ(check(v, CheckId::Identity).reason, "signed_after_revocation_start");
    EXPECT_TRUE(hasNote(revokedFrom(t), "revoked_later")); // the token's time is not after it
    EXPECT_EQ(revokedFrom(t - 1).word, Word::Inconsistent);
}

TEST_F(VerdictStory, OneAdministratorOfThreeRevokesNobody)
{
    ledger.revoke(clerk, 0, t - kDay, t - kHour, 0);
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    EXPECT_EQ(judged(f).word, Word::Consistent);
    ledger.revoke(clerk, 0, t - kDay, t + kHour, 2);
    const Filed later = ledger.file(clerk, 0, t + 2 * kHour, {}, enrolment);
    EXPECT_EQ(check(judged(later), CheckId::Identity).reason, "revoked_before_filing");
    EXPECT_EQ(check(judged(f), CheckId::Identity).reason, "signed_after_revocation_start");
}

TEST_F(VerdictStory, PastTheTrustSetTheReceiptsEnrolmentCounts)
{
    const Person late = ledger.makePerson(0, "late", record::Role::Department);
    ledger.file(clerk, 0, t, {}, enrolment);
    const auto at = ledger.enrol(late, 0, t + kHour);
    const Filed f = ledger.file(late, 0, t + 2 * kHour, {}, at);
    const Verdict v = judged(f, 3);
    EXPECT_EQ(v.word, Word::Consistent) << check(v, CheckId::Identity).reason;
    EXPECT_TRUE(hasNote(v, "revocations_known_to_size"));
    EXPECT_EQ(v.trustSize, 3U);
    // Someone else's enrolment, as well proved, is not this signer's.
    auto r = ledger.receiptOf(f);
    r.filing.enrolment = receipt::EnrolmentPart{ledger.entries[enrolment], enrolment, ledger.path(enrolment, ledger.entries.size())};
    EXPECT_EQ(check(judge(&facts, r, *ledger.trusted(3), context), CheckId::Identity).reason, "enrolment_unproven");
    // A known revocation stays known even where the list of later ones is not.
    const Filed byClerk = ledger.file(clerk, 0, t + 3 * kHour, {}, enrolment);
    EXPECT_EQ(judged(byClerk, 3).word, Word::Consistent);
}

TEST_F(VerdictStory, AFilingOfAnOlderPartOfTheLogVerifiesAgainstANewerTrustSet)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    const auto r = ledger.receiptOf(f); // checkpoint of size 3
    for (int i = 0; i < 5; ++i)
        ledger.file(clerk, 0, t + kHour + i, {}, enrolment);
    const Verdict v = judge(&facts, r, *ledger.trusted(), context);
    EXPECT_EQ(v.word, Word::Consistent);
}

TEST_F(VerdictStory, ACacheChangesNothingAndFollowsItsTrustSet)
{
    const Filed f = ledger.file(clerk, 0, t, {}, enrolment);
    const std::string json = receipt::serialize(ledger.receiptOf(f));
    const auto before = ledger.trusted();
    ledger.revoke(clerk, 0, t - kHour, t + kDay, 0);
    ledger.revoke(clerk, 0, t - kHour, t + kDay, 1);
    const auto after = ledger.trusted();
    Cache cache;
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(judgeText(&facts, json, *before, context, cache)->word, Word::Consistent);
        EXPECT_EQ(judgeText(&facts, json, *after, context, cache)->word, Word::Inconsistent);
    }
}

TEST_F(VerdictStory, ThreadsShareACache)
{
    std::vector<std::string> texts;
    for (int i = 0; i < 6; ++i)
        texts.push_back(receipt::serialize(ledger.receiptOf(ledger.file(clerk, 0, t + i, {}, enrolment), 0, 0)));
    const auto trust = ledger.trusted();
    Cache cache;
    std::atomic<int> wrong = 0;
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n)
        threads.emplace_back([&, n] {
            for (int i = 0; i < 60; ++i) {
                const auto v = judgeText(&facts, texts[static_cast<std::size_t>((i * (n + 1)) % 6)], *trust, context, cache);
                if (!v || v->word != Word::Consistent) ++wrong;
            }
        });
    threads.clear();
    EXPECT_EQ(wrong, 0);
}

TEST_F(VerdictStory, ExtractedPartsAreWhatOtherProgramsRead)
{
    FilingPlan plan;
    plan.contents = {"a", "b", "c"};
    const Filed f = ledger.file(clerk, 0, t, plan, enrolment);
    const auto r = ledger.receiptOf(f, 2);
    const auto parts = receipt::extractParts(r);
    ASSERT_TRUE(parts) << parts.error().detail;
    std::vector<std::string> names;
    for (const auto& p : *parts)
        names.push_back(p.name);
    EXPECT_EQ(names, (std::vector<std::string>{"entry.bin", "receipt.tlog-proof", "descriptor.bin", "item-path.txt", "certificates.pem",
                                               "timestamp.tst", "evidence-record.ers", "tsa-chain.pem"}));
    EXPECT_EQ((*parts)[0].data, r.filing.entry);
    EXPECT_TRUE(note::TlogProof::parse(asText((*parts)[1].data)));
    EXPECT_EQ(asText((*parts)[3].data), "ordinal 3\ncount 3\n" + r.item.path.at(0).hex() + "\n");
    const auto staff = crypto::Certificate::fromPemChain(asText((*parts)[4].data));
    ASSERT_TRUE(staff);
    EXPECT_EQ(staff->front().id(), clerk.certificate.id());
    const auto chain = crypto::Certificate::fromPemChain(asText((*parts)[7].data));
    ASSERT_TRUE(chain);
    EXPECT_TRUE(chain->front().hasTimestampingEku());
    EXPECT_TRUE(chain->back().selfSigned());
    const auto ers = timestamp::parseEvidenceRecord((*parts)[6].data);
    ASSERT_TRUE(ers);
    const std::vector<crypto::Certificate> anchors = {ledger.courts[0].tsaRoot.certificate};
    EXPECT_EQ(timestamp::checkEvidenceRecord(*ers, digestOf("c"), anchors).outcome, timestamp::TokenOutcome::Valid);
    EXPECT_EQ(timestamp::checkEvidenceRecord(*ers, digestOf("b"), anchors).outcome, timestamp::TokenOutcome::ImprintDiffers);

    FilingPlan noToken;
    noToken.token = false;
    const auto few = receipt::extractParts(ledger.receiptOf(ledger.file(clerk, 0, t, noToken, enrolment)));
    ASSERT_TRUE(few);
    EXPECT_EQ(few->back().name, "certificates.pem");
    auto broken = r;
    broken.filing.entry = ledger.entries[0];
    EXPECT_EQ(receipt::extractParts(broken).error().code, ErrorCode::Malformed);
}

} // namespace
} // namespace jc::verdict::test
