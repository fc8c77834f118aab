// SPDX-License-Identifier: Apache-2.0
// Sizes 0 to 70,000 against values computed by other programs (tests/vectors/tlog-vectors.json), with and without a prefix.
#include "ledger/log_store.h"

#include "ledger/log_tables_audit.h"
#include "support/ledger_rig.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace jc::ledger {
namespace {
using namespace jc::test;
using merkle::NodeHash;
using merkle::RootHash;
using nlohmann::json;

constexpr std::uint64_t kSize = 70'000;

template <class Hash> Hash hashOf(const json& base64)
{
    return must(Hash::parse(must(fromBase64(base64.get<std::string>()))));
}
LogStore::NewEntry entryAt(std::uint64_t i)
{
    Bytes body = toBytes("entry " + std::to_string(i) + "\n");
    const auto leaf = merkle::hashLeaf(body);
    return {std::move(body), leaf};
}

struct Big {
    Scratch dir;
    std::filesystem::path file = dir / "log.sqlite";
    std::map<std::uint64_t, RootHash> roots;
    std::string prefix;

    explicit Big(std::string p) : prefix(std::move(p))
    {
        auto db = must(store::Database::open(file, store::OpenMode::ReadWriteCreate));
        must(db.exec(("PRAGMA application_id=1; " + logSchema(prefix)).c_str()));
        auto log = must(LogStore::open(db, prefix));
        merkle::CompactTree tree;
        roots[0] = tree.root();
        // Batches of uneven sizes, and single ones around every border; after each border the store is read anew.
        std::uint64_t step = 1;
        while (log.size() < kSize) {
            const std::uint64_t n = log.size();
            const auto near = [&](std::uint64_t border) { return n + 3 >= border && n <= border + 3; };
            const bool edge = n < 20 || near(255) || near(512) || near(65'280) || near(65'536) || near(65'792);
            step = edge ? 1 : step * 7 % 1009 + 1;
            std::uint64_t to = std::min(n + step, kSize);
            for (const std::uint64_t border : {std::uint64_t{252}, std::uint64_t{509}, std::uint64_t{65'277}, std::uint64_t{65'533}})
                if (n < border && to > border) to = border;
            std::vector<LogStore::NewEntry> batch;
            for (std::uint64_t i = n; i < to; ++i) {
                batch.push_back(entryAt(i));
                tree.append(batch.back().leaf);
                roots[i + 1] = tree.root();
            }
            auto tx = must(store::Transaction::begin(db));
            must(log.append(batch));
            must(tx.commit());
            EXPECT_EQ(log.root(), roots[to]) << to;
            if (edge) {
                must(log.reload());
                EXPECT_EQ(log.size(), to);
                EXPECT_EQ(log.root(), roots[to]) << to;
            }
        }
    }
};
Big& big(const std::string& prefix)
{
    static Big ledgerLog(""), custodyLog("custody_");
    return prefix.empty() ? ledgerLog : custodyLog;
}

class LogStoreOf : public testing::TestWithParam<std::string> {
protected:
    Big& m_big = big(GetParam());
    store::Database m_db = must(store::Database::open(m_big.file, store::OpenMode::ReadOnly));
    LogStore m_log = must(LogStore::open(m_db, GetParam()));
};
INSTANTIATE_TEST_SUITE_P(Prefixes, LogStoreOf, testing::Values("", "custody_"),
                         [](const auto& p) { return p.param.empty() ? "ledger" : "custody"; });

TEST_P(LogStoreOf, RootsAndProofsOfOtherPrograms)
{
    const json v = json::parse(std::ifstream(JC_TEST_DATA "/vectors/tlog-vectors.json")).at("big_tree");
    ASSERT_EQ(m_log.size(), v.at("size").get<std::uint64_t>());
    for (const auto& r : v.at("roots"))
        EXPECT_EQ(must(m_log.rootAt(r.at("size"))), hashOf<RootHash>(r.at("root"))) << r.at("size");
    const auto pathOf = [](const json& list) {
        std::vector<NodeHash> out;
        for (const auto& h : list)
            out.push_back(hashOf<NodeHash>(h));
        return out;
    };
    for (const auto& p : v.at("inclusion"))
        EXPECT_EQ(must(m_log.inclusion(p.at("index"), p.at("size"))), pathOf(p.at("proof"))) << p.at("index") << " " << p.at("size");
    for (const auto& p : v.at("consistency"))
        EXPECT_EQ(must(m_log.consistency(p.at("old"), p.at("new"))), pathOf(p.at("proof"))) << p.at("old") << " " << p.at("new");
    for (const auto& t : v.at("tiles")) {
        const auto id = must(merkle::parseTilePath(t.at("path").get<std::string>()));
        if (id.level == merkle::kEntriesLevel) continue;
        EXPECT_EQ(crypto::sha256(merkle::encodeTile(must(m_log.tile(id)))).hex(), t.at("sha256_hex").get<std::string>()) << t.at("path");
    }
    EXPECT_EQ(merkle::tilesOf(kSize).size(), v.at("tile_count_all_levels").get<std::size_t>());
    for (const auto& id : merkle::tilesOf(kSize))
        EXPECT_EQ(must(m_log.tile(id)).size(), id.width);
}

TEST_P(LogStoreOf, EveryOldSizeIsAPrefix)
{
    for (std::uint64_t n = 0; n <= kSize; n += n < 1000 ? 1 : 977)
        EXPECT_EQ(must(m_log.rootAt(n)), m_big.roots[n]) << n;
    for (const std::uint64_t n : {0U, 1U, 255U, 256U, 257U, 511U, 512U, 65'279U, 65'535U, 65'536U, 65'537U, 65'792U, 70'000U}) {
        EXPECT_EQ(must(m_log.rootAt(n)), m_big.roots[n]) << n;
        const auto tree = must(m_log.treeAt(n));
        EXPECT_EQ(tree.size(), n);
        EXPECT_EQ(tree.root(), m_big.roots[n]);
        EXPECT_EQ(merkle::checkConsistency(n, m_big.roots[n], kSize, m_big.roots[kSize], must(m_log.consistency(n, kSize))),
                  merkle::ProofOutcome::Proven);
        for (const std::uint64_t i : {std::uint64_t{0}, n / 2, n - 1}) {
            if (n == 0) continue;
            EXPECT_EQ(merkle::checkInclusion(must(m_log.leafHash(i)), i, n, must(m_log.inclusion(i, n)), m_big.roots[n]),
                      merkle::ProofOutcome::Proven);
            EXPECT_EQ(must(m_log.entry(i)), entryAt(i).body);
            EXPECT_EQ(must(m_log.leafHash(i)), entryAt(i).leaf);
        }
    }
}

TEST_P(LogStoreOf, WhatIsNotThereIsAnError)
{
    EXPECT_EQ(m_log.entry(kSize).error().code, ErrorCode::NotFound);
    EXPECT_EQ(m_log.leafHash(kSize).error().code, ErrorCode::NotFound);
    EXPECT_FALSE(m_log.rootAt(kSize + 1));
    EXPECT_FALSE(m_log.treeAt(kSize + 1));
    EXPECT_FALSE(m_log.inclusion(kSize, kSize));
    EXPECT_FALSE(m_log.inclusion(0, kSize + 1));
    EXPECT_FALSE(m_log.inclusion(0, 0));
    EXPECT_FALSE(m_log.consistency(2, 1));
    EXPECT_FALSE(m_log.tile({0, 273, 200}));
    EXPECT_FALSE(m_log.tile({9, 0, 1}));
    EXPECT_FALSE(m_log.tile({60, 0, 1}));
    EXPECT_FALSE(m_log.tile({0, std::uint64_t{1} << 60U, 1}));
}

TEST_P(LogStoreOf, AuditOfItsTables)
{
    const std::string p = GetParam();
    const auto audit = [&](const std::filesystem::path& file) {
        auto db = must(store::Database::open(file, store::OpenMode::ReadOnly));
        std::vector<AuditFinding> findings;
        LogTablesAudit a(db, p, p.empty() ? "entry" : "custody event", findings);
        must(a.loadStoredTiles());
        for (const std::uint64_t n : {1000U, 66'000U, 70'000U})
            a.addHead(n, "checkpoint " + std::to_string(n), m_big.roots[n]);
        must(a.scan([](auto, auto, const auto&) {}, noProgress(), {}));
        a.compareTiles();
        a.compareHeads();
        return findings;
    };
    EXPECT_TRUE(audit(m_big.file).empty());
    const std::string noun = p.empty() ? "entry " : "custody event ";
    const std::int64_t level1 = tileRow(1, 0);
    struct Case {
        std::string sql, what, where;
    };
    const Case cases[] = {
        {"UPDATE tiles SET hashes=CAST(substr(hashes,1,8191)||x'00' AS BLOB) WHERE id=" + std::to_string(level1), "tile_changed",
         "tile 1/0"},
        {"UPDATE tiles SET root=zeroblob(32) WHERE id=" + std::to_string(level1), "tile_changed", "tile 1/0"},
        {"UPDATE tiles SET root=zeroblob(32) WHERE id=260", "tile_changed", "tile 0/260"},
        {"DELETE FROM tiles WHERE id=" + std::to_string(level1), "tile_missing", "tile 1/0"},
        {"DELETE FROM tiles WHERE id=3", "tile_missing", "tile 0/3"},
        {"INSERT INTO tiles VALUES(" + std::to_string(tileRow(2, 0)) + ", zeroblob(8192), zeroblob(32))", "tile_added", "tile 2/0"},
        {"UPDATE edge SET hashes=zeroblob(32*17) WHERE level=1", "edge_changed", "edge 1"},
        {"UPDATE edge SET hashes=zeroblob(32) WHERE level=2", "edge_changed", "edge 2"},
        {"DELETE FROM edge WHERE level=2", "edge_changed", "edge 2"},
        {"INSERT INTO edge VALUES(3, zeroblob(32))", "edge_changed", "edge 3"},
        {"UPDATE entries SET body=x'00' WHERE idx=65800", "entry_changed", noun + "65800"},
        {"DELETE FROM entries WHERE idx=300", "entry_missing", noun + "300"},
        {"DELETE FROM entries WHERE idx=69999", "entry_missing", noun + "69999"},
        {"INSERT INTO entries VALUES(-1, x'00')", "entry_added", ""},
        {"INSERT INTO entries VALUES(900000, x'00')", "entry_added", noun + "900000"},
        {"INSERT INTO entries VALUES(70000, x'00')", "entry_added", noun + "70000"},
    };
    for (const auto& c : cases) {
        const auto copy = m_big.dir / "copy.sqlite";
        std::filesystem::copy_file(m_big.file, copy, std::filesystem::copy_options::overwrite_existing);
        std::string sql = c.sql;
        for (const char* table : {"tiles ", "edge ", "entries "})
            if (const auto at = sql.find(std::string(" ") + table); at != std::string::npos && !p.empty()) sql.insert(at + 1, p);
        if (const auto at = sql.find("UPDATE "); at == 0 && !p.empty() && sql.find(p) == std::string::npos) sql.insert(7, p);
        RawDb(copy).pastTriggers(sql);
        const auto findings = audit(copy);
        EXPECT_TRUE(std::ranges::any_of(findings, [&](const auto& f) { return f.what == c.what && f.where.starts_with(c.where); }))
            << sql << " gave " << findings.size() << (findings.empty() ? "" : ": " + findings[0].what + " at " + findings[0].where);
    }
}

TEST(LogStore, EmptyLog)
{
    auto db = must(store::Database::open(":memory:", store::OpenMode::ReadWriteCreate));
    must(db.exec(logSchema("").c_str()));
    auto log = must(LogStore::open(db, ""));
    EXPECT_EQ(log.size(), 0U);
    EXPECT_EQ(log.root(), merkle::emptyRoot());
    EXPECT_EQ(must(log.rootAt(0)), merkle::emptyRoot());
    EXPECT_EQ(log.entry(0).error().code, ErrorCode::NotFound);
    must(log.append({}));
    must(log.reload());
    EXPECT_EQ(log.size(), 0U);
}

TEST(LogStore, RewindAndReloadAfterARollback)
{
    const Scratch dir;
    auto db = must(store::Database::open(dir / "a.sqlite", store::OpenMode::ReadWriteCreate));
    must(db.exec(logSchema("").c_str()));
    auto log = must(LogStore::open(db, ""));
    const auto append = [&](std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto e = entryAt(log.size());
            must(log.append(std::span(&e, 1)));
        }
    };
    append(250);
    for (const bool rewind : {true, false}) {
        const auto root = log.root();
        const auto mark = log.mark();
        {
            auto tx = must(store::Transaction::begin(db));
            append(20); // over a tile's border
            EXPECT_EQ(must(log.tile({0, 0, 256})).size(), 256U);
        }
        if (rewind)
            log.rewind(mark);
        else
            must(log.reload());
        EXPECT_EQ(log.size(), 250U);
        EXPECT_EQ(log.root(), root);
        EXPECT_FALSE(log.tile({0, 0, 256}));
    }
    append(300);
    const auto root = log.root();
    must(log.reload());
    EXPECT_EQ(log.root(), root);
    merkle::CompactTree tree;
    for (std::uint64_t i = 0; i < 550; ++i)
        tree.append(entryAt(i).leaf);
    EXPECT_EQ(root, tree.root());
}

TEST(LogStore, AppendOnlyByTheTablesThemselves)
{
    auto db = must(store::Database::open(":memory:", store::OpenMode::ReadWriteCreate));
    must(db.exec((logSchema("") + "INSERT INTO entries VALUES(0,x'00'); INSERT INTO edge VALUES(0, zeroblob(32)); INSERT INTO tiles "
                                  "VALUES(0, zeroblob(8192), zeroblob(32));")
                     .c_str()));
    for (const char* sql : {"UPDATE entries SET body=x'01'", "DELETE FROM entries", "UPDATE tiles SET root=zeroblob(32)",
                            "DELETE FROM tiles", "DELETE FROM edge", "INSERT INTO tiles VALUES(1, zeroblob(8191), zeroblob(32))",
                            "INSERT INTO edge VALUES(1, zeroblob(33))", "INSERT INTO entries VALUES(1, 'text')"})
        EXPECT_FALSE(db.exec(sql)) << sql;
}

} // namespace
} // namespace jc::ledger
