// SPDX-License-Identifier: Apache-2.0
// Published values, computed by programs that share no code with this one: tests/vectors/tlog-vectors.json
#include "crypto/digest.h"
#include "merkle/tiles.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>

namespace jc::merkle {
namespace {
using nlohmann::json;

const json& vectors()
{
    static const json v = json::parse(std::ifstream(JC_TEST_DATA "/vectors/tlog-vectors.json"));
    return v;
}
template <class Hash> Hash hashOf(const json& base64)
{
    return Hash::parse(fromBase64(base64.get<std::string>()).value()).value();
}
std::vector<NodeHash> pathOf(const json& list)
{
    std::vector<NodeHash> path;
    for (const auto& h : list)
        path.push_back(hashOf<NodeHash>(h));
    return path;
}

/// The 70,000 leaves of big_tree with every complete subtree, as a store would keep them.
struct BigTree {
    std::vector<std::vector<NodeHash>> levels;
    std::vector<LeafHash> leaves;
    std::map<std::uint64_t, RootHash> roots;
    NodeReader reader = [this](unsigned level, std::uint64_t index) -> Result<NodeHash> {
        if (level >= levels.size() || index >= levels[level].size()) return fail(ErrorCode::NotFound, "no such node");
        return levels[level][index];
    };
    BigTree()
    {
        CompactTree tree;
        levels.emplace_back();
        for (int i = 0; i < 70000; ++i) {
            leaves.push_back(hashLeaf(asBytes("entry " + std::to_string(i) + "\n")));
            levels[0].push_back(leaves.back().as<NodeHash>());
            tree.append(leaves.back());
            roots[tree.size()] = tree.root();
        }
        while (levels.back().size() > 1) {
            std::vector<NodeHash> up;
            for (std::size_t i = 0; i + 1 < levels.back().size(); i += 2)
                up.push_back(hashNode(levels.back()[i], levels.back()[i + 1]));
            levels.push_back(std::move(up));
        }
    }
    static const BigTree& get()
    {
        static const BigTree t;
        return t;
    }
};

TEST(Merkle8, LeafHashesAndRoots)
{
    const auto& v = vectors()["merkle8"];
    CompactTree tree;
    ASSERT_EQ(v["leaves"].size(), 8u);
    ASSERT_EQ(v["roots"].size(), 9u);
    EXPECT_EQ(tree.root(), hashOf<RootHash>(v["roots"][0]["root"]));
    EXPECT_EQ(emptyRoot().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    std::vector<LeafHash> leaves;
    for (std::size_t i = 0; i < 8; ++i) {
        leaves.push_back(hashLeaf(fromHex(v["leaves"][i]["data_hex"].get<std::string>()).value()));
        EXPECT_EQ(leaves.back().hex(), v["leaves"][i]["leaf_hash_hex"].get<std::string>());
        tree.append(leaves.back());
        EXPECT_EQ(tree.root().hex(), v["roots"][i + 1]["root_hex"].get<std::string>());
        EXPECT_EQ(FullTree(leaves).root(), tree.root());
    }
    EXPECT_EQ(tree.root().hex(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(Merkle8, InclusionPaths)
{
    const auto& v = vectors()["merkle8"];
    ASSERT_EQ(v["inclusion"].size(), 36u);
    for (const auto& c : v["inclusion"]) {
        const auto size = c["size"].get<std::uint64_t>();
        const auto index = c["index"].get<std::uint64_t>();
        std::vector<LeafHash> leaves;
        for (std::size_t i = 0; i < size; ++i)
            leaves.push_back(hashOf<LeafHash>(v["leaves"][i]["leaf_hash"]));
        const auto path = pathOf(c["proof"]);
        EXPECT_EQ(FullTree(leaves).inclusionPath(index), path);
        EXPECT_EQ(checkInclusion(leaves[index], index, size, path, hashOf<RootHash>(v["roots"][size]["root"])), ProofOutcome::Proven);
    }
}

TEST(Merkle8, ConsistencyPaths)
{
    const auto& v = vectors()["merkle8"];
    ASSERT_EQ(v["consistency"].size(), 36u);
    std::vector<std::vector<NodeHash>> levels(4);
    for (const auto& l : v["leaves"])
        levels[0].push_back(hashOf<NodeHash>(l["leaf_hash"]));
    for (std::size_t h = 1; h < 4; ++h)
        for (std::size_t i = 0; i + 1 < levels[h - 1].size(); i += 2)
            levels[h].push_back(hashNode(levels[h - 1][i], levels[h - 1][i + 1]));
    const NodeReader read = [&](unsigned level, std::uint64_t i) -> Result<NodeHash> { return levels.at(level).at(i); };
    for (const auto& c : v["consistency"]) {
        const auto from = c["old"].get<std::uint64_t>();
        const auto to = c["new"].get<std::uint64_t>();
        const auto path = pathOf(c["proof"]);
        EXPECT_EQ(consistencyPath(from, to, read).value(), path);
        EXPECT_EQ(checkConsistency(from, hashOf<RootHash>(v["roots"][from]["root"]), to, hashOf<RootHash>(v["roots"][to]["root"]), path),
                  ProofOutcome::Proven);
    }
}

TEST(BigTree, Roots)
{
    const auto& v = vectors()["big_tree"];
    const auto& tree = BigTree::get();
    ASSERT_GE(v["roots"].size(), 17u);
    for (const auto& r : v["roots"]) {
        const auto size = r["size"].get<std::uint64_t>();
        EXPECT_EQ(tree.roots.at(size), hashOf<RootHash>(r["root"])) << size;
        EXPECT_EQ(rootOf(size, tree.reader).value(), hashOf<RootHash>(r["root"])) << size;
    }
    EXPECT_EQ(FullTree(tree.leaves).root(), tree.roots.at(70000));
}

TEST(BigTree, InclusionPathsThroughNodesTilesAndMemory)
{
    const auto& v = vectors()["big_tree"];
    const auto& tree = BigTree::get();
    ASSERT_EQ(v["inclusion"].size(), 8u);
    for (const auto& c : v["inclusion"]) {
        const auto size = c["size"].get<std::uint64_t>();
        const auto index = c["index"].get<std::uint64_t>();
        const auto expected = pathOf(c["proof"]);
        EXPECT_EQ(inclusionPath(index, size, tree.reader).value(), expected);
        const TileReader tile = [&tree](const TileId& id) -> Result<std::vector<NodeHash>> {
            const auto hashes = std::span(tree.levels[id.level * 8]).subspan(id.index * kTileWidth, id.width);
            return std::vector<NodeHash>(hashes.begin(), hashes.end());
        };
        EXPECT_EQ(inclusionPath(index, size, readThroughTiles(size, tile)).value(), expected);
        const FullTree full(std::vector<LeafHash>(tree.leaves.begin(), tree.leaves.begin() + static_cast<std::ptrdiff_t>(size)));
        EXPECT_EQ(full.inclusionPath(index), expected);
        EXPECT_EQ(checkInclusion(tree.leaves[index], index, size, expected, tree.roots.at(size)), ProofOutcome::Proven);
    }
}

TEST(BigTree, ConsistencyPaths)
{
    const auto& v = vectors()["big_tree"];
    const auto& tree = BigTree::get();
    ASSERT_EQ(v["consistency"].size(), 6u);
    for (const auto& c : v["consistency"]) {
        const auto from = c["old"].get<std::uint64_t>();
        const auto to = c["new"].get<std::uint64_t>();
        const auto path = consistencyPath(from, to, tree.reader).value();
        EXPECT_EQ(path, pathOf(c["proof"]));
        EXPECT_EQ(checkConsistency(from, tree.roots.at(from), to, tree.roots.at(to), path), ProofOutcome::Proven);
    }
}

TEST(BigTree, RightEdgeSurvivesRestore)
{
    const auto& tree = BigTree::get();
    CompactTree a;
    for (std::size_t i = 0; i < 513; ++i)
        a.append(tree.leaves[i]);
    auto b = CompactTree::restore(a.size(), {a.edge().begin(), a.edge().end()}).value();
    EXPECT_EQ(b.root(), tree.roots.at(513));
    for (std::size_t i = 513; i < 1000; ++i)
        b.append(tree.leaves[i]);
    EXPECT_EQ(b.root(), tree.roots.at(1000));
    const auto sameCount = CompactTree::restore(514, {a.edge().begin(), a.edge().end()});
    EXPECT_TRUE(sameCount.has_value()); // 513 and 514 have two binary digits each: only the count can be checked
    const auto wrong = CompactTree::restore(515, {a.edge().begin(), a.edge().end()});
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(wrong.error().code, ErrorCode::InvalidArgument);
}

TEST(BigTree, TilesHaveThePublishedBytes)
{
    const auto& v = vectors()["big_tree"];
    const auto& tree = BigTree::get();
    const auto ids = tilesOf(70000);
    ASSERT_EQ(ids.size(), v["tile_count_all_levels"].get<std::size_t>());
    std::map<std::string, Bytes> bytes;
    for (const auto& id : ids) {
        const auto first = id.index * kTileWidth;
        bytes[tilePath(id)] = encodeTile(std::span(tree.levels[id.level * 8]).subspan(first, id.width));
    }
    for (const auto& t : v["tiles"]) {
        const auto& b = bytes.at(t["path"].get<std::string>());
        EXPECT_EQ(b.size(), t["bytes"].get<std::size_t>());
        EXPECT_EQ(crypto::sha256(b).hex(), t["sha256_hex"].get<std::string>());
    }
}

TEST(TileNames, AsPublished)
{
    const auto& cases = vectors()["tile_paths"]["cases"];
    ASSERT_EQ(cases.size(), 9u);
    for (const auto& c : cases) {
        const bool entries = c["level"].get<int>() < 0;
        const TileId id{entries ? kEntriesLevel : c["level"].get<unsigned>(), c["n"].get<std::uint64_t>(), c["w"].get<unsigned>()};
        const auto path = c["path"].get<std::string>();
        EXPECT_EQ(entries ? entriesPath(id) : tilePath(id), path);
        EXPECT_EQ(parseTilePath(path).value(), id);
    }
}

TEST(EntryBundles, AsPublished)
{
    const auto& v = vectors()["entry_bundle"];
    std::vector<Bytes> entries;
    for (const auto& e : v["entries_hex"])
        entries.push_back(fromHex(e.get<std::string>()).value());
    ASSERT_EQ(entries.size(), 3u);
    const auto bundle = encodeEntryBundle(std::span<const Bytes>(entries)).value();
    EXPECT_EQ(toHex(bundle), v["bundle_hex"].get<std::string>());
    const auto back = decodeEntryBundle(bundle, 3).value();
    for (std::size_t i = 0; i < entries.size(); ++i)
        EXPECT_TRUE(equal(back[i], entries[i]));
}
} // namespace
} // namespace jc::merkle
