// SPDX-License-Identifier: Apache-2.0
#include "merkle/tiles.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <utility>

namespace jc::merkle {
namespace {
constexpr unsigned kTileBits = 8;
constexpr unsigned kMaxLevel = 63;

void appendIndex(std::string& to, std::uint64_t n)
{
    std::array<unsigned, 7> groups{}; // 2^64 has 20 digits
    std::size_t count = 0;
    do {
        groups[count++] = static_cast<unsigned>(n % 1000);
        n /= 1000;
    } while (n != 0);
    while (count-- > 0) {
        if (count != 0) to += 'x';
        const unsigned g = groups[count];
        to += static_cast<char>('0' + g / 100);
        to += static_cast<char>('0' + g / 10 % 10);
        to += static_cast<char>('0' + g % 10);
        if (count != 0) to += '/';
    }
}

std::string finish(std::string path, const TileId& id)
{
    appendIndex(path, id.index);
    if (id.width != kTileWidth) path += ".p/" + std::to_string(id.width);
    return path;
}

tl::unexpected<Error> malformedPath(const char* why)
{
    return fail(ErrorCode::Malformed, why);
}

bool isDigit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

/// A decimal of one or two (levels) or up to three (widths) digits without leading zero.
bool smallNumber(std::string_view s, unsigned max, unsigned& out) noexcept
{
    if (s.empty() || s.size() > 3 || (s.size() > 1 && s[0] == '0') || !std::all_of(s.begin(), s.end(), isDigit)) return false;
    unsigned v = 0;
    for (const char c : s)
        v = v * 10 + static_cast<unsigned>(c - '0');
    out = v;
    return v <= max;
}

/// Number of hashes at a tile level of a log of `size` leaves.
std::uint64_t hashesAt(unsigned level, std::uint64_t size) noexcept
{
    const unsigned shift = level * kTileBits;
    return shift >= 64 ? 0 : size >> shift;
}

/// Root of leaves [start, end) out of complete subtrees; start must be a multiple of a power of two ≥ end - start.
Result<NodeHash> rangeHash(std::uint64_t start, std::uint64_t end, const NodeReader& read)
{
    std::array<NodeHash, 64> parts;
    std::size_t count = 0;
    for (std::uint64_t left = end - start; left != 0;) {
        const auto level = static_cast<unsigned>(std::bit_width(left) - 1);
        JC_TRY(parts[count], read(level, start >> level));
        ++count;
        start += std::uint64_t{1} << level;
        left ^= std::uint64_t{1} << level;
    }
    auto r = parts[count - 1];
    for (std::size_t i = count - 1; i-- > 0;)
        r = hashNode(parts[i], r);
    return r;
}

/// The largest power of two below n; n > 1.
std::uint64_t split(std::uint64_t n) noexcept
{
    return std::bit_floor(n - 1);
}

template <class Entry> Result<Bytes> encodeBundle(std::span<const Entry> entries)
{
    if (entries.empty() || entries.size() > kTileWidth) return fail(ErrorCode::InvalidArgument, "an entry bundle holds 1 to 256 entries");
    std::size_t total = 0;
    for (const auto& e : entries) {
        if (e.size() > kMaxEntrySize) return fail(ErrorCode::InvalidArgument, "an entry has at most 65,535 bytes");
        total += 2 + e.size();
    }
    Bytes out;
    out.reserve(total);
    for (const auto& e : entries) {
        appendU16(out, static_cast<std::uint16_t>(e.size()));
        append(out, ByteView(e));
    }
    return out;
}
} // namespace

std::string tilePath(const TileId& id)
{
    return finish("tile/" + std::to_string(id.level) + "/", id);
}

std::string entriesPath(const TileId& id)
{
    return finish("tile/entries/", id);
}

Result<TileId> parseTilePath(std::string_view path)
{
    constexpr std::string_view kStart = "tile/";
    if (!path.starts_with(kStart)) return malformedPath("a tile's path starts with tile/");
    path.remove_prefix(kStart.size());
    TileId id;
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) return malformedPath("a tile's path has a level and an index");
    const auto level = path.substr(0, slash);
    if (level == "entries")
        id.level = kEntriesLevel;
    else if (!smallNumber(level, kMaxLevel, id.level))
        return malformedPath("a tile's level is a decimal from 0 to 63");
    path.remove_prefix(slash + 1);

