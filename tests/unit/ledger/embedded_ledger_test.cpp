// SPDX-License-Identifier: Apache-2.0
#include "ledger/embedded_ledger.h"

#include "ledger/signer_state.h"
#include "support/ledger_rig.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace jc::ledger {
namespace {
using namespace jc::test;
using namespace std::chrono_literals;

template <class T> std::string reasonOf(const Result<T>& r)
{
    return r ? "ok" : r.error().reason;
}
/// Inclusion, signatures and size of what await() handed out.
void expectProven(const Rig& rig, const Anchored& a)
{
    const auto policy = must(makePolicy(rig.founding.state()));
    const auto checked = note::checkCheckpoint(must(note::SignedNote::parse(a.checkpoint)), policy);
    ASSERT_EQ(checked.outcome, note::NoteOutcome::Verified);
    EXPECT_EQ(checked.checkpoint.size, a.checkpointSize);
    EXPECT_EQ(checked.checkpoint.origin, rig.founding.origin);
    EXPECT_EQ(merkle::checkInclusion(merkle::hashLeaf(a.entry), a.index, a.checkpointSize, a.path, checked.checkpoint.root),
              merkle::ProofOutcome::Proven);
}

TEST(EmbeddedLedger, BeginsWithItsCharter)
{
    Rig rig;
    rig.create();
    EXPECT_EQ(reasonOf(EmbeddedLedger::create(rig.options(), rig.founding.cards, rig.founding.charter)), "exists");
    const auto l = rig.open();
    EXPECT_EQ(l->writability(), Writability::Writable);
    EXPECT_EQ(l->size(), 1U);
    EXPECT_EQ(l->id(), rig.founding.id);
    EXPECT_EQ(l->origin(), rig.founding.origin);
    EXPECT_EQ(l->cards(), rig.founding.cards);
    EXPECT_EQ(must(l->checkpoints()).size(), 1U);
    expectProven(rig, must(l->proof(0)));
    EXPECT_TRUE(must(l->controlEntries()).empty());
    EXPECT_TRUE(rig.audit().findings.empty());
    EXPECT_EQ(EmbeddedLedger::open([&] {
                  auto o = rig.options();
                  o.databaseFile = rig.dir / "none.sqlite";
                  return o;
              }())
                  .error()
                  .code,
              ErrorCode::NotFound);
}

TEST(EmbeddedLedger, RefusesToBeMadeOfWrongParts)
{
    Rig rig;
    auto o = rig.options();
    o.logKey = rig.founding.courts[0].cosigner;
    EXPECT_EQ(reasonOf(EmbeddedLedger::create(o, rig.founding.cards, rig.founding.charter)), "wrong_court_keys");
    o = rig.options(false);
    EXPECT_EQ(EmbeddedLedger::create(o, rig.founding.cards, rig.founding.charter).error().code, ErrorCode::InvalidArgument);
    const Founding two({courtNamed("210600", 1), courtNamed("370200", 1)});
    EXPECT_EQ(reasonOf(EmbeddedLedger::create(rig.options(), two.cards, two.charter)), "founders");
    EXPECT_EQ(reasonOf(EmbeddedLedger::create(rig.options(), two.cards, rig.founding.charter)), "cards_root_differs");
    EXPECT_FALSE(std::filesystem::exists(rig.file()));
    rig.create();
    o = rig.options();
    o.cosignerKey = keyNamed("another");
    EXPECT_EQ(reasonOf(EmbeddedLedger::open(o)), "wrong_court_keys");
    // Keys that have signed one ledger begin no second one.
    std::filesystem::rename(rig.file(), rig.dir / "away");
    EXPECT_EQ(reasonOf(EmbeddedLedger::create(rig.options(), rig.founding.cards, rig.founding.charter)), "exists");
    EXPECT_FALSE(std::filesystem::exists(rig.file()));
}

TEST(EmbeddedLedger, AnchorsAndKeepsAcrossReopening)
{
    Rig rig;
    rig.create();
    std::vector<Anchored> all;
    {
        const auto l = rig.open();
        rig.enrolClerk(*l);
        for (int i = 0; i < 20; ++i) {
            all.push_back(must(Rig::put(*l, rig.filing())));
            expectProven(rig, all.back());
        }
        EXPECT_EQ(all.back().index, 21U);
        EXPECT_EQ(must(l->controlEntries()).size(), 1U);
    }
    const auto l = rig.open();
    EXPECT_EQ(l->size(), 22U);
    EXPECT_EQ(must(l->checkpoints()).size(), 22U); // one of every batch
    EXPECT_EQ(must(l->entry(5)), all[3].entry);
    EXPECT_EQ(l->entry(22).error().code, ErrorCode::NotFound);
    EXPECT_EQ(l->members()->staff(rig.clerk.id())->enrolledAt, 1U);
    for (const auto& a : all) {
        const auto again = must(l->proof(a.index));
        EXPECT_EQ(again.entry, a.entry);
        expectProven(rig, again);
        // Older checkpoints are prefixes.
        const auto older = must(note::Checkpoint::parse(must(note::SignedNote::parse(a.checkpoint)).text));
        const auto newer = must(note::Checkpoint::parse(must(note::SignedNote::parse(l->checkpoint())).text));
        EXPECT_EQ(merkle::checkConsistency(older.size, older.root, newer.size, newer.root, must(l->consistency(older.size, newer.size))),
                  merkle::ProofOutcome::Proven);
    }
    EXPECT_TRUE(rig.audit().findings.empty());
    EXPECT_FALSE(l->inclusion(5, 23));
    EXPECT_FALSE(l->consistency(5, 23));
}

TEST(EmbeddedLedger, SubmittingAgainIsTheSameSubmission)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    auto first = rig.filing();
    const auto a = must(Rig::put(*l, first));
    EXPECT_EQ(must(Rig::put(*l, first)).index, a.index);
    // Another encoding of the signature, even one that does not verify: the record is there already.
    auto otherSignature = first;
    otherSignature.signature[3] ^= 1U;
    EXPECT_EQ(must(Rig::put(*l, otherSignature)).entry, a.entry);
    // The same id for other bytes.
    const auto conflict = signedBy(rig.founding, rig.clerk, filingOf("210600", 999), rig.number - 1, rig.clock.now());
    EXPECT_EQ(reasonOf(Rig::put(*l, conflict)), "id_conflict");
    EXPECT_EQ(must(Rig::put(*l, first)).index, a.index);
    EXPECT_EQ(l->size(), 3U);
    EXPECT_EQ(must(l->find({first.signer, uuidAt(rig.clock.now(), rig.number - 1)})), a.index);
}

