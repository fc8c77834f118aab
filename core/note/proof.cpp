// SPDX-License-Identifier: Apache-2.0
#include "note/note.h"
#include "note/text_internal.h"

namespace jc::note {
namespace {
constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kMaxProofSize = 1'100'000;
constexpr std::size_t kMaxExtraLine = 65'535;
constexpr std::size_t kMaxPath = 63;
} // namespace

Result<TlogProof> TlogProof::parse(std::string_view text)
{
    if (text.size() > kMaxProofSize) return fail(ErrorCode::Malformed, "a proof has at most 1,100,000 bytes", "too_large");
    TlogProof p;
    if (takeLine(text) != kHeader) return fail(ErrorCode::Malformed, "a proof starts with c2sp.org/tlog-proof@v1");
    auto line = takeLine(text);
    if (line && line->starts_with(kExtra)) {
        if (line->size() > kMaxExtraLine) return fail(ErrorCode::Malformed, "the extra line of a proof is too long", "too_large");
        JC_TRY(p.extra, fromBase64(line->substr(kExtra.size())));
        line = takeLine(text);
    }
    if (!line || !line->starts_with(kIndex)) return fail(ErrorCode::Malformed, "a proof has an index line");
    const auto index = parseDecimal(line->substr(kIndex.size()));
    if (!index) return fail(ErrorCode::Malformed, "the index of a proof is a decimal number");
    p.index = *index;
    for (line = takeLine(text); line && !line->empty(); line = takeLine(text)) {
        if (p.path.size() == kMaxPath) return fail(ErrorCode::Malformed, "a proof has at most 63 hashes", "path_too_long");
        std::array<std::uint8_t, 32> hash{};
        if (!decodeHash(*line, hash)) return fail(ErrorCode::Malformed, "a line of the path is not a hash in base64");
        p.path.push_back(merkle::NodeHash::fromBytes(hash));
    }
    if (!line) return fail(ErrorCode::Malformed, "a proof has an empty line before its checkpoint");
    JC_TRY(const auto note, SignedNote::parse(text));
    JC_TRY([[maybe_unused]] const auto checkpoint, Checkpoint::parse(note.text));
    p.checkpoint = text;
    return p;
}

std::string TlogProof::serialize() const
{
    std::string s;
    s.reserve(64 + 45 * path.size() + checkpoint.size() + (extra ? extra->size() * 4 / 3 + 16 : 0));
    s += kHeader;
    s += '\n';
    if (extra) {
        s += kExtra;
        appendBase64(s, *extra);
        s += '\n';
    }
    s += kIndex;
    s += std::to_string(index);
    s += '\n';
    for (const auto& h : path) {
        appendBase64(s, h.bytes());
        s += '\n';
    }
    s += '\n';
    s += checkpoint;
    return s;
}

CheckedProof checkProof(const TlogProof& proof, ByteView entry, const Policy& policy)
{
    CheckedProof result;
    const auto note = SignedNote::parse(proof.checkpoint);
    if (!note) return result;
    result.checkpoint = checkCheckpoint(*note, policy);
    if (result.checkpoint.outcome != NoteOutcome::Verified) return result;
    const auto& head = result.checkpoint.checkpoint;
    result.inclusion = merkle::checkInclusion(merkle::hashLeaf(entry), proof.index, head.size, proof.path, head.root);
    result.outcome = result.inclusion == merkle::ProofOutcome::Proven ? TlogOutcome::Proven : TlogOutcome::NotIncluded;
    return result;
}

} // namespace jc::note
