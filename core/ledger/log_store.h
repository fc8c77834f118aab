// SPDX-License-Identifier: Apache-2.0
#pragma once
// An append-only Merkle log in SQLite: entries, full tiles with their roots, and the partial tiles at the right edge. Used by the ledger
// and by custody logs. Tables are prefixed, so two logs may share a file. Layout: docs/formats/ledger-store.md
#include "merkle/tiles.h"
#include "store/database.h"

#include <array>
#include <map>

namespace jc::ledger {

/// SQL that makes the three tables and their no-update/no-delete triggers for `prefix` ("" or "custody_").
[[nodiscard]] std::string logSchema(std::string_view prefix);

/// A tile, full or growing, with every complete subtree inside it: a node is looked up, not hashed again. 1 hash an append on average.
class TilePyramid {
public:
    TilePyramid() = default;
    explicit TilePyramid(std::span<const merkle::NodeHash> hashes)
    {
        for (const auto& h : hashes)
            push(h);
    }
    void push(const merkle::NodeHash& hash); ///< pre: size() < 256
    [[nodiscard]] std::size_t size() const noexcept { return m_levels[0].size(); }
    [[nodiscard]] const std::vector<merkle::NodeHash>& hashes() const noexcept { return m_levels[0]; }
    /// Root of subtree `index` of 2^level hashes; null when it is not complete. level ≤ 8.
    [[nodiscard]] const merkle::NodeHash* node(unsigned level, std::size_t index) const noexcept
    {
        return index < m_levels[level].size() ? &m_levels[level][index] : nullptr;
    }

private:
    std::array<std::vector<merkle::NodeHash>, 9> m_levels;
};

/// Not thread-safe: owned by the thread that owns the connection.
class LogStore {
public:
    /// Reads the right edge; O(log n). Errors: Damaged when edge and tiles do not fit the number of entries.
    [[nodiscard]] static Result<LogStore> open(store::Database& db, std::string prefix);

    [[nodiscard]] std::uint64_t size() const noexcept { return m_tree.size(); }
    [[nodiscard]] merkle::RootHash root() const noexcept { return m_tree.root(); }
    [[nodiscard]] const merkle::CompactTree& tree() const noexcept { return m_tree; }
    struct NewEntry {
        Bytes body;
        merkle::LeafHash leaf;
    };
    /// Inside the caller's transaction. Memory changes too: after a rolled-back transaction call rewind(), or reload().
    [[nodiscard]] Result<void> append(std::span<const NewEntry> entries);
    /// What this object knows of the log without storage; a few kilobytes.
    struct Mark {
        merkle::CompactTree tree;
        std::vector<TilePyramid> edge;
    };
    [[nodiscard]] Mark mark() const { return {m_tree, m_edge}; }
    void rewind(Mark mark) noexcept;     ///< to what stood before append(); needs no storage, so it cannot fail
    [[nodiscard]] Result<void> reload(); ///< from storage; on error nothing changes
    /// The tree of the first `size` entries, to go on from there. Errors: InvalidArgument beyond the end, those of storage.
    [[nodiscard]] Result<merkle::CompactTree> treeAt(std::uint64_t size);

    [[nodiscard]] Result<Bytes> entry(std::uint64_t index); ///< NotFound beyond the end
    [[nodiscard]] Result<merkle::LeafHash> leafHash(std::uint64_t index);
    [[nodiscard]] Result<std::vector<merkle::NodeHash>> inclusion(std::uint64_t index, std::uint64_t size);
    [[nodiscard]] Result<std::vector<merkle::NodeHash>> consistency(std::uint64_t oldSize, std::uint64_t newSize);
    [[nodiscard]] Result<merkle::RootHash> rootAt(std::uint64_t size);
    /// Hashes of a tile of the log at its current size (width ≤ what is there).
    [[nodiscard]] Result<std::vector<merkle::NodeHash>> tile(const merkle::TileId& id);
    [[nodiscard]] merkle::NodeReader nodeReader();

private:
    LogStore(store::Database& db, std::string prefix) : m_db(&db), m_prefix(std::move(prefix)) {}
    [[nodiscard]] Result<merkle::NodeHash> node(unsigned level, std::uint64_t index);
    [[nodiscard]] Result<const TilePyramid*> fullTile(unsigned level, std::uint64_t n);
    [[nodiscard]] Result<store::Statement*> cached(std::optional<store::Statement>& slot, std::string_view sql);

    store::Database* m_db;
    std::string m_prefix;
    merkle::CompactTree m_tree;
    std::vector<TilePyramid> m_edge; ///< per tile level, its partial tile (< 256)
    std::map<std::pair<unsigned, std::uint64_t>, TilePyramid> m_cache;
    // Prepared once: a small commit would else spend more on preparing than on writing.
    std::optional<store::Statement> m_insertEntry, m_insertTile, m_setEdge, m_readEntry, m_readTile;
};

/// Row id of a full tile: level in the top byte.
[[nodiscard]] constexpr std::int64_t tileRow(unsigned level, std::uint64_t n) noexcept
{
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(level) << 56 | n);
}

} // namespace jc::ledger
