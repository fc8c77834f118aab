// SPDX-License-Identifier: Apache-2.0
#include "ledger/log_tables_audit.h"

#include <algorithm>
#include <sstream>

namespace jc::ledger {
using merkle::LeafHash;
using merkle::NodeHash;
namespace {
constexpr std::size_t kMaxFindings = 1000;
}

void LogTablesAudit::find(std::string what, std::string where, std::string detail)
{
    if (m_findings.size() < kMaxFindings) m_findings.push_back({std::move(what), std::move(where), std::move(detail)});
}
std::string LogTablesAudit::range(std::uint64_t from, std::uint64_t to) const
{
    return from == to ? at(from)
                      : (m_noun == "entry" ? std::string("entries") : m_noun + "s") + " " + std::to_string(from) + "–" + std::to_string(to);
}
void LogTablesAudit::addHead(std::uint64_t size, std::string from, const merkle::RootHash& root)
{
    m_heads.emplace(size, Head{std::move(from), root, {}, {}});
}

Result<void> auditSchema(store::Database& db, std::span<const store::Migration> migrations, std::uint32_t applicationId,
                         std::vector<AuditFinding>& findings)
{
    const auto find = [&](std::string what, std::string where, std::string detail) {
        findings.push_back({std::move(what), std::move(where), std::move(detail)});
    };
    JC_TRY(auto expectedDb, store::Database::open(":memory:", store::OpenMode::ReadWriteCreate));
    JC_CHECK(expectedDb.migrate(migrations, applicationId));
    JC_TRY(const auto expected, expectedDb.schemaText());
    JC_TRY(const auto actual, db.schemaText());
    if (expected != actual) {
        const auto lines = [](const std::string& s) {
            std::set<std::string> out;
            std::istringstream in(s);
            for (std::string l; std::getline(in, l);)
                out.insert(l);
            return out;
        };
        const auto e = lines(expected), a = lines(actual);
        const auto nameOf = [](const std::string& l) { return l.substr(0, l.find(' ', l.find(' ') + 1)); };
        for (const auto& l : e)
            if (!a.contains(l)) find("schema_changed", nameOf(l), "this part of the database's schema is missing or was changed");
        for (const auto& l : a)
            if (!e.contains(l))
                find("schema_changed", nameOf(l), "this part of the database's schema does not belong there or was changed");
    }
    const auto pragma = [&](const char* sql, std::int64_t want, const char* name) -> Result<void> {
        JC_TRY(auto q, db.prepare(sql));
        JC_TRY(const bool row, q.step());
        if (!row || q.integer(0) != want) find("schema_changed", name, "the database's header was changed");
        return {};
    };
    JC_CHECK(pragma("PRAGMA application_id", applicationId, "application_id"));
    JC_CHECK(pragma("PRAGMA user_version", migrations.back().version, "user_version"));
    JC_TRY(const auto problems, db.integrityCheck());
    for (const auto& p : problems)
        find("database_damaged", "database file", p);
    return {};
}

Result<void> LogTablesAudit::loadStoredTiles()
{
    JC_TRY(auto q, m_db.prepare("SELECT id, hashes, root FROM " + m_prefix + "tiles ORDER BY id"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        const auto id = static_cast<std::uint64_t>(q.integer(0));
        m_tiles[{static_cast<unsigned>(id >> 56), id & 0x00FFFFFFFFFFFFFFULL}] = {toBytes(q.blob(1)), toBytes(q.blob(2))};
    }
    JC_TRY(auto e, m_db.prepare("SELECT level, hashes FROM " + m_prefix + "edge ORDER BY level"));
    for (;;) {
        JC_TRY(const bool row, e.step());
        if (!row) break;
        m_edge[static_cast<unsigned>(e.integer(0))] = toBytes(e.blob(1));
    }
    return {};
}

/// How many entries the log had when it was whole. Tiles, edge, heads and entries each say; a single stray row must not be believed, or the
/// audit would list millions of missing entries.
std::uint64_t LogTablesAudit::impliedSize(std::uint64_t entries) const
{
    std::uint64_t tiles = 0;
    for (const auto& [id, t] : m_tiles)
        if (id.first == 0 && id.second <= tiles + 1) tiles = id.second + 1;
    const auto e = m_edge.find(0);
    const std::uint64_t partial = e == m_edge.end() ? 0 : e->second.size() / 32;
    const std::uint64_t byTiles = tiles * merkle::kTileWidth + partial;
    const std::uint64_t byHeads = m_heads.empty() ? 0 : m_heads.rbegin()->first;
    if (byHeads % merkle::kTileWidth == partial && byHeads <= 2 * std::max(byTiles, entries) + 65536) return byHeads;
    return entries % merkle::kTileWidth == partial ? entries : byTiles;
}

std::optional<NodeHash> LogTablesAudit::storedLeaf(std::uint64_t index) const
{
    const std::uint64_t n = index / merkle::kTileWidth, offset = index % merkle::kTileWidth;
    ByteView row;
    if (const auto it = m_tiles.find({0, n}); it != m_tiles.end())
        row = it->second.first;
    else if (const auto e = m_edge.find(0); e != m_edge.end() && m_impliedSize / merkle::kTileWidth == n)
        row = e->second;
    if (row.size() < (offset + 1) * 32) return std::nullopt;
    return NodeHash::fromBytes(row.subspan(offset * 32).first<32>());
}

Result<void> LogTablesAudit::scan(const OnEntry& onEntry, ProgressSink& progress, const std::stop_token& stop)
{
    JC_TRY(auto q, m_db.prepare("SELECT idx, body FROM " + m_prefix + "entries ORDER BY idx"));
    JC_TRY(auto counter, m_db.prepare("SELECT count(*) FROM " + m_prefix + "entries"));
    JC_TRY(const bool counted, counter.step());
    const std::uint64_t total = counted ? static_cast<std::uint64_t>(counter.integer(0)) : 0;
    const auto fillHeads = [&](std::uint64_t size) {
        for (auto [it, end] = m_heads.equal_range(size); it != end; ++it) {
            it->second.byEntries = m_byEntries.root();
            it->second.byTiles = m_byTiles.root();
        }
    };
    m_impliedSize = impliedSize(total);
    std::uint64_t next = 0;
    const auto missing = [&](std::uint64_t to) {
        if (next < to) find("entry_missing", range(next, to - 1), next + 1 == to ? "it is missing" : "they are missing");
        for (; next < to; ++next) {
            const auto stored = storedLeaf(next);
            const LeafHash h = stored ? stored->as<LeafHash>() : LeafHash{};
            m_byEntries.append(h);
            m_byTiles.append(h);
            fillHeads(next + 1);
        }
    };
    for (;;) {
        if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped");
        JC_TRY(const bool row, q.step());
        if (!row) break;
        if (q.integer(0) < 0) {
            find("entry_added", at(next), "an entry with a negative number does not belong there");
            continue;
        }
        const auto index = static_cast<std::uint64_t>(q.integer(0));
        // A far-off number is one stray row, not millions of missing ones.
        if (index > std::max(m_impliedSize, total)) {
            find("entry_added", at(index), "this entry does not belong there");
            continue;
        }
        missing(index);
        ++next;
        ++m_entries;
        const LeafHash leaf = merkle::hashLeaf(q.blob(1));
        const auto stored = storedLeaf(index);
        const LeafHash other = stored ? stored->as<LeafHash>() : leaf;
        // A tile that is missing is named by compareTiles().
        if (!stored && index >= m_impliedSize) find("entry_added", at(index), "neither tiles nor checkpoints know this entry");
        if (other != leaf) m_mismatched.push_back(index);
        m_byEntries.append(leaf);
        m_byTiles.append(other);
        fillHeads(index + 1);
        onEntry(index, q.blob(1), other);
        if (m_entries % 1000 == 0) progress.update("auditing", 0, 0, m_entries, total);
    }
    missing(m_impliedSize);
    return {};
}

void LogTablesAudit::compareTiles()
{
    // Every tile of every level, recomputed from the stored level below: a wrong hash is named where it stands, and does not spread
    // upwards.
    std::uint64_t count = m_byEntries.size();
    std::set<std::pair<unsigned, std::uint64_t>> expected;
    for (unsigned level = 0; count > 0; ++level, count >>= 8) {
        for (std::uint64_t n = 0; n < count >> 8; ++n) {
            expected.insert({level, n});
            ++m_tilesSeen;
            const std::string where = "tile " + std::to_string(level) + "/" + std::to_string(n);
            const auto it = m_tiles.find({level, n});
            if (it == m_tiles.end()) {
                find("tile_missing", where, "the tile is missing");
                continue;
            }
            std::vector<NodeHash> hashes;
            for (std::size_t i = 0; i + 32 <= it->second.first.size(); i += 32)
                hashes.push_back(NodeHash::fromBytes(ByteView(it->second.first).subspan(i).first<32>()));
            if (hashes.size() != merkle::kTileWidth || !equal(merkle::foldTile(hashes).bytes(), it->second.second))
                find("tile_changed", where, "the tile's hashes do not give the tile's root");
            if (level == 0) continue;
            for (std::size_t i = 0; i < hashes.size(); ++i) {
                const auto below = m_tiles.find({level - 1, n * 256 + i});
                if (below != m_tiles.end() && !equal(below->second.second, hashes[i].bytes()))
                    find("tile_changed", where,
                         "hash " + std::to_string(i) + " differs from the root of tile " + std::to_string(level - 1) + "/" +
                             std::to_string(n * 256 + i));
            }
        }
        const std::uint64_t left = count & 0xFF;
        const auto e = m_edge.find(level);
        const ByteView row = e == m_edge.end() ? ByteView{} : ByteView(e->second);
        const std::string where = "edge " + std::to_string(level);
        if (row.size() != left * 32) find("edge_changed", where, "the right edge of the log has a wrong length");
        if (level > 0)
            for (std::uint64_t i = 0; i < left && (i + 1) * 32 <= row.size(); ++i) {
                const auto below = m_tiles.find({level - 1, (count & ~std::uint64_t{0xFF}) + i});
                if (below != m_tiles.end() && !equal(below->second.second, row.subspan(i * 32, 32)))
                    find("edge_changed", where, "hash " + std::to_string(i) + " of the right edge differs from the tile below");
            }
        if (e != m_edge.end()) m_edge.erase(e);
    }
    for (const auto& [level, b] : m_edge)
        find("edge_changed", "edge " + std::to_string(level), "this row does not belong there");
    for (const auto& [id, t] : m_tiles)
        if (!expected.contains(id))
            find("tile_added", "tile " + std::to_string(id.first) + "/" + std::to_string(id.second), "this tile does not belong there");
}

void LogTablesAudit::compareHeads()
{
    std::uint64_t lastGood = 0;
    bool entriesFail = false, tilesFail = false;
    for (auto& [size, h] : m_heads) {
        if (!h.byEntries) {
            if (size > m_byEntries.size())
                find("entry_missing", range(m_byEntries.size(), size - 1), "the log is shorter than " + h.from + " says");
            continue;
        }
        const bool e = *h.byEntries == h.root, t = *h.byTiles == h.root;
        entriesFail |= !e;
        tilesFail |= !t;
        if (e || t) {
            lastGood = std::max(lastGood, size);
        } else if (m_mismatched.empty()) {
            // Tiles were recomputed to fit: only signed checkpoints still know. The change lies between two of them.
            find("entry_changed", range(lastGood, size - 1),
                 "the entries do not give the root of " + h.from + ", and the tiles were made to fit");
            break;
        } else {
            find("checkpoint_differs", h.from, "neither the entries nor the tiles give this root");
            break;
        }
    }
    for (const auto i : m_mismatched) {
        const bool entryWrong = entriesFail && !tilesFail, tileWrong = tilesFail && !entriesFail;
        const std::uint64_t n = i / merkle::kTileWidth;
        const std::string tile = (m_tiles.contains({0, n}) ? "tile 0/" + std::to_string(n) : std::string("edge 0")) + " hash " +
                                 std::to_string(i % merkle::kTileWidth);
        if (entryWrong)
            find("entry_changed", at(i), "the stored entry is not the one that was signed");
        else if (tileWrong)
            find("tile_changed", tile, "the stored hash is not that of the signed entry " + std::to_string(i));
        else
            find("entry_changed", at(i), "the stored entry and its stored hash (" + tile + ") differ");
    }
}

} // namespace jc::ledger