TEST(EmbeddedLedger, SubmissionsOutliveTheProcess)
{
    Rig rig;
    rig.create();
    record::SignedRecord first;
    Submission s;
    {
        const auto l = rig.open();
        rig.enrolClerk(*l);
        first = rig.filing();
        s = must(l->submit(first));
        must(l->await(s, 60s, {}));
    }
    const auto l = rig.open();
    EXPECT_EQ(must(l->await(s, 1s, {})).index, 2U);
    EXPECT_EQ(must(Rig::put(*l, first)).index, 2U);
    const auto conflict = signedBy(rig.founding, rig.clerk, filingOf("210600", 999), rig.number - 1, rig.clock.now());
    EXPECT_EQ(reasonOf(Rig::put(*l, conflict)), "id_conflict");
    EXPECT_EQ(l->await({rig.clerk.id(), uuidAt(1, 1)}, 1s, {}).error().code, ErrorCode::NotFound);
    EXPECT_EQ(l->size(), 3U);
}

TEST(EmbeddedLedger, TwoRecordsUnderOneNameGetTwoAnswers)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    // Submitted before the first is answered: never the first one's answer for the second.
    for (int round = 0; round < 50; ++round) {
        const auto a = rig.filing();
        const auto b = signedBy(rig.founding, rig.clerk, filingOf("210600", 5000 + rig.number), rig.number - 1, rig.clock.now());
        const auto first = must(l->submit(a));
        const auto second = l->submit(b);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().reason, "id_conflict");
        EXPECT_EQ(must(record::decodeLedgerEntry(must(l->await(first, 60s, {})).entry)).body, (decltype(record::LedgerEntry::body)(a)));
    }
}

