// SPDX-License-Identifier: Apache-2.0
#include "ledger/embedded_ledger.h"

#include "ledger/ledger_schema.h"
#include "ledger/log_store.h"
#include "ledger/signer_state.h"
#include "ledger/state_machine.h"
#include "record/policy.h"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

namespace jc::ledger {
using record::ResultCode;

const store::Migration& ledgerMigration()
{
    static const std::string sql =
        logSchema("") + "CREATE TABLE record_ids(id BLOB NOT NULL CHECK(length(id)=16), signer BLOB NOT NULL CHECK(length(signer)=32), idx "
                        "INTEGER NOT NULL, PRIMARY KEY(id, signer)) "
                        "STRICT, WITHOUT ROWID;"
                        "CREATE TABLE control(idx INTEGER PRIMARY KEY) STRICT;"
                        "CREATE TABLE cards(court_key TEXT PRIMARY KEY, card BLOB NOT NULL) STRICT, WITHOUT ROWID;"
                        "CREATE TABLE checkpoints(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;"
                        "CREATE TRIGGER record_ids_no_update BEFORE UPDATE ON record_ids BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
                        "CREATE TRIGGER record_ids_no_delete BEFORE DELETE ON record_ids BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
                        "CREATE TRIGGER control_no_update BEFORE UPDATE ON control BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
                        "CREATE TRIGGER control_no_delete BEFORE DELETE ON control BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
                        "CREATE TRIGGER cards_no_update BEFORE UPDATE ON cards BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
                        "CREATE TRIGGER cards_no_delete BEFORE DELETE ON cards BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
                        "CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append-only'); END;"
                        "CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append-only'); END;";
    static const store::Migration m{1, sql.c_str()};
    return m;
}

std::string_view toString(Writability w) noexcept
{
    switch (w) {
    case Writability::Writable:
        return "writable";
    case Writability::NoKeys:
        return "no_keys";
    case Writability::BehindSigned:
        return "behind_signed";
    case Writability::ForkedFromSigned:
        return "forked_from_signed";
    case Writability::NoSignerState:
        return "no_signer_state";
    }
    return "no_keys";
}

Result<note::Policy> makePolicy(const record::ControlState& members, std::string_view onlyLogOf)
{
    return record::courtsPolicy(members.origin(), members.courts(), onlyLogOf);
}

namespace {

class StoreLookup final : public EntryLookup {
public:
    StoreLookup(store::Database& db, LogStore& log) : m_db(db), m_log(log) {}
    [[nodiscard]] Result<std::optional<std::uint64_t>> find(const SignerId& signer, const Uuid& id) override
    {
        if (!m_find) {
            JC_TRY(auto q, m_db.prepare("SELECT idx FROM record_ids WHERE id=? AND signer=?"));
            m_find.emplace(std::move(q));
        }
        m_find->bind(1, ByteView(id)).bind(2, ByteView(signer.bytes()));
        auto row = m_find->step();
        std::optional<std::uint64_t> out;
        if (row && *row) out = static_cast<std::uint64_t>(m_find->integer(0));
        m_find->reset();
        if (!row) return tl::unexpected(std::move(row).error());
        return out;
    }
    [[nodiscard]] Result<merkle::LeafHash> leafHash(std::uint64_t index) override { return m_log.leafHash(index); }
    [[nodiscard]] Result<Bytes> recordBytes(std::uint64_t index) override
    {
        JC_TRY(const Bytes body, m_log.entry(index));
        JC_TRY(auto e, record::decodeLedgerEntry(body));
        auto* s = std::get_if<record::SignedRecord>(&e.body);
        if (!s) return fail(ErrorCode::Damaged, "an entry is not what the index says", "index_changed");
        return std::move(s->record);
    }

private:
    store::Database& m_db;
    LogStore& m_log;
    std::optional<store::Statement> m_find;
};

struct Keys {
    note::VerifierKey log, cosigner;
};

Result<std::string> signCheckpoint(const std::string& origin, std::uint64_t size, const merkle::RootHash& root, const Keys& keys,
                                   const crypto::PrivateKey& logKey, const crypto::PrivateKey& cosignerKey, UnixMs now)
{
    note::SignedNote n;
    n.text = note::Checkpoint{origin, size, root, {}}.text();
    JC_TRY(auto a, note::signNote(n.text, keys.log, logKey));
    // Rounded up: "existed by" must not lie before the ledger time of an entry that the checkpoint covers.
    JC_TRY(auto b, note::cosign(n.text, keys.cosigner, cosignerKey, static_cast<std::uint64_t>((now + 999) / 1000)));
    n.signatures.push_back(std::move(a));
    n.signatures.push_back(std::move(b));
    return n.serialize();
}

Result<Keys> keysOf(const record::ControlState& members, const EmbeddedOptions& o)
{
    // The embedded ledger has one court; its card must name the very keys that will sign.
    const auto& card = members.courts().front();
    Keys k;
    JC_TRY(k.log, note::VerifierKey::make(members.origin(), note::SignatureType::Ed25519, card.logKey));
    JC_TRY(k.cosigner, note::VerifierKey::make(record::cosignerName(members.origin(), card.courtKey), note::SignatureType::CosignatureV1,
                                               card.cosignerKey));
    if (o.logKey && o.cosignerKey) {
        JC_TRY(const auto log, o.logKey->publicKey().ed25519());
        JC_TRY(const auto cos, o.cosignerKey->publicKey().ed25519());
        if (log != card.logKey || cos != card.cosignerKey)
            return fail(ErrorCode::Identity, "the signing keys of this workspace are not those of the ledger's charter",
                        "wrong_court_keys");
    }
    return k;
}

struct Pending {
    Sha256Digest record; ///< of the record's bytes
    bool done = false;
    Result<Anchored> result = fail(ErrorCode::Unavailable, "not yet anchored");
};
using Key = std::pair<Uuid, SignerId>;
struct Queued {
    PreparedRecord record;
    std::shared_ptr<Pending> pending;
};
constexpr std::size_t kMaxBatch = 4096;
/// Answers kept for await(): refusals are nowhere else, and each good one holds an entry and a path.
constexpr std::size_t kRemembered = 8192;

/// Lookups as they were when the log had `size` entries.
class LookupAt final : public EntryLookup {
public:
    explicit LookupAt(StoreLookup& all) : m_all(all) {}
    std::uint64_t size = 0;
    [[nodiscard]] Result<std::optional<std::uint64_t>> find(const SignerId& signer, const Uuid& id) override
    {
        JC_TRY(auto at, m_all.find(signer, id));
        if (at && *at >= size) at.reset();
        return at;
    }
    [[nodiscard]] Result<merkle::LeafHash> leafHash(std::uint64_t index) override { return m_all.leafHash(index); }
    [[nodiscard]] Result<Bytes> recordBytes(std::uint64_t index) override { return m_all.recordBytes(index); }

private:
    StoreLookup& m_all;
};

class Impl final : public EmbeddedLedger {
public:
    static Result<std::unique_ptr<EmbeddedLedger>> open(const EmbeddedOptions& o);
    explicit Impl(store::Database db) : m_db(std::move(db)) {}
    ~Impl() override;

