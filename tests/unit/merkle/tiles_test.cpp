// SPDX-License-Identifier: Apache-2.0
#include "merkle/tiles.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

namespace jc::merkle {
namespace {
LeafHash leafAt(std::uint64_t i)
{
    return hashLeaf(asBytes("leaf " + std::to_string(i)));
}

TEST(TilePath, RefusesEverythingThatIsNotTheOneSpelling)
{
    for (const char* bad : {"",
                            "tile",
                            "tile/",
                            "tile/0",
                            "tile/0/",
                            "tile//000",
                            "tile/00/000",
                            "tile/01/000",
                            "tile/64/000",
                            "tile/-1/000",
                            "tile/+1/000",
                            "tile/a/000",
                            "tile/0/0",
                            "tile/0/00",
                            "tile/0/0000",
                            "tile/0/1000",
                            "tile/0/x001",
                            "tile/0/x001/",
                            "tile/0/x000/000",
                            "tile/0/001/000",
                            "tile/0/x01/000",
                            "tile/0/X001/000",
                            "tile/0/x001/x234",
                            "tile/0/000/",
                            "tile/0/000.p",
                            "tile/0/000.p/",
                            "tile/0/000.p/0",
                            "tile/0/000.p/01",
                            "tile/0/000.p/256",
                            "tile/0/000.p/1000",
                            "tile/0/000.p/1/",
                            "tile/0/000.p/ 1",
                            "tile/0/000.P/1",
                            " tile/0/000",
                            "tile/0/000 ",
                            "/tile/0/000",
                            "tile/entry/000",
                            "tile/entries/x000/000",
                            "tile/entries/000.p/256",
                            "tile/0/x018/x446/x744/x073/x709/x551/616",
                            "tile/0/x999/x999/x999/x999/x999/x999/999",
                            "tile/8/0/000",
                            "tile/0/00a",
                            "tile/0/0\n0",
                            "tile/0/000.p/1\n"}) {
        const auto r = parseTilePath(bad);
        ASSERT_FALSE(r.has_value()) << bad;
        EXPECT_EQ(r.error().code, ErrorCode::Malformed) << bad;
    }
    EXPECT_FALSE(parseTilePath(std::string_view("tile/0/000\0", 11)).has_value());
    EXPECT_EQ(parseTilePath("tile/0/x018/x446/x744/x073/x709/x551/615").value().index, ~std::uint64_t{0});
}

RC_GTEST_PROP(TilePath, ParseUndoesPrint, ())
{
    TileId id;
    id.level = *rc::gen::inRange(0u, 65u);
    id.index = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(0, 64);
    id.width = *rc::gen::inRange(1u, 257u);
    const auto path = id.level == kEntriesLevel ? entriesPath(id) : tilePath(id);
    RC_ASSERT(parseTilePath(path).value() == id);
}

TEST(TilesOf, CountsByHand)
{
    EXPECT_TRUE(tilesOf(0).empty());
    EXPECT_EQ(tilesOf(1), (std::vector<TileId>{{0, 0, 1}}));
    EXPECT_EQ(tilesOf(255), (std::vector<TileId>{{0, 0, 255}}));
    EXPECT_EQ(tilesOf(256), (std::vector<TileId>{{0, 0, 256}, {1, 0, 1}}));
    EXPECT_EQ(tilesOf(257), (std::vector<TileId>{{0, 0, 256}, {0, 1, 1}, {1, 0, 1}}));
    const auto t = tilesOf(65536);
    EXPECT_EQ(t.size(), 256u + 1 + 1);
    EXPECT_EQ(t.back(), (TileId{2, 0, 1}));
}

TEST(TilesBetween, IsWhatTheOldSizeLacks)
{
    for (std::uint64_t from : {0u, 1u, 255u, 256u, 257u, 511u, 512u, 65535u, 65536u, 66000u}) {
        for (std::uint64_t to : {0u, 1u, 255u, 256u, 257u, 300u, 512u, 65536u, 65537u, 66000u, 70000u}) {
            std::vector<TileId> expected;
            const auto had = tilesOf(from);
            const std::set<TileId> old(had.begin(), had.end());
            if (from < to)
                for (const auto& id : tilesOf(to))
                    if (!old.contains(id)) expected.push_back(id);
            EXPECT_EQ(tilesBetween(from, to), expected) << from << " " << to;
        }
    }
    EXPECT_EQ(tilesBetween((std::uint64_t{1} << 62) - 1, std::uint64_t{1} << 62).front().width, 256u);
}

TEST(FoldTile, IsTheRootOfASmallTree)
{
    std::vector<LeafHash> leaves;
    std::vector<NodeHash> nodes;
    EXPECT_EQ(foldTile(nodes), emptyRoot().as<NodeHash>());
    for (std::uint64_t i = 0; i < 256; ++i) {
        leaves.push_back(leafAt(i));
        nodes.push_back(leaves.back().as<NodeHash>());
        EXPECT_EQ(foldTile(nodes), FullTree(leaves).root().as<NodeHash>());
    }
}

TEST(Tile, DecodeTakesItsExactLengthOnly)
{
    const std::vector<NodeHash> hashes{leafAt(0).as<NodeHash>(), leafAt(1).as<NodeHash>()};
    auto bytes = encodeTile(hashes);
    EXPECT_EQ(decodeTile(bytes, 2).value(), hashes);
    EXPECT_FALSE(decodeTile(bytes, 1).has_value());
    EXPECT_FALSE(decodeTile(bytes, 3).has_value());
    EXPECT_FALSE(decodeTile({}, 0).has_value());
    EXPECT_FALSE(decodeTile(Bytes(257 * 32), 257).has_value());
    bytes.push_back(0);
    EXPECT_FALSE(decodeTile(bytes, 2).has_value());
}

TEST(EntryBundle, Limits)
{
    const std::vector<Bytes> none;
    EXPECT_FALSE(encodeEntryBundle(std::span<const Bytes>(none)).has_value());
    std::vector<Bytes> full(256, Bytes{1});
    const auto bundle = encodeEntryBundle(std::span<const Bytes>(full)).value();
    EXPECT_EQ(bundle.size(), 256u * 3);
    EXPECT_EQ(decodeEntryBundle(bundle, 256).value().size(), 256u);
    EXPECT_FALSE(decodeEntryBundle(bundle, 255).has_value());
    EXPECT_FALSE(decodeEntryBundle(bundle, 257).has_value());
    EXPECT_FALSE(decodeEntryBundle(bundle, 0).has_value());
    full.push_back({1});
    EXPECT_FALSE(encodeEntryBundle(std::span<const Bytes>(full)).has_value());
    const std::vector<Bytes> longest{Bytes(65535, 7)};
    const auto b = encodeEntryBundle(std::span<const Bytes>(longest)).value();
    EXPECT_EQ(decodeEntryBundle(b, 1).value()[0].size(), 65535u);
    const std::vector<Bytes> tooLong{Bytes(65536, 7)};
    EXPECT_EQ(encodeEntryBundle(std::span<const Bytes>(tooLong)).error().code, ErrorCode::InvalidArgument);
}

RC_GTEST_PROP(EntryBundle, DecodeUndoesEncodeAndEveryCutFails, (std::vector<Bytes> entries))
{
    RC_PRE(!entries.empty() && entries.size() <= 256);
    const auto bundle = encodeEntryBundle(std::span<const Bytes>(entries)).value();
    const auto count = static_cast<unsigned>(entries.size());
    const auto back = decodeEntryBundle(bundle, count).value();
    RC_ASSERT(back.size() == entries.size());
    for (std::size_t i = 0; i < back.size(); ++i)
        RC_ASSERT(equal(back[i], entries[i]));
    RC_ASSERT(encodeEntryBundle(std::span<const ByteView>(back)).value() == bundle);
    const auto cut = *rc::gen::inRange<std::size_t>(0, bundle.size());
    RC_ASSERT(!decodeEntryBundle(ByteView(bundle).first(cut), count).has_value());
    auto longer = bundle;
    longer.push_back(0);
    RC_ASSERT(!decodeEntryBundle(longer, count).has_value());
}

/// A published log in a map: the tiles of one size.
struct Published {
    std::map<TileId, std::vector<NodeHash>> tiles;
    TileReader reader = [this](const TileId& id) -> Result<std::vector<NodeHash>> {
        const auto it = tiles.find(id);
        if (it == tiles.end()) return fail(ErrorCode::NotFound, "no such tile: " + tilePath(id));
        return it->second;
    };
    explicit Published(const std::vector<LeafHash>& leaves)
    {
        std::vector<NodeHash> level;
        for (const auto& l : leaves)
            level.push_back(l.as<NodeHash>());
        for (unsigned l = 0; !level.empty(); ++l) {
            std::vector<NodeHash> up;
            for (std::size_t at = 0; at < level.size(); at += 256) {
                const auto part = std::span(level).subspan(at, std::min<std::size_t>(256, level.size() - at));
                tiles[{l, at / 256, static_cast<unsigned>(part.size())}] = {part.begin(), part.end()};
                if (part.size() == 256) up.push_back(foldTile(part));
            }
            level = std::move(up);
        }
    }
};

TEST(ReadThroughTiles, AgreesWithTheTreeInMemory)
{
    for (std::uint64_t size : {1u, 2u, 255u, 256u, 257u, 1000u, 65535u, 65536u, 65537u, 66049u}) {
        std::vector<LeafHash> leaves;
        for (std::uint64_t i = 0; i < size; ++i)
            leaves.push_back(leafAt(i));
        const FullTree full(leaves);
        const Published log(leaves);
        EXPECT_EQ(log.tiles.size(), tilesOf(size).size());
        const auto read = readThroughTiles(size, log.reader);
        EXPECT_EQ(rootOf(size, read).value(), full.root());
        for (std::uint64_t index : {std::uint64_t{0}, size / 3, size / 2, size - 1})
            EXPECT_EQ(inclusionPath(index, size, read).value(), full.inclusionPath(index)) << index << " of " << size;
        for (std::uint64_t old : {std::uint64_t{1}, size / 2, size - 1, size}) {
            CompactTree before;
            for (std::uint64_t i = 0; i < old; ++i)
                before.append(leaves[i]);
            EXPECT_EQ(checkConsistency(old, before.root(), size, full.root(), consistencyPath(old, size, read).value()),
                      ProofOutcome::Proven);
        }
    }
}

TEST(ReadThroughTiles, ReportsWhatIsMissingOrShort)
{
    std::vector<LeafHash> leaves;
    for (std::uint64_t i = 0; i < 300; ++i)
        leaves.push_back(leafAt(i));
    Published log(leaves);
    const auto read = readThroughTiles(300, log.reader);
    EXPECT_EQ(read(9, 0).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(read(0, 300).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(read(64, 0).error().code, ErrorCode::InvalidArgument);
    EXPECT_TRUE(read(8, 0).has_value());
    log.tiles.at({0, 1, 44}).pop_back();
    EXPECT_EQ(inclusionPath(299, 300, read).error().code, ErrorCode::Damaged);
    log.tiles.erase({0, 1, 44});
    EXPECT_EQ(inclusionPath(299, 300, read).error().code, ErrorCode::NotFound);
    EXPECT_EQ(rootOf(300, read).error().code, ErrorCode::NotFound);
}

TEST(Paths, RefuseWhatLiesOutside)
{
    const NodeReader never = [](unsigned, std::uint64_t) -> Result<NodeHash> { return fail(ErrorCode::Internal, "read"); };
    EXPECT_EQ(inclusionPath(0, 0, never).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(inclusionPath(5, 5, never).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(consistencyPath(6, 5, never).error().code, ErrorCode::InvalidArgument);
    EXPECT_TRUE(inclusionPath(0, 1, never).value().empty());
    EXPECT_TRUE(consistencyPath(0, 5, never).value().empty());
    EXPECT_TRUE(consistencyPath(5, 5, never).value().empty());
    EXPECT_EQ(rootOf(0, never).value(), emptyRoot());
    EXPECT_EQ(inclusionPath(1, 2, never).error().code, ErrorCode::Internal);
}

TEST(Paths, LargestLogsNeedFewReads)
{
    unsigned reads = 0;
    const NodeReader count = [&](unsigned level, std::uint64_t index) -> Result<NodeHash> {
        ++reads;
        return hashNode(leafAt(level).as<NodeHash>(), leafAt(index).as<NodeHash>());
    };
    constexpr std::uint64_t kSize = (std::uint64_t{1} << 63) - 1;
    EXPECT_EQ(inclusionPath(0, kSize, count).value().size(), 63u);
    EXPECT_LE(reads, 2 * 63u);
    reads = 0;
    EXPECT_LE(consistencyPath(kSize / 3, kSize, count).value().size(), 63u);
    EXPECT_LE(reads, 2 * 63u);
}
} // namespace
} // namespace jc::merkle
