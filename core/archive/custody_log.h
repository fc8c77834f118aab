// SPDX-License-Identifier: Apache-2.0
#pragma once
// A court's custody log: an append-only Merkle log of CustodyEvents in the archive's database, its head signed by the court's custody key.
// Origin <ledger origin>/custody/<court key>. docs/formats/custody.md
#include "ledger/log_store.h"
#include "note/note.h"
#include "record/codec.h"

namespace jc::archive {

inline constexpr std::string_view kCustodyPrefix = "custody_";
[[nodiscard]] std::string custodySchema();

class CustodyLog {
public:
    [[nodiscard]] static Result<CustodyLog> open(store::Database& db);
    /// Inside the caller's transaction. After a roll-back call reload().
    [[nodiscard]] Result<void> append(std::span<const record::CustodyEvent> events);
    [[nodiscard]] Result<void> reload() { return m_log.reload(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return m_log.size(); }
    [[nodiscard]] merkle::RootHash root() const noexcept { return m_log.root(); }
    [[nodiscard]] ledger::LogStore& log() noexcept { return m_log; }
    struct Stored {
        std::uint64_t index = 0;
        record::CustodyEvent event;
    };
    /// Events of an item and of its whole filing, oldest first; no filing = all. ordinal 0 = every item. Errors: Damaged when one cannot be
    /// read.
    [[nodiscard]] Result<std::vector<Stored>> events(const std::optional<Uuid>& filing, std::uint32_t ordinal);
    /// Inside the caller's transaction: signs (size, root) and stores the note; the newest is replaced by nothing, all are kept.
    [[nodiscard]] Result<void> sign(const std::string& origin, const crypto::PrivateKey& key);
    [[nodiscard]] Result<std::vector<std::string>> checkpoints();

private:
    CustodyLog(store::Database& db, ledger::LogStore log) : m_db(&db), m_log(std::move(log)) {}
    store::Database* m_db;
    ledger::LogStore m_log;
};

} // namespace jc::archive
