// SPDX-License-Identifier: Apache-2.0
#include "ledger/deep_audit.h"

#include "ledger/ledger_schema.h"
#include "ledger/log_store.h"
#include "ledger/state_machine.h"

#include <algorithm>
#include <set>

namespace jc::ledger {
using merkle::LeafHash;
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
    /// Nothing can be said of entry `index`; what follows it is not judged by it.
    void unknown(std::uint64_t index)
    {
        m_unknown.insert(index);
        m_resync = true;
    }
    static std::string at(std::uint64_t i) { return "entry " + std::to_string(i); }

    Result<void> loadControl();
    Result<void> loadCheckpoints(std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned);
    void checkEntry(std::uint64_t index, ByteView body, const LeafHash& trusted);
    void checkCharter(const record::LedgerEntry& entry, ByteView body);
    void checkPlace(std::uint64_t index, const record::LedgerEntry& entry);
    void checkNotes();
    void compareBatches();
    Result<void> compareIndexes();

    store::Database m_db;
    ProgressSink& m_progress;
    DeepAudit m_out;

    LogTablesAudit m_log{m_db, "", "entry", m_out.findings};
    std::set<std::uint64_t> m_controlRows;
    std::vector<Bytes> m_cards;
    std::shared_ptr<record::ControlState> m_control;
    std::optional<note::Policy> m_policy;
    record::ControlHead m_head;
    std::size_t m_position = 0;
    UnixMs m_lastTime = 0;
    std::uint64_t m_lastHeight = 0;
    std::uint64_t m_records = 0;
    std::set<std::uint64_t> m_controlSeen, m_unknown;
    std::set<std::uint64_t> m_batchEnds, m_stored; ///< sizes at which a batch ended; sizes of stored checkpoints
    std::uint64_t m_nextIndex = 0;
    bool m_resync = false;
    std::optional<store::Statement> m_byId;
    std::vector<std::pair<std::string, std::string>> m_notes; ///< (name, note text) of stored checkpoints
};

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
        m_log.addHead(size, name, cp->root);
        m_stored.insert(size);
        m_notes.emplace_back(name, std::string(q.text(1)));
    }
    for (const auto& [size, root] : pinned)
        m_log.addHead(size, "signed size " + std::to_string(size) + " known outside the database", root);
    return {};
}

void Audit::checkCharter(const record::LedgerEntry& entry, ByteView body)
{
    const auto* charter = std::get_if<record::CharterEntry>(&entry.body);
    auto g = charter ? genesis(m_cards, *charter, entry.ledgerTime)
                     : Result<Genesis>(fail(ErrorCode::Malformed, "the first entry is not a charter"));
    if (!g || !equal(g->entry.body, body)) {
        const bool cards = !g && (g.error().reason == "cards_root_differs" || g.error().reason == "card_malformed");
        find(cards ? "card_changed" : "charter_changed", cards ? "cards" : at(0), g ? "the charter was changed" : g.error().detail);
        unknown(0);
        return;
    }
    m_control = std::make_shared<record::ControlState>(*g->state.control);
    if (auto p = makePolicy(*m_control)) m_policy = std::move(*p);
    m_head = g->state.controlHead;
    m_position = 1;
    m_controlSeen.insert(0);
    m_lastTime = entry.ledgerTime;
    m_lastHeight = entry.height;
}

/// Chain of control heads, heights and times; where batches end.
void Audit::checkPlace(std::uint64_t index, const record::LedgerEntry& e)
{
    if (e.epoch != 0) find("entry_changed", at(index), "the entry names another epoch than the ledger has");
    if (e.controlHead != m_head) {
        // Said once: the entries after this one are judged by the chain that they carry themselves.
        if (!m_resync) find("control_head_differs", at(index), "the entry does not follow from the staff records before it");
        m_head = e.controlHead;
    }
    const bool sameBlock = e.height == m_lastHeight && e.ledgerTime == m_lastTime;
    const bool nextBlock = e.height == m_lastHeight + 1 && e.ledgerTime > m_lastTime;
    if (!sameBlock && !nextBlock && !m_resync)
        find("time_or_height_wrong", at(index), "height and ledger time do not follow from the entry before");
    if (!sameBlock && !m_resync) m_batchEnds.insert(index);
    m_lastHeight = e.height;
    m_lastTime = e.ledgerTime;
    m_resync = false;
}

