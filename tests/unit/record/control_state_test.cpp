// SPDX-License-Identifier: Apache-2.0
// Who may sign what, and what enrolments and revocations add up to.
#include "record/control_state.h"

#include "record/policy.h"
#include "support/court.h"

#include <gtest/gtest.h>

#include <set>

namespace jc::record::test {
namespace {
using namespace jc::test;
using crypto::Scheme;

const std::string kCourt = "210600";

/// A state with its people; every record is judged and, when accepted, applied.
struct World {
    Founding founding;
    ControlState state;
    std::size_t position = 1;
    std::uint64_t number = 1;

    explicit World(std::size_t administrators = 1) : founding(administrators), state(founding.state()) {}
    explicit World(Founding f) : founding(std::move(f)), state(founding.state()) {}
    [[nodiscard]] const Person& admin(std::size_t i = 0, std::size_t court = 0) const
    {
        return founding.courts[court].administrators.at(i);
    }

    ResultCode judge(const SignerId& signer, Scheme scheme, const RecordBody& body, UnixMs t)
    {
        return state.authorise(recordOf(body, number++), scheme, signer, t);
    }
    ResultCode act(const Person& p, const RecordBody& body, UnixMs t = kStart)
    {
        const Record r = recordOf(body, number++);
        const auto code = state.authorise(r, p.enrolment.scheme, p.id(), t);
        if (code == ResultCode::Ok) state.apply(r, p.id(), t, position++);
        return code;
    }
    Person enrol(const std::string& name, Role role, const std::string& court = kCourt)
    {
        Person p = personNamed(name, role, court);
        for (const auto& c : founding.courts) {
            if (c.courtKey == court && act(c.administrators.at(0), p.enrolment) != ResultCode::Ok)
                throw std::runtime_error("enrolment of " + name + " refused");
        }
        return p;
    }
};
Revocation revocationOf(const Person& p, UnixMs from = kStart, RevocationReason reason = RevocationReason::KeyLost)
{
    return {p.id(), from, reason};
}

TEST(ControlState, TableOfSignersAndRecords)
{
    World w;
    std::map<std::string, Person> people;
    for (const Role role : {Role::Clerk, Role::Judge, Role::Operator, Role::Department})
        people.emplace(toString(role), w.enrol(std::string(toString(role)), role));
    people.emplace("administrator", w.admin());
    const Person target = w.enrol("target", Role::Judge);
    const Person newcomer = personNamed("newcomer", Role::Clerk, kCourt);

    const std::map<std::string, RecordBody> bodies = {{"filing", filingOf(kCourt, 1)},
                                                      {"enrolment", newcomer.enrolment},
                                                      {"revocation", revocationOf(target)},
                                                      {"renewal", Renewal{}},
                                                      {"custody_anchor", CustodyAnchor{kCourt, 1, {}, toBytes("x"), {}}},
                                                      {"ledger_anchor", LedgerAnchor{}},
                                                      {"proposal", Proposal{}},
                                                      {"ballot", Ballot{}}};
    // Rows: signer; what is not named is refused for the role, or because the kind is for consortiums.
    const std::map<std::string, std::set<std::string>> may = {
        {"clerk", {"filing"}}, {"department", {"filing"}}, {"judge", {}},
        {"operator", {}},      {"service", {"renewal"}},   {"administrator", {"enrolment", "revocation"}}};
    for (const auto& [signer, allowed] : may) {
        const SignerId id = signer == "service" ? w.founding.courts[0].serviceId() : people.at(signer).id();
        for (const auto& [kind, body] : bodies) {
            const bool later = kind == "custody_anchor" || kind == "ledger_anchor" || kind == "proposal" || kind == "ballot";
            const auto want = allowed.contains(kind) ? ResultCode::Ok : later ? ResultCode::KindNotAccepted : ResultCode::WrongRole;
            EXPECT_EQ(toString(w.judge(id, Scheme::Ed25519, body, kStart)), toString(want)) << signer << " " << kind;
        }
    }
}

TEST(ControlState, SignerMustBeKnownWithItsSchemeAndCourt)
{
    World w(Founding({courtNamed("210600", 1), courtNamed("370200", 1)}));
    const Person clerk = w.enrol("clerk", Role::Clerk);
    const Person other = w.enrol("other court's clerk", Role::Clerk, "370200");
    EXPECT_EQ(w.judge(clerk.id(), Scheme::Ed25519, filingOf(kCourt, 1), kStart), ResultCode::Ok);
    EXPECT_EQ(w.judge(clerk.id(), Scheme::Ed25519, filingOf("370200", 1), kStart), ResultCode::WrongCourt);
    EXPECT_EQ(w.judge(other.id(), Scheme::Ed25519, filingOf(kCourt, 1), kStart), ResultCode::WrongCourt);
    EXPECT_EQ(w.judge(SignerId{}, Scheme::Ed25519, filingOf(kCourt, 1), kStart), ResultCode::UnknownSigner);
    EXPECT_EQ(w.judge(SignerId{}, Scheme::Ed25519, Renewal{}, kStart), ResultCode::UnknownSigner);
    EXPECT_EQ(w.judge(clerk.id(), Scheme::EcdsaP256Sha256, filingOf(kCourt, 1), kStart), ResultCode::SchemeDiffers);
    EXPECT_EQ(w.judge(clerk.id(), Scheme::Sm2Sm3, filingOf(kCourt, 1), kStart), ResultCode::SchemeNotSupported);
    const SignerId service = w.founding.courts[1].serviceId();
    EXPECT_EQ(w.judge(service, Scheme::Ed25519, Renewal{}, kStart), ResultCode::Ok);
    EXPECT_EQ(w.judge(service, Scheme::EcdsaP256Sha256, Renewal{}, kStart), ResultCode::SchemeDiffers);
    // An administrator acts in the own court only.
    EXPECT_EQ(w.act(w.admin(0, 1), personNamed("x", Role::Clerk, kCourt).enrolment), ResultCode::WrongCourt);
    EXPECT_EQ(w.act(w.admin(0, 1), revocationOf(clerk)), ResultCode::WrongCourt);
    EXPECT_EQ(w.act(w.admin(0, 0), revocationOf(personNamed("nobody", Role::Clerk, kCourt))), ResultCode::UnknownCertificate);
}

TEST(ControlState, ValidityWindowWithTheSkewOfAQuietChain)
{
    World w;
    const UnixMs from = kStart + kDay, to = kStart + 2 * kDay;
    const Person p = personNamed("short", Role::Clerk, kCourt, from, to);
    ASSERT_EQ(w.act(w.admin(), p.enrolment), ResultCode::Ok);
    const auto at = [&](UnixMs t) { return w.judge(p.id(), Scheme::Ed25519, filingOf(kCourt, 1), t); };
    EXPECT_EQ(at(from - kSignerSkewMs - 1), ResultCode::SignerNotYetValid);
    EXPECT_EQ(at(from - kSignerSkewMs), ResultCode::Ok);
    EXPECT_EQ(at(to), ResultCode::Ok);
    EXPECT_EQ(at(to + 1), ResultCode::SignerExpired);
}

TEST(ControlState, EnrolmentsThatCannotStand)
{
    World w;
    const Person p = personNamed("p", Role::Clerk, kCourt);
    auto e = p.enrolment;
    e.spki.back() ^= 1U;
    e.spki.pop_back();
    EXPECT_EQ(w.act(w.admin(), e), ResultCode::BadEnrolment);
    e = p.enrolment;
    e.scheme = Scheme::EcdsaP256Sha256;
    EXPECT_EQ(w.act(w.admin(), e), ResultCode::BadEnrolment);
    e = p.enrolment;
    std::swap(e.notBefore, e.notAfter);
    EXPECT_EQ(w.act(w.admin(), e), ResultCode::BadEnrolment);
    // Nobody is enrolled under the name of a court's key, whose records they could then sign.
    e = p.enrolment;
    e.certificateHash = w.founding.courts[0].serviceId();
    EXPECT_EQ(w.act(w.admin(), e), ResultCode::BadEnrolment);
    EXPECT_EQ(w.act(w.admin(), p.enrolment), ResultCode::Ok);
    EXPECT_EQ(w.act(w.admin(), p.enrolment), ResultCode::AlreadyEnrolled);
    EXPECT_EQ(w.state.staff(p.id())->enrolledAt, 1U);
    EXPECT_EQ(w.state.keyOf(p.id())->spki().size(), p.enrolment.spki.size());
    EXPECT_EQ(w.state.keyOf(SignerId{}), nullptr);
    // Staff ids are not given twice, revoked or not.
    EXPECT_EQ(w.act(w.admin(), revocationOf(p)), ResultCode::Ok);
    EXPECT_EQ(w.act(w.admin(), p.enrolment), ResultCode::AlreadyEnrolled);
}

TEST(ControlState, OneAdministratorActsAlone)
{
    World w(1);
    const Person clerk = w.enrol("clerk", Role::Clerk);
    const Person second = personNamed("second administrator", Role::Administrator, kCourt);
    EXPECT_EQ(w.act(w.admin(), revocationOf(clerk)), ResultCode::Ok);
    EXPECT_EQ(w.judge(clerk.id(), Scheme::Ed25519, filingOf(kCourt, 1), kStart), ResultCode::SignerRevoked);
    // A counts before the newcomer: alone still.
    EXPECT_EQ(w.act(w.admin(), second.enrolment), ResultCode::Ok);
    EXPECT_FALSE(w.state.waitsForSecond(second.enrolment));
    ASSERT_NE(w.state.staff(second.id()), nullptr);
    // Now there are two, and either may revoke the other: the target is not counted.
    EXPECT_EQ(w.act(second, revocationOf(w.admin())), ResultCode::Ok);
    EXPECT_EQ(w.act(w.admin(), filingOf(kCourt, 1)), ResultCode::SignerRevoked);
    // And the one who is left cannot revoke themselves but by a vote.
    EXPECT_EQ(w.act(second, revocationOf(second)), ResultCode::NeedsVote);
}

TEST(ControlState, TwoAdministratorsActTogether)
{
    World w(2);
    const Person clerk = w.enrol("clerk", Role::Clerk); // a clerk needs one
    ASSERT_NE(w.state.staff(clerk.id()), nullptr);
    const auto revocation = revocationOf(clerk);
    EXPECT_EQ(w.act(w.admin(0), revocation), ResultCode::Ok);
    EXPECT_TRUE(w.state.waitsForSecond(revocation));
    EXPECT_FALSE(w.state.staff(clerk.id())->revocation);
    EXPECT_EQ(w.act(clerk, filingOf(kCourt, 1)), ResultCode::Ok);
    EXPECT_EQ(w.act(w.admin(0), revocation), ResultCode::RepeatedApproval);
    // Other content is another matter.
    auto different = revocation;
    different.reason = RevocationReason::Left;
    EXPECT_EQ(w.act(w.admin(1), different), ResultCode::Ok);
    EXPECT_FALSE(w.state.staff(clerk.id())->revocation);
    EXPECT_EQ(w.act(w.admin(1), revocation), ResultCode::Ok);
    ASSERT_TRUE(w.state.staff(clerk.id())->revocation);
    EXPECT_EQ(w.state.staff(clerk.id())->revocation->reason, RevocationReason::KeyLost);
    EXPECT_EQ(w.state.staff(clerk.id())->revokedAt, w.position - 1);
    EXPECT_FALSE(w.state.waitsForSecond(revocation));
    EXPECT_EQ(w.act(w.admin(0), different), ResultCode::AlreadyRevoked);
}

TEST(ControlState, AnAdministratorIsEnrolledByTwo)
{
    World w(2);
    const Person third = personNamed("third", Role::Administrator, kCourt);
    EXPECT_EQ(w.act(w.admin(1), third.enrolment), ResultCode::Ok);
    EXPECT_EQ(w.state.staff(third.id()), nullptr);
    EXPECT_EQ(w.act(third, revocationOf(w.admin(0))), ResultCode::UnknownSigner);
    EXPECT_EQ(w.act(w.admin(0), third.enrolment), ResultCode::Ok);
    ASSERT_NE(w.state.staff(third.id()), nullptr);
    EXPECT_EQ(w.state.staff(third.id())->enrolledAt, 2U);
    // Three of them: one of two that are not the target starts, the other completes.
    EXPECT_EQ(w.act(third, revocationOf(w.admin(0))), ResultCode::Ok);
    EXPECT_EQ(w.act(w.admin(0), revocationOf(w.admin(0))), ResultCode::WrongRole);
    EXPECT_FALSE(w.state.staff(w.admin(0).id())->revocation);
    EXPECT_EQ(w.act(w.admin(1), revocationOf(w.admin(0))), ResultCode::Ok);
    EXPECT_TRUE(w.state.staff(w.admin(0).id())->revocation);
}

TEST(ControlState, AFirstApprovalLapsesAfterThirtyDays)
{
    for (const UnixMs late : {UnixMs{0}, UnixMs{1}}) {
        World w(2);
        const Person clerk = w.enrol("clerk", Role::Clerk);
        const auto r = revocationOf(clerk, kStart + 29 * kDay);
        EXPECT_EQ(w.act(w.admin(0), r), ResultCode::Ok);
        EXPECT_EQ(w.act(w.admin(1), r, kStart + kPendingLapseMs + late), ResultCode::Ok);
        EXPECT_EQ(w.state.staff(clerk.id())->revocation.has_value(), late == 0);
        EXPECT_EQ(w.state.waitsForSecond(r), late != 0);
        // After the lapse the same person may begin again; within it not.
        if (late != 0) {
            EXPECT_EQ(w.act(w.admin(1), r, kStart + kPendingLapseMs + 2), ResultCode::RepeatedApproval);
            EXPECT_EQ(w.act(w.admin(0), r, kStart + kPendingLapseMs + 2), ResultCode::Ok);
            EXPECT_TRUE(w.state.staff(clerk.id())->revocation.has_value());
        }
    }
}

TEST(ControlState, OnlyValidAdministratorsAreCounted)
{
    // The second administrator's certificate ends: the first is alone then, and what waited takes effect at the next word.
    Court court = courtNamed(kCourt, 2);
    for (auto& e : court.card.administrators)
        if (e.certificateHash == court.administrators[1].id()) e.notAfter = kStart + kDay;
    World w(Founding(std::vector{court}));
    const Person clerk = w.enrol("clerk", Role::Clerk);
    EXPECT_EQ(w.act(w.admin(0), revocationOf(clerk), kStart), ResultCode::Ok);
    EXPECT_FALSE(w.state.staff(clerk.id())->revocation);
    EXPECT_EQ(w.act(w.admin(1), revocationOf(clerk), kStart + 2 * kDay), ResultCode::SignerExpired);
    EXPECT_EQ(w.act(w.admin(0), revocationOf(clerk), kStart + 2 * kDay), ResultCode::Ok);
    EXPECT_TRUE(w.state.staff(clerk.id())->revocation);
}

TEST(ControlState, FromTimesOfRevocations)
{
    World w(1);
    const Person clerk = w.enrol("clerk", Role::Clerk);
    EXPECT_EQ(w.act(w.admin(), revocationOf(clerk, kStart - kRevocationBackMs - 1)), ResultCode::NeedsVote);
    EXPECT_EQ(w.act(w.admin(), revocationOf(clerk, kStart)), ResultCode::Ok);
    const std::size_t first = w.state.staff(clerk.id())->revokedAt;
    EXPECT_EQ(w.act(w.admin(), revocationOf(clerk, kStart)), ResultCode::AlreadyRevoked);
    EXPECT_EQ(w.act(w.admin(), revocationOf(clerk, kStart + 1)), ResultCode::AlreadyRevoked);
    // An earlier time makes it stricter, by order it stays where it was.
    EXPECT_EQ(w.act(w.admin(), revocationOf(clerk, kStart - kRevocationBackMs)), ResultCode::Ok);
    EXPECT_EQ(w.state.staff(clerk.id())->revocation->fromTime, kStart - kRevocationBackMs);
    EXPECT_EQ(w.state.staff(clerk.id())->revokedAt, first);
}

TEST(ControlState, WhatIsNotAuthorisedChangesNothing)
{
    // As entries of a damaged log come: applied without having been judged.
    World w(1);
    const Person clerk = w.enrol("clerk", Role::Clerk);
    const auto before = w.state.allStaff().size();
    auto broken = personNamed("x", Role::Clerk, kCourt).enrolment;
    broken.spki = toBytes("no key");
    auto impostor = personNamed("y", Role::Clerk, kCourt).enrolment;
    impostor.certificateHash = w.founding.courts[0].serviceId();
    for (const RecordBody& body :
         {RecordBody(broken), RecordBody(impostor), RecordBody(revocationOf(personNamed("z", Role::Clerk, kCourt))),
          RecordBody(filingOf(kCourt, 1)), RecordBody(Ballot{})})
        w.state.apply(recordOf(body, 99), w.admin().id(), kStart, 9);
    w.state.apply(recordOf(revocationOf(clerk), 99), SignerId{}, kStart, 9);
    EXPECT_EQ(w.state.allStaff().size(), before);
    EXPECT_FALSE(w.state.staff(clerk.id())->revocation);
    EXPECT_EQ(*w.state.keyOf(w.founding.courts[0].serviceId())->ed25519(), w.founding.courts[0].card.serviceKey);
}

TEST(Charter, IsCheckedAgainstItsCards)
{
    const auto reasonOf = [](const Founding& f) {
        const auto st = ControlState::fromCharter(f.cards, f.charter);
        return st ? std::string("ok") : st.error().reason;
    };
    const auto two = [] { return Founding({courtNamed("210600", 1), courtNamed("370200", 1)}); };
    EXPECT_EQ(reasonOf(two()), "ok");
    Founding f = two();
    f.cards[1].push_back(0);
    EXPECT_EQ(reasonOf(f), "card_malformed");
    f = two();
    std::swap(f.cards[0], f.cards[1]);
    EXPECT_EQ(reasonOf(f), "cards_root_differs");
    f = two();
    f.cards.pop_back();
    EXPECT_EQ(reasonOf(f), "cards_root_differs");
    f = two();
    f.core.count = 3;
    f.charter.core = encode(f.core);
    f.sign();
    EXPECT_EQ(reasonOf(f), "cards_root_differs");
    f = two();
    f.charter.core.push_back(0);
    EXPECT_EQ(reasonOf(f), "charter_malformed");
    f = two();
    f.charter.signatures.pop_back();
    EXPECT_EQ(reasonOf(f), "charter_signature");
    f = two();
    f.charter.signatures[1][5] ^= 1U;
    EXPECT_EQ(reasonOf(f), "charter_signature");
    f = two();
    std::swap(f.charter.signatures[0], f.charter.signatures[1]);
    EXPECT_EQ(reasonOf(f), "charter_signature");
    f = two();
    f.courts[1].card.serviceKey = f.courts[0].card.serviceKey;
    f.seal();
    EXPECT_EQ(reasonOf(f), "card_malformed");
    // An administrator of both courts, one with a key that is none, and one with a court key's name.
    f = two();
    f.courts[1].card.administrators[0].certificateHash = f.courts[0].card.administrators[0].certificateHash;
    f.seal();
    EXPECT_EQ(reasonOf(f), "card_malformed");
    f = two();
    f.courts[1].card.administrators[0].spki = toBytes("no key");
    f.seal();
    EXPECT_EQ(reasonOf(f), "card_malformed");
    f = two();
    f.courts[0].card.administrators[0].certificateHash = f.courts[1].serviceId();
    f.seal();
    EXPECT_EQ(reasonOf(f), "card_malformed");

    const ControlState st = two().state();
    EXPECT_EQ(st.courts().size(), 2U);
    EXPECT_EQ(st.court("370200")->nameEn, "Test court 370200");
    EXPECT_EQ(st.court("999999"), nullptr);
    EXPECT_EQ(st.origin(), two().origin);
    EXPECT_EQ(st.ledger(), two().id);
    EXPECT_EQ(st.staff(two().courts[0].administrators[0].id())->enrolledAt, 0U);
}

TEST(ResultCode, NamesAreDistinct)
{
    std::set<std::string_view> names;
    for (std::uint32_t i = 0; i <= 21; ++i)
        names.insert(toString(static_cast<ResultCode>(i)));
    EXPECT_EQ(names.size(), 22U);
    EXPECT_EQ(toString(ResultCode::TooLarge), "too_large");
    EXPECT_EQ(toString(static_cast<ResultCode>(22)), "malformed");
}

TEST(ControlHead, CoversControlEntriesOnly)
{
    const Founding f(1);
    const auto& admin = f.courts[0].administrators[0];
    LedgerEntry e;
    e.body = f.charter;
    EXPECT_TRUE(isControl(e));
    e.body = signedBy(f, admin, personNamed("a", Role::Clerk, kCourt).enrolment, 1);
    EXPECT_TRUE(isControl(e));
    e.body = signedBy(f, admin, filingOf(kCourt, 1), 1);
    EXPECT_FALSE(isControl(e));
    SignedRecord broken;
    broken.record = toBytes("not a record");
    e.body = broken;
    EXPECT_FALSE(isControl(e));
    // SHA-256(C ‖ leaf hash), from 32 zero bytes.
    const auto leaf = merkle::hashLeaf(asBytes("x"));
    Bytes joined(32, 0);
    append(joined, leaf.bytes());
    EXPECT_EQ(nextControlHead({}, leaf).hex(), crypto::sha256(joined).hex());
}

TEST(CourtsPolicy, CountsEachKeyOnce)
{
    for (const auto& [courts, k] : std::vector<std::pair<std::size_t, unsigned>>{{1, 1}, {2, 2}, {3, 3}, {4, 3}, {5, 4}, {7, 5}, {10, 7}}) {
        std::vector<CourtCard> cards;
        for (std::size_t i = 0; i < courts; ++i)
            cards.push_back(courtNamed("21060" + std::to_string(i), 1).card);
        const auto all = courtsPolicy("o.example/x", cards);
        ASSERT_TRUE(all) << all.error().detail;
        EXPECT_EQ(all->groups.at(0).threshold, k);
        EXPECT_EQ(all->logs.size(), courts);
        EXPECT_EQ(all->witnesses.size(), courts);
        const auto one = courtsPolicy("o.example/x", cards, cards.back().courtKey);
        ASSERT_TRUE(one);
        EXPECT_EQ(one->logs.size(), 1U);
        EXPECT_EQ(one->witnesses.size(), courts);
        cards.back().cosignerKey = cards.front().logKey;
        EXPECT_FALSE(courtsPolicy("o.example/x", cards));
    }
}

} // namespace
} // namespace jc::record::test
