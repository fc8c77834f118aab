// SPDX-License-Identifier: Apache-2.0
#include "archive/custody_log.h"

namespace jc::archive {
std::string custodySchema()
{
    // Columns in the order of the key: SQLite 3.40's integrity check reads a table without row numbers wrongly otherwise.
    return ledger::logSchema(kCustodyPrefix) + "CREATE TABLE custody_subjects(filing BLOB NOT NULL CHECK(length(filing)=16), idx "
                                               "INTEGER NOT NULL, ordinal INTEGER NOT NULL, PRIMARY KEY(filing, idx)) STRICT, "
                                               "WITHOUT ROWID;"
                                               "CREATE TABLE custody_checkpoints(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;"
                                               "CREATE TRIGGER custody_checkpoints_no_update BEFORE UPDATE ON custody_checkpoints BEGIN "
                                               "SELECT RAISE(ABORT, 'append-only'); END;"
                                               "CREATE TRIGGER custody_checkpoints_no_delete BEFORE DELETE ON custody_checkpoints BEGIN "
                                               "SELECT RAISE(ABORT, 'append-only'); END;";
}

Result<CustodyLog> CustodyLog::open(store::Database& db)
{
    JC_TRY(auto log, ledger::LogStore::open(db, std::string(kCustodyPrefix)));
    return CustodyLog(db, std::move(log));
}

Result<void> CustodyLog::append(std::span<const record::CustodyEvent> events)
{
    std::vector<ledger::LogStore::NewEntry> rows;
    rows.reserve(events.size());
    JC_TRY(auto subject, m_db->prepare("INSERT INTO custody_subjects(filing, ordinal, idx) VALUES(?,?,?)"));
    std::uint64_t index = m_log.size();
    for (const auto& e : events) {
        Bytes body = record::encode(e);
        if (body.size() > record::kMaxEvent) return fail(ErrorCode::InvalidArgument, "the custody event is too long");
        const auto leaf = merkle::hashLeaf(body);
        if (e.filing) JC_CHECK(subject.bind(1, ByteView(*e.filing)).bind(2, e.ordinal).bind(3, index).run());
        rows.push_back({std::move(body), leaf});
        ++index;
    }
    return m_log.append(rows);
}

Result<std::vector<CustodyLog::Stored>> CustodyLog::events(const std::optional<Uuid>& filing, std::uint32_t ordinal)
{
    const std::string sql =
        !filing ? "SELECT idx, body FROM custody_entries ORDER BY idx"
        : ordinal == 0
            ? "SELECT e.idx, e.body FROM custody_subjects s JOIN custody_entries e ON e.idx=s.idx WHERE s.filing=?1 ORDER BY e.idx"
            : "SELECT e.idx, e.body FROM custody_subjects s JOIN custody_entries e ON e.idx=s.idx WHERE s.filing=?1 AND s.ordinal IN "
              "(0,?2) "
              "ORDER BY e.idx";
    JC_TRY(auto q, m_db->prepare(sql));
    if (filing) q.bind(1, ByteView(*filing));
    if (filing && ordinal != 0) q.bind(2, ordinal);
    std::vector<Stored> out;
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        auto e = record::decodeCustodyEvent(q.blob(1));
        if (!e)
            return fail(ErrorCode::Damaged, "custody event " + std::to_string(q.integer(0)) + " cannot be read any more",
                        "custody_event_changed");
        out.push_back({static_cast<std::uint64_t>(q.integer(0)), std::move(*e)});
    }
    return out;
}

Result<void> CustodyLog::sign(const std::string& origin, const crypto::PrivateKey& key)
{
    if (size() == 0) return {};
    JC_TRY(const auto raw, key.publicKey().ed25519());
    JC_TRY(const auto vkey, note::VerifierKey::make(origin, note::SignatureType::Ed25519, raw));
    note::SignedNote n;
    n.text = note::Checkpoint{origin, size(), root(), {}}.text();
    JC_TRY(auto s, note::signNote(n.text, vkey, key));
    n.signatures.push_back(std::move(s));
    JC_TRY(auto q, m_db->prepare("INSERT OR IGNORE INTO custody_checkpoints(size, note) VALUES(?,?)"));
    return q.bind(1, size()).bindText(2, n.serialize()).run();
}

Result<std::vector<std::string>> CustodyLog::checkpoints()
{
    std::vector<std::string> out;
    JC_TRY(auto q, m_db->prepare("SELECT note FROM custody_checkpoints ORDER BY size"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        out.emplace_back(q.text(0));
    }
    return out;
}
} // namespace jc::archive
