// SPDX-License-Identifier: Apache-2.0
#include "unit/verdict/small_ledger.h"

#include <gtest/gtest.h>

namespace jc::verdict::test {
namespace {

TrustedLedger::Outcome verify(const SmallLedger& ledger, std::uint64_t size = 0)
{
    return TrustedLedger::verify(ledger.trustSet(size));
}

TEST(TrustedLedger, ANewbornLedgerProvesItself)
{
    for (const std::size_t courts : {1U, 2U, 3U, 4U, 7U}) {
        const SmallLedger ledger(courts);
        const auto outcome = verify(ledger);
        ASSERT_TRUE(outcome.ledger) << outcome.detail;
        EXPECT_EQ(outcome.problem, TrustProblem::None);
        EXPECT_EQ(outcome.ledger->id(), ledger.id);
        EXPECT_EQ(outcome.ledger->origin(), ledger.origin);
        EXPECT_EQ(outcome.ledger->name(), "test.example");
        EXPECT_EQ(outcome.ledger->size(), 1U);
        EXPECT_EQ(outcome.ledger->root(), ledger.root(1));
        EXPECT_EQ(outcome.ledger->epochCount(), 1U);
        EXPECT_EQ(outcome.ledger->courts(0).size(), courts);
        EXPECT_EQ(outcome.ledger->policy(0).groups.at(0).threshold, 2 * courts / 3 + 1);
        EXPECT_TRUE(note::Policy::parse(outcome.ledger->policy(0).text()));
        // f+1-th smallest: court i signs i seconds after the first
        EXPECT_EQ(outcome.ledger->time(), kStart + 1000 + static_cast<UnixMs>((courts - 1) / 3) * 1000);
    }
}

TEST(TrustedLedger, KnowsThePositionOfEveryControlHead)
{
    SmallLedger ledger(1, 2);
    const Person clerk = ledger.makePerson(0, "clerk", record::Role::Clerk);
    const auto at = ledger.enrol(clerk, 0, kStart + kHour);
    const Filed first = ledger.file(clerk, 0, kStart + kDay, {}, at);
    ledger.revoke(clerk, 0, kStart + 2 * kDay, kStart + 2 * kDay, 0);
    ledger.revoke(clerk, 0, kStart + 2 * kDay, kStart + 2 * kDay + 1, 1);
    const auto trust = ledger.trusted();
    ASSERT_TRUE(trust);
    const auto headOf = [&](std::size_t i) { return record::decodeLedgerEntry(ledger.entries[i])->controlHead; };
    EXPECT_EQ(trust->controlPrefix(headOf(1)), 1U);
    EXPECT_EQ(trust->controlPrefix(headOf(first.index)), 2U);
    EXPECT_EQ(trust->controlPrefix(headOf(4)), 3U);
    EXPECT_FALSE(trust->controlPrefix(headOf(0)).value_or(0));
    const auto* staff = trust->staff(clerk.enrolment.certificateHash);
    ASSERT_NE(staff, nullptr);
    EXPECT_EQ(staff->enrolledAt, 1U);
    ASSERT_TRUE(staff->revocation);
    EXPECT_EQ(staff->revokedAt, 3U); // the second administrator's word counts
    ASSERT_NE(trust->staffKey(clerk.enrolment.certificateHash), nullptr);
    EXPECT_EQ(trust->staff(SignerId{}), nullptr);
    EXPECT_EQ(trust->staffKey(SignerId{}), nullptr);
    EXPECT_EQ(trust->caAnchors(0, "210600").size(), 1U);
    EXPECT_TRUE(trust->caAnchors(0, "999999").empty());
    EXPECT_TRUE(trust->tsaAnchors(1, "210600").empty());
    // Up to a smaller size the revocation is not known yet.
    EXPECT_FALSE(ledger.trusted(4)->staff(clerk.enrolment.certificateHash)->revocation);
}

TEST(TrustedLedger, EndsWithAControlEntryOrAnyOther)
{
    SmallLedger ledger;
    const Person clerk = ledger.makePerson(0, "clerk", record::Role::Clerk);
    const auto at = ledger.enrol(clerk, 0, kStart + kHour);
    for (int i = 0; i < 5; ++i)
        ledger.file(clerk, 0, kStart + kDay + i, {}, at);
    for (std::uint64_t size = 1; size <= ledger.entries.size(); ++size)
        EXPECT_TRUE(verify(ledger, size).ledger) << size;
}

TEST(TrustedLedger, RefusesAQuorumThatIsNone)
{
    const SmallLedger ledger(4);
    receipt::TrustSet t = ledger.trustSet();
    t.checkpoint = ledger.checkpoint(1, {0, 2, 0});
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CheckpointRejected);
    t.checkpoint = ledger.checkpoint(1, {0, 3, 0});
    EXPECT_TRUE(TrustedLedger::verify(t).ledger);
    t.checkpoint = SmallLedger(4).checkpoint(1);
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CheckpointRejected);
}

