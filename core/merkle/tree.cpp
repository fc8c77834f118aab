// SPDX-License-Identifier: Apache-2.0
#include "merkle/tree.h"

#include "crypto/digest.h"

#include <bit>

namespace jc::merkle {
namespace {
constexpr std::uint8_t kLeafPrefix = 0x00;
constexpr std::uint8_t kNodePrefix = 0x01;

bool isPowerOfTwo(std::uint64_t n) noexcept
{
    return std::has_single_bit(n);
}
} // namespace

LeafHash hashLeaf(ByteView data) noexcept
{
    // Short leaves go through one contiguous buffer: a single call is what the digest is fastest at.
    std::array<std::uint8_t, 512> buffer;
    if (data.size() < buffer.size()) {
        buffer[0] = kLeafPrefix;
        if (!data.empty()) std::memcpy(buffer.data() + 1, data.data(), data.size());
        return crypto::sha256(ByteView(buffer.data(), data.size() + 1)).as<LeafHash>();
    }
    return crypto::sha256({ByteView(&kLeafPrefix, 1), data}).as<LeafHash>();
}

NodeHash hashNode(const NodeHash& left, const NodeHash& right) noexcept
{
    std::array<std::uint8_t, 1 + 2 * NodeHash::kSize> buffer;
    buffer[0] = kNodePrefix;
    std::memcpy(buffer.data() + 1, left.bytes().data(), NodeHash::kSize);
    std::memcpy(buffer.data() + 1 + NodeHash::kSize, right.bytes().data(), NodeHash::kSize);
    return crypto::sha256(ByteView(buffer)).as<NodeHash>();
}

RootHash emptyRoot() noexcept
{
    return crypto::sha256(ByteView{}).as<RootHash>();
}

ProofOutcome checkInclusion(const LeafHash& leaf, std::uint64_t index, std::uint64_t size, std::span<const NodeHash> path,
                            const RootHash& root) noexcept
{
    if (index >= size) return ProofOutcome::IndexOutsideTree;
    std::uint64_t fn = index;
    std::uint64_t sn = size - 1;
    auto r = leaf.as<NodeHash>();
    for (const auto& p : path) {
        if (sn == 0) return ProofOutcome::PathTooLong;
        if ((fn & 1) != 0 || fn == sn) {
            r = hashNode(p, r);
            while ((fn & 1) == 0 && fn != 0) { // levels at which the right edge has no sibling
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = hashNode(r, p);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0) return ProofOutcome::PathTooShort;
    return r.as<RootHash>() == root ? ProofOutcome::Proven : ProofOutcome::RootDiffers;
}

ProofOutcome checkConsistency(std::uint64_t oldSize, const RootHash& oldRoot, std::uint64_t newSize, const RootHash& newRoot,
                              std::span<const NodeHash> path) noexcept
{
    if (oldSize > newSize) return ProofOutcome::SizesReversed;
    if (oldSize == 0) {
        if (!path.empty()) return ProofOutcome::PathTooLong;
        const auto empty = emptyRoot();
        return oldRoot == empty && (newSize != 0 || newRoot == empty) ? ProofOutcome::Proven : ProofOutcome::RootDiffers;
    }
    if (oldSize == newSize) {
        if (!path.empty()) return ProofOutcome::PathTooLong;
        return oldRoot == newRoot ? ProofOutcome::Proven : ProofOutcome::RootDiffers;
    }
    if (path.empty()) return ProofOutcome::PathTooShort;

    std::uint64_t fn = oldSize - 1;
    std::uint64_t sn = newSize - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    // A complete old tree is itself a node of the new one, so the path need not repeat its root.
    auto fr = oldRoot.as<NodeHash>();
    if (!isPowerOfTwo(oldSize)) {
        fr = path.front();
        path = path.subspan(1);
    }
    auto sr = fr;
    for (const auto& c : path) {
        if (sn == 0) return ProofOutcome::PathTooLong;
        if ((fn & 1) != 0 || fn == sn) {
            fr = hashNode(c, fr);
            sr = hashNode(c, sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = hashNode(sr, c);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0) return ProofOutcome::PathTooShort;
    return fr.as<RootHash>() == oldRoot && sr.as<RootHash>() == newRoot ? ProofOutcome::Proven : ProofOutcome::RootDiffers;
}

void CompactTree::append(const LeafHash& leaf)
{
    auto h = leaf.as<NodeHash>();
    for (std::uint64_t s = m_size; (s & 1) != 0; s >>= 1) {
        h = hashNode(m_edge.back(), h);
        m_edge.pop_back();
    }
    m_edge.push_back(h);
    ++m_size;
}

RootHash CompactTree::root() const noexcept
{
    if (m_edge.empty()) return emptyRoot();
    auto r = m_edge.back();
    for (std::size_t i = m_edge.size() - 1; i-- > 0;)
        r = hashNode(m_edge[i], r);
    return r.as<RootHash>();
}

Result<CompactTree> CompactTree::restore(std::uint64_t size, std::vector<NodeHash> edge)
{
    if (edge.size() != static_cast<std::size_t>(std::popcount(size)))
        return fail(ErrorCode::InvalidArgument, "the right edge does not have one hash for each binary digit of the size");
    CompactTree t;
    t.m_size = size;
    t.m_edge = std::move(edge);
    return t;
}

FullTree::FullTree(std::vector<LeafHash> leaves)
{
    std::vector<NodeHash> level;
    level.reserve(leaves.size());
    for (const auto& l : leaves)
        level.push_back(l.as<NodeHash>());
    leaves = {};
    m_levels.push_back(std::move(level));
    while (m_levels.back().size() > 1) {
        const auto& below = m_levels.back();
        std::vector<NodeHash> above;
        above.reserve((below.size() + 1) / 2);
        std::size_t i = 0;
        for (; i + 1 < below.size(); i += 2)
            above.push_back(hashNode(below[i], below[i + 1]));
        if (i < below.size()) above.push_back(below[i]); // an odd last node rises unchanged
        m_levels.push_back(std::move(above));
    }
}

std::uint64_t FullTree::size() const noexcept
{
    return m_levels.front().size();
}

RootHash FullTree::root() const noexcept
{
    return m_levels.back().empty() ? emptyRoot() : m_levels.back().front().as<RootHash>();
}

std::vector<NodeHash> FullTree::inclusionPath(std::uint64_t index) const
{
    std::vector<NodeHash> path;
    if (index >= size()) return path;
    path.reserve(m_levels.size());
    for (const auto& level : m_levels) {
        const std::uint64_t sibling = index ^ 1;
        if (sibling < level.size()) path.push_back(level[sibling]);
        index >>= 1;
    }
    return path;
}

} // namespace jc::merkle