TEST(EmbeddedLedger, RefusalsCarryTheCodeOfTheStateMachine)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    EXPECT_EQ(reasonOf(Rig::put(*l, rig.filing())), "unknown_signer");
    rig.enrolClerk(*l);
    auto bad = rig.filing();
    bad.signature[0] ^= 1U;
    EXPECT_EQ(reasonOf(Rig::put(*l, bad)), "bad_signature");
    EXPECT_EQ(reasonOf(Rig::put(*l, rig.sign(rig.clerk, filingOf("370200", 1)))), "wrong_court");
    EXPECT_EQ(reasonOf(Rig::put(*l, rig.sign(rig.clerk, record::Renewal{}))), "wrong_role");
    record::SignedRecord nonsense = rig.filing();
    nonsense.record.push_back(0);
    EXPECT_EQ(l->submit(nonsense).error().code, ErrorCode::Malformed);
    // Ten minutes ahead is a slow clock somewhere; more is refused at the door.
    const UnixMs now = rig.clock.now();
    EXPECT_TRUE(Rig::put(*l, signedBy(rig.founding, rig.clerk, filingOf("210600", 1), 70, now + record::kSignerSkewMs)));
    EXPECT_EQ(reasonOf(l->submit(signedBy(rig.founding, rig.clerk, filingOf("210600", 1), 71, now + record::kSignerSkewMs + kMinute))),
              "id_in_future");
    // After a refusal the same name may come again with what is right.
    auto good = bad;
    good.signature[0] ^= 1U;
    EXPECT_TRUE(Rig::put(*l, good));
    EXPECT_EQ(l->size(), 4U);
}

TEST(EmbeddedLedger, RenewalsNameAnEntryThatIsThere)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    const auto a = must(Rig::put(*l, rig.filing()));
    const auto renew = [&](std::uint64_t index, const merkle::LeafHash& hash) {
        return reasonOf(
            Rig::put(*l, signedBy(rig.founding, rig.founding.courts[0].serviceId(), rig.founding.courts[0].service,
                                  record::Renewal{index, hash, crypto::sha256(asBytes("token"))}, rig.number++, rig.clock.now())));
    };
    EXPECT_EQ(renew(a.index, merkle::hashLeaf(a.entry)), "ok");
    EXPECT_EQ(renew(a.index, merkle::hashLeaf(asBytes("other"))), "entry_differs");
    EXPECT_EQ(renew(l->size(), merkle::hashLeaf(a.entry)), "unknown_entry");
    EXPECT_EQ(renew((std::uint64_t{1} << 63U) - 1, merkle::hashLeaf(a.entry)), "unknown_entry");
}

TEST(EmbeddedLedger, ManyThreadsShareCommits)
{
    Rig rig;
    rig.create();
    constexpr std::size_t kThreads = 25, kEach = 20;
    std::vector<std::vector<record::SignedRecord>> work(kThreads);
    std::set<std::uint64_t> indexes;
    {
        const auto l = rig.open();
        rig.enrolClerk(*l);
        for (auto& w : work)
            for (std::size_t i = 0; i < kEach; ++i)
                w.push_back(rig.filing());
        std::mutex m;
        std::vector<std::jthread> pool;
        for (const auto& w : work)
            pool.emplace_back([&] {
                for (const auto& r : w) {
                    const auto a = Rig::put(*l, r);
                    const std::lock_guard lock(m);
                    ASSERT_TRUE(a) << a.error().detail;
                    EXPECT_TRUE(indexes.insert(a->index).second);
                    expectProven(rig, *a);
                }
            });
        pool.clear();
        EXPECT_EQ(indexes.size(), kThreads * kEach);
        EXPECT_EQ(*indexes.rbegin(), kThreads * kEach + 1);
        EXPECT_LT(must(l->checkpoints()).size(), kThreads * kEach); // else nothing was shared
    }
    EXPECT_TRUE(rig.audit().findings.empty());
}

TEST(EmbeddedLedger, ReadersSeeOneMomentWhileAnotherWrites)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    std::vector<record::SignedRecord> work;
    for (int i = 0; i < 400; ++i)
        work.push_back(rig.filing());
    std::atomic<bool> done = false;
    std::jthread writer([&] {
        for (const auto& r : work)
            static_cast<void>(Rig::put(*l, r));
        done = true;
    });
    std::size_t opened = 0;
    while (!done || opened < 10) {
        const auto reader = EmbeddedLedger::open(rig.options(false));
        ASSERT_TRUE(reader) << reader.error().detail;
        expectProven(rig, must((*reader)->proof((*reader)->size() - 1)));
        ++opened;
    }
}