    for (bool first = true;; first = false) {
        const bool more = !path.empty() && path[0] == 'x';
        if (more) path.remove_prefix(1);
        if (path.size() < 3 || !std::all_of(path.begin(), path.begin() + 3, isDigit))
            return malformedPath("a tile's index is written in groups of three digits");
        const auto group = static_cast<std::uint64_t>(path[0] - '0') * 100 + static_cast<std::uint64_t>(path[1] - '0') * 10 +
                           static_cast<std::uint64_t>(path[2] - '0');
        path.remove_prefix(3);
        if (more && first && group == 0) return malformedPath("a tile's index has no empty first group");
        if (id.index > (std::numeric_limits<std::uint64_t>::max() - group) / 1000) return malformedPath("a tile's index is too large");
        id.index = id.index * 1000 + group;
        if (!more) break;
        if (path.empty() || path[0] != '/') return malformedPath("a tile's index ends in a group without x");
        path.remove_prefix(1);
    }
    if (path.empty()) return id;
    constexpr std::string_view kPartial = ".p/";
    if (!path.starts_with(kPartial) || !smallNumber(path.substr(kPartial.size()), kTileWidth - 1, id.width) || id.width == 0)
        return malformedPath("only a partial width from 1 to 255 may follow a tile's index");
    return id;
}

std::vector<TileId> tilesBetween(std::uint64_t oldSize, std::uint64_t newSize)
{
    std::vector<TileId> tiles;
    if (oldSize >= newSize) return tiles;
    for (unsigned level = 0; level <= kMaxLevel; ++level) {
        const std::uint64_t before = hashesAt(level, oldSize);
        const std::uint64_t now = hashesAt(level, newSize);
        if (now == before) break; // nothing new here, so nothing above
        for (std::uint64_t n = before / kTileWidth; n < now / kTileWidth; ++n)
            tiles.push_back({level, n, kTileWidth});
        if (const auto rest = static_cast<unsigned>(now % kTileWidth); rest != 0) tiles.push_back({level, now / kTileWidth, rest});
    }
    return tiles;
}

std::vector<TileId> tilesOf(std::uint64_t size)
{
    return tilesBetween(0, size);
}

Bytes encodeTile(std::span<const NodeHash> hashes)
{
    Bytes out;
    out.reserve(hashes.size() * NodeHash::kSize);
    for (const auto& h : hashes)
        append(out, ByteView(h.bytes()));
    return out;
}

Result<std::vector<NodeHash>> decodeTile(ByteView bytes, unsigned width)
{
    if (width == 0 || width > kTileWidth || bytes.size() != width * NodeHash::kSize)
        return fail(ErrorCode::Malformed, "a tile has 32 bytes for each of its hashes");
    std::vector<NodeHash> hashes;
    hashes.reserve(width);
    for (std::size_t i = 0; i < width; ++i)
        hashes.push_back(NodeHash::fromBytes(bytes.subspan(i * NodeHash::kSize).first<NodeHash::kSize>()));
    return hashes;
}

Result<Bytes> encodeEntryBundle(std::span<const ByteView> entries)
{
    return encodeBundle(entries);
}
Result<Bytes> encodeEntryBundle(std::span<const Bytes> entries)
{
    return encodeBundle(entries);
}

Result<std::vector<ByteView>> decodeEntryBundle(ByteView bundle, unsigned count)
{
    if (count == 0 || count > kTileWidth) return fail(ErrorCode::Malformed, "an entry bundle holds 1 to 256 entries");
    std::vector<ByteView> entries;
    entries.reserve(count);
    for (unsigned i = 0; i < count; ++i) {
        if (bundle.size() < 2) return fail(ErrorCode::Malformed, "the entry bundle ends early");
        const auto length = static_cast<std::size_t>(bundle[0] << 8 | bundle[1]);
        bundle = bundle.subspan(2);
        if (bundle.size() < length) return fail(ErrorCode::Malformed, "the entry bundle ends early");
        entries.push_back(bundle.first(length));
        bundle = bundle.subspan(length);
    }
    if (!bundle.empty()) return fail(ErrorCode::Malformed, "bytes follow the last entry of the bundle");
    return entries;
}