void Audit::checkEntry(std::uint64_t index, ByteView body, const LeafHash& trusted)
{
    while (m_nextIndex < index)
        unknown(m_nextIndex++);
    ++m_nextIndex;
    const auto e = record::decodeLedgerEntry(body);
    if (!e) {
        find("entry_changed", at(index), "the entry cannot be read any more: " + e.error().detail);
        return unknown(index);
    }
    if (index == 0) return checkCharter(*e, body);
    const auto* s = std::get_if<record::SignedRecord>(&e->body);
    if (!s) {
        find("entry_changed", at(index), "the entry is of a kind that cannot stand here");
        return unknown(index);
    }
    ++m_records;
    if (!m_control) return unknown(index); // nothing can be judged without the charter, which is a finding already
    checkPlace(index, *e);
    auto p = prepareRecord(*s);
    if (!p) {
        find("entry_changed", at(index), "the record inside cannot be read any more");
        return unknown(index);
    }
    const auto code = m_control->authorise(p->record, s->scheme, s->signer, e->ledgerTime);
    const auto* key = m_control->keyOf(s->signer);
    ++m_out.signatures;
    if (code != ResultCode::Ok)
        find("record_not_allowed", at(index), "the ledger's rules do not allow this record: " + std::string(record::toString(code)));
    else if (!key || !record::verifyRecord(*s, m_control->ledger(), *key))
        find("signature_invalid", at(index), "the signature on the record does not verify");
    if (const auto* renewal = std::get_if<record::Renewal>(&p->record.body)) {
        const auto leaf = m_log.storedLeaf(renewal->entryIndex);
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

void Audit::checkNotes()
{
    if (!m_policy) return;
    for (const auto& [name, text] : m_notes) {
        const auto n = note::SignedNote::parse(text);
        // Exactly the log's line and the cosigner's, in this order: anything more was put there by nobody who signs.
        const bool shape = n && n->serialize() == text && n->signatures.size() == 2 &&
                           n->signatures[0].name == m_policy->logs[0].key.name && n->signatures[0].id == m_policy->logs[0].key.id;
        if (!shape || note::checkCheckpoint(*n, *m_policy).outcome != note::NoteOutcome::Verified)
            find("checkpoint_changed", name, "the signatures on the stored checkpoint do not verify");
    }
}

/// Every batch has its checkpoint, and there are no others. Only that of the newest batch may be missing: it is stored with the next one.
void Audit::compareBatches()
{
    if (!m_control) return;
    const std::uint64_t size = m_nextIndex;
    for (const auto end : m_batchEnds)
        if (!m_stored.contains(end))
            find("checkpoint_missing", "checkpoint " + std::to_string(end), "the stored checkpoint of this size is missing");
    for (const auto at : m_stored)
        if (at < size && !m_batchEnds.contains(at) && !m_unknown.contains(at) && !m_unknown.contains(at - 1))
            find("checkpoint_added", "checkpoint " + std::to_string(at), "no batch ended at this size");
}

Result<void> Audit::compareIndexes()
{
    JC_TRY(auto q, m_db.prepare("SELECT count(*) FROM record_ids"));
    JC_TRY(const bool row, q.step());
    const auto rows = row ? static_cast<std::uint64_t>(q.integer(0)) : 0;
    if (rows != m_records)
        find("index_changed", "record_ids",
             "the index of record ids has " + std::to_string(rows) + " rows for " + std::to_string(m_records) + " records");
    for (const auto i : m_controlSeen)
        if (!m_controlRows.contains(i))
            find("index_changed", "control " + std::to_string(i), "the index of staff records misses this entry");
    for (const auto i : m_controlRows)
        if (!m_controlSeen.contains(i) && !m_unknown.contains(i))
            find("index_changed", "control " + std::to_string(i), "the index of staff records names an entry that is not one");
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
    JC_CHECK(part(m_db.exec("BEGIN"), "database file")); // one view of all tables, also while another program writes
    JC_CHECK(part(auditSchema(m_db, std::span(&ledgerMigration(), 1), kLedgerApplicationId, m_out.findings), "schema"));
    JC_CHECK(part(m_log.loadStoredTiles(), "tiles"));
    JC_CHECK(part(loadControl(), "control"));
    JC_CHECK(part(loadCheckpoints(pinned), "checkpoints"));
    if (auto byId = m_db.prepare("SELECT idx FROM record_ids WHERE id=? AND signer=?")) m_byId.emplace(std::move(*byId));
    JC_CHECK(part(
        m_log.scan([this](std::uint64_t i, ByteView body, const LeafHash& trusted) { checkEntry(i, body, trusted); }, m_progress, stop),
        "entries"));
    m_log.compareTiles();
    m_log.compareHeads();
    checkNotes();
    compareBatches();
    JC_CHECK(part(compareIndexes(), "record_ids"));
    m_out.entries = m_log.entries();
    m_out.tiles = m_log.tiles();
    m_out.rootHex = m_log.root().hex();
    return std::move(m_out);
}
} // namespace

Result<DeepAudit> deepAudit(const std::filesystem::path& databaseFile, std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned,
                            ProgressSink& progress, std::stop_token stop)
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