TEST(EmbeddedLedger, AwaitEndsWhenToldTo)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    // Another connection holds the write lock: nothing can be committed.
    RawDb raw(rig.file());
    raw.exec("BEGIN IMMEDIATE");
    const auto s = must(l->submit(rig.filing()));
    EXPECT_EQ(reasonOf(l->await(s, 50ms, {})), "ledger_slow");
    std::stop_source stop;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    });
    EXPECT_EQ(l->await(s, 60s, stop.get_token()).error().code, ErrorCode::Cancelled);
    raw.exec("COMMIT");
    EXPECT_TRUE(l->await(s, 60s, {}));
}

TEST(EmbeddedLedger, LedgerTimeNeverGoesBack)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    const auto timeOf = [](const Anchored& a) { return must(record::decodeLedgerEntry(a.entry)).ledgerTime; };
    rig.clock.set(kStart + kHour);
    UnixMs last = timeOf(must(Rig::put(*l, rig.filing())));
    EXPECT_EQ(last, kStart + kHour);
    rig.clock.add(-kMaxClockBackMs);
    for (int i = 0; i < 3; ++i) {
        const UnixMs t = timeOf(must(Rig::put(*l, rig.filing())));
        EXPECT_EQ(t, last + 1);
        last = t;
        rig.clock.set(last - kMaxClockBackMs);
    }
    rig.clock.set(last - kMaxClockBackMs - 1);
    const auto r = rig.filing();
    const auto refused = Rig::put(*l, r);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(refused.error().reason, "clock_back");
    rig.clock.set(last + 5);
    EXPECT_EQ(timeOf(must(Rig::put(*l, r))), last + 5);
}

