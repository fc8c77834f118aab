// SPDX-License-Identifier: Apache-2.0
#include "ledger/deep_audit.h"

#include "ledger/ledger_schema.h"
#include "ledger/log_store.h"
#include "ledger/state_machine.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace jc::ledger {
using merkle::LeafHash;
using merkle::NodeHash;
using record::ResultCode;
namespace {

constexpr std::size_t kMaxFindings = 1000;

class Audit {
public:
    Audit(store::Database db, ProgressSink& progress) : m_db(std::move(db)), m_progress(progress) {}
    Result<DeepAudit> run(std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned, std::stop_token stop);

private:
    void find(std::string what, std::string where, std::string detail)
    {
        if (m_out.findings.size() < kMaxFindings) m_out.findings.push_back({std::move(what), std::move(where), std::move(detail)});
    }
    static std::string at(std::uint64_t i) { return "entry " + std::to_string(i); }

    Result<void> checkSchema();
    Result<void> loadStoredTiles();
    Result<void> loadControl();
    Result<void> loadCheckpoints(std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned);
    Result<void> scanEntries(std::stop_token stop);
    void checkEntry(std::uint64_t index, ByteView body, const LeafHash& trusted);
    void compareTiles();
    void compareHeads();
    Result<void> compareIndexes();
    std::optional<NodeHash> storedLeaf(std::uint64_t index) const;

    store::Database m_db;
    ProgressSink& m_progress;
    DeepAudit m_out;

    std::map<std::pair<unsigned, std::uint64_t>, std::pair<Bytes, Bytes>> m_tiles; ///< (level, n) → hashes, root: upper levels whole, level 0 too
    std::map<unsigned, Bytes> m_edge;
    std::uint64_t m_impliedSize = 0; ///< number of leaves that the stored tiles and edge speak of
    std::set<std::uint64_t> m_controlRows;

    struct Head {
        std::string from; ///< "checkpoint 12" or "pinned 12"
        merkle::RootHash root;
        std::optional<merkle::RootHash> byEntries, byTiles;
    };
    std::multimap<std::uint64_t, Head> m_heads;
    merkle::CompactTree m_byEntries, m_byTiles;
    std::vector<std::uint64_t> m_mismatched;

