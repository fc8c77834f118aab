// SPDX-License-Identifier: Apache-2.0
#pragma once
// C2SP tlog-tiles: coordinates, names, and proofs computed from stored hashes. Pure. See docs/formats/log.md
#include "merkle/tree.h"

namespace jc::merkle {

inline constexpr std::uint64_t kTileWidth = 256; ///< hashes in a full tile
struct TileId {
    unsigned level = 0;      ///< 0…63
    std::uint64_t index = 0; ///< N
    unsigned width = 256;    ///< 1…256; 256 = full
    friend auto operator<=>(const TileId&, const TileId&) = default;
};
/// "tile/0/x001/067", partial: "tile/0/000.p/5". entries: "tile/entries/…" (level is ignored).
[[nodiscard]] std::string tilePath(const TileId& id);
[[nodiscard]] std::string entriesPath(const TileId& id);
/// Strict parse of either form; entries bundles give level = kEntriesLevel. Errors: Malformed.
inline constexpr unsigned kEntriesLevel = 64;
[[nodiscard]] Result<TileId> parseTilePath(std::string_view path);
/// All tiles (of hashes) that a log of `size` leaves serves, level 0 first; full ones before the partial one of each level.
/// The answer has about size / 255 elements: for a large log ask for what is new with tilesBetween().
[[nodiscard]] std::vector<TileId> tilesOf(std::uint64_t size);
/// Those tiles of `newSize` that `oldSize` does not have, in the same order: what to write after an append. Empty when oldSize ≥ newSize.
[[nodiscard]] std::vector<TileId> tilesBetween(std::uint64_t oldSize, std::uint64_t newSize);
/// A tile's bytes: the hashes one after another. decodeTile: Malformed unless exactly 32·width bytes, width 1…256.
[[nodiscard]] Bytes encodeTile(std::span<const NodeHash> hashes);
[[nodiscard]] Result<std::vector<NodeHash>> decodeTile(ByteView bytes, unsigned width);

inline constexpr std::size_t kMaxEntrySize = 65535; ///< of one entry in a bundle
/// Entry bundle: u16 big-endian length ‖ bytes, 1…256 times. Errors: InvalidArgument (no entry, more than 256, one too long).
[[nodiscard]] Result<Bytes> encodeEntryBundle(std::span<const ByteView> entries);
[[nodiscard]] Result<Bytes> encodeEntryBundle(std::span<const Bytes> entries);
/// Views into `bundle`, exactly `count` of them and nothing behind. Errors: Malformed.
[[nodiscard]] Result<std::vector<ByteView>> decodeEntryBundle(ByteView bundle, unsigned count);

/// Reads the hash of the complete subtree `index` at `level` (covers leaves [index·2^level, (index+1)·2^level)). May fail on I/O.
using NodeReader = std::function<Result<NodeHash>(unsigned level, std::uint64_t index)>;
/// Proofs for trees too large to hold: O(log size) reads. Errors: InvalidArgument (index ≥ size, old > new), and the reader's.
[[nodiscard]] Result<std::vector<NodeHash>> inclusionPath(std::uint64_t index, std::uint64_t size, const NodeReader& read);
[[nodiscard]] Result<std::vector<NodeHash>> consistencyPath(std::uint64_t oldSize, std::uint64_t newSize, const NodeReader& read);
/// Root of the first `size` leaves from complete-subtree hashes.
[[nodiscard]] Result<RootHash> rootOf(std::uint64_t size, const NodeReader& read);
/// The root of a run of equal-height hashes (a tile's contents), count 1…256; of none, the empty root. No allocation.
[[nodiscard]] NodeHash foldTile(std::span<const NodeHash> hashes);
/// Fetches one tile of hashes; must return exactly id.width of them. May fail on I/O.
using TileReader = std::function<Result<std::vector<NodeHash>>(const TileId& id)>;
/// Nodes of a log of `size` leaves out of its tiles, as served at that size. One tile is read a node: let `read` cache.
/// Errors of the reader: `read`'s; InvalidArgument for a node outside the log; Damaged when a tile has another width than asked for.
[[nodiscard]] NodeReader readThroughTiles(std::uint64_t size, TileReader read);

} // namespace jc::merkle