    Result<Submission> submit(const record::SignedRecord& record) override;
    Result<Anchored> await(const Submission& submission, std::chrono::milliseconds timeout, std::stop_token stop) override;
    LedgerId id() const override { return m_charter->ledger(); }
    std::string origin() const override { return m_charter->origin(); }
    std::string checkpoint() override
    {
        const std::lock_guard l(m_stateMutex);
        return m_checkpoint;
    }
    std::shared_ptr<const record::ControlState> members() override
    {
        const std::lock_guard l(m_stateMutex);
        return m_members;
    }
    std::uint64_t size() override
    {
        const std::lock_guard l(m_stateMutex);
        return m_checkpointSize;
    }
    Result<Bytes> entry(std::uint64_t index) override
    {
        const std::lock_guard l(m_dbMutex);
        return m_log->entry(index);
    }
    Result<Anchored> proof(std::uint64_t index) override
    {
        const std::lock_guard l(m_dbMutex);
        return proofLocked(index);
    }
    Result<std::vector<merkle::NodeHash>> inclusion(std::uint64_t index, std::uint64_t size) override
    {
        const std::lock_guard l(m_dbMutex);
        return m_log->inclusion(index, size);
    }
    Result<std::vector<merkle::NodeHash>> consistency(std::uint64_t a, std::uint64_t b) override
    {
        const std::lock_guard l(m_dbMutex);
        return m_log->consistency(a, b);
    }
    Result<std::optional<std::uint64_t>> find(const Submission& s) override
    {
        const std::lock_guard l(m_dbMutex);
        return m_lookup->find(s.signer, s.id);
    }
    Result<std::vector<std::pair<std::uint64_t, Bytes>>> controlEntries() override;
    std::vector<Bytes> cards() override { return m_cards; }
    Writability writability() const override { return m_writability; }
    Result<std::vector<std::string>> checkpoints() override;
    Result<void> backupTo(const std::filesystem::path& file) override
    {
        const std::lock_guard l(m_dbMutex);
        JC_CHECK(saveCheckpointLocked());
        return m_db.backupTo(file);
    }
    Result<std::vector<merkle::NodeHash>> tile(const merkle::TileId& id) override
    {
        const std::lock_guard l(m_dbMutex);
        return m_log->tile(id);
    }

private:
    Result<Anchored> proofLocked(std::uint64_t index);
    Result<std::vector<std::pair<std::uint64_t, Bytes>>> controlEntriesLocked();
    Result<void> replay();
    Result<void> checkLastEntry(std::uint64_t lastControl);
    Result<void> checkTail(std::uint64_t from);
    using Signing = std::future<Result<std::string>>;
    Signing beginSigning();
    Result<void> signHead();
    Result<void> signHead(Signing signing);
    Result<void> insertCheckpoint();
    Result<void> saveCheckpointLocked();
    Result<void> insertIndexes(std::span<const NewEntry> entries, std::uint64_t first);
    void loop(std::stop_token stop);
    void commitBatch(std::vector<Queued>& batch);
    void publish(std::vector<std::pair<std::shared_ptr<Pending>, Result<Anchored>>> results);

