// SPDX-License-Identifier: Apache-2.0
#include "verdict/log_audit.h"

#include "merkle/tiles.h"

#include <algorithm>
#include <unordered_set>

namespace jc::verdict {
namespace {

using merkle::kTileWidth;
using merkle::NodeHash;
using merkle::TileId;

constexpr std::size_t kMaxFindings = 10'000; ///< a log that is wrong everywhere need not be listed whole
constexpr unsigned kMaxMissingInARow = 16;   ///< then the rest is taken for missing: a checkpoint may claim any size

Bytes join(std::span<const NodeHash> hashes)
{
    Bytes out;
    out.reserve(hashes.size() * NodeHash::kSize);
    for (const auto& h : hashes)
        append(out, h.bytes());
    return out;
}

struct NameHasher {
    std::size_t operator()(const std::pair<SignerId, Uuid>& n) const noexcept
    {
        std::size_t v;
        std::memcpy(&v, n.second.data() + n.second.size() - sizeof v, sizeof v); // the random end of a UUIDv7
        return v ^ Hash32Hasher()(n.first);
    }
};

class Audit {
public:
    Audit(const LogSource& source, const TrustedLedger* trust, ProgressSink& progress, std::stop_token stop)
        : m_source(source), m_trust(trust), m_progress(progress), m_stop(std::move(stop))
    {
    }

    Result<LogAudit> run()
    {
        JC_CHECK(readCheckpoint());
        const std::uint64_t size = m_checkpoint.size;
        m_out.size = size;
        if (m_trust) m_control = m_trust->founding();
        for (std::uint64_t tile = 0; tile * kTileWidth < size && !m_incomplete; ++tile) {
            if (m_stop.stop_requested()) return fail(ErrorCode::Cancelled, "the audit was stopped");
            readBundle(tile, static_cast<unsigned>(std::min(kTileWidth, size - tile * kTileWidth)));
            m_progress.update("auditing", 0, 0, std::min(size, (tile + 1) * kTileWidth), size);
        }
        if (!m_incomplete) {
            finishLevels();
            judgeRoot();
        }
        return std::move(m_out);
    }

private:
    void find(std::string what, std::string where, std::string detail = {})
    {
        if (m_out.findings.size() < kMaxFindings) m_out.findings.push_back({std::move(what), std::move(where), std::move(detail)});
        if (m_out.findings.size() == kMaxFindings && !m_incomplete) {
            m_incomplete = true;
            m_out.findings.push_back({"too_many_findings", "log", "the audit stopped here"});
        }
    }

    Result<void> readCheckpoint()
    {
        JC_TRY(const Bytes bytes, m_source("checkpoint"));
        JC_TRY(const auto note, note::SignedNote::parse(asText(bytes)));
        JC_TRY(m_checkpoint, note::Checkpoint::parse(note.text));
        if (!m_trust) return {};
        const auto checked = note::checkCheckpoint(note, m_trust->policy(m_trust->epochCount() - 1));
        m_out.authenticated = checked.outcome == note::NoteOutcome::Verified;
        if (!m_out.authenticated) find("checkpoint_rejected", "checkpoint", "it is not signed by a quorum of the courts in the trust set");
        if (m_checkpoint.size < m_trust->size())
            find("shorter_than_trusted", "checkpoint",
                 "size " + std::to_string(m_checkpoint.size) + ", the trust set knows " + std::to_string(m_trust->size()));
        return {};
    }

    /// The part behind a path, or the full one behind a partial one's path where the log has grown since. Empty optional = a finding was
    /// made.
    std::optional<Bytes> readPart(const TileId& id, bool entries, const char* missing)
    {
        const std::string path = entries ? merkle::entriesPath(id) : merkle::tilePath(id);
        auto bytes = m_source(path);
        if (!bytes && bytes.error().code == ErrorCode::NotFound && id.width != kTileWidth) {
            const TileId full{id.level, id.index, static_cast<unsigned>(kTileWidth)};
            bytes = m_source(entries ? merkle::entriesPath(full) : merkle::tilePath(full));
        }
        if (!bytes) {
            find(missing, path, bytes.error().detail);
            return std::nullopt;
        }
        return std::move(*bytes);
    }

