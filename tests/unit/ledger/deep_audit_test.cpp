// SPDX-License-Identifier: Apache-2.0
// Every column of every table is changed, as somebody with write access to the file would; the audit must say what and where.
#include "ledger/deep_audit.h"

#include "support/ledger_rig.h"

#include <gtest/gtest.h>

#include <random>

namespace jc::ledger {
namespace {
using namespace jc::test;
using Heads = std::vector<std::pair<std::uint64_t, merkle::RootHash>>;

/// A sound ledger of some 560 entries: enrolments, revocation, renewal, filings in batches of many sizes.
struct Sound {
    Rig rig;
    Bytes bytes;
    std::vector<std::uint64_t> sizes; ///< of stored checkpoints
    Heads pinned;                     ///< the newest, as a signer state knows it

    Sound()
    {
        rig.create();
        {
            const auto l = rig.open();
            rig.enrolClerk(*l);
            const Person judge = personNamed("judge", record::Role::Judge, "210600");
            must(Rig::put(*l, rig.sign(rig.admin(), judge.enrolment)));
            rig.fill(*l, 40);
            const auto a = must(Rig::put(*l, rig.filing()));
            must(Rig::put(*l, signedBy(rig.founding, rig.founding.courts[0].serviceId(), rig.founding.courts[0].service,
                                       record::Renewal{a.index, merkle::hashLeaf(a.entry), {}}, rig.number++, rig.clock.now())));
            must(Rig::put(*l, rig.sign(rig.admin(), record::Revocation{judge.id(), rig.clock.now(), record::RevocationReason::Left})));
            for (int i = 0; i < 5; ++i)
                rig.fill(*l, 100);
            rig.fill(*l, 10);
            for (const auto& text : must(l->checkpoints())) {
                const auto c = must(note::Checkpoint::parse(must(note::SignedNote::parse(text)).text));
                sizes.push_back(c.size);
                pinned = {{c.size, c.root}};
            }
        }
        bytes = must(readFile(rig.file(), 1U << 28U));
    }
    void restore() const
    {
        std::error_code ec;
        for (const char* more : {"-wal", "-shm"})
            std::filesystem::remove(rig.file().string() + more, ec);
        must(writeFileAtomic(rig.file(), bytes, 0644, false));
    }
    /// Findings after `sql` past the triggers.
    [[nodiscard]] std::vector<AuditFinding> after(const std::string& sql, bool fit = false) const
    {
        restore();
        RawDb(rig.file()).pastTriggers(sql);
        if (fit) makeTilesFit(rig.file());
        return rig.audit(pinned).findings;
    }
};
Sound& sound()
{
    static Sound s;
    return s;
}
std::string text(const std::vector<AuditFinding>& findings)
{
    std::string out;
    for (std::size_t i = 0; i < std::min<std::size_t>(findings.size(), 8); ++i)
        out += "\n  " + findings[i].what + " | " + findings[i].where + " | " + findings[i].detail;
    return std::to_string(findings.size()) + " findings" + out;
}
bool names(const std::vector<AuditFinding>& findings, const std::string& what, const std::string& where)
{
    return std::ranges::any_of(findings, [&](const auto& f) { return f.what == what && f.where == where; });
}

TEST(DeepAudit, ASoundLedgerHasNoFindings)
{
    auto& s = sound();
    s.restore();
    const auto a = s.rig.audit(s.pinned);
    EXPECT_TRUE(a.findings.empty()) << text(a.findings);
    EXPECT_EQ(a.entries, 556U);
    EXPECT_EQ(a.signatures, 555U);
    EXPECT_EQ(a.checkpoints, s.sizes.size());
    EXPECT_EQ(a.rootHex, s.pinned[0].second.hex());
    EXPECT_EQ(a.tiles, 2U);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(deepAudit(s.rig.file(), {}, noProgress(), stop.get_token()).error().code, ErrorCode::Cancelled);
    EXPECT_EQ(deepAudit(s.rig.dir / "none", {}, noProgress(), {}).error().code, ErrorCode::NotFound);
}

TEST(DeepAudit, NamesEveryChangedCell)
{
    auto& s = sound();
    const std::string middle = std::to_string(s.sizes[s.sizes.size() / 2]);
    struct Case {
        std::string sql, what, where;
    };
    const Case cases[] = {
        // entries: edit, delete, insert, swap
        {"UPDATE entries SET body=CAST(substr(body,1,60)||x'00'||substr(body,62) AS BLOB) WHERE idx=100", "entry_changed", "entry 100"},
        {"UPDATE entries SET body=CAST(substr(body,1,60)||x'00'||substr(body,62) AS BLOB) WHERE idx=550", "entry_changed", "entry 550"},
        {"UPDATE entries SET body=x'' WHERE idx=300", "entry_changed", "entry 300"},
        {"UPDATE entries SET body=(SELECT body FROM entries WHERE idx=7) WHERE idx=8", "entry_changed", "entry 8"},
        {"UPDATE entries SET body=x'00' WHERE idx=0", "entry_changed", "entry 0"},
        {"UPDATE entries SET idx=5000 WHERE idx=200", "entry_missing", "entry 200"},
        {"DELETE FROM entries WHERE idx=200", "entry_missing", "entry 200"},
        {"DELETE FROM entries WHERE idx=0", "entry_missing", "entry 0"},
        {"DELETE FROM entries WHERE idx=555", "entry_missing", "entry 555"},
        {"INSERT INTO entries VALUES(556, (SELECT body FROM entries WHERE idx=100))", "entry_added", "entry 556"},
        {"INSERT INTO entries VALUES(-7, x'00')", "entry_added", "entry 0"},
        {"CREATE TEMP TABLE s AS SELECT * FROM entries WHERE idx IN (100,101); UPDATE entries SET body=(SELECT body FROM s WHERE idx=101) "
         "WHERE idx=100;"
         "UPDATE entries SET body=(SELECT body FROM s WHERE idx=100) WHERE idx=101",
         "entry_changed", "entry 100"},
        // tiles
        {"UPDATE tiles SET hashes=CAST(zeroblob(32)||substr(hashes,33) AS BLOB) WHERE id=1", "tile_changed", "tile 0/1"},
        {"UPDATE tiles SET root=zeroblob(32) WHERE id=0", "tile_changed", "tile 0/0"},
        {"UPDATE tiles SET hashes=x'00' WHERE id=0", "tile_changed", "tile 0/0"},
        {"UPDATE tiles SET id=9 WHERE id=1", "tile_missing", "tile 0/1"},
        {"UPDATE tiles SET id=9 WHERE id=1", "tile_added", "tile 0/9"},
        {"DELETE FROM tiles WHERE id=0", "tile_missing", "tile 0/0"},
        {"INSERT INTO tiles VALUES(2, zeroblob(8192), zeroblob(32))", "tile_added", "tile 0/2"},
        {"INSERT INTO tiles VALUES(1125899906842624, zeroblob(8192), zeroblob(32))", "tile_added", "tile 0/1125899906842624"},
        // edge
        {"UPDATE edge SET hashes=CAST(zeroblob(32)||substr(hashes,33) AS BLOB) WHERE level=0", "tile_changed", "edge 0 hash 0"},
        {"UPDATE edge SET hashes=zeroblob(64) WHERE level=1", "edge_changed", "edge 1"},
        {"UPDATE edge SET hashes=zeroblob(32) WHERE level=1", "edge_changed", "edge 1"},
        {"UPDATE edge SET level=2 WHERE level=1", "edge_changed", "edge 2"},
        {"DELETE FROM edge WHERE level=0", "edge_changed", "edge 0"},
        {"DELETE FROM edge WHERE level=1", "edge_changed", "edge 1"},
        {"INSERT INTO edge VALUES(2, zeroblob(32))", "edge_changed", "edge 2"},
        // record_ids
        {"UPDATE record_ids SET idx=101 WHERE idx=100", "index_changed", "record_ids of entry 100"},
        {"UPDATE record_ids SET id=zeroblob(16) WHERE idx=100", "index_changed", "record_ids of entry 100"},
        {"UPDATE record_ids SET signer=zeroblob(32) WHERE idx=100", "index_changed", "record_ids of entry 100"},
        {"DELETE FROM record_ids WHERE idx=100", "index_changed", "record_ids of entry 100"},
        {"INSERT INTO record_ids VALUES(zeroblob(16), zeroblob(32), 5)", "index_changed", "record_ids"},
        {"UPDATE record_ids SET idx=201-idx WHERE idx IN (100,101)", "index_changed", "record_ids of entry 100"},
        // control
        {"UPDATE control SET idx=77 WHERE idx=2", "index_changed", "control 2"},
        {"UPDATE control SET idx=77 WHERE idx=2", "index_changed", "control 77"},
        {"DELETE FROM control WHERE idx=0", "index_changed", "control 0"},
        {"DELETE FROM control WHERE idx=(SELECT max(idx) FROM control)", "index_changed", "control 45"},
        {"INSERT INTO control VALUES(9999)", "index_changed", "control 9999"},
        // cards
        {"UPDATE cards SET court_key='370200'", "card_changed", "card 370200"},
        {"UPDATE cards SET card=CAST(substr(card,1,length(card)-1)||x'99' AS BLOB)", "card_changed", "cards"},
        {"UPDATE cards SET card=x'00'", "card_changed", "card 210600"},
        {"DELETE FROM cards", "card_changed", "cards"},
        {"INSERT INTO cards SELECT '370200', card FROM cards", "card_changed", "card 370200"},
        // checkpoints
        {"UPDATE checkpoints SET note=replace(note, substr(note, -20, 1), '_') WHERE size=" + middle, "checkpoint_changed",
         "checkpoint " + middle},
        {"UPDATE checkpoints SET note=note||'— test AAAAAA==' || char(10) WHERE size=" + middle, "checkpoint_changed",
         "checkpoint " + middle},
        {"UPDATE checkpoints SET note='' WHERE size=" + middle, "checkpoint_changed", "checkpoint " + middle},
        {"UPDATE checkpoints SET note=(SELECT note FROM checkpoints WHERE size=1) WHERE size=" + middle, "checkpoint_changed",
         "checkpoint " + middle},
        {"UPDATE checkpoints SET size=99999 WHERE size=" + middle, "checkpoint_changed", "checkpoint 99999"},
        {"UPDATE checkpoints SET size=99999 WHERE size=" + middle, "checkpoint_missing", "checkpoint " + middle},
        {"DELETE FROM checkpoints WHERE size=" + middle, "checkpoint_missing", "checkpoint " + middle},
        {"DELETE FROM checkpoints WHERE size=1", "checkpoint_missing", "checkpoint 1"},
        {"DELETE FROM checkpoints", "checkpoint_missing", "checkpoint 1"},
        {"INSERT INTO checkpoints SELECT 9, note FROM checkpoints WHERE size=1", "checkpoint_changed", "checkpoint 9"},
    };
    for (const auto& c : cases) {
        const auto f = s.after(c.sql);
        EXPECT_TRUE(names(f, c.what, c.where)) << c.sql << "\nwanted " << c.what << " | " << c.where << ", got " << text(f);
    }
}

TEST(DeepAudit, NamesChangesOfTheSchema)
{
    auto& s = sound();
    struct Case {
        std::string sql, where;
    };
    const Case cases[] = {
        {"DROP TRIGGER entries_no_update", "trigger entries_no_update"},
        {"DROP TRIGGER checkpoints_no_delete", "trigger checkpoints_no_delete"},
        {"DROP TRIGGER control_no_delete; CREATE TRIGGER control_no_delete BEFORE DELETE ON control BEGIN SELECT 1; END",
         "trigger control_no_delete"},
        {"CREATE TRIGGER extra AFTER INSERT ON entries BEGIN SELECT 1; END", "trigger extra"},
        {"CREATE INDEX extra ON entries(body)", "index extra"},
        {"CREATE TABLE extra(a)", "table extra"},
        {"CREATE VIEW extra AS SELECT 1", "view extra"},
        {"ALTER TABLE cards ADD COLUMN extra TEXT", "table cards"},
        {"DROP TABLE control", "table control"},
        {"ANALYZE", "table sqlite_stat1"},
        {"PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql=replace(sql,'length(root)=32','length(root)=33') WHERE name='tiles'",
         "table tiles"},
        {"PRAGMA application_id=5", "application_id"},
        {"PRAGMA user_version=5", "user_version"},
    };
    for (const auto& c : cases) {
        s.restore();
        RawDb(s.rig.file()).exec(c.sql);
        const auto f = s.rig.audit(s.pinned).findings;
        EXPECT_TRUE(names(f, "schema_changed", c.where)) << c.sql << " gave " << text(f);
    }
}

TEST(DeepAudit, TilesMadeToFitLeaveOnlyTheCheckpointsToTell)
{
    auto& s = sound();
    // Two filings of one batch change places, everything derived with them: rules and signatures of records still hold.
    const auto entryAt = [&](std::uint64_t i) {
        RawDb raw(s.rig.file());
        return must(
            record::decodeLedgerEntry(must(fromHex(raw.column("SELECT hex(body) FROM entries WHERE idx=" + std::to_string(i)).at(0)))));
    };
    s.restore();
    std::uint64_t i = 60;
    while (entryAt(i).height != entryAt(i + 1).height)
        ++i;
    const std::string a = std::to_string(i), b = std::to_string(i + 1), sum = std::to_string(2 * i + 1);
    auto f = s.after("UPDATE entries SET idx=-1 WHERE idx=" + a + "; UPDATE entries SET idx=" + a + " WHERE idx=" + b +
                         "; UPDATE entries SET idx=" + b + " WHERE idx=-1; UPDATE record_ids SET idx=" + sum + "-idx WHERE idx IN (" + a +
                         "," + b + ")",
                     true);
    // The smallest range that two signed checkpoints enclose.
    const auto above = std::ranges::upper_bound(s.sizes, i);
    ASSERT_NE(above, s.sizes.begin());
    const std::uint64_t from = *std::prev(above), to = *above - 1;
    ASSERT_EQ(f.size(), 1U) << text(f);
    EXPECT_EQ(f[0].what, "entry_changed");
    EXPECT_EQ(f[0].where, "entries " + std::to_string(from) + "–" + std::to_string(to));
    // An edited entry with everything made to fit.
    f = s.after("UPDATE entries SET body=CAST(substr(body,1,60)||x'00'||substr(body,62) AS BLOB) WHERE idx=" + a, true);
    EXPECT_TRUE(names(f, "entry_changed", "entries " + std::to_string(from) + "–" + std::to_string(to))) << text(f);
}

TEST(DeepAudit, TruncationIsKnownFromOutsideOnly)
{
    auto& s = sound();
    // Cut at a checkpoint, with everything derived: a shorter ledger that was true once.
    const std::uint64_t cut = s.sizes[s.sizes.size() - 3];
    const std::string at = std::to_string(cut);
    const auto f = s.after("DELETE FROM entries WHERE idx>=" + at + "; DELETE FROM record_ids WHERE idx>=" + at +
                               "; DELETE FROM control WHERE idx>=" + at + "; DELETE FROM checkpoints WHERE size>" + at,
                           true);
    ASSERT_EQ(f.size(), 1U) << text(f);
    EXPECT_EQ(f[0].what, "entry_missing");
    EXPECT_EQ(f[0].where, "entries " + at + "–555");
    EXPECT_TRUE(s.rig.audit().findings.empty());
    // A checkpoint left behind tells it as well.
    const auto g = s.after("DELETE FROM entries WHERE idx>=" + at + "; DELETE FROM record_ids WHERE idx>=" + at +
                               "; DELETE FROM control WHERE idx>=" + at,
                           true);
    EXPECT_TRUE(std::ranges::any_of(g, [](const auto& x) { return x.what == "entry_missing"; })) << text(g);
    // A head of another history.
    auto other = s.pinned;
    other[0].second.data()[0] ^= 1U;
    s.restore();
    EXPECT_FALSE(s.rig.audit(other).findings.empty());
}

TEST(DeepAudit, OneFlippedBitAnywhereIsFound)
{
    auto& s = sound();
    const std::vector<std::array<std::string, 3>> cells = {
        {"entries", "body", "idx"},  {"tiles", "hashes", "id"},       {"tiles", "root", "id"},        {"edge", "hashes", "level"},
        {"record_ids", "id", "idx"}, {"record_ids", "signer", "idx"}, {"cards", "card", "court_key"}, {"checkpoints", "note", "size"}};
    std::mt19937_64 random(20260301);
    for (int round = 0; round < 72; ++round) {
        const auto& [table, column, key] = cells[static_cast<std::size_t>(round) % cells.size()];
        s.restore();
        std::string sql;
        {
            RawDb raw(s.rig.file());
            const auto keys = raw.column("SELECT quote(" + key + ") FROM " + table + " WHERE length(" + column + ")>0 ORDER BY 1");
            const auto& row = keys[random() % keys.size()];
            auto value = must(fromHex(raw.column("SELECT hex(" + column + ") FROM " + table + " WHERE " + key + "=" + row).at(0)));
            value[random() % (column == "id" ? 6 : value.size())] ^=
                static_cast<std::uint8_t>(1U << (random() % (column == "note" ? 5 : 8)));
            sql = "UPDATE " + table + " SET " + column + "=CAST(x'" + toHex(value) + "' AS " + (column == "note" ? "TEXT" : "BLOB") +
                  ") WHERE " + key + "=" + row;
        }
        const auto f = s.after(sql);
        EXPECT_FALSE(f.empty()) << sql;
        for (const auto& x : f)
            EXPECT_TRUE(!x.what.empty() && !x.where.empty() && !x.detail.empty());
    }
}

TEST(DeepAudit, AFileThatIsNoDatabaseIsAFinding)
{
    const Scratch dir;
    must(writeFileAtomic(dir / "x.sqlite", Bytes(10'000, 'x')));
    const auto a = must(deepAudit(dir / "x.sqlite", {}, noProgress(), {}));
    ASSERT_EQ(a.findings.size(), 1U);
    EXPECT_EQ(a.findings[0].what, "database_damaged");
    // Damaged pages and a shortened file: findings, not crashes.
    auto& s = sound();
    std::mt19937_64 random(7);
    for (int round = 0; round < 12; ++round) {
        Bytes b = s.bytes;
        if (round % 3 == 0)
            b.resize(b.size() / 4096 * 1024 / 4096 * 4096 * static_cast<std::size_t>(1 + round / 4));
        else
            std::fill_n(b.begin() + static_cast<std::ptrdiff_t>(4096 * (1 + random() % (b.size() / 4096 - 1))), 4096,
                        static_cast<std::uint8_t>(round));
        must(writeFileAtomic(dir / "y.sqlite", b, 0644, false));
        const auto damaged = deepAudit(dir / "y.sqlite", {}, noProgress(), {});
        EXPECT_TRUE(!damaged || !damaged->findings.empty()) << round;
    }
}

} // namespace
} // namespace jc::ledger
