// SPDX-License-Identifier: Apache-2.0
#pragma once
// Audit of the three tables of a LogStore: every entry against its stored hash, every tile against the one below, every known head against
// both. Shared by the ledger's deep audit and that of custody logs.
#include "base/progress.h"
#include "merkle/tiles.h"
#include "store/database.h"

#include <functional>
#include <map>
#include <set>

namespace jc::ledger {

struct AuditFinding {
    std::string
        what; ///< stable code: "entry_changed", "entry_missing", "tile_changed", "index_changed", "checkpoint_changed", "schema_changed", …
    std::string where;  ///< "entry 17", "tile 0/3", "entries 120–163"
    std::string detail; ///< plain English
};

/// Compares the schema with the one that `migrations` make, object by object, and runs SQLite's own integrity check. Appends findings.
[[nodiscard]] Result<void> auditSchema(store::Database& db, std::span<const store::Migration> migrations, std::uint32_t applicationId,
                                       std::vector<AuditFinding>& findings);

class LogTablesAudit {
public:
    /// `noun`: how an entry is called in findings ("entry", "custody event"). Both references must outlive this object.
    LogTablesAudit(store::Database& db, std::string prefix, std::string noun, std::vector<AuditFinding>& findings)
        : m_db(db), m_prefix(std::move(prefix)), m_noun(std::move(noun)), m_findings(findings)
    {
    }
    [[nodiscard]] Result<void> loadStoredTiles();
    /// A root that someone signed for this size; `from` names it in findings.
    void addHead(std::uint64_t size, std::string from, const merkle::RootHash& root);
    /// Called for every stored entry in order; `trusted` is the stored hash where there is one, else that of the body.
    using OnEntry = std::function<void(std::uint64_t index, ByteView body, const merkle::LeafHash& trusted)>;
    [[nodiscard]] Result<void> scan(const OnEntry& onEntry, ProgressSink& progress, const std::stop_token& stop);
    void compareTiles();
    void compareHeads();
    [[nodiscard]] std::optional<merkle::NodeHash> storedLeaf(std::uint64_t index) const;
    [[nodiscard]] std::uint64_t entries() const noexcept { return m_entries; }
    [[nodiscard]] std::uint64_t tiles() const noexcept { return m_tilesSeen; }
    [[nodiscard]] merkle::RootHash root() const noexcept { return m_byEntries.root(); }

private:
    [[nodiscard]] std::uint64_t impliedSize(std::uint64_t entries) const;
    void find(std::string what, std::string where, std::string detail);
    [[nodiscard]] std::string at(std::uint64_t i) const { return m_noun + " " + std::to_string(i); }
    [[nodiscard]] std::string range(std::uint64_t from, std::uint64_t to) const;

    store::Database& m_db;
    std::string m_prefix, m_noun;
    std::vector<AuditFinding>& m_findings;
    std::map<std::pair<unsigned, std::uint64_t>, std::pair<Bytes, Bytes>> m_tiles; ///< (level, n) → hashes, root
    std::map<unsigned, Bytes> m_edge;
    std::uint64_t m_impliedSize = 0;
    struct Head {
        std::string from;
        merkle::RootHash root;
        std::optional<merkle::RootHash> byEntries, byTiles;
    };
    std::multimap<std::uint64_t, Head> m_heads;
    merkle::CompactTree m_byEntries, m_byTiles;
    std::vector<std::uint64_t> m_mismatched;
    std::uint64_t m_entries = 0, m_tilesSeen = 0;
};

} // namespace jc::ledger
