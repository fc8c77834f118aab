// SPDX-License-Identifier: Apache-2.0
#include "ledger/log_store.h"

namespace jc::ledger {
using merkle::LeafHash;
using merkle::NodeHash;
namespace {
constexpr std::size_t kCachedTiles = 256; // 16 KiB each

Bytes flatten(std::span<const NodeHash> hashes)
{
    Bytes b;
    b.reserve(hashes.size() * NodeHash::kSize);
    for (const auto& h : hashes)
        append(b, h.bytes());
    return b;
}
Result<std::vector<NodeHash>> unflatten(ByteView b, std::size_t most)
{
    if (b.size() % NodeHash::kSize != 0 || b.size() / NodeHash::kSize > most)
        return fail(ErrorCode::Damaged, "a stored tile has a wrong length", "tile_length");
    std::vector<NodeHash> out;
    out.reserve(b.size() / NodeHash::kSize);
    for (; !b.empty(); b = b.subspan(NodeHash::kSize))
        out.push_back(NodeHash::fromBytes(b.first<NodeHash::kSize>()));
    return out;
}
std::string noChange(const std::string& table, bool update, bool remove)
{
    std::string s;
    if (update) s += "CREATE TRIGGER " + table + "_no_update BEFORE UPDATE ON " + table + " BEGIN SELECT RAISE(ABORT, 'append-only'); END;";
    if (remove) s += "CREATE TRIGGER " + table + "_no_delete BEFORE DELETE ON " + table + " BEGIN SELECT RAISE(ABORT, 'append-only'); END;";
    return s;
}
} // namespace

std::string logSchema(std::string_view prefix)
{
    const std::string p(prefix);
    return "CREATE TABLE " + p + "entries(idx INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;" + "CREATE TABLE " + p +
           "tiles(id INTEGER PRIMARY KEY, hashes BLOB NOT NULL CHECK(length(hashes)=8192), root BLOB NOT NULL CHECK(length(root)=32)) "
           "STRICT;" +
           "CREATE TABLE " + p +
           "edge(level INTEGER PRIMARY KEY, hashes BLOB NOT NULL CHECK(length(hashes)%32=0 AND length(hashes)<8192)) STRICT;" +
           noChange(p + "entries", true, true) + noChange(p + "tiles", true, true) + noChange(p + "edge", false, true);
}

void TilePyramid::push(const NodeHash& hash)
{
    m_levels[0].push_back(hash);
    for (unsigned l = 0; l < 8 && m_levels[l].size() % 2 == 0; ++l)
        m_levels[l + 1].push_back(merkle::hashNode(m_levels[l][m_levels[l].size() - 2], m_levels[l].back()));
}

Result<LogStore> LogStore::open(store::Database& db, std::string prefix)
{
    LogStore s(db, std::move(prefix));
    JC_CHECK(s.reload());
    return s;
}

Result<void> LogStore::reload()
{
    JC_TRY(auto q, m_db->prepare("SELECT coalesce(max(idx)+1,0) FROM " + m_prefix + "entries"));
    JC_TRY(const bool row, q.step());
    const std::uint64_t size = row ? static_cast<std::uint64_t>(q.integer(0)) : 0;
    JC_TRY(auto e, m_db->prepare("SELECT level, hashes FROM " + m_prefix + "edge ORDER BY level"));
    std::vector<TilePyramid> rows;
    for (;;) {
        JC_TRY(const bool more, e.step());
        if (!more) break;
        if (e.integer(0) != static_cast<std::int64_t>(rows.size()))
            return fail(ErrorCode::Damaged, "the right edge of the log has a gap", "edge_gap");
        JC_TRY(auto hashes, unflatten(e.blob(1), merkle::kTileWidth - 1));
        rows.emplace_back(hashes);
    }
    std::uint64_t n = size;
    for (std::size_t l = 0; l < rows.size(); ++l, n >>= 8)
        if (rows[l].size() != (n & 0xFF))
            return fail(ErrorCode::Damaged, "the right edge of the log does not fit its number of entries", "edge_size");
    if (n != 0) return fail(ErrorCode::Damaged, "the right edge of the log does not fit its number of entries", "edge_size");
    // The compact tree's edge: complete subtrees, largest first, folded out of the partial tiles.
    std::vector<NodeHash> edge;
    for (std::size_t l = rows.size(); l-- > 0;) {
        std::size_t first = 0;
        for (unsigned bit = 8; bit-- > 0;) {
            if (((rows[l].size() >> bit) & 1U) == 0) continue;
            edge.push_back(*rows[l].node(bit, first >> bit));
            first += std::size_t{1} << bit;
        }
    }
    JC_TRY(auto tree, merkle::CompactTree::restore(size, std::move(edge)));
    rewind({std::move(tree), std::move(rows)});
    return {};
}
void LogStore::rewind(Mark mark) noexcept
{
    m_tree = std::move(mark.tree);
    m_edge = std::move(mark.edge);
    m_cache.clear();
}
Result<merkle::CompactTree> LogStore::treeAt(std::uint64_t at)
{
    if (at > size()) return fail(ErrorCode::InvalidArgument, "the log is smaller than that");
    std::vector<NodeHash> edge;
    std::uint64_t first = 0;
    for (unsigned level = 64; level-- > 0;) {
        if (((at >> level) & 1) == 0) continue;
        JC_TRY(const NodeHash h, node(level, first >> level));
        edge.push_back(h);
        first += std::uint64_t{1} << level;
    }
    return merkle::CompactTree::restore(at, std::move(edge));
}
Result<store::Statement*> LogStore::cached(std::optional<store::Statement>& slot, std::string_view sql)
{
    if (!slot) {
        JC_TRY(auto q, m_db->prepare(sql));
        slot.emplace(std::move(q));
    }
    return &*slot;
}

Result<void> LogStore::append(std::span<const NewEntry> entries)
{
    JC_TRY(auto* ins, cached(m_insertEntry, "INSERT INTO " + m_prefix + "entries(idx, body) VALUES(?,?)"));
    JC_TRY(auto* tile, cached(m_insertTile, "INSERT INTO " + m_prefix + "tiles(id, hashes, root) VALUES(?,?,?)"));
    JC_TRY(auto* edge,
           cached(m_setEdge, "INSERT INTO " + m_prefix + "edge(level, hashes) VALUES(?1,?2) ON CONFLICT(level) DO UPDATE SET hashes=?2"));
    std::size_t touched = 0;
    for (const auto& e : entries) {
        const std::uint64_t index = m_tree.size();
        JC_CHECK(ins->bind(1, index).bind(2, ByteView(e.body)).run());
        m_tree.append(e.leaf);
        NodeHash up = e.leaf.as<NodeHash>();
        std::uint64_t n = index;
        for (std::size_t l = 0;; ++l, n >>= 8) {
            if (m_edge.size() <= l) m_edge.emplace_back();
            m_edge[l].push(up);
            touched = std::max(touched, l + 1);
            if (m_edge[l].size() < merkle::kTileWidth) break;
            up = *m_edge[l].node(8, 0);
            JC_CHECK(tile->bind(1, tileRow(static_cast<unsigned>(l), n >> 8))
                         .bind(2, ByteView(flatten(m_edge[l].hashes())))
                         .bind(3, ByteView(up.bytes()))
                         .run());
            m_edge[l] = TilePyramid();
        }
    }
    for (std::size_t l = 0; l < touched; ++l)
        JC_CHECK(edge->bind(1, static_cast<std::int64_t>(l)).bind(2, ByteView(flatten(m_edge[l].hashes()))).run());
    return {};
}

Result<Bytes> LogStore::entry(std::uint64_t index)
{
    if (index >= size()) return fail(ErrorCode::NotFound, "the ledger has no such entry");
    JC_TRY(auto* q, cached(m_readEntry, "SELECT body FROM " + m_prefix + "entries WHERE idx=?"));
    const auto row = q->bind(1, index).step();
    Bytes body = row && *row ? toBytes(q->blob(0)) : Bytes{};
    q->reset();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return fail(ErrorCode::Damaged, "entry " + std::to_string(index) + " is missing", "entry_missing");
    return body;
}

Result<const TilePyramid*> LogStore::fullTile(unsigned level, std::uint64_t n)
{
    const auto key = std::pair(level, n);
    if (const auto it = m_cache.find(key); it != m_cache.end()) return &it->second;
    JC_TRY(auto* q, cached(m_readTile, "SELECT hashes FROM " + m_prefix + "tiles WHERE id=?"));
    const auto row = q->bind(1, tileRow(level, n)).step();
    auto hashes = row && *row ? unflatten(q->blob(0), merkle::kTileWidth) : Result<std::vector<NodeHash>>(std::vector<NodeHash>{});
    q->reset();
    if (!row) return tl::unexpected(row.error());
    if (!*row)
        return fail(ErrorCode::Damaged, "tile " + std::to_string(n) + " of level " + std::to_string(level) + " is missing", "tile_missing");
    if (!hashes) return tl::unexpected(std::move(hashes).error());
    if (hashes->size() != merkle::kTileWidth) return fail(ErrorCode::Damaged, "a stored tile has a wrong length", "tile_length");
    if (m_cache.size() >= kCachedTiles) m_cache.erase(m_cache.begin());
    return &m_cache.emplace(key, TilePyramid(*hashes)).first->second;
}

Result<NodeHash> LogStore::node(unsigned level, std::uint64_t index)
{
    const unsigned tileLevel = level / 8, inner = level % 8;
    const std::uint64_t n = (index << inner) >> 8;
    const std::size_t inTile = index & (0xFFU >> inner);
    const std::uint64_t fullTiles = (tileLevel >= 8 ? 0 : m_tree.size() >> (8 * tileLevel)) >> 8;
    const TilePyramid* tile = n == fullTiles && tileLevel < m_edge.size() ? &m_edge[tileLevel] : nullptr;
    if (n < fullTiles) {
        JC_TRY(tile, fullTile(tileLevel, n));
    }
    const NodeHash* found = tile ? tile->node(inner, inTile) : nullptr;
    if (!found) return fail(ErrorCode::InvalidArgument, "this part of the log does not exist yet");
    return *found;
}
merkle::NodeReader LogStore::nodeReader()
{
    return [this](unsigned level, std::uint64_t index) { return node(level, index); };
}
Result<LeafHash> LogStore::leafHash(std::uint64_t index)
{
    if (index >= size()) return fail(ErrorCode::NotFound, "the ledger has no such entry");
    JC_TRY(const NodeHash h, node(0, index));
    return h.as<LeafHash>();
}
Result<std::vector<NodeHash>> LogStore::inclusion(std::uint64_t index, std::uint64_t size)
{
    if (size > this->size()) return fail(ErrorCode::InvalidArgument, "the log is smaller than that");
    return merkle::inclusionPath(index, size, nodeReader());
}
Result<std::vector<NodeHash>> LogStore::consistency(std::uint64_t oldSize, std::uint64_t newSize)
{
    if (newSize > size()) return fail(ErrorCode::InvalidArgument, "the log is smaller than that");
    return merkle::consistencyPath(oldSize, newSize, nodeReader());
}
Result<merkle::RootHash> LogStore::rootAt(std::uint64_t at)
{
    if (at > size()) return fail(ErrorCode::InvalidArgument, "the log is smaller than that");
    return merkle::rootOf(at, nodeReader());
}
Result<std::vector<NodeHash>> LogStore::tile(const merkle::TileId& id)
{
    const std::uint64_t fullTiles = (id.level >= 8 ? 0 : size() >> (8 * id.level)) >> 8;
    std::vector<NodeHash> all;
    if (id.index < fullTiles) {
        JC_TRY(const auto* t, fullTile(id.level, id.index));
        all = t->hashes();
    } else if (id.index == fullTiles && id.level < m_edge.size()) {
        all = m_edge[id.level].hashes();
    }
    if (all.size() < id.width) return fail(ErrorCode::NotFound, "the log has no such tile");
    all.resize(id.width);
    return all;
}
} // namespace jc::ledger