Result<std::vector<NodeHash>> inclusionPath(std::uint64_t index, std::uint64_t size, const NodeReader& read)
{
    if (index >= size) return fail(ErrorCode::InvalidArgument, "the index lies outside the tree");
    std::vector<NodeHash> path;
    std::uint64_t lo = 0;
    std::uint64_t hi = size;
    while (hi - lo > 1) {
        const std::uint64_t k = lo + split(hi - lo);
        if (index < k) {
            JC_TRY(auto sibling, rangeHash(k, hi, read));
            path.push_back(sibling);
            hi = k;
        } else {
            JC_TRY(auto sibling, rangeHash(lo, k, read));
            path.push_back(sibling);
            lo = k;
        }
    }
    std::reverse(path.begin(), path.end());
    return path;
}

Result<std::vector<NodeHash>> consistencyPath(std::uint64_t oldSize, std::uint64_t newSize, const NodeReader& read)
{
    if (oldSize > newSize) return fail(ErrorCode::InvalidArgument, "the old size is larger than the new one");
    std::vector<NodeHash> path;
    if (oldSize == 0 || oldSize == newSize) return path;
    std::uint64_t lo = 0;
    std::uint64_t hi = newSize;
    // Down to the subtree that ends where the old tree ends; the sibling at every step is part of the proof.
    while (hi != oldSize) {
        const std::uint64_t k = lo + split(hi - lo);
        if (oldSize <= k) {
            JC_TRY(auto sibling, rangeHash(k, hi, read));
            path.push_back(sibling);
            hi = k;
        } else {
            JC_TRY(auto sibling, rangeHash(lo, k, read));
            path.push_back(sibling);
            lo = k;
        }
    }
    if (lo != 0) { // from 0 it is the old tree itself, whose root the verifier has
        JC_TRY(auto last, rangeHash(lo, hi, read));
        path.push_back(last);
    }
    std::reverse(path.begin(), path.end());
    return path;
}

Result<RootHash> rootOf(std::uint64_t size, const NodeReader& read)
{
    if (size == 0) return emptyRoot();
    JC_TRY(const auto r, rangeHash(0, size, read));
    return r.as<RootHash>();
}

NodeHash foldTile(std::span<const NodeHash> hashes)
{
    std::array<NodeHash, 64> edge;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        auto h = hashes[i];
        for (std::size_t s = i; (s & 1) != 0; s >>= 1)
            h = hashNode(edge[--depth], h);
        edge[depth++] = h;
    }
    if (depth == 0) return emptyRoot().as<NodeHash>();
    auto r = edge[depth - 1];
    for (std::size_t i = depth - 1; i-- > 0;)
        r = hashNode(edge[i], r);
    return r;
}

NodeReader readThroughTiles(std::uint64_t size, TileReader read)
{
    return [size, read = std::move(read)](unsigned level, std::uint64_t index) -> Result<NodeHash> {
        if (level >= 64 || index >= size >> level) return fail(ErrorCode::InvalidArgument, "the log has no such complete subtree");
        TileId id;
        id.level = level / kTileBits;
        const unsigned height = level % kTileBits;
        const std::uint64_t first = index << height; // at most size >> (8·id.level), so no overflow
        id.index = first / kTileWidth;
        const std::uint64_t present = hashesAt(id.level, size);
        id.width = present / kTileWidth > id.index ? static_cast<unsigned>(kTileWidth) : static_cast<unsigned>(present % kTileWidth);
        JC_TRY(const auto hashes, read(id));
        if (hashes.size() != id.width) return fail(ErrorCode::Damaged, "a tile has another width than its name says");
        return foldTile(std::span(hashes).subspan(static_cast<std::size_t>(first % kTileWidth), std::size_t{1} << height));
    };
}

} // namespace jc::merkle