TEST(TrustedLedger, RefusesCardsThatAreNotTheCharters)
{
    const SmallLedger ledger(2);
    receipt::TrustSet t = ledger.trustSet();
    std::swap(t.cards[0], t.cards[1]);
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CardsRootDiffers);
    t = ledger.trustSet();
    t.cards.pop_back();
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CardsRootDiffers);
    t = ledger.trustSet();
    t.cards[0].push_back(0);
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CardMalformed);
    t = ledger.trustSet();
    t.charterEntry = ledger.trustSet().cards[0];
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CharterMalformed);
}

TEST(TrustedLedger, RefusesAnUnsignedCharter)
{
    SmallLedger ledger(2);
    receipt::TrustSet t = ledger.trustSet();
    auto entry = record::decodeLedgerEntry(t.charterEntry).value();
    std::get<record::CharterEntry>(entry.body).signatures[1][3] ^= 1;
    t.charterEntry = record::encode(entry);
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CharterSignature);
    entry = record::decodeLedgerEntry(ledger.entries[0]).value();
    std::get<record::CharterEntry>(entry.body).signatures.pop_back();
    t.charterEntry = record::encode(entry);
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CharterMalformed);
    entry = record::decodeLedgerEntry(ledger.entries[0]).value();
    entry.height = 2;
    t.charterEntry = record::encode(entry);
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::CharterMalformed);
}

TEST(TrustedLedger, RefusesAControlChainThatWasThinned)
{
    SmallLedger ledger;
    const Person clerk = ledger.makePerson(0, "clerk", record::Role::Clerk);
    const auto at = ledger.enrol(clerk, 0, kStart + kHour);
    ledger.revoke(clerk, 0, kStart + kDay, kStart + kDay);
    const Person second = ledger.makePerson(0, "second", record::Role::Clerk);
    const auto at2 = ledger.enrol(second, 0, kStart + 2 * kDay);
    ledger.file(second, 0, kStart + 3 * kDay, {}, at2);
    (void)at;
    ASSERT_TRUE(verify(ledger).ledger);
    for (std::size_t gone = 0; gone < 3; ++gone) { // the revocation above all
        receipt::TrustSet t = ledger.trustSet();
        t.control.erase(t.control.begin() + static_cast<std::ptrdiff_t>(gone));
        EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::ControlChainBroken) << gone;
    }
    receipt::TrustSet t = ledger.trustSet();
    t.control.push_back(t.control.back());
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::ControlChainBroken);
    t = ledger.trustSet();
    t.lastEntry = ledger.entries[1];
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::LastEntryNotIncluded);
}

