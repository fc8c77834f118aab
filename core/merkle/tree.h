// SPDX-License-Identifier: Apache-2.0
#pragma once
// RFC 6962 §2.1 / RFC 9162 §2.1 Merkle trees over SHA-256. Pure: no I/O, no clock. Indexes from 0. Proof paths: leaf's sibling first.
#include "base/bytes.h"

#include <functional>
#include <optional>
#include <vector>

namespace jc::merkle {

using LeafHash = Hash32<struct LeafTag>;
using NodeHash = Hash32<struct NodeTag>;
using RootHash = Hash32<struct RootTag>;

[[nodiscard]] LeafHash hashLeaf(ByteView data) noexcept;                               ///< SHA-256(0x00 ‖ data)
[[nodiscard]] NodeHash hashNode(const NodeHash& left, const NodeHash& right) noexcept; ///< SHA-256(0x01 ‖ l ‖ r)
[[nodiscard]] RootHash emptyRoot() noexcept;                                           ///< SHA-256("")

/// A path binds root and position under a given size; the size itself is bound by the signed checkpoint (docs/formats/log.md §1).
enum class ProofOutcome : std::uint8_t { Proven, RootDiffers, PathTooShort, PathTooLong, IndexOutsideTree, SizesReversed };

/// Is `leaf` leaf `index` of the tree of `size` leaves with `root`? RFC 9162 §2.1.3.2. O(log size), no allocation, any thread.
[[nodiscard]] ProofOutcome checkInclusion(const LeafHash& leaf, std::uint64_t index, std::uint64_t size, std::span<const NodeHash> path,
                                          const RootHash& root) noexcept;
/// Is the tree (oldSize, oldRoot) a prefix of (newSize, newRoot)? RFC 9162 §2.1.4.2. oldSize 0 needs an empty path and oldRoot =
/// emptyRoot().
[[nodiscard]] ProofOutcome checkConsistency(std::uint64_t oldSize, const RootHash& oldRoot, std::uint64_t newSize, const RootHash& newRoot,
                                            std::span<const NodeHash> path) noexcept;

/// Append-only tree that keeps only its right edge (≤ 64 hashes): O(1) amortised append, O(log n) root. Value type.
class CompactTree {
public:
    void append(const LeafHash& leaf);
    [[nodiscard]] std::uint64_t size() const noexcept { return m_size; }
    [[nodiscard]] RootHash root() const noexcept;
    /// Roots of the complete subtrees, largest first: the binary digits of size.
    [[nodiscard]] std::span<const NodeHash> edge() const noexcept { return m_edge; }
    /// Errors: InvalidArgument when edge.size() != popcount(size).
    [[nodiscard]] static Result<CompactTree> restore(std::uint64_t size, std::vector<NodeHash> edge);

private:
    std::uint64_t m_size = 0;
    std::vector<NodeHash> m_edge;
};

/// Whole tree in memory, for item trees (a filing of up to 10^6 items): all levels kept, so that every path is O(log n).
class FullTree {
public:
    explicit FullTree(std::vector<LeafHash> leaves);
    [[nodiscard]] std::uint64_t size() const noexcept;
    [[nodiscard]] RootHash root() const noexcept;
    [[nodiscard]] std::vector<NodeHash> inclusionPath(std::uint64_t index) const; ///< index < size, else empty
private:
    std::vector<std::vector<NodeHash>> m_levels;
};

} // namespace jc::merkle
