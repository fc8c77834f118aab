// SPDX-License-Identifier: Apache-2.0
#pragma once
// Re-reads every stored byte of a ledger database, recomputes all of it from the entries, and names what does not fit (architecture §4).
#include "ledger/embedded_ledger.h"
#include "ledger/log_tables_audit.h"

namespace jc::ledger {

struct DeepAudit {
    std::uint64_t entries = 0, tiles = 0, checkpoints = 0, signatures = 0;
    std::string rootHex;
    std::vector<AuditFinding> findings; ///< empty = sound
};
/// `pinned`: heads known outside the database (signer state, receipts, trust set), each checked. Opens the file read-only.
/// Errors: NotFound, Unreadable, Cancelled. Damage is a finding, never an error.
[[nodiscard]] Result<DeepAudit> deepAudit(const std::filesystem::path& databaseFile,
                                          std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned, ProgressSink& progress,
                                          std::stop_token stop);

} // namespace jc::ledger