TEST(EmbeddedLedger, ReadOnlyStates)
{
    Rig rig;
    rig.create();
    {
        const auto l = rig.open();
        rig.enrolClerk(*l);
        rig.fill(*l, 3);
    }
    const auto old = rig.dir / "old.sqlite";
    std::filesystem::copy_file(rig.file(), old);
    {
        const auto l = rig.open();
        rig.fill(*l, 3);
    }
    const auto expectReadOnly = [&](Writability w, bool keys = true) {
        const auto l = rig.open(keys);
        EXPECT_EQ(toString(l->writability()), toString(w));
        EXPECT_EQ(reasonOf(l->submit(rig.filing())), "read_only");
        expectProven(rig, must(l->proof(2)));
        return l->size();
    };
    const auto newest = rig.dir / "new.sqlite";
    std::filesystem::copy_file(rig.file(), newest);
    EXPECT_EQ(expectReadOnly(Writability::NoKeys, false), 8U);
    // An old copy put back.
    std::filesystem::copy_file(old, rig.file(), std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(expectReadOnly(Writability::BehindSigned), 5U);
    // Another history of the same keys, as long as the signed one: made from the old copy with another signer state.
    std::filesystem::rename(rig.signerFile(), rig.dir / "signer.real");
    EXPECT_EQ(expectReadOnly(Writability::NoSignerState), 5U);
    must(EmbeddedLedger::adoptSignerState(
        rig.options(), 5, must(note::Checkpoint::parse(must(note::SignedNote::parse(rig.open(false)->checkpoint())).text)).root));
    {
        const auto l = rig.open();
        ASSERT_EQ(l->writability(), Writability::Writable);
        rig.fill(*l, 3);
    }
    std::filesystem::rename(rig.dir / "signer.real", rig.signerFile());
    EXPECT_EQ(expectReadOnly(Writability::ForkedFromSigned), 8U);
    // The right one again.
    std::filesystem::copy_file(newest, rig.file(), std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(rig.open()->writability(), Writability::Writable);
}

TEST(EmbeddedLedger, AdoptsOnlyWhatContinuesTheLastKnownHead)
{
    Rig rig;
    rig.create();
    std::vector<SignedHead> heads;
    {
        const auto l = rig.open();
        rig.enrolClerk(*l);
        for (int i = 0; i < 3; ++i) {
            must(Rig::put(*l, rig.filing()));
            const auto c = must(note::Checkpoint::parse(must(note::SignedNote::parse(l->checkpoint())).text));
            heads.push_back({c.size, c.root});
        }
    }
    const auto adopt = [&](std::uint64_t size, const merkle::RootHash& root) {
        return reasonOf(EmbeddedLedger::adoptSignerState(rig.options(), size, root));
    };
    std::filesystem::remove(rig.signerFile());
    EXPECT_EQ(adopt(heads[2].size + 1, heads[2].root), "behind_last_known");
    EXPECT_EQ(adopt(heads[1].size, heads[2].root), "not_a_continuation");
    EXPECT_EQ(adopt(0, merkle::emptyRoot()), "");
    EXPECT_FALSE(std::filesystem::exists(rig.signerFile()));
    EXPECT_EQ(adopt(heads[0].size, heads[0].root), "ok");
    // The newest checkpoint in the ledger itself was signed too, and counts.
    EXPECT_EQ(*must(SignerState::peek(rig.signerFile(), rig.founding.origin)), heads[2]);
    EXPECT_EQ(rig.open()->writability(), Writability::Writable);
    // A signer state that knows more is never replaced by an older one.
    EXPECT_EQ(adopt(heads[0].size, heads[0].root), "ok");
    EXPECT_EQ(*must(SignerState::peek(rig.signerFile(), rig.founding.origin)), heads[2]);
}

/// Puts an entry behind the signed ones, as a crash between storing and signing leaves it, or as a forger would.
void appendRaw(const Rig& rig, const Bytes& body, const SignerId& signer, const Uuid& id, bool control)
{
    RawDb raw(rig.file());
    const std::string idx = std::to_string(raw.number("SELECT count(*) FROM entries"));
    raw.pastTriggers("INSERT INTO entries VALUES(" + idx + ", x'" + toHex(body) + "'); INSERT OR REPLACE INTO record_ids VALUES(x'" +
                     toHex(id) + "', x'" + signer.hex() + "', " + idx + ");" +
                     (control ? "INSERT INTO control VALUES(" + idx + ");" : std::string()));
}
struct Tail {
    Rig rig;
    record::LedgerEntry next; ///< what an honest next entry looks like
    Tail()
    {
        rig.create();
        const auto l = rig.open();
        rig.enrolClerk(*l);
        rig.fill(*l, 2);
        next = must(record::decodeLedgerEntry(must(l->entry(3))));
        next.height += 1;
        next.ledgerTime += 1;
        next.body = rig.filing();
    }
    std::string openWith(const record::LedgerEntry& e, bool control = false)
    {
        const auto& s = std::get<record::SignedRecord>(e.body);
        const auto r = record::decodeRecord(s.record);
        appendRaw(rig, record::encode(e), s.signer, r ? r->id : Uuid{}, control);
        makeTilesFit(rig.file());
        const auto l = EmbeddedLedger::open(rig.options());
        return l ? std::to_string((*l)->size()) : l.error().reason;
    }
};

TEST(UnsignedTail, AValidOneIsSignedAtOpen)
{
    Tail t;
    EXPECT_EQ(t.openWith(t.next), "5");
    EXPECT_TRUE(t.rig.audit().findings.empty());
    // An enrolment too, and what follows it in the same batch.
    Tail u;
    const Person judge = personNamed("judge", record::Role::Judge, "210600");
    u.next.body = u.rig.sign(u.rig.admin(), judge.enrolment);
    EXPECT_EQ(u.openWith(u.next, true), "5");
    EXPECT_NE(u.rig.open()->members()->staff(judge.id()), nullptr);
}

TEST(UnsignedTail, AnInvalidOneIsNeverSigned)
{
    const auto with = [](const std::function<void(Tail&)>& change, bool control = false) {
        Tail t;
        change(t);
        return t.openWith(t.next, control);
    };
    EXPECT_EQ(with([](Tail& t) { std::get<record::SignedRecord>(t.next.body).signature[9] ^= 1U; }), "entry_changed");
    EXPECT_EQ(with([](Tail& t) { t.next.body = t.rig.sign(personNamed("nobody", record::Role::Clerk, "210600"), filingOf("210600", 1)); }),
              "entry_changed");
    EXPECT_EQ(with([](Tail& t) { t.next.body = t.rig.sign(t.rig.clerk, filingOf("370200", 1)); }), "entry_changed");
    EXPECT_EQ(with([](Tail& t) { t.next.height += 1; }), "entry_changed");
    EXPECT_EQ(with([](Tail& t) { t.next.height -= 1; }), "entry_changed");
    EXPECT_EQ(with([](Tail& t) { t.next.ledgerTime -= 1; }), "entry_changed");
    EXPECT_EQ(with([](Tail& t) { t.next.epoch = 1; }), "entry_changed");
    EXPECT_EQ(with([](Tail& t) { t.next.controlHead.data()[0] ^= 1U; }), "control_chain_broken");
    EXPECT_EQ(with([](Tail& t) { std::get<record::SignedRecord>(t.next.body).record.push_back(0); }), "entry_changed");
    EXPECT_EQ(with([](Tail& t) {
                  t.next.body = signedBy(t.rig.founding, t.rig.founding.courts[0].serviceId(), t.rig.founding.courts[0].service,
                                         record::Renewal{0, merkle::hashLeaf(asBytes("other")), {}}, 77, t.rig.clock.now());
              }),
              "entry_changed");
    // A signed record of an earlier entry, once more under the index's eyes.
    Tail t;
    const auto old = must(record::decodeLedgerEntry(must(t.rig.open(false)->entry(3))));
    t.next.body = old.body;
    RawDb raw(t.rig.file());
    raw.pastTriggers("INSERT INTO entries VALUES(4, x'" + toHex(record::encode(t.next)) + "')");
    makeTilesFit(t.rig.file());
    EXPECT_EQ(reasonOf(EmbeddedLedger::open(t.rig.options())), "entry_changed");
}

TEST(UnsignedTail, AdoptingASignerStateSignsNothingUnchecked)
{
    Tail t;
    const auto cp = must(note::Checkpoint::parse(must(note::SignedNote::parse(t.rig.open(false)->checkpoint())).text));
    std::get<record::SignedRecord>(t.next.body).signature[9] ^= 1U;
    appendRaw(t.rig, record::encode(t.next), t.rig.clerk.id(), uuidAt(1, 1), false);
    makeTilesFit(t.rig.file());
    std::filesystem::remove(t.rig.signerFile());
    must(EmbeddedLedger::adoptSignerState(t.rig.options(), cp.size, cp.root));
    EXPECT_EQ(reasonOf(EmbeddedLedger::open(t.rig.options())), "entry_changed");
}

TEST(EmbeddedLedger, AChangedStaffChainIsFoundAtOpen)
{
    // Whoever hides a revocation lets the revoked sign again.
    const auto made = [](Rig& rig, bool filingLast) {
        rig.create();
        const auto l = rig.open();
        rig.enrolClerk(*l);
        const Person judge = personNamed("judge", record::Role::Judge, "210600");
        must(Rig::put(*l, rig.sign(rig.admin(), judge.enrolment)));
        must(Rig::put(*l, rig.sign(rig.admin(), record::Revocation{judge.id(), kStart, record::RevocationReason::Left})));
        if (filingLast) rig.fill(*l, 2);
    };
    for (const bool filingLast : {true, false})
        for (const char* sql :
             {"DELETE FROM control WHERE idx=3", "DELETE FROM control WHERE idx=2", "DELETE FROM control WHERE idx=1",
              "UPDATE entries SET body=(SELECT body FROM entries WHERE idx=1) WHERE idx=3", "UPDATE entries SET body=x'00' WHERE idx=3",
              "UPDATE entries SET body=x'00' WHERE idx=0", "DELETE FROM entries WHERE idx=3", "UPDATE cards SET card=x'00'"}) {
            Rig rig;
            made(rig, filingLast);
            RawDb(rig.file()).pastTriggers(sql);
            for (const bool keys : {true, false}) {
                const auto l = EmbeddedLedger::open(rig.options(keys));
                EXPECT_FALSE(l) << sql << filingLast << keys;
                const auto code = l ? ErrorCode::Internal : l.error().code;
                EXPECT_TRUE(code == ErrorCode::Damaged || code == ErrorCode::Malformed) << sql << reasonOf(l);
            }
        }
}

TEST(EmbeddedLedger, DamageIsAnErrorAtOpenNeverACrash)
{
    Rig rig;
    rig.create();
    {
        const auto l = rig.open();
        rig.enrolClerk(*l);
        rig.fill(*l, 300);
    }
    const auto whole = must(readFile(rig.file(), 1U << 28U));
    for (const char* sql :
         {"DELETE FROM edge", "UPDATE edge SET hashes=zeroblob(32*46) WHERE level=0", "DELETE FROM entries", "DELETE FROM cards",
          "UPDATE checkpoints SET note='x' WHERE size=(SELECT max(size) FROM checkpoints)", "INSERT INTO edge VALUES(5, zeroblob(64))",
          "INSERT INTO entries VALUES(9223372036854775807, x'00')", "INSERT INTO entries VALUES(999, x'00')", "PRAGMA user_version=9",
          "PRAGMA application_id=9", "INSERT INTO checkpoints VALUES(99999, 'x')"}) {
        must(writeFileAtomic(rig.file(), whole));
        RawDb(rig.file()).pastTriggers(sql);
        const auto l = EmbeddedLedger::open(rig.options());
        EXPECT_FALSE(l) << sql;
    }
}

TEST(EmbeddedLedger, BackupOpensAsItWas)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    rig.fill(*l, 30);
    must(l->backupTo(rig.dir / "backup.sqlite"));
    auto o = rig.options(false);
    o.databaseFile = rig.dir / "backup.sqlite";
    const auto copy = must(EmbeddedLedger::open(o));
    EXPECT_EQ(copy->checkpoint(), l->checkpoint());
    EXPECT_EQ(must(copy->checkpoints()), must(l->checkpoints()));
    EXPECT_TRUE(must(deepAudit(o.databaseFile, {}, noProgress(), {})).findings.empty());
}

TEST(ExportTiles, WritesWhatTheFormatDemands)
{
    Rig rig;
    rig.create();
    const auto l = rig.open();
    rig.enrolClerk(*l);
    rig.fill(*l, 600);
    const auto size = must(exportTiles(*l, rig.dir / "out", noProgress(), {}));
    EXPECT_EQ(size, 602U);
    std::set<std::string> expected{"checkpoint"};
    merkle::CompactTree tree;
    std::vector<merkle::NodeHash> level1;
    for (const auto& id : merkle::tilesOf(size)) {
        expected.insert(merkle::tilePath(id));
        const auto hashes = must(merkle::decodeTile(must(readFile(rig.dir / "out" / merkle::tilePath(id), 1U << 20U)), id.width));
        if (id.level == 0) {
            expected.insert(merkle::entriesPath(id));
            const auto bytes = must(readFile(rig.dir / "out" / merkle::entriesPath(id), 1U << 24U));
            const auto bundle = must(merkle::decodeEntryBundle(bytes, id.width));
            for (std::size_t i = 0; i < bundle.size(); ++i) {
                const auto leaf = merkle::hashLeaf(bundle[i]);
                EXPECT_TRUE(equal(leaf.bytes(), hashes[i].bytes()));
                tree.append(leaf);
            }
            if (id.width == 256) level1.push_back(merkle::foldTile(hashes));
        } else {
            EXPECT_EQ(hashes, level1);
        }
    }
    const auto cp = must(
        note::Checkpoint::parse(must(note::SignedNote::parse(asText(must(readFile(rig.dir / "out" / "checkpoint", 1U << 16U))))).text));
    EXPECT_EQ(cp.size, size);
    EXPECT_EQ(cp.root, tree.root());
    std::set<std::string> found;
    for (const auto& e : std::filesystem::recursive_directory_iterator(rig.dir / "out"))
        if (e.is_regular_file()) found.insert(std::filesystem::relative(e.path(), rig.dir / "out"));
    EXPECT_EQ(found, expected);
    EXPECT_EQ(reasonOf(exportTiles(*l, rig.dir / "out", noProgress(), {})), "not_empty");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(exportTiles(*l, rig.dir / "other", noProgress(), stop.get_token()).error().code, ErrorCode::Cancelled);
}

} // namespace
} // namespace jc::ledger
