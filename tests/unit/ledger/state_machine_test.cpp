// SPDX-License-Identifier: Apache-2.0
// The state machine against tests/vectors/ledger.json, which a program that shares no code with this one wrote, and its laws on random
// logs.
#include "ledger/state_machine.h"

#include "base/file.h"
#include "support/court.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <fstream>

namespace jc::ledger {
namespace {
using namespace jc::test;
using nlohmann::json;
using record::ResultCode;

/// A log in memory with the lookups of a store.
struct MemoryLog final : EntryLookup {
    std::vector<NewEntry> entries;
    [[nodiscard]] Result<std::optional<std::uint64_t>> find(const SignerId& signer, const Uuid& id) override
    {
        for (std::size_t i = 0; i < entries.size(); ++i)
            if (entries[i].hasRecord && entries[i].signer == signer && entries[i].id == id) return std::optional<std::uint64_t>(i);
        return std::optional<std::uint64_t>{};
    }
    [[nodiscard]] Result<merkle::LeafHash> leafHash(std::uint64_t index) override { return entries.at(index).leaf; }
    [[nodiscard]] Result<Bytes> recordBytes(std::uint64_t index) override
    {
        const auto e = must(record::decodeLedgerEntry(entries.at(index).body));
        return std::get<record::SignedRecord>(e.body).record;
    }
};
struct Machine {
    MemoryLog log;
    LedgerState state;
    explicit Machine(const Founding& f, UnixMs t = kStart)
    {
        auto g = must(genesis(f.cards, f.charter, t));
        state = std::move(g.state);
        log.entries.push_back(std::move(g.entry));
    }
    std::vector<TxResult> block(const std::vector<record::SignedRecord>& records, UnixMs t)
    {
        std::vector<PreparedRecord> prepared;
        for (const auto& r : records)
            prepared.push_back(must(prepareRecord(r)));
        std::vector<NewEntry> made;
        auto results = must(applyBlock(state, prepared, state.height + 1, t, log, made));
        for (auto& e : made)
            log.entries.push_back(std::move(e));
        return results;
    }
};

TEST(StateMachine, GivesTheBytesOfTheVectors)
{
    const json v = json::parse(std::ifstream(JC_TEST_DATA "/vectors/ledger.json"));
    const auto hex = [](const json& j) { return must(fromHex(j.get<std::string>())); };
    std::vector<Bytes> cards;
    for (const auto& c : v.at("cards"))
        cards.push_back(hex(c));
    record::CharterEntry charter;
    charter.core = hex(v.at("charter_core"));
    for (const auto& s : v.at("charter_signatures"))
        charter.signatures.push_back(hex(s));
    EXPECT_EQ(record::ledgerId(charter.core).hex(), v.at("ledger_id").get<std::string>());
    // The same court made here has the same keys, so the same card.
    EXPECT_EQ(cards, Founding(2).cards);
    EXPECT_EQ(charter, Founding(2).charter);

    auto g = must(genesis(cards, charter, v.at("charter_time_ms").get<UnixMs>()));
    MemoryLog log;
    LedgerState state = g.state;
    log.entries.push_back(g.entry);
    std::size_t at = 0;
    const auto expectEntry = [&](const NewEntry& e, const record::ControlHead& head, const merkle::RootHash& root) {
        const auto& want = v.at("entries").at(at++);
        EXPECT_EQ(toHex(e.body), want.at("entry").get<std::string>()) << at;
        EXPECT_EQ(e.leaf.hex(), want.at("leaf_hash").get<std::string>()) << at;
        EXPECT_EQ(head.hex(), want.at("control_head_after").get<std::string>()) << at;
        EXPECT_EQ(root.hex(), want.at("root_after").get<std::string>()) << at;
    };
    expectEntry(g.entry, state.controlHead, state.tree.root());
    for (const auto& b : v.at("blocks")) {
        std::vector<PreparedRecord> records;
        for (const auto& r : b.at("records"))
            records.push_back(must(prepareRecord(ByteView(hex(r.at("signed_record"))))));
        std::vector<NewEntry> made;
        // One record a call would be another block; the heads in between follow from the entries.
        auto head = state.controlHead;
        auto tree = state.tree;
        const auto results =
            must(applyBlock(state, records, b.at("height").get<std::uint64_t>(), b.at("ledger_time_ms").get<UnixMs>(), log, made));
        for (std::size_t i = 0; i < results.size(); ++i) {
            const auto& want = b.at("records").at(i);
            EXPECT_EQ(record::toString(results[i].code), want.at("result").get<std::string>()) << want.at("what");
            EXPECT_EQ(results[i].index, want.value("index", std::uint64_t{0})) << want.at("what");
        }
        for (const auto& e : made) {
            tree.append(e.leaf);
            if (e.control) head = record::nextControlHead(head, e.leaf);
            expectEntry(e, head, tree.root());
            log.entries.push_back(e);
        }
        EXPECT_EQ(state.tree.root(), tree.root());
        EXPECT_EQ(state.controlHead, head);
    }
    EXPECT_EQ(at, v.at("entries").size());
}

TEST(StateMachine, BlocksFollowEachOther)
{
    const Founding f(1);
    Machine m(f);
    std::vector<PreparedRecord> none;
    std::vector<NewEntry> made;
    auto s = m.state;
    EXPECT_FALSE(applyBlock(s, none, 3, kStart + 1, m.log, made));
    EXPECT_FALSE(applyBlock(s, none, 1, kStart + 1, m.log, made));
    EXPECT_FALSE(applyBlock(s, none, 2, kStart, m.log, made));
    EXPECT_TRUE(applyBlock(s, none, 2, kStart + 1, m.log, made));
    EXPECT_EQ(s.height, 2U);
    EXPECT_EQ(s.tree.size(), 1U);
    EXPECT_FALSE(prepareRecord(ByteView{}));
    EXPECT_FALSE(prepareRecord(asBytes("x")));
}

TEST(StateMachine, DuplicatesInOneBlock)
{
    const Founding f(1);
    Machine m(f);
    const auto& admin = f.courts[0].administrators[0];
    const Person clerk = personNamed("clerk", record::Role::Clerk, "210600");
    const auto a = signedBy(f, clerk, filingOf("210600", 1), 1);
    const auto b = signedBy(f, clerk, filingOf("210600", 2), 1);
    auto c = a;
    c.signature[0] ^= 1U;
    // Enrolled in this very block, then the same record three ways, and a renewal of an entry of this block.
    const auto enrol = signedBy(f, admin, clerk.enrolment, 9);
    Machine probe(f);
    probe.block({enrol, a}, kStart + 1);
    const record::Renewal renewal{2, probe.log.entries[2].leaf, {}};
    const auto r = m.block({a, enrol, a, a, b, c, signedBy(f, f.courts[0].serviceId(), f.courts[0].service, renewal, 5),
                            signedBy(f, f.courts[0].serviceId(), f.courts[0].service, record::Renewal{3, probe.log.entries[2].leaf, {}}, 6),
                            signedBy(f, f.courts[0].serviceId(), f.courts[0].service, record::Renewal{4, {}, {}}, 7)},
                           kStart + 1);
    const ResultCode want[] = {ResultCode::UnknownSigner, ResultCode::Ok, ResultCode::Ok, ResultCode::Ok,
                               ResultCode::IdConflict,    ResultCode::Ok, ResultCode::Ok, ResultCode::EntryDiffers,
                               ResultCode::UnknownEntry};
    ASSERT_EQ(r.size(), std::size(want));
    for (std::size_t i = 0; i < r.size(); ++i)
        EXPECT_EQ(record::toString(r[i].code), record::toString(want[i])) << i;
    EXPECT_EQ(r[2].index, 2U);
    EXPECT_FALSE(r[2].existed);
    EXPECT_TRUE(r[3].existed && r[3].index == 2 && r[5].existed && r[5].index == 2);
    // And from the next block on out of storage.
    const auto again = m.block({b, c}, kStart + 2);
    EXPECT_EQ(again[0].code, ResultCode::IdConflict);
    EXPECT_TRUE(again[1].existed);
    EXPECT_EQ(must(checkRecord(m.state, must(prepareRecord(b)), kStart + 3, m.log)), ResultCode::IdConflict);
    EXPECT_EQ(must(checkRecord(m.state, must(prepareRecord(a)), kStart + 3, m.log)), ResultCode::Ok);
    auto forged = signedBy(f, clerk, filingOf("210600", 3), 3);
    forged.signature[1] ^= 1U;
    EXPECT_EQ(must(checkRecord(m.state, must(prepareRecord(forged)), kStart + 3, m.log)), ResultCode::BadSignature);
    // Somebody else may use the same id.
    EXPECT_EQ(m.block({signedBy(f, f.courts[0].serviceId(), f.courts[0].service, renewal, 1)}, kStart + 4)[0].code, ResultCode::Ok);
}

TEST(StateMachine, RecordsOfAnotherLedgerDoNotVerify)
{
    const Founding f(1);
    const Founding other(std::vector{courtNamed("210600", 1)}, "other.court.example");
    Machine m(f);
    EXPECT_EQ(m.block({signedBy(other, f.courts[0].administrators[0], personNamed("c", record::Role::Clerk, "210600").enrolment, 1)},
                      kStart + 1)[0]
                  .code,
              ResultCode::BadSignature);
}

/// Random acts of a court with two administrators and four others, valid and not.
std::vector<record::SignedRecord> randomRecords(const Founding& f, std::size_t count)
{
    static const std::vector<Person> people = [] {
        std::vector<Person> out;
        for (const char* n : {"a", "b"})
            out.push_back(personNamed(n, record::Role::Clerk, "210600"));
        out.push_back(personNamed("c", record::Role::Administrator, "210600"));
        out.push_back(personNamed("d", record::Role::Judge, "210600"));
        return out;
    }();
    std::vector<record::SignedRecord> out;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& admin = f.courts[0].administrators[*rc::gen::inRange<std::size_t>(0, 2)];
        const auto& person = people[*rc::gen::inRange<std::size_t>(0, people.size())];
        const auto id = *rc::gen::inRange<std::uint64_t>(1, 40); // ids meet now and then
        switch (*rc::gen::inRange(0, 6)) {
        case 0:
            out.push_back(signedBy(f, admin, person.enrolment, id));
            break;
        case 1:
            out.push_back(signedBy(f, admin, record::Revocation{person.id(), kStart, record::RevocationReason::Left}, id));
            break;
        case 2:
            if (!out.empty()) out.push_back(out[*rc::gen::inRange<std::size_t>(0, out.size())]);
            break;
        case 3:
            out.push_back(signedBy(f, f.courts[0].serviceId(), f.courts[0].service, record::Renewal{id % 5, {}, {}}, id));
            break;
        case 4:
            out.push_back(signedBy(f, person, filingOf("210600", id), id));
            out.back().signature[0] ^= static_cast<std::uint8_t>(*rc::gen::inRange(0, 2));
            break;
        default:
            out.push_back(signedBy(f, person, filingOf("210600", id), id));
        }
    }
    return out;
}
std::vector<Bytes> bodiesOf(const Machine& m)
{
    std::vector<Bytes> out;
    for (const auto& e : m.log.entries)
        out.push_back(e.body);
    return out;
}
bool sameState(const LedgerState& a, const LedgerState& b)
{
    if (a.tree.root() != b.tree.root() || a.controlHead != b.controlHead || a.controlCount != b.controlCount) return false;
    const auto &x = a.control->allStaff(), &y = b.control->allStaff();
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& p, const auto& q) {
        return p.first == q.first && p.second.enrolment == q.second.enrolment && p.second.enrolledAt == q.second.enrolledAt &&
               p.second.revocation == q.second.revocation && p.second.revokedAt == q.second.revokedAt;
    });
}

