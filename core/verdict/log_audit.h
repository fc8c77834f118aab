// SPDX-License-Identifier: Apache-2.0
#pragma once
// Re-reads a published log (tlog-tiles layout) whole: every bundle, every tile, every entry, the checkpoint. Pure over a byte source.
#include "base/progress.h"
#include "verdict/trusted_ledger.h"

namespace jc::verdict {

/// Bytes behind a path such as "checkpoint" or "tile/0/000.p/5". Errors: NotFound, Unreadable, Unavailable.
using LogSource = std::function<Result<Bytes>(const std::string& path)>;

struct Finding {
    std::string what;  ///< stable code: "tile_differs", "entry_malformed", "root_differs", "checkpoint_rejected", "time_backwards",
                       ///< "control_head_differs", …
    std::string where; ///< "tile/0/003", "entry 1234", "checkpoint"
    std::string detail;
};
struct LogAudit {
    std::uint64_t size = 0;
    std::uint64_t entries = 0, tiles = 0;
    std::optional<std::string> root; ///< hex, recomputed
    std::vector<Finding> findings;   ///< empty = sound
    bool authenticated = false;      ///< the checkpoint was checked against a trust set
};
/// trust may be null: then only the log's own consistency is checked and `authenticated` stays false. Errors: Cancelled, Malformed
/// (checkpoint unreadable), source errors on the checkpoint.
[[nodiscard]] Result<LogAudit> auditLog(const LogSource& source, const TrustedLedger* trust, ProgressSink& progress, std::stop_token stop);

} // namespace jc::verdict