    void readBundle(std::uint64_t index, unsigned width)
    {
        const TileId id{0, index, width};
        const std::uint64_t first = index * kTileWidth;
        std::optional<std::vector<NodeHash>> stored;
        if (const auto bytes = readPart(id, false, "tile_missing")) {
            ++m_out.tiles;
            if (bytes->size() < width * NodeHash::kSize || bytes->size() % NodeHash::kSize != 0) {
                find("tile_malformed", merkle::tilePath(id), std::to_string(bytes->size()) + " bytes");
            } else {
                auto& hashes = stored.emplace();
                for (unsigned i = 0; i < width; ++i)
                    hashes.push_back(NodeHash::fromBytes(std::span(*bytes).subspan(i * NodeHash::kSize).first<NodeHash::kSize>()));
            }
        }
        std::vector<NodeHash> leaves;
        const auto bundle = readPart(id, true, "bundle_missing");
        const bool whole = bundle && readEntries(*bundle, id, leaves);
        if (!whole && !stored) {
            if (++m_missing >= kMaxMissingInARow || first == 0) {
                m_incomplete = true;
                find("log_incomplete", merkle::entriesPath(id), "neither entries nor hashes from here on");
                return;
            }
            m_unreadable = true;
            leaves.assign(width, NodeHash{});
            stored = leaves;
        } else {
            m_missing = 0;
        }
        if (!whole) leaves = *stored;
        if (!stored) stored = leaves;
        for (unsigned i = 0; i < width; ++i) {
            if (leaves[i] != (*stored)[i]) m_differing.push_back(first + i);
            m_fromEntries.append(leaves[i].as<merkle::LeafHash>());
            m_fromTiles.append((*stored)[i].as<merkle::LeafHash>());
            if (m_trust && m_fromEntries.size() == m_trust->size()) judgeTrustedRoot();
        }
        if (width == kTileWidth) climb(1, merkle::foldTile(leaves), merkle::foldTile(*stored));
    }

    /// u16 length ‖ bytes, as often as the bundle is wide; a bundle that was served full may hold more.
    bool readEntries(const Bytes& bundle, const TileId& id, std::vector<NodeHash>& leaves)
    {
        ByteView rest = bundle;
        std::vector<ByteView> entries;
        while (!rest.empty() && entries.size() < kTileWidth) {
            if (rest.size() < 2) break;
            const std::size_t length = static_cast<std::size_t>(rest[0]) << 8 | rest[1];
            if (rest.size() - 2 < length) break;
            entries.push_back(rest.subspan(2, length));
            rest = rest.subspan(2 + length);
        }
        if (!rest.empty() || entries.size() < id.width) {
            find("bundle_malformed", merkle::entriesPath(id));
            return false;
        }
        for (unsigned i = 0; i < id.width; ++i) {
            leaves.push_back(merkle::hashLeaf(entries[i]).as<NodeHash>());
            judgeEntry(id.index * kTileWidth + i, entries[i], leaves.back().as<merkle::LeafHash>());
        }
        m_out.entries += id.width;
        return true;
    }

    void judgeEntry(std::uint64_t index, ByteView bytes, const merkle::LeafHash& leaf)
    {
        const std::string where = "entry " + std::to_string(index);
        const auto entry = record::decodeLedgerEntry(bytes);
        if (!entry) {
            find("entry_malformed", where, entry.error().detail);
            m_control.reset(); // whom later entries rest on is unknown from here
            return;
        }
        const bool charter = std::holds_alternative<record::CharterEntry>(entry->body);
        if (charter != (index == 0)) find("entry_out_of_place", where, "a charter is entry 0 and nothing else is");
        if (index > 0 && entry->ledgerTime < m_time)
            find("time_backwards", where, formatUtc(m_time) + ", then " + formatUtc(entry->ledgerTime));
        if (index > 0 && entry->height < m_height)
            find("height_backwards", where, std::to_string(m_height) + ", then " + std::to_string(entry->height));
        m_time = entry->ledgerTime;
        m_height = entry->height;
        if (entry->controlHead != m_head) {
            find("control_head_differs", where);
            m_head = entry->controlHead; // named once, not for every entry behind it
        }
        if (record::isControl(*entry)) {
            m_head = record::nextControlHead(m_head, leaf);
            ++m_controlCount;
        }
        if (std::holds_alternative<record::EpochEntry>(entry->body)) m_control.reset(); // later courts are not in this trust set
        if (const auto* signedRecord = std::get_if<record::SignedRecord>(&entry->body)) judgeRecord(*entry, *signedRecord, where);
    }