RC_GTEST_PROP(StateMachineLaws, SameLogSameState, ())
{
    const Founding f(2);
    const auto records = randomRecords(f, *rc::gen::inRange<std::size_t>(1, 30));
    // The same blocks twice give the same bytes.
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < records.size();) {
        cuts.push_back(std::min(records.size() - i, *rc::gen::inRange<std::size_t>(1, 8)));
        i += cuts.back();
    }
    Machine a(f), b(f);
    const auto run = [&](Machine& m, const std::vector<std::size_t>& blocks) {
        std::vector<ResultCode> codes;
        std::size_t i = 0;
        UnixMs t = kStart;
        for (const std::size_t n : blocks) {
            for (const auto& r :
                 m.block({records.begin() + static_cast<std::ptrdiff_t>(i), records.begin() + static_cast<std::ptrdiff_t>(i + n)}, ++t))
                codes.push_back(r.code);
            i += n;
        }
        return codes;
    };
    const auto codes = run(a, cuts);
    RC_ASSERT(run(b, cuts) == codes);
    RC_ASSERT(bodiesOf(a) == bodiesOf(b));
    RC_ASSERT(sameState(a.state, b.state));
    // Another split judges every record alike (times differ by milliseconds, far from any border) and leaves the same people.
    Machine c(f);
    RC_ASSERT(run(c, std::vector<std::size_t>(records.size(), 1)) == codes);
    RC_ASSERT(c.log.entries.size() == a.log.entries.size());
    RC_ASSERT(c.state.controlCount == a.state.controlCount);

    // Replay from the bytes alone: every entry is written again as it is, and the state is the same.
    Machine replay(f);
    std::vector<record::SignedRecord> block;
    std::uint64_t height = 0;
    UnixMs time = 0;
    const auto flush = [&] {
        if (block.empty()) return;
        replay.state.height = height - 1; // blocks without entries left no trace
        for (const auto& r : replay.block(block, time))
            RC_ASSERT(r.code == ResultCode::Ok);
        block.clear();
    };
    for (std::size_t i = 1; i < a.log.entries.size(); ++i) {
        const auto e = must(record::decodeLedgerEntry(a.log.entries[i].body));
        if (e.height != height) flush();
        height = e.height;
        time = e.ledgerTime;
        block.push_back(std::get<record::SignedRecord>(e.body));
    }
    flush();
    RC_ASSERT(bodiesOf(replay) == bodiesOf(a));
    RC_ASSERT(sameState(replay.state, a.state));
}