    std::vector<Bytes> m_cards;
    std::shared_ptr<record::ControlState> m_control;
    std::optional<note::Policy> m_policy;
    record::ControlHead m_head;
    std::size_t m_position = 0;
    UnixMs m_lastTime = 0;
    std::uint64_t m_lastHeight = 0;
    std::uint64_t m_records = 0;
    std::set<std::uint64_t> m_controlSeen;
    std::optional<store::Statement> m_byId;
    std::vector<std::pair<std::string, std::string>> m_notes; ///< (name, note text) of stored checkpoints
};

Result<void> Audit::checkSchema()
{
    JC_TRY(auto expectedDb, store::Database::open(":memory:", store::OpenMode::ReadWriteCreate));
    JC_CHECK(expectedDb.migrate(std::span(&ledgerMigration(), 1), kLedgerApplicationId));
    JC_TRY(const auto expected, expectedDb.schemaText());
    JC_TRY(const auto actual, m_db.schemaText());
    if (expected != actual) {
        const auto lines = [](const std::string& s) {
            std::set<std::string> out;
            std::istringstream in(s);
            for (std::string l; std::getline(in, l);) out.insert(l);
            return out;
        };
        const auto e = lines(expected), a = lines(actual);
        const auto nameOf = [](const std::string& l) { return l.substr(0, l.find(' ', l.find(' ') + 1)); };
        for (const auto& l : e)
            if (!a.contains(l)) find("schema_changed", nameOf(l), "this part of the database's schema is missing or was changed");
        for (const auto& l : a)
            if (!e.contains(l)) find("schema_changed", nameOf(l), "this part of the database's schema does not belong there or was changed");
    }
    const auto pragma = [&](const char* sql, std::int64_t want, const char* name) -> Result<void> {
        JC_TRY(auto q, m_db.prepare(sql));
        JC_TRY(const bool row, q.step());
        if (!row || q.integer(0) != want) find("schema_changed", name, "the database's header was changed");
        return {};
    };
    JC_CHECK(pragma("PRAGMA application_id", kLedgerApplicationId, "application_id"));
    JC_CHECK(pragma("PRAGMA user_version", 1, "user_version"));
    JC_TRY(const auto problems, m_db.integrityCheck());
    for (const auto& p : problems) find("database_damaged", "database file", p);
    return {};
}

Result<void> Audit::loadStoredTiles()
{
    JC_TRY(auto q, m_db.prepare("SELECT id, hashes, root FROM tiles ORDER BY id"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        const auto id = static_cast<std::uint64_t>(q.integer(0));
        m_tiles[{static_cast<unsigned>(id >> 56), id & 0x00FFFFFFFFFFFFFFULL}] = {toBytes(q.blob(1)), toBytes(q.blob(2))};
    }
    JC_TRY(auto e, m_db.prepare("SELECT level, hashes FROM edge ORDER BY level"));
    for (;;) {
        JC_TRY(const bool row, e.step());
        if (!row) break;
        m_edge[static_cast<unsigned>(e.integer(0))] = toBytes(e.blob(1));
    }
    std::uint64_t fullLevel0 = 0;
    for (const auto& [id, t] : m_tiles)
        if (id.first == 0) fullLevel0 = std::max(fullLevel0, id.second + 1);
    m_impliedSize = fullLevel0 * merkle::kTileWidth + (m_edge.contains(0) ? m_edge[0].size() / 32 : 0);
    return {};
}

std::optional<NodeHash> Audit::storedLeaf(std::uint64_t index) const
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

Result<void> Audit::loadControl()
{
    JC_TRY(auto c, m_db.prepare("SELECT court_key, card FROM cards ORDER BY court_key"));
    std::vector<std::string> keys;
    for (;;) {
        JC_TRY(const bool row, c.step());
        if (!row) break;
        keys.emplace_back(c.text(0));
        m_cards.push_back(toBytes(c.blob(1)));
    }
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (const auto card = record::decodeCourtCard(m_cards[i]); !card || card->courtKey != keys[i])
            find("card_changed", "card " + keys[i], "the stored court card was changed");
    JC_TRY(auto q, m_db.prepare("SELECT idx FROM control ORDER BY idx"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        m_controlRows.insert(static_cast<std::uint64_t>(q.integer(0)));
    }
    return {};
}

Result<void> Audit::loadCheckpoints(std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned)
{
    JC_TRY(auto q, m_db.prepare("SELECT size, note FROM checkpoints ORDER BY size"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        const auto size = static_cast<std::uint64_t>(q.integer(0));
        const std::string name = "checkpoint " + std::to_string(size);
        ++m_out.checkpoints;
        const auto note = note::SignedNote::parse(q.text(1));
        const auto cp = note ? note::Checkpoint::parse(note->text) : Result<note::Checkpoint>(tl::unexpected(note.error()));
        if (!cp || cp->size != size) {
            find("checkpoint_changed", name, "the stored checkpoint was changed");
            continue;
        }
        m_heads.emplace(size, Head{name, cp->root, {}, {}});
        m_notes.emplace_back(name, std::string(q.text(1)));
    }
    for (const auto& [size, root] : pinned) m_heads.emplace(size, Head{"signed size " + std::to_string(size) + " known outside the database", root, {}, {}});
    return {};
}

void Audit::checkEntry(std::uint64_t index, ByteView body, const LeafHash& trusted)
{
    const auto e = record::decodeLedgerEntry(body);
    if (!e) {
        find("entry_changed", at(index), "the entry cannot be read any more: " + e.error().detail);
        return;
    }
    if (index == 0) {
        const auto* charter = std::get_if<record::CharterEntry>(&e->body);
        auto g = charter ? genesis(m_cards, *charter, e->ledgerTime) : Result<Genesis>(fail(ErrorCode::Malformed, "the first entry is not a charter"));
        if (!g || !equal(g->entry.body, body)) {
            find("charter_changed", at(0), g ? "the charter was changed" : g.error().detail);
            return;
        }
        m_control = std::make_shared<record::ControlState>(*g->state.control);
        if (auto p = makePolicy(*m_control)) m_policy = std::move(*p);
        m_head = g->state.controlHead;
        m_position = 1;
        m_controlSeen.insert(0);
        m_lastTime = e->ledgerTime;
        m_lastHeight = e->height;
        return;
    }
    const auto* s = std::get_if<record::SignedRecord>(&e->body);
    if (!s || !m_control) {
        find("entry_changed", at(index), "the entry is of a kind that cannot stand here");
        return;
    }
    ++m_records;
    if (e->controlHead != m_head) find("control_head_differs", at(index), "the entry does not follow from the staff records before it");
    const bool sameBlock = e->height == m_lastHeight && e->ledgerTime == m_lastTime;
    const bool nextBlock = e->height == m_lastHeight + 1 && e->ledgerTime > m_lastTime;
    if (!sameBlock && !nextBlock) find("time_or_height_wrong", at(index), "height and ledger time do not follow from the entry before");
    m_lastHeight = e->height;
    m_lastTime = e->ledgerTime;
    auto p = prepareRecord(*s);
    if (!p) {
        find("entry_changed", at(index), "the record inside cannot be read any more");
        return;
    }
    const auto code = m_control->authorise(p->record, s->scheme, s->signer, e->ledgerTime);
    const auto* key = m_control->keyOf(s->signer);
    ++m_out.signatures;
    if (code != ResultCode::Ok)
        find("record_not_allowed", at(index), "the ledger's rules do not allow this record: " + std::string(record::toString(code)));
    else if (!key || !record::verifyRecord(*s, m_control->ledger(), *key))
        find("signature_invalid", at(index), "the signature on the record does not verify");
    if (const auto* renewal = std::get_if<record::Renewal>(&p->record.body)) {
        const auto leaf = storedLeaf(renewal->entryIndex);
        if (renewal->entryIndex >= index || !leaf || leaf->as<LeafHash>() != renewal->entryHash)
            find("record_not_allowed", at(index), "a renewal names an entry that is not there");
    }
    if (m_byId) {
        m_byId->bind(1, ByteView(p->record.id)).bind(2, ByteView(s->signer.bytes()));
        const auto row = m_byId->step();
        if (!row || !*row || m_byId->integer(0) != static_cast<std::int64_t>(index))
            find("index_changed", "record_ids of " + at(index), "the index of record ids does not point at this entry");
        m_byId->reset();
    }
    if (record::isControl(p->record.body)) {
        m_controlSeen.insert(index);
        m_control->apply(p->record, s->signer, e->ledgerTime, m_position++);
        m_head = record::nextControlHead(m_head, trusted);
    }
}

Result<void> Audit::scanEntries(std::stop_token stop)
{
    if (auto byId = m_db.prepare("SELECT idx FROM record_ids WHERE id=? AND signer=?")) m_byId.emplace(std::move(*byId));
    JC_TRY(auto q, m_db.prepare("SELECT idx, body FROM entries ORDER BY idx"));
    JC_TRY(auto counter, m_db.prepare("SELECT count(*) FROM entries"));
    JC_TRY(const bool counted, counter.step());
    const std::uint64_t total = counted ? static_cast<std::uint64_t>(counter.integer(0)) : 0;
    const auto fillHeads = [&](std::uint64_t size) {
        for (auto [it, end] = m_heads.equal_range(size); it != end; ++it) {
            it->second.byEntries = m_byEntries.root();
            it->second.byTiles = m_byTiles.root();
        }
    };
    std::uint64_t next = 0;
    const auto missing = [&](std::uint64_t i) {
        find("entry_missing", at(i), "the entry is missing");
        const auto stored = storedLeaf(i);
        const LeafHash h = stored ? stored->as<LeafHash>() : LeafHash{};
        m_byEntries.append(h);
        m_byTiles.append(h);
        fillHeads(i + 1);
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
        while (next < index) missing(next++);
        ++next;
        ++m_out.entries;
        const LeafHash leaf = merkle::hashLeaf(q.blob(1));
        const auto stored = storedLeaf(index);
        const LeafHash other = stored ? stored->as<LeafHash>() : leaf;
        if (!stored) find("tile_missing", "tile of " + at(index), "the stored hash of this entry is missing");
        if (other != leaf) m_mismatched.push_back(index);
        m_byEntries.append(leaf);
        m_byTiles.append(other);
        fillHeads(index + 1);
        checkEntry(index, q.blob(1), other);
        if (m_out.entries % 1000 == 0) m_progress.update("auditing", 0, 0, m_out.entries, total);
    }
    while (next < m_impliedSize) missing(next++);
    return {};
}

void Audit::compareTiles()
{
    // Every tile of every level, recomputed from the stored level below: a wrong hash is named where it stands, and does not spread upwards.
    std::uint64_t count = m_byEntries.size();
    std::set<std::pair<unsigned, std::uint64_t>> expected;
    for (unsigned level = 0; count > 0; ++level, count >>= 8) {
        for (std::uint64_t n = 0; n < count >> 8; ++n) {
            expected.insert({level, n});
            ++m_out.tiles;
            const std::string where = "tile " + std::to_string(level) + "/" + std::to_string(n);
            const auto it = m_tiles.find({level, n});
            if (it == m_tiles.end()) {
                find("tile_missing", where, "the tile is missing");
                continue;
            }
            std::vector<NodeHash> hashes;
            for (std::size_t i = 0; i + 32 <= it->second.first.size(); i += 32) hashes.push_back(NodeHash::fromBytes(ByteView(it->second.first).subspan(i).first<32>()));
            if (hashes.size() != merkle::kTileWidth || !equal(merkle::foldTile(hashes).bytes(), it->second.second))
                find("tile_changed", where, "the tile's hashes do not give the tile's root");
            if (level == 0) continue;
            for (std::size_t i = 0; i < hashes.size(); ++i) {
                const auto below = m_tiles.find({level - 1, n * 256 + i});
                if (below != m_tiles.end() && !equal(below->second.second, hashes[i].bytes()))
                    find("tile_changed", where, "hash " + std::to_string(i) + " differs from the root of tile " + std::to_string(level - 1) + "/" + std::to_string(n * 256 + i));
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
    for (const auto& [level, b] : m_edge) find("edge_changed", "edge " + std::to_string(level), "this row does not belong there");
    for (const auto& [id, t] : m_tiles)
        if (!expected.contains(id)) find("tile_added", "tile " + std::to_string(id.first) + "/" + std::to_string(id.second), "this tile does not belong there");
}

void Audit::compareHeads()
{
    std::uint64_t lastGood = 0;
    bool entriesFail = false, tilesFail = false;
    for (auto& [size, h] : m_heads) {
        if (!h.byEntries) {
            if (size > m_byEntries.size())
                find("entry_missing", "entries " + std::to_string(m_byEntries.size()) + "–" + std::to_string(size - 1),
                     "the log is shorter than " + h.from + " says");
            continue;
        }
        const bool e = *h.byEntries == h.root, t = *h.byTiles == h.root;
        entriesFail |= !e;
        tilesFail |= !t;
        if (e || t) {
            lastGood = std::max(lastGood, size);
        } else if (m_mismatched.empty()) {
            // Tiles were recomputed to fit: only signed checkpoints still know. The change lies between two of them.
            find("entry_changed", lastGood + 1 == size ? at(lastGood) : "entries " + std::to_string(lastGood) + "–" + std::to_string(size - 1),
                 "the entries do not give the root of " + h.from + ", and the tiles were made to fit");
            break;
        } else {
            find("checkpoint_differs", h.from, "neither the entries nor the tiles give this root");
            break;
        }
    }
    for (const auto i : m_mismatched) {
        const bool entryWrong = entriesFail && !tilesFail, tileWrong = tilesFail && !entriesFail;
        const std::string tile = "tile 0/" + std::to_string(i / merkle::kTileWidth) + " hash " + std::to_string(i % merkle::kTileWidth);
        if (entryWrong)
            find("entry_changed", at(i), "the stored entry is not the one that was signed");
        else if (tileWrong)
            find("tile_changed", tile, "the stored hash is not that of the signed entry " + std::to_string(i));
        else
            find("entry_changed", at(i), "the stored entry and its stored hash (" + tile + ") differ");
    }
    if (!m_policy) return;
    for (const auto& [name, text] : m_notes) {
        const auto n = note::SignedNote::parse(text);
        if (!n || note::checkCheckpoint(*n, *m_policy).outcome != note::NoteOutcome::Verified || n->serialize() != text)
            find("checkpoint_changed", name, "the signatures on the stored checkpoint do not verify");
    }
}

Result<void> Audit::compareIndexes()
{
    JC_TRY(auto q, m_db.prepare("SELECT count(*) FROM record_ids"));
    JC_TRY(const bool row, q.step());
    const auto rows = row ? static_cast<std::uint64_t>(q.integer(0)) : 0;
    if (rows != m_records) find("index_changed", "record_ids", "the index of record ids has " + std::to_string(rows) + " rows for " + std::to_string(m_records) + " records");
    for (const auto i : m_controlSeen)
        if (!m_controlRows.contains(i)) find("index_changed", "control " + std::to_string(i), "the index of staff records misses this entry");
    for (const auto i : m_controlRows)
        if (!m_controlSeen.contains(i)) find("index_changed", "control " + std::to_string(i), "the index of staff records names an entry that is not one");
    return {};
}

Result<DeepAudit> Audit::run(std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned, std::stop_token stop)
{
    // A read error in one part is itself a finding; the other parts are still audited.
    const auto part = [&](Result<void> r, const char* name) -> Result<void> {
        if (r) return {};
        if (r.error().code == ErrorCode::Cancelled) return r;
        find("database_damaged", name, r.error().detail);
        return {};
    };
    JC_CHECK(part(checkSchema(), "schema"));
    JC_CHECK(part(loadStoredTiles(), "tiles"));
    JC_CHECK(part(loadControl(), "control"));
    JC_CHECK(part(loadCheckpoints(pinned), "checkpoints"));
    JC_CHECK(part(scanEntries(stop), "entries"));
    compareTiles();
    compareHeads();
    JC_CHECK(part(compareIndexes(), "record_ids"));
    m_out.rootHex = m_byEntries.root().hex();
    return std::move(m_out);
}
} // namespace

Result<DeepAudit> deepAudit(const std::filesystem::path& databaseFile, std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned, ProgressSink& progress,
                            std::stop_token stop)
{
    auto db = store::Database::open(databaseFile, store::OpenMode::ReadOnly, 32 * 1024);
    if (!db) {
        if (db.error().code != ErrorCode::Damaged) return tl::unexpected(std::move(db).error());
        DeepAudit out;
        out.findings.push_back({"database_damaged", "database file", db.error().detail});
        return out;
    }
    return Audit(std::move(*db), progress).run(pinned, stop);
}
} // namespace jc::ledger