TEST(TrustedLedger, RefusesWhatNoAdministratorMayDo)
{
    const auto refused = [](const std::function<void(SmallLedger&)>& act) {
        SmallLedger ledger(2, 2);
        act(ledger);
        return verify(ledger).problem;
    };
    EXPECT_EQ(refused([](SmallLedger& l) { // a stranger enrols
                  const Person p = l.makePerson(0, "p", record::Role::Clerk), q = l.makePerson(0, "q", record::Role::Administrator);
                  l.append(p.enrolment, q.enrolment.certificateHash, q.key, kStart + kHour);
              }),
              TrustProblem::ControlChainBroken);
    EXPECT_EQ(refused([](SmallLedger& l) { // another court's administrator
                  const Person p = l.makePerson(0, "p", record::Role::Clerk);
                  l.enrol(p, 1, kStart + kHour);
              }),
              TrustProblem::ControlChainBroken);
    EXPECT_EQ(refused([](SmallLedger& l) { // with a key that is not the enrolled one
                  const Person p = l.makePerson(0, "p", record::Role::Clerk);
                  l.append(p.enrolment, l.courts[0].administrators[0].enrolment.certificateHash, p.key, kStart + kHour);
              }),
              TrustProblem::ControlChainBroken);
    EXPECT_EQ(refused([](SmallLedger& l) { // a clerk enrols
                  const Person p = l.makePerson(0, "p", record::Role::Clerk), q = l.makePerson(0, "q", record::Role::Clerk);
                  l.enrol(p, 0, kStart + kHour);
                  l.append(q.enrolment, p.enrolment.certificateHash, p.key, kStart + 2 * kHour);
              }),
              TrustProblem::ControlChainBroken);
    EXPECT_EQ(refused([](SmallLedger& l) { // an administrator enrolled by one of two is none yet
                  const Person p = l.makePerson(0, "p", record::Role::Administrator), q = l.makePerson(0, "q", record::Role::Clerk);
                  l.enrol(p, 0, kStart + kHour, 0);
                  l.append(q.enrolment, p.enrolment.certificateHash, p.key, kStart + 2 * kHour);
              }),
              TrustProblem::ControlChainBroken);
    EXPECT_EQ(refused([](SmallLedger& l) { // by two of two is one
                  const Person p = l.makePerson(0, "p", record::Role::Administrator), q = l.makePerson(0, "q", record::Role::Clerk);
                  l.enrol(p, 0, kStart + kHour, 0);
                  l.enrol(p, 0, kStart + kHour, 1);
                  l.append(q.enrolment, p.enrolment.certificateHash, p.key, kStart + 2 * kHour);
              }),
              TrustProblem::None);
    EXPECT_EQ(refused([](SmallLedger& l) { // time runs backwards
                  const Person p = l.makePerson(0, "p", record::Role::Clerk), q = l.makePerson(0, "q", record::Role::Clerk);
                  l.enrol(p, 0, kStart + 2 * kHour);
                  l.enrol(q, 0, kStart + kHour);
              }),
              TrustProblem::ControlChainBroken);
    EXPECT_EQ(refused([](SmallLedger& l) { // an epoch this version does not follow
                  const Person p = l.makePerson(0, "p", record::Role::Clerk);
                  const Person& a = l.courts[0].administrators[0];
                  l.append(p.enrolment, a.enrolment.certificateHash, a.key, kStart + kHour, [](record::LedgerEntry& e) { e.epoch = 1; });
              }),
              TrustProblem::HandoverUnproven);
}

TEST(TrustedLedger, AFirstApprovalLapsesAfterThirtyDays)
{
    for (const bool late : {false, true}) {
        SmallLedger ledger(1, 2);
        const Person clerk = ledger.makePerson(0, "clerk", record::Role::Clerk);
        ledger.enrol(clerk, 0, kStart + kHour);
        const UnixMs from = kStart + 20 * kDay;
        ledger.revoke(clerk, 0, from, kStart + kDay, 0);
        ledger.revoke(clerk, 0, from, kStart + kDay + 30 * kDay + (late ? 1 : 0), 1);
        const auto trust = ledger.trusted();
        ASSERT_TRUE(trust);
        EXPECT_EQ(trust->staff(clerk.enrolment.certificateHash)->revocation.has_value(), !late);
    }
}

TEST(TrustedLedger, RefusesHandoversAndSharedKeys)
{
    const SmallLedger ledger;
    receipt::TrustSet t = ledger.trustSet();
    t.handovers.push_back({{1}, "p", "c"});
    EXPECT_EQ(TrustedLedger::verify(t).problem, TrustProblem::HandoverUnproven);

    auto cards = SmallLedger(2).courts;
    std::vector<record::CourtCard> two = {cards[0].card, cards[1].card};
    EXPECT_TRUE(courtsPolicy("o", two));
    two[1].cosignerKey = two[0].cosignerKey; // would count one court twice
    EXPECT_FALSE(courtsPolicy("o", two));
    two[1].cosignerKey = two[0].logKey;
    EXPECT_FALSE(courtsPolicy("o", two));
}

TEST(TrustedLedger, ExistedByTakesTheFirstTimeThatOneHonestCourtStandsFor)
{
    note::CheckedCheckpoint c;
    c.cosigners = {{"ca", 50}, {"cb", 10}, {"cc", 40}, {"cd", 20}, {"ce", 30}};
    EXPECT_EQ(existedBy(c, 1), 10'000);
    EXPECT_EQ(existedBy(c, 3), 10'000);
    EXPECT_EQ(existedBy(c, 4), 20'000);
    EXPECT_EQ(existedBy(c, 7), 30'000);
    EXPECT_EQ(existedBy(c, 13), 50'000);
    EXPECT_FALSE(existedBy(c, 16));
    EXPECT_FALSE(existedBy(c, 0));
}

} // namespace
} // namespace jc::verdict::test
