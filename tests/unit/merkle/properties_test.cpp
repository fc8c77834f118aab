// SPDX-License-Identifier: Apache-2.0
// Every path of every size: what must verify does, what was touched does not. The reference below follows the recursive definitions
// of RFC 6962 §2.1 and shares nothing with the code under test but the two hash functions.
#include "crypto/digest.h"
#include "merkle/tiles.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>

namespace jc::merkle {
namespace {
LeafHash leafAt(std::uint64_t i)
{
    return hashLeaf(asBytes("leaf " + std::to_string(i)));
}

std::uint64_t splitOf(std::uint64_t n)
{
    std::uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

/// MTH of [lo, hi), memoised per tree by the caller's sizes being small.
NodeHash mth(const std::vector<LeafHash>& d, std::uint64_t lo, std::uint64_t hi)
{
    if (hi - lo == 1) return d[lo].as<NodeHash>();
    const auto k = splitOf(hi - lo);
    return hashNode(mth(d, lo, lo + k), mth(d, lo + k, hi));
}

/// The root that a path leads to when read by the recursive definition; nullopt when its length is not that of this position.
std::optional<NodeHash> rootByDefinition(NodeHash leaf, std::uint64_t index, std::uint64_t size, std::span<const NodeHash> path)
{
    if (size == 1) return path.empty() ? std::optional(leaf) : std::nullopt;
    if (path.empty()) return std::nullopt;
    const auto k = splitOf(size);
    const auto rest = path.first(path.size() - 1);
    const auto below = index < k ? rootByDefinition(leaf, index, k, rest) : rootByDefinition(leaf, index - k, size - k, rest);
    if (!below) return std::nullopt;
    return index < k ? hashNode(*below, path.back()) : hashNode(path.back(), *below);
}

/// (old, new) roots that a consistency path leads to, by the recursive definition of SUBPROOF.
std::optional<std::pair<NodeHash, NodeHash>> rootsByDefinition(std::uint64_t m, std::uint64_t n, bool known, const NodeHash& oldRoot,
                                                               std::span<const NodeHash> path)
{
    if (m == n) {
        if (known) return path.empty() ? std::optional(std::pair(oldRoot, oldRoot)) : std::nullopt;
        return path.size() == 1 ? std::optional(std::pair(path[0], path[0])) : std::nullopt;
    }
    if (path.empty()) return std::nullopt;
    const auto k = splitOf(n);
    const auto rest = path.first(path.size() - 1);
    const auto& sibling = path.back();
    if (m <= k) {
        const auto r = rootsByDefinition(m, k, known, oldRoot, rest);
        if (!r) return std::nullopt;
        return std::pair(r->first, hashNode(r->second, sibling));
    }
    const auto r = rootsByDefinition(m - k, n - k, false, oldRoot, rest);
    if (!r) return std::nullopt;
    return std::pair(hashNode(sibling, r->first), hashNode(sibling, r->second));
}

bool includedByDefinition(const LeafHash& leaf, std::uint64_t index, std::uint64_t size, std::span<const NodeHash> path,
                          const RootHash& root)
{
    if (index >= size) return false;
    const auto r = rootByDefinition(leaf.as<NodeHash>(), index, size, path);
    return r && r->as<RootHash>() == root;
}

bool consistentByDefinition(std::uint64_t m, const RootHash& oldRoot, std::uint64_t n, const RootHash& newRoot,
                            std::span<const NodeHash> path)
{
    if (m > n || m == 0) return false;
    const auto r = rootsByDefinition(m, n, true, oldRoot.as<NodeHash>(), path);
    return r && r->first.as<RootHash>() == oldRoot && r->second.as<RootHash>() == newRoot;
}

template <class Hash> Hash flipped(Hash h, std::size_t bit)
{
    h.data()[bit / 8] = static_cast<std::uint8_t>(h.data()[bit / 8] ^ 1U << bit % 8);
    return h;
}

/// All leaves up to a size, with every complete subtree and every root.
struct Tree {
    std::vector<LeafHash> leaves;
    std::vector<std::vector<NodeHash>> levels{1};
    std::vector<RootHash> roots{emptyRoot()};
    NodeReader reader = [this](unsigned level, std::uint64_t index) -> Result<NodeHash> { return levels.at(level).at(index); };
    explicit Tree(std::uint64_t size)
    {
        CompactTree compact;
        for (std::uint64_t i = 0; i < size; ++i) {
            leaves.push_back(leafAt(i));
            compact.append(leaves.back());
            roots.push_back(compact.root());
            levels[0].push_back(leaves.back().as<NodeHash>());
            for (std::size_t l = 0; levels[l].size() % 2 == 0; ++l) {
                if (l + 1 == levels.size()) levels.emplace_back();
                levels[l + 1].push_back(hashNode(levels[l][levels[l].size() - 2], levels[l].back()));
            }
        }
    }
    static const Tree& get()
    {
        static const Tree t(2000);
        return t;
    }
};

TEST(Exhaustive, RootsAgreeWithTheDefinition)
{
    const auto& t = Tree::get();
    for (std::uint64_t n = 1; n <= 300; ++n) {
        ASSERT_EQ(t.roots[n], mth(t.leaves, 0, n).as<RootHash>()) << n;
        ASSERT_EQ(FullTree({t.leaves.begin(), t.leaves.begin() + static_cast<std::ptrdiff_t>(n)}).root(), t.roots[n]) << n;
        ASSERT_EQ(rootOf(n, t.reader).value(), t.roots[n]) << n;
    }
    EXPECT_EQ(FullTree({}).root(), emptyRoot());
    EXPECT_EQ(FullTree({}).size(), 0u);
    EXPECT_TRUE(FullTree({}).inclusionPath(0).empty());
}

TEST(Exhaustive, EveryInclusionPathVerifiesAndNoOther)
{
    const auto& t = Tree::get();
    for (std::uint64_t n = 1; n <= 300; ++n) {
        const FullTree full({t.leaves.begin(), t.leaves.begin() + static_cast<std::ptrdiff_t>(n)});
        for (std::uint64_t m = 0; m < n; ++m) {
            const auto path = full.inclusionPath(m);
            ASSERT_EQ(inclusionPath(m, n, t.reader).value(), path) << m << " of " << n;
            ASSERT_EQ(checkInclusion(t.leaves[m], m, n, path, t.roots[n]), ProofOutcome::Proven) << m << " of " << n;
            ASSERT_TRUE(includedByDefinition(t.leaves[m], m, n, path, t.roots[n]));
            // One bit, a different one for each case.
            const std::size_t bit = (m * 7 + n) % 256;
            ASSERT_EQ(checkInclusion(flipped(t.leaves[m], bit), m, n, path, t.roots[n]), ProofOutcome::RootDiffers);
            ASSERT_EQ(checkInclusion(t.leaves[m], m, n, path, flipped(t.roots[n], bit)), ProofOutcome::RootDiffers);
            if (!path.empty()) {
                auto bad = path;
                bad[m % bad.size()] = flipped(bad[m % bad.size()], bit);
                ASSERT_EQ(checkInclusion(t.leaves[m], m, n, bad, t.roots[n]), ProofOutcome::RootDiffers);
                ASSERT_EQ(checkInclusion(t.leaves[m], m, n, std::span(path).first(path.size() - 1), t.roots[n]),
                          ProofOutcome::PathTooShort);
            }
            auto longer = path;
            longer.push_back(t.roots[n].as<NodeHash>());
            ASSERT_EQ(checkInclusion(t.leaves[m], m, n, longer, t.roots[n]), ProofOutcome::PathTooLong);
            // Another index never verifies; another size never under its own root.
            for (const std::uint64_t other : {std::uint64_t{0}, m ^ 1, m + 1, m - 1, n - 1, m / 2, m * 2})
                if (other != m) {
                    ASSERT_NE(checkInclusion(t.leaves[m], other, n, path, t.roots[n]), ProofOutcome::Proven)
                        << m << "→" << other << " of " << n;
                }
            for (const std::uint64_t other : {n - 1, n + 1, n / 2, n * 2})
                if (other != n) {
                    ASSERT_NE(checkInclusion(t.leaves[m], m, other, path, t.roots[other]), ProofOutcome::Proven)
                        << m << " of " << n << "→" << other;
                }
        }
        ASSERT_EQ(checkInclusion(t.leaves[0], n, n, {}, t.roots[n]), ProofOutcome::IndexOutsideTree);
        ASSERT_EQ(checkInclusion(t.leaves[0], ~std::uint64_t{0}, n, {}, t.roots[n]), ProofOutcome::IndexOutsideTree);
    }
    EXPECT_EQ(checkInclusion(t.leaves[0], 0, 0, {}, emptyRoot()), ProofOutcome::IndexOutsideTree);
}

TEST(Exhaustive, EveryConsistencyPathVerifiesAndNoOther)
{
    const auto& t = Tree::get();
    for (std::uint64_t n = 1; n <= 300; ++n) {
        for (std::uint64_t m = 1; m <= n; ++m) {
            const auto path = consistencyPath(m, n, t.reader).value();
            ASSERT_EQ(checkConsistency(m, t.roots[m], n, t.roots[n], path), ProofOutcome::Proven) << m << " to " << n;
            ASSERT_TRUE(consistentByDefinition(m, t.roots[m], n, t.roots[n], path));
            const std::size_t bit = (m * 5 + n) % 256;
            ASSERT_EQ(checkConsistency(m, flipped(t.roots[m], bit), n, t.roots[n], path), ProofOutcome::RootDiffers);
            ASSERT_EQ(checkConsistency(m, t.roots[m], n, flipped(t.roots[n], bit), path), ProofOutcome::RootDiffers);
            if (!path.empty()) {
                auto bad = path;
                bad[m % bad.size()] = flipped(bad[m % bad.size()], bit);
                ASSERT_EQ(checkConsistency(m, t.roots[m], n, t.roots[n], bad), ProofOutcome::RootDiffers);
                ASSERT_EQ(checkConsistency(m, t.roots[m], n, t.roots[n], std::span(path).first(path.size() - 1)),
                          ProofOutcome::PathTooShort);
            }
            auto longer = path;
            longer.push_back(t.roots[n].as<NodeHash>());
            ASSERT_EQ(checkConsistency(m, t.roots[m], n, t.roots[n], longer), ProofOutcome::PathTooLong);
            if (m < n) {
                ASSERT_EQ(checkConsistency(n, t.roots[n], m, t.roots[m], path), ProofOutcome::SizesReversed);
            }
            // Other sizes, with their own roots.
            for (const std::uint64_t other : {m - 1, m + 1})
                if (other != 0 && (other < n || !path.empty())) {
                    ASSERT_NE(checkConsistency(other, t.roots[other], n, t.roots[n], path), ProofOutcome::Proven)
                        << m << "→" << other << " to " << n;
                }
            for (const std::uint64_t other : {n - 1, n + 1}) // (m, m) with the empty path is true in itself
                if (other > m || !path.empty()) {
                    ASSERT_NE(checkConsistency(m, t.roots[m], other, t.roots[other], path), ProofOutcome::Proven)
                        << m << " to " << n << "→" << other;
                }
        }
    }
}

TEST(Exhaustive, JudgesEverySizeAndIndexAsTheDefinitionDoes)
{
    // A path read under another (index, size): where the shape is the same it may verify, and exactly there.
    const auto& t = Tree::get();
    for (std::uint64_t n = 1; n <= 40; ++n)
        for (std::uint64_t m = 0; m < n; ++m) {
            const auto path = inclusionPath(m, n, t.reader).value();
            for (std::uint64_t n2 = 0; n2 <= 45; ++n2)
                for (std::uint64_t m2 = 0; m2 <= 45; ++m2)
                    ASSERT_EQ(checkInclusion(t.leaves[m], m2, n2, path, t.roots[n]) == ProofOutcome::Proven,
                              includedByDefinition(t.leaves[m], m2, n2, path, t.roots[n]))
                        << m << "/" << n << " as " << m2 << "/" << n2;
        }
    for (std::uint64_t n = 1; n <= 24; ++n)
        for (std::uint64_t m = 1; m <= n; ++m) {
            const auto path = consistencyPath(m, n, t.reader).value();
            for (std::uint64_t n2 = 1; n2 <= 33; ++n2)
                for (std::uint64_t m2 = 1; m2 <= 33; ++m2)
                    ASSERT_EQ(checkConsistency(m2, t.roots[m], n2, t.roots[n], path) == ProofOutcome::Proven,
                              consistentByDefinition(m2, t.roots[m], n2, t.roots[n], path))
                        << m << "/" << n << " as " << m2 << "/" << n2;
        }
}

TEST(Consistency, TheEmptyTree)
{
    const auto& t = Tree::get();
    const std::vector<NodeHash> one{t.leaves[0].as<NodeHash>()};
    EXPECT_EQ(checkConsistency(0, emptyRoot(), 0, emptyRoot(), {}), ProofOutcome::Proven);
    EXPECT_EQ(checkConsistency(0, emptyRoot(), 7, t.roots[7], {}), ProofOutcome::Proven);
    EXPECT_EQ(checkConsistency(0, t.roots[1], 7, t.roots[7], {}), ProofOutcome::RootDiffers);
    EXPECT_EQ(checkConsistency(0, emptyRoot(), 0, t.roots[1], {}), ProofOutcome::RootDiffers);
    EXPECT_EQ(checkConsistency(0, emptyRoot(), 7, t.roots[7], one), ProofOutcome::PathTooLong);
    EXPECT_EQ(checkConsistency(7, t.roots[7], 0, emptyRoot(), {}), ProofOutcome::SizesReversed);
    EXPECT_EQ(checkConsistency(3, t.roots[3], 7, t.roots[7], {}), ProofOutcome::PathTooShort);
}

TEST(Extremes, HugeSizesNeitherHangNorOverflow)
{
    const auto& t = Tree::get();
    constexpr auto kMax = ~std::uint64_t{0};
    const std::vector<NodeHash> path(70, t.leaves[1].as<NodeHash>());
    EXPECT_EQ(checkInclusion(t.leaves[0], kMax - 1, kMax, path, t.roots[1]), ProofOutcome::PathTooLong);
    EXPECT_EQ(checkInclusion(t.leaves[0], 0, kMax, std::span(path).first(63), t.roots[1]), ProofOutcome::PathTooShort);
    EXPECT_EQ(checkInclusion(t.leaves[0], 0, kMax, std::span(path).first(64), t.roots[1]), ProofOutcome::RootDiffers);
    EXPECT_EQ(checkConsistency(std::uint64_t{1} << 63, t.roots[1], kMax, t.roots[2], path), ProofOutcome::PathTooLong);
    EXPECT_EQ(checkConsistency(kMax - 1, t.roots[1], kMax, t.roots[2], std::span(path).first(2)), ProofOutcome::PathTooShort);
}

RC_GTEST_PROP(Random, InclusionUpTo2000, ())
{
    const auto& t = Tree::get();
    const auto n = *rc::gen::inRange<std::uint64_t>(1, 2001);
    const auto m = *rc::gen::inRange<std::uint64_t>(0, n);
    const FullTree full({t.leaves.begin(), t.leaves.begin() + static_cast<std::ptrdiff_t>(n)});
    const auto path = full.inclusionPath(m);
    RC_ASSERT(full.root() == t.roots[n]);
    RC_ASSERT(inclusionPath(m, n, t.reader).value() == path);
    RC_ASSERT(checkInclusion(t.leaves[m], m, n, path, t.roots[n]) == ProofOutcome::Proven);
    for (std::size_t i = 0; i < path.size(); ++i) {
        auto bad = path;
        bad[i] = flipped(bad[i], *rc::gen::inRange<std::size_t>(0, 256));
        RC_ASSERT(checkInclusion(t.leaves[m], m, n, bad, t.roots[n]) == ProofOutcome::RootDiffers);
    }
    const auto bit = *rc::gen::inRange<std::size_t>(0, 256);
    RC_ASSERT(checkInclusion(flipped(t.leaves[m], bit), m, n, path, t.roots[n]) == ProofOutcome::RootDiffers);
    RC_ASSERT(checkInclusion(t.leaves[m], m, n, path, flipped(t.roots[n], bit)) == ProofOutcome::RootDiffers);
    const auto other = *rc::gen::inRange<std::uint64_t>(0, 2001);
    if (other != m) RC_ASSERT(checkInclusion(t.leaves[m], other, n, path, t.roots[n]) != ProofOutcome::Proven);
    if (other != n) RC_ASSERT(checkInclusion(t.leaves[m], m, other, path, t.roots[other]) != ProofOutcome::Proven);
    RC_ASSERT((checkInclusion(t.leaves[m], m, other, path, t.roots[n]) == ProofOutcome::Proven) ==
              includedByDefinition(t.leaves[m], m, other, path, t.roots[n]));
}

RC_GTEST_PROP(Random, ConsistencyUpTo2000, ())
{
    const auto& t = Tree::get();
    const auto n = *rc::gen::inRange<std::uint64_t>(1, 2001);
    const auto m = *rc::gen::inRange<std::uint64_t>(1, n + 1);
    const auto path = consistencyPath(m, n, t.reader).value();
    RC_ASSERT(checkConsistency(m, t.roots[m], n, t.roots[n], path) == ProofOutcome::Proven);
    for (std::size_t i = 0; i < path.size(); ++i) {
        auto bad = path;
        bad[i] = flipped(bad[i], *rc::gen::inRange<std::size_t>(0, 256));
        RC_ASSERT(checkConsistency(m, t.roots[m], n, t.roots[n], bad) == ProofOutcome::RootDiffers);
    }
    const auto other = *rc::gen::inRange<std::uint64_t>(1, 2001);
    if (other != m)
        RC_ASSERT(checkConsistency(other, t.roots[other], n, t.roots[n], path) != ProofOutcome::Proven || (other == n && path.empty()));
    RC_ASSERT((checkConsistency(other, t.roots[m], n, t.roots[n], path) == ProofOutcome::Proven) ==
              consistentByDefinition(other, t.roots[m], n, t.roots[n], path));
}

RC_GTEST_PROP(Random, CompactTreeRestoresAnywhere, ())
{
    const auto& t = Tree::get();
    const auto n = *rc::gen::inRange<std::uint64_t>(0, 2001);
    const auto cut = *rc::gen::inRange<std::uint64_t>(0, n + 1);
    CompactTree a;
    for (std::uint64_t i = 0; i < cut; ++i)
        a.append(t.leaves[i]);
    auto b = CompactTree::restore(cut, {a.edge().begin(), a.edge().end()}).value();
    for (std::uint64_t i = cut; i < n; ++i)
        b.append(t.leaves[i]);
    RC_ASSERT(b.size() == n);
    RC_ASSERT(b.root() == t.roots[n]);
}

TEST(HashLeaf, IsTheDigestOfThePrefixedEntryAtEveryLength)
{
    for (std::size_t n = 0; n <= 1100; ++n) { // past the length at which the implementation feeds the digest in two parts
        Bytes data(n);
        for (std::size_t i = 0; i < n; ++i)
            data[i] = static_cast<std::uint8_t>(i * 31 + n);
        Bytes prefixed{0};
        append(prefixed, ByteView(data));
        ASSERT_EQ(hashLeaf(data), crypto::sha256(prefixed).as<LeafHash>()) << n;
    }
}
} // namespace
} // namespace jc::merkle