    EmbeddedOptions m_options;
    const Clock* m_clock = nullptr;
    // Owned by whoever holds m_dbMutex: the connection, the log and the state behind it.
    std::mutex m_dbMutex;
    store::Database m_db;
    std::optional<LogStore> m_log;
    std::optional<StoreLookup> m_lookup;
    LedgerState m_state;
    std::optional<SignerState> m_signer;
    std::string m_unsavedCheckpoint; ///< signed, handed out, not yet in the table
    std::optional<store::Statement> m_insertId, m_insertControl, m_insertCheckpoint;
    // Constant after open().
    std::vector<Bytes> m_cards;
    std::shared_ptr<const record::ControlState> m_charter;
    Keys m_keys;
    Writability m_writability = Writability::NoKeys;
    // Snapshot for readers.
    std::mutex m_stateMutex;
    std::string m_checkpoint;
    std::uint64_t m_checkpointSize = 0;
    std::shared_ptr<const record::ControlState> m_members;
    UnixMs m_snapshotTime = 0;
    // The queue.
    std::mutex m_queueMutex;
    std::condition_variable_any m_queueFilled;
    std::condition_variable_any m_resultReady;
    std::vector<Queued> m_queue;
    std::map<Key, std::shared_ptr<Pending>> m_pending;
    std::deque<std::pair<Key, std::shared_ptr<Pending>>> m_finished;
    std::jthread m_thread;
};

Impl::~Impl()
{
    if (m_thread.joinable()) {
        m_thread.request_stop();
        m_queueFilled.notify_all();
        m_thread.join();
    }
    const std::lock_guard l(m_dbMutex);
    // Best effort: a checkpoint that could not be stored is signed again at the next open.
    if (!saveCheckpointLocked()) m_unsavedCheckpoint.clear();
}

Result<std::unique_ptr<EmbeddedLedger>> Impl::open(const EmbeddedOptions& o)
{
    const bool keys = o.logKey && o.cosignerKey;
    JC_TRY(auto db, store::Database::open(o.databaseFile, keys ? store::OpenMode::ReadWrite : store::OpenMode::ReadOnly, 32 * 1024));
    auto l = std::make_unique<Impl>(std::move(db));
    l->m_options = o;
    l->m_clock = o.clock ? o.clock : &systemClock();
    JC_CHECK(keys ? l->m_db.migrate(std::span(&ledgerMigration(), 1), kLedgerApplicationId)
                  : l->m_db.checkVersion(std::span(&ledgerMigration(), 1), kLedgerApplicationId));
    if (!keys) JC_CHECK(l->m_db.exec("BEGIN")); // one view of all tables, also while another program writes
    JC_TRY(auto log, LogStore::open(l->m_db, ""));
    l->m_log.emplace(std::move(log));
    l->m_lookup.emplace(l->m_db, *l->m_log);
    JC_CHECK(l->replay());
    JC_TRY(l->m_keys, keysOf(*l->m_charter, o));

    const std::uint64_t size = l->m_log->size();
    JC_TRY(auto q, l->m_db.prepare("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"));
    JC_TRY(const bool any, q.step());
    std::uint64_t signedSize = 0;
    if (any) {
        const std::string text(q.text(1));
        JC_TRY(const auto policy, makePolicy(*l->m_charter));
        const auto parsed = note::SignedNote::parse(text);
        const auto checked =
            parsed ? note::checkCheckpoint(*parsed, policy) : note::CheckedCheckpoint{note::NoteOutcome::MalformedCheckpoint, {}, {}};
        signedSize = checked.checkpoint.size;
        if (checked.outcome != note::NoteOutcome::Verified || signedSize > size)
            return fail(ErrorCode::Damaged, "the newest checkpoint does not fit the ledger; run the deep audit to see what was changed",
                        "checkpoint_changed");
        JC_TRY(const auto root, l->m_log->rootAt(signedSize));
        if (root != checked.checkpoint.root)
            return fail(ErrorCode::Damaged,
                        "the ledger's stored data is not what its own checkpoint signed; run the deep audit to see what was changed",
                        "root_differs");
        l->m_checkpoint = text;
        l->m_checkpointSize = signedSize;
    }
    q.reset();
    if (!keys) JC_CHECK(l->m_db.exec("COMMIT"));
    if (keys) {
        JC_TRY(auto signer, SignerState::open(o.signerStateFile, l->m_charter->origin()));
        l->m_signer.emplace(std::move(signer));
        const auto& head = l->m_signer->head();
        if (l->m_signer->fresh()) {
            l->m_writability = Writability::NoSignerState;
        } else if (head.size > size) {
            l->m_writability = Writability::BehindSigned;
        } else {
            JC_TRY(const auto root, l->m_log->rootAt(head.size));
            l->m_writability = root == head.root ? Writability::Writable : Writability::ForkedFromSigned;
        }
        if (l->m_writability == Writability::Writable) {
            JC_CHECK(l->checkTail(head.size));
            if (l->m_checkpointSize != size) JC_CHECK(l->signHead());
            Impl* raw = l.get();
            l->m_thread = std::jthread([raw](std::stop_token stop) { raw->loop(std::move(stop)); });
        }
    }
    if (l->m_checkpoint.empty()) return fail(ErrorCode::Damaged, "the ledger has no checkpoint", "checkpoint_missing");
    return std::unique_ptr<EmbeddedLedger>(std::move(l));
}

Result<void> Impl::replay()
{
    JC_TRY(auto c, m_db.prepare("SELECT card FROM cards ORDER BY court_key"));
    for (;;) {
        JC_TRY(const bool row, c.step());
        if (!row) break;
        m_cards.push_back(toBytes(c.blob(0)));
    }
    JC_TRY(const Bytes first, m_log->entry(0));
    JC_TRY(auto entry0, record::decodeLedgerEntry(first));
    const auto* charter = std::get_if<record::CharterEntry>(&entry0.body);
    if (!charter) return fail(ErrorCode::Damaged, "the ledger does not begin with a charter", "charter_missing");
    auto genesisState = genesis(m_cards, *charter, entry0.ledgerTime);
    if (!genesisState || genesisState->entry.body != first)
        return fail(ErrorCode::Damaged, "the ledger's charter was changed", "charter_changed");
    m_state = std::move(genesisState->state);
    m_charter = m_state.control;
    auto control = std::make_shared<record::ControlState>(*m_charter);
    std::uint64_t lastControl = 0;
    JC_TRY(auto q, m_db.prepare("SELECT e.idx, e.body FROM control c JOIN entries e ON e.idx=c.idx WHERE c.idx>0 ORDER BY c.idx"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        JC_TRY(const auto e, record::decodeLedgerEntry(q.blob(1)));
        const auto* s = std::get_if<record::SignedRecord>(&e.body);
        if (!s || e.controlHead != m_state.controlHead)
            return fail(ErrorCode::Damaged, "the chain of staff records is broken; run the deep audit", "control_chain_broken");
        JC_TRY(const auto r, record::decodeRecord(s->record));
        control->apply(r, s->signer, e.ledgerTime, m_state.controlCount);
        m_state.controlHead = record::nextControlHead(m_state.controlHead, merkle::hashLeaf(q.blob(1)));
        ++m_state.controlCount;
        lastControl = static_cast<std::uint64_t>(q.integer(0));
    }
    m_state.control = std::move(control);
    m_state.tree = m_log->tree();
    JC_CHECK(checkLastEntry(lastControl));
    m_members = m_state.control;
    m_snapshotTime = m_state.lastTime;
    return {};
}

/// The last entry, proved by the tree, fixes the whole chain of staff records: whoever hides a revocation from the index, or edits one, is
/// found here.
Result<void> Impl::checkLastEntry(std::uint64_t lastControl)
{
    const std::uint64_t index = m_log->size() - 1;
    JC_TRY(const Bytes bytes, m_log->entry(index));
    JC_TRY(const auto path, m_log->inclusion(index, index + 1));
    if (merkle::checkInclusion(merkle::hashLeaf(bytes), index, index + 1, path, m_log->root()) != merkle::ProofOutcome::Proven)
        return fail(ErrorCode::Damaged, "the last entry is not the one that was signed; run the deep audit", "entry_changed");
    JC_TRY(const auto last, record::decodeLedgerEntry(bytes));
    const bool whole = record::isControl(last) ? lastControl == index : last.controlHead == m_state.controlHead;
    if (!whole) return fail(ErrorCode::Damaged, "the chain of staff records is broken; run the deep audit", "control_chain_broken");
    m_state.height = last.height;
    m_state.lastTime = last.ledgerTime;
    return {};
}

/// Entries that no signature covers yet go through the state machine again, which must write the same bytes, before the keys sign them:
/// whoever can write the file cannot make the court sign.
Result<void> Impl::checkTail(std::uint64_t from)
{
    const std::uint64_t size = m_log->size();
    if (from >= size) return {};
    if (from == 0) return fail(ErrorCode::Damaged, "nothing of this ledger was ever signed", "entry_changed");
    LedgerState state;
    auto control = std::make_shared<record::ControlState>(*m_charter);
    const auto link = [&](ByteView body, const record::LedgerEntry& e) {
        if (const auto* s = std::get_if<record::SignedRecord>(&e.body))
            if (const auto r = record::decodeRecord(s->record)) control->apply(*r, s->signer, e.ledgerTime, state.controlCount);
        state.controlHead = record::nextControlHead(state.controlHead, merkle::hashLeaf(body));
        ++state.controlCount;
    };
    JC_TRY(const Bytes first, m_log->entry(0));
    JC_TRY(const auto e0, record::decodeLedgerEntry(first));
    link(first, e0);
    JC_TRY(const auto known, controlEntriesLocked());
    for (const auto& [index, body] : known) {
        if (index >= from) break;
        JC_TRY(const auto e, record::decodeLedgerEntry(body));
        link(body, e);
    }
    state.control = std::move(control);
    JC_TRY(state.tree, m_log->treeAt(from));
    JC_TRY(const Bytes beforeBytes, m_log->entry(from - 1));
    JC_TRY(const auto before, record::decodeLedgerEntry(beforeBytes));
    state.height = before.height;
    state.lastTime = before.ledgerTime;

    const auto bad = [](std::uint64_t i) {
        return fail(ErrorCode::Damaged, "entry " + std::to_string(i) + " was never signed and is not valid; run the deep audit",
                    "entry_changed");
    };
    LookupAt lookup(*m_lookup);
    for (std::uint64_t i = from; i < size;) {
        std::vector<Bytes> bodies;
        std::vector<PreparedRecord> records;
        std::uint64_t height = 0;
        UnixMs time = 0;
        for (std::uint64_t k = i; k < size; ++k) {
            JC_TRY(Bytes body, m_log->entry(k));
            auto e = record::decodeLedgerEntry(body);
            auto* s = e ? std::get_if<record::SignedRecord>(&e->body) : nullptr;
            if (!s) return bad(k);
            if (k == i) {
                height = e->height;
                time = e->ledgerTime;
            } else if (e->height != height) {
                break;
            }
            auto p = prepareRecord(std::move(*s));
            if (!p) return bad(k);
            records.push_back(std::move(*p));
            bodies.push_back(std::move(body));
        }
        if (height != state.height + 1 || time <= state.lastTime) return bad(i);
        lookup.size = i;
        std::vector<NewEntry> made;
        JC_TRY(const auto results, applyBlock(state, records, height, time, lookup, made));
        for (std::size_t k = 0; k < bodies.size(); ++k)
            if (results[k].code != ResultCode::Ok || results[k].existed || made[k].body != bodies[k]) return bad(i + k);
        i += bodies.size();
    }
    // The state that goes on is that of the replay by index; here the log itself has confirmed it.
    if (state.tree.root() != m_log->root() || state.controlHead != m_state.controlHead) return bad(size - 1);
    return {};
}

/// Signs the log as it now stands in memory while the disk is busy making it durable. The signature stays in the future until both the
/// entries and the signer state are on disk; when either fails it is thrown away.
Impl::Signing Impl::beginSigning()
{
    // A clock that was set back is behind the entries' own time; the entries of this batch are at most one millisecond further on.
    const UnixMs time = std::max(m_clock->now(), m_state.lastTime + 1);
    const auto sign = [this, size = m_log->size(), root = m_log->root(), now = time] {
        return signCheckpoint(m_charter->origin(), size, root, m_keys, *m_options.logKey, *m_options.cosignerKey, now);
    };
    try {
        return std::async(std::launch::async, sign);
    } catch (const std::system_error&) { // no thread to be had: later, in this one
        return std::async(std::launch::deferred, sign);
    }
}
Result<void> Impl::signHead()
{
    return signHead(beginSigning());
}
Result<void> Impl::signHead(Signing signing)
{
    const SignedHead next{m_log->size(), m_log->root()};
    JC_CHECK(m_signer->advance(m_signer->head(), next));
    JC_TRY(auto note, signing.get());
    m_unsavedCheckpoint = note;
    const std::lock_guard l(m_stateMutex);
    m_checkpoint = std::move(note);
    m_checkpointSize = next.size;
    m_members = m_state.control;
    m_snapshotTime = m_state.lastTime;
    return {};
}

Result<void> Impl::insertCheckpoint()
{
    if (m_unsavedCheckpoint.empty()) return {};
    if (!m_insertCheckpoint) {
        JC_TRY(auto q, m_db.prepare("INSERT OR IGNORE INTO checkpoints(size, note) VALUES(?,?)"));
        m_insertCheckpoint.emplace(std::move(q));
    }
    return m_insertCheckpoint->bind(1, m_checkpointSize).bindText(2, m_unsavedCheckpoint).run();
}
Result<void> Impl::saveCheckpointLocked()
{
    JC_CHECK(insertCheckpoint());
    m_unsavedCheckpoint.clear();
    return {};
}

Result<void> Impl::insertIndexes(std::span<const NewEntry> entries, std::uint64_t first)
{
    if (!m_insertId) {
        JC_TRY(auto ids, m_db.prepare("INSERT INTO record_ids(id, signer, idx) VALUES(?,?,?)"));
        m_insertId.emplace(std::move(ids));
        JC_TRY(auto control, m_db.prepare("INSERT INTO control(idx) VALUES(?)"));
        m_insertControl.emplace(std::move(control));
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& e = entries[i];
        if (e.hasRecord) JC_CHECK(m_insertId->bind(1, ByteView(e.id)).bind(2, ByteView(e.signer.bytes())).bind(3, first + i).run());
        if (e.control) JC_CHECK(m_insertControl->bind(1, first + i).run());
    }
    return {};
}

Result<Submission> Impl::submit(const record::SignedRecord& signedRecord)
{
    if (m_writability != Writability::Writable)
        return fail(ErrorCode::Refused, "this ledger can only be read: " + std::string(toString(m_writability)), "read_only");
    JC_TRY(auto p, prepareRecord(signedRecord));
    const Submission sub{signedRecord.signer, p.record.id};
    std::shared_ptr<const record::ControlState> control;
    UnixMs known = 0;
    {
        const std::lock_guard l(m_stateMutex);
        control = m_members;
        known = m_snapshotTime;
    }
    if (uuidTime(p.record.id) > std::max(m_clock->now(), known) + record::kSignerSkewMs)
        return fail(ErrorCode::Refused, "the record's id lies in the future; check this computer's clock", "id_in_future");
    if (const auto* key = control->keyOf(signedRecord.signer))
        p.signatureValid = record::verifyRecord(signedRecord, control->ledger(), *key);
    const Key k{sub.id, sub.signer};
    const Sha256Digest digest = crypto::sha256(signedRecord.record);
    {
        const std::lock_guard l(m_queueMutex);
        auto& slot = m_pending[k];
        // Two records under one name: the answer to the first must not be taken for the second's.
        if (slot && slot->record != digest && (!slot->done || slot->result))
            return fail(ErrorCode::Refused, "another record with this id was submitted",
                        std::string(record::toString(ResultCode::IdConflict)));
        if (slot && !slot->done) return sub; // the same record is on its way
        slot = std::make_shared<Pending>();
        slot->record = digest;
        m_queue.push_back({std::move(p), slot});
    }
    m_queueFilled.notify_one();
    return sub;
}

Result<Anchored> Impl::await(const Submission& s, std::chrono::milliseconds timeout, std::stop_token stop)
{
    {
        std::unique_lock l(m_queueMutex);
        const auto it = m_pending.find({s.id, s.signer});
        if (it != m_pending.end()) {
            const auto p = it->second;
            if (!m_resultReady.wait_for(l, stop, timeout, [&] { return p->done; })) {
                if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped");
                return fail(ErrorCode::Unavailable, "the ledger has not answered yet; the filing is kept and will be anchored",
                            "ledger_slow");
            }
            return p->result;
        }
    }
    const std::lock_guard l(m_dbMutex);
    JC_TRY(const auto index, m_lookup->find(s.signer, s.id));
    if (!index) return fail(ErrorCode::NotFound, "this record was not submitted here");
    return proofLocked(*index);
}

Result<Anchored> Impl::proofLocked(std::uint64_t index)
{
    Anchored a;
    {
        const std::lock_guard l(m_stateMutex);
        a.checkpoint = m_checkpoint;
        a.checkpointSize = m_checkpointSize;
    }
    a.index = index;
    JC_TRY(a.entry, m_log->entry(index));
    JC_TRY(a.path, m_log->inclusion(index, a.checkpointSize));
    return a;
}

void Impl::publish(std::vector<std::pair<std::shared_ptr<Pending>, Result<Anchored>>> results)
{
    {
        const std::lock_guard l(m_queueMutex);
        for (auto& [p, r] : results) {
            p->result = std::move(r);
            p->done = true;
        }
        while (m_finished.size() > kRemembered) {
            const auto& [key, pending] = m_finished.front();
            // Submitted again since? Then the newer one lives until its own turn.
            if (const auto it = m_pending.find(key); it != m_pending.end() && it->second == pending) m_pending.erase(it);
            m_finished.pop_front();
        }
    }
    m_resultReady.notify_all();
}

void Impl::loop(std::stop_token stop)
{
    while (!stop.stop_requested()) {
        std::vector<Queued> batch;
        {
            std::unique_lock l(m_queueMutex);
            if (!m_queueFilled.wait(l, stop, [&] { return !m_queue.empty(); })) break;
            if (m_queue.size() <= kMaxBatch) {
                batch.swap(m_queue);
            } else {
                batch.assign(std::make_move_iterator(m_queue.begin()), std::make_move_iterator(m_queue.begin() + kMaxBatch));
                m_queue.erase(m_queue.begin(), m_queue.begin() + kMaxBatch);
            }
            for (const auto& b : batch)
                m_finished.emplace_back(Key{b.record.record.id, b.record.signedRecord.signer}, b.pending);
        }
        commitBatch(batch);
    }
}

void Impl::commitBatch(std::vector<Queued>& batch)
{
    std::vector<std::pair<std::shared_ptr<Pending>, Result<Anchored>>> results;
    const auto failAll = [&](const Error& e) {
        for (auto& b : batch)
            results.emplace_back(b.pending, tl::unexpected(e));
        publish(std::move(results));
    };
    std::unique_lock lock(m_dbMutex);
    // Entries that were stored when their signature failed get theirs first, so that every batch has its own checkpoint.
    if (m_checkpointSize != m_log->size())
        if (auto r = signHead(); !r) return failAll(r.error());
    const UnixMs now = m_clock->now();
    if (now < m_state.lastTime - kMaxClockBackMs)
        return failAll(
            Error{ErrorCode::Unavailable,
                  "this computer's clock has gone back by more than five minutes; set it right, then the filing continues by itself",
                  "clock_back",
                  std::source_location::current(),
                  {}});
    const UnixMs ledgerTime = std::max(m_state.lastTime + 1, now);
    LedgerState next = m_state;
    std::vector<PreparedRecord> records;
    records.reserve(batch.size());
    for (auto& b : batch)
        records.push_back(std::move(b.record));
    std::vector<NewEntry> entries;
    auto outcome = applyBlock(next, records, m_state.height + 1, ledgerTime, *m_lookup, entries);
    if (!outcome) return failAll(outcome.error());
    if (!entries.empty()) {
        const std::uint64_t first = m_log->size();
        auto mark = m_log->mark();
        Signing signing;
        const auto persist = [&]() -> Result<void> {
            JC_TRY(auto tx, store::Transaction::begin(m_db));
            std::vector<LogStore::NewEntry> rows;
            rows.reserve(entries.size());
            for (auto& e : entries)
                rows.push_back({e.body, e.leaf});
            JC_CHECK(m_log->append(rows));
            JC_CHECK(insertIndexes(entries, first));
            JC_CHECK(insertCheckpoint());
            signing = beginSigning();
            return tx.commit();
        };
        if (auto r = persist(); !r) {
            // Nothing was acknowledged; memory goes back to what stood before.
            m_log->rewind(std::move(mark));
            return failAll(r.error());
        }
        m_unsavedCheckpoint.clear();
        m_state = std::move(next);
        if (auto r = signHead(std::move(signing)); !r) return failAll(r.error());
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& tx = (*outcome)[i];
        if (tx.code != ResultCode::Ok) {
            results.emplace_back(batch[i].pending,
                                 fail(ErrorCode::Refused, "the ledger refused the record", std::string(record::toString(tx.code))));
        } else {
            results.emplace_back(batch[i].pending, proofLocked(tx.index));
        }
    }
    lock.unlock();
    publish(std::move(results));
}

Result<std::vector<std::pair<std::uint64_t, Bytes>>> Impl::controlEntries()
{
    const std::lock_guard l(m_dbMutex);
    return controlEntriesLocked();
}
Result<std::vector<std::pair<std::uint64_t, Bytes>>> Impl::controlEntriesLocked()
{
    std::vector<std::pair<std::uint64_t, Bytes>> out;
    JC_TRY(auto q, m_db.prepare("SELECT e.idx, e.body FROM control c JOIN entries e ON e.idx=c.idx WHERE c.idx>0 ORDER BY c.idx"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        out.emplace_back(static_cast<std::uint64_t>(q.integer(0)), toBytes(q.blob(1)));
    }
    return out;
}
Result<std::vector<std::string>> Impl::checkpoints()
{
    const std::lock_guard l(m_dbMutex);
    if (m_writability == Writability::Writable) JC_CHECK(saveCheckpointLocked());
    std::vector<std::string> out;
    JC_TRY(auto q, m_db.prepare("SELECT note FROM checkpoints ORDER BY size"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        out.emplace_back(q.text(0));
    }
    return out;
}
} // namespace

Result<std::unique_ptr<EmbeddedLedger>> EmbeddedLedger::open(const EmbeddedOptions& options)
{
    return Impl::open(options);
}

Result<void> EmbeddedLedger::create(const EmbeddedOptions& o, const std::vector<Bytes>& cards, const record::CharterEntry& charter)
{
    std::error_code ec;
    if (std::filesystem::exists(o.databaseFile, ec)) return fail(ErrorCode::Refused, "there is a ledger here already", "exists");
    if (!o.logKey || !o.cosignerKey) return fail(ErrorCode::InvalidArgument, "a new ledger needs the court's keys");
    const Clock& clock = o.clock ? *o.clock : systemClock();
    JC_TRY(auto g, genesis(cards, charter, clock.now()));
    if (g.state.control->courts().size() != 1)
        return fail(ErrorCode::Refused, "an embedded ledger has exactly one founding court", "founders");
    JC_TRY(const auto keys, keysOf(*g.state.control, o));
    JC_TRY(auto signer, SignerState::open(o.signerStateFile, g.state.control->origin()));
    if (!signer.fresh()) return fail(ErrorCode::Refused, "these keys have signed a ledger before", "exists");
    JC_TRY(auto db, store::Database::open(o.databaseFile, store::OpenMode::ReadWriteCreate));
    JC_CHECK(db.migrate(std::span(&ledgerMigration(), 1), kLedgerApplicationId));
    JC_TRY(auto log, LogStore::open(db, ""));
    {
        JC_TRY(auto tx, store::Transaction::begin(db));
        const LogStore::NewEntry e{g.entry.body, g.entry.leaf};
        JC_CHECK(log.append(std::span(&e, 1)));
        JC_CHECK(db.exec("INSERT INTO control(idx) VALUES(0)"));
        JC_TRY(auto q, db.prepare("INSERT INTO cards(court_key, card) VALUES(?,?)"));
        for (std::size_t i = 0; i < cards.size(); ++i)
            JC_CHECK(q.bindText(1, g.state.control->courts()[i].courtKey).bind(2, ByteView(cards[i])).run());
        JC_CHECK(tx.commit());
    }
    const SignedHead head{1, log.root()};
    JC_CHECK(signer.advance(signer.head(), head));
    JC_TRY(const auto text, signCheckpoint(g.state.control->origin(), 1, head.root, keys, *o.logKey, *o.cosignerKey, clock.now()));
    JC_TRY(auto q, db.prepare("INSERT INTO checkpoints(size, note) VALUES(1,?)"));
    return q.bindText(1, text).run();
}

Result<void> EmbeddedLedger::adoptSignerState(const EmbeddedOptions& o, std::uint64_t lastSize, const merkle::RootHash& lastRoot)
{
    JC_TRY(auto db, store::Database::open(o.databaseFile, store::OpenMode::ReadOnly));
    JC_TRY(auto log, LogStore::open(db, ""));
    if (lastSize == 0) return fail(ErrorCode::InvalidArgument, "the size of the newest known checkpoint is missing");
    if (log.size() < lastSize)
        return fail(ErrorCode::Refused, "the backup is older than what this ledger is known to have signed; it can only be read",
                    "behind_last_known");
    JC_TRY(const auto root, log.rootAt(lastSize));
    if (root != lastRoot) return fail(ErrorCode::Refused, "the backup is not a continuation of the given checkpoint", "not_a_continuation");
    JC_TRY(const Bytes first, log.entry(0));
    JC_TRY(const auto e, record::decodeLedgerEntry(first));
    const auto* charter = std::get_if<record::CharterEntry>(&e.body);
    if (!charter) return fail(ErrorCode::Damaged, "the ledger does not begin with a charter", "charter_missing");
    std::vector<Bytes> cards;
    JC_TRY(auto c, db.prepare("SELECT card FROM cards ORDER BY court_key"));
    for (;;) {
        JC_TRY(const bool row, c.step());
        if (!row) break;
        cards.push_back(toBytes(c.blob(0)));
    }
    auto founding = genesis(cards, *charter, e.ledgerTime);
    if (!founding || founding->entry.body != first) return fail(ErrorCode::Damaged, "the ledger's charter was changed", "charter_changed");
    JC_TRY(auto signer, SignerState::open(o.signerStateFile, founding->state.control->origin()));
    if (!signer.fresh() && signer.head().size > log.size())
        return fail(ErrorCode::Refused, "the backup is older than what this court's keys have signed; it can only be read",
                    "behind_signed");
    if (!signer.fresh()) return {};
    // Only what was signed counts as signed: entries behind it are checked at open() like any unsigned ones.
    SignedHead head{lastSize, lastRoot};
    JC_TRY(const auto policy, makePolicy(*founding->state.control));
    JC_TRY(auto q, db.prepare("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"));
    JC_TRY(const bool any, q.step());
    const auto note = any ? note::SignedNote::parse(q.text(0)) : Result<note::SignedNote>(fail(ErrorCode::Damaged, "no checkpoint"));
    if (note) {
        const auto checked = note::checkCheckpoint(*note, policy);
        if (checked.outcome == note::NoteOutcome::Verified && checked.checkpoint.size > head.size &&
            checked.checkpoint.size <= log.size()) {
            JC_TRY(const auto storedRoot, log.rootAt(checked.checkpoint.size));
            if (storedRoot == checked.checkpoint.root) head = {checked.checkpoint.size, checked.checkpoint.root};
        }
    }
    return signer.advance(signer.head(), head);
}

Result<std::uint64_t> exportTiles(EmbeddedLedger& ledger, const std::filesystem::path& dir, ProgressSink& progress, std::stop_token stop)
{
    std::error_code ec;
    if (std::filesystem::exists(dir, ec) && !std::filesystem::is_empty(dir, ec))
        return fail(ErrorCode::Refused, "the folder to export to is not empty", "not_empty");
    const std::string checkpoint = ledger.checkpoint();
    JC_TRY(const auto parsed, note::SignedNote::parse(checkpoint));
    JC_TRY(const auto cp, note::Checkpoint::parse(parsed.text));
    const auto put = [&](const std::string& path, ByteView data) -> Result<void> {
        JC_CHECK(makeDirectories((dir / path).parent_path()));
        return writeFileAtomic(dir / path, data, 0644, false);
    };
    for (const auto& id : merkle::tilesOf(cp.size)) {
        if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped");
        JC_TRY(const auto hashes, ledger.tile(id));
        Bytes b;
        for (const auto& h : hashes)
            append(b, h.bytes());
        JC_CHECK(put(merkle::tilePath(id), b));
        if (id.level != 0) continue;
        std::vector<Bytes> entries;
        for (std::uint64_t i = 0; i < id.width; ++i) {
            JC_TRY(Bytes e, ledger.entry(id.index * merkle::kTileWidth + i));
            entries.push_back(std::move(e));
        }
        JC_TRY(const Bytes bundle, merkle::encodeEntryBundle(entries));
        JC_CHECK(put(merkle::entriesPath(id), bundle));
        progress.update("exporting", 0, 0, id.index * merkle::kTileWidth + id.width, cp.size);
    }
    JC_CHECK(put("checkpoint", asBytes(checkpoint)));
    return cp.size;
}
} // namespace jc::ledger