    void judgeRecord(const record::LedgerEntry& entry, const record::SignedRecord& signedRecord, const std::string& where)
    {
        const auto record = record::decodeRecord(signedRecord.record);
        if (!record) return find("entry_malformed", where, record.error().detail);
        if (!m_names.emplace(signedRecord.signer, record->id).second) find("record_repeated", where, jc::toString(record->id));
        if (!m_control) return;
        const auto code = m_control->authorise(*record, signedRecord.scheme, signedRecord.signer, entry.ledgerTime);
        if (code != record::ResultCode::Ok) return find("not_authorised", where, std::string(record::toString(code)));
        const auto* key = m_control->keyOf(signedRecord.signer);
        if (!key || !record::verifyRecord(signedRecord, m_control->ledger(), *key)) return find("signature_invalid", where);
        m_control->apply(*record, signedRecord.signer, entry.ledgerTime, m_controlCount - 1); // only control records change anything
    }

    /// Takes the hash of a full tile up; both ways of knowing it stay apart until the root decides which was right.
    void climb(unsigned level, const NodeHash& fromEntries, const NodeHash& fromTiles)
    {
        if (m_levels.size() < level) m_levels.resize(level);
        Level& l = m_levels[level - 1];
        l.fromEntries.push_back(fromEntries);
        l.fromTiles.push_back(fromTiles);
        if (l.fromEntries.size() < kTileWidth) return;
        judgeTile(level);
        const NodeHash a = merkle::foldTile(l.fromEntries), b = merkle::foldTile(l.fromTiles);
        l.fromEntries.clear();
        l.fromTiles.clear();
        ++l.index;
        climb(level + 1, a, b);
    }
    void judgeTile(unsigned level)
    {
        const Level& l = m_levels[level - 1];
        const TileId id{level, l.index, static_cast<unsigned>(l.fromEntries.size())};
        const auto bytes = readPart(id, false, "tile_missing");
        if (!bytes) return;
        ++m_out.tiles;
        const std::size_t want = id.width * NodeHash::kSize;
        const bool longEnough = bytes->size() >= want && bytes->size() % NodeHash::kSize == 0;
        const ByteView seen = longEnough ? ByteView(*bytes).first(want) : ByteView();
        if (!equal(seen, join(l.fromEntries)) && !equal(seen, join(l.fromTiles))) find("tile_differs", merkle::tilePath(id));
    }
    void finishLevels()
    {
        for (unsigned level = 1; level <= m_levels.size(); ++level)
            if (!m_levels[level - 1].fromEntries.empty()) judgeTile(level);
    }

    void judgeTrustedRoot()
    {
        if (m_fromEntries.root() != m_trust->root() && m_fromTiles.root() != m_trust->root())
            find("history_differs", "size " + std::to_string(m_trust->size()), "not the tree that the trust set knows");
    }

    void judgeRoot()
    {
        const auto entriesRoot = m_fromEntries.root(), tilesRoot = m_fromTiles.root();
        if (!m_unreadable) m_out.root = entriesRoot.hex();
        const bool entriesRight = entriesRoot == m_checkpoint.root, tilesRight = tilesRoot == m_checkpoint.root;
        for (const std::uint64_t index : m_differing) {
            const std::string tile = merkle::tilePath(
                {0, index / kTileWidth, static_cast<unsigned>(std::min(kTileWidth, m_out.size - index / kTileWidth * kTileWidth))});
            const std::string entry = "entry " + std::to_string(index);
            if (tilesRight)
                find("entry_differs", entry, "the signed tree holds another entry here");
            else if (entriesRight)
                find("tile_differs", tile, "at " + entry);
            else
                find("entry_and_tile_disagree", entry, tile);
        }
        if (!entriesRight && !tilesRight && !m_unreadable)
            find("root_differs", "checkpoint", "recomputed " + entriesRoot.hex() + ", signed " + m_checkpoint.root.hex());
    }

    struct Level {
        std::uint64_t index = 0;
        std::vector<NodeHash> fromEntries, fromTiles;
    };
    const LogSource& m_source;
    const TrustedLedger* m_trust;
    ProgressSink& m_progress;
    std::stop_token m_stop;
    LogAudit m_out;
    note::Checkpoint m_checkpoint;
    merkle::CompactTree m_fromEntries, m_fromTiles;
    std::vector<Level> m_levels; ///< [0] is level 1
    std::vector<std::uint64_t> m_differing;
    std::optional<record::ControlState> m_control;
    record::ControlHead m_head;
    std::size_t m_controlCount = 0;
    std::unordered_set<std::pair<SignerId, Uuid>, NameHasher> m_names;
    UnixMs m_time = 0;
    std::uint64_t m_height = 0;
    unsigned m_missing = 0;
    bool m_incomplete = false, m_unreadable = false;
};

} // namespace

Result<LogAudit> auditLog(const LogSource& source, const TrustedLedger* trust, ProgressSink& progress, std::stop_token stop)
{
    return Audit(source, trust, progress, std::move(stop)).run();
}

} // namespace jc::verdict