RC_GTEST_PROP(StateMachineLaws, FilingsMayComeInAnyOrder, ())
{
    // Records that do not depend on each other: any order gives the same set of records and the same judgements.
    const Founding f(1);
    const Person clerk = personNamed("a", record::Role::Clerk, "210600");
    const auto count = *rc::gen::inRange<std::size_t>(2, 12);
    std::vector<record::SignedRecord> records;
    for (std::size_t i = 0; i < count; ++i)
        records.push_back(signedBy(f, clerk, filingOf(i % 4 == 3 ? "370200" : "210600", i), i));
    auto shuffled = records;
    for (std::size_t i = shuffled.size(); i-- > 1;)
        std::swap(shuffled[i], shuffled[*rc::gen::inRange<std::size_t>(0, i + 1)]);
    const auto accepted = [&](const std::vector<record::SignedRecord>& list) {
        Machine m(f);
        m.block({signedBy(f, f.courts[0].administrators[0], clerk.enrolment, 99)}, kStart + 1);
        std::set<Bytes> out;
        const auto results = m.block(list, kStart + 2);
        for (std::size_t i = 0; i < list.size(); ++i)
            if (results[i].code == ResultCode::Ok) out.insert(list[i].record);
        return out;
    };
    RC_ASSERT(accepted(records) == accepted(shuffled));
}

} // namespace
} // namespace jc::ledger
