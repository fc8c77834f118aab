// SPDX-License-Identifier: Apache-2.0
#include "timestamp/evidence_record.h"

#include "timestamp/token_internal.h"

#include <algorithm>

namespace jc::timestamp {
namespace {

constexpr std::size_t kMaxRecord = 1U << 20U;
constexpr std::size_t kMaxLists = 66; // {H(file)}, {b} and one sibling per level of a tree of 2^64 items

Bytes sha256Identifier()
{
    return der::tlv(der::kSequence, der::tlv(der::kOid, asBytes(internal::kOidSha256)));
}

bool isSha256(const der::AlgorithmId& a) noexcept
{
    return internal::is(a.oid, internal::kOidSha256) && a.plain();
}

Bytes encodeLists(const std::vector<std::vector<ByteView>>& lists)
{
    Bytes content;
    for (const auto& list : lists) {
        Bytes values;
        for (const ByteView v : list)
            append(values, ByteView(der::tlv(der::kOctetString, v)));
        append(content, ByteView(der::tlv(der::kSequence, values)));
    }
    return der::tlv(der::contextConstructed(2), content);
}

} // namespace

Sha256Digest blind(const Salt& salt) noexcept
{
    return crypto::sha256({asBytes("judicial-chain/ers-blind/v1"), ByteView(salt)});
}

Sha256Digest sortedPair(const Sha256Digest& a, const Sha256Digest& b) noexcept
{
    return a <= b ? crypto::sha256({a.bytes(), b.bytes()}) : crypto::sha256({b.bytes(), a.bytes()});
}

BatchTree::BatchTree(std::vector<TreeItem> items, bool blindSingle) : m_plain(items.size() == 1 && !blindSingle)
{
    std::vector<Sha256Digest> level;
    level.reserve(items.size());
    for (const TreeItem& item : items)
        level.push_back(m_plain ? item.file : sortedPair(item.file, blind(item.salt)));
    if (level.empty()) level.emplace_back(); // nothing to stamp: the all-zero imprint, which no token carries
    while (level.size() > 1) {
        std::vector<Sha256Digest> above;
        above.reserve((level.size() + 1) / 2);
        for (std::size_t i = 0; i + 1 < level.size(); i += 2)
            above.push_back(sortedPair(level[i], level[i + 1]));
        if (level.size() % 2 != 0) above.push_back(level.back());
        m_levels.push_back(std::move(level));
        level = std::move(above);
    }
    m_levels.push_back(std::move(level));
}

const Sha256Digest& BatchTree::imprint() const noexcept
{
    return m_levels.back().front();
}

std::vector<Sha256Digest> BatchTree::siblings(std::size_t i) const
{
    std::vector<Sha256Digest> out;
    if (i >= m_levels.front().size()) return out;
    out.reserve(m_levels.size());
    for (const auto& level : m_levels) {
        const std::size_t sibling = i ^ 1U;
        if (sibling < level.size()) out.push_back(level[sibling]);
        i /= 2;
    }
    return out;
}

Sha256Digest foldImprint(const Sha256Digest& file, const std::optional<Salt>& salt, std::span<const Sha256Digest> siblings) noexcept
{
    Sha256Digest node = salt ? sortedPair(file, blind(*salt)) : file;
    for (const Sha256Digest& s : siblings)
        node = sortedPair(node, s);
    return node;
}

Result<Bytes> encodeReducedTree(const std::vector<std::vector<Sha256Digest>>& lists)
{
    if (lists.empty() || lists.size() > kMaxLists) return fail(ErrorCode::InvalidArgument, "a reduced hash tree needs 1 to 66 lists");
    std::vector<std::vector<ByteView>> views;
    for (const auto& list : lists) {
        if (list.empty()) return fail(ErrorCode::InvalidArgument, "a list of a reduced hash tree is empty");
        views.emplace_back(list.size());
        std::transform(list.begin(), list.end(), views.back().begin(), [](const Sha256Digest& d) { return ByteView(d.bytes()); });
    }
    return encodeLists(views);
}

Result<Bytes> makeEvidenceRecord(const Sha256Digest& file, const std::optional<Salt>& salt, std::span<const Sha256Digest> siblings,
                                 ByteView token)
{
    if (!salt && !siblings.empty()) return fail(ErrorCode::InvalidArgument, "an item of a tree needs its salt");
    if (siblings.size() + 2 > kMaxLists) return fail(ErrorCode::InvalidArgument, "a reduced hash tree needs 1 to 66 lists");
    JC_TRY(const TokenInfo info, parseToken(token));
    if (info.imprintAlgorithm != crypto::DigestAlgorithm::Sha256 || !equal(info.imprint, foldImprint(file, salt, siblings).bytes()))
        return fail(ErrorCode::InvalidArgument, "the token does not cover this item", "imprint_differs");
    const Bytes algorithm = sha256Identifier();
    Bytes tree;
    if (salt) {
        std::vector<std::vector<Sha256Digest>> lists{{file}, {blind(*salt)}};
        for (const Sha256Digest& s : siblings)
            lists.push_back({s});
        JC_TRY(Bytes encoded, encodeReducedTree(lists));
        tree = std::move(encoded);
    }
    // digestAlgorithm [0] IMPLICIT: the same identifier under another tag. Written although it could be left out: some readers need it to
    // renew.
    Bytes tagged = algorithm;
    tagged[0] = der::contextConstructed(0);
    const Bytes stamp = der::tlv(der::kSequence, {tagged, tree, token});
    const Bytes sequence = der::tlv(der::kSequence, der::tlv(der::kSequence, stamp));
    return der::tlv(der::kSequence, {der::unsignedInteger(1), der::tlv(der::kSequence, algorithm), sequence});
}

Result<EvidenceRecord> parseEvidenceRecord(ByteView record)
{
    constexpr const char* kWhat = "the evidence record is malformed";
    if (record.size() > kMaxRecord) return fail(ErrorCode::Malformed, "an evidence record must not exceed 1 MiB");
    der::Fault fault;
    const char* refused = nullptr; // well-formed, but a form that is not read here
    der::Reader outer(record, fault);
    der::Reader r = outer.enter(der::kSequence, kWhat);
    outer.end("bytes behind the evidence record");
    if (r.smallInteger(1, kWhat) != 1) fault.set(kWhat);
    der::Reader algorithms = r.enter(der::kSequence, kWhat);
    if (!algorithms.more()) fault.set(kWhat);
    while (algorithms.more())
        if (!isSha256(algorithms.algorithm(kWhat))) refused = "unsupported_algorithm";
    if (r.optional(der::contextConstructed(0), kWhat)) refused = "unsupported_field"; // cryptoInfos
    if (r.optional(der::contextConstructed(1), kWhat)) refused = "unsupported_field"; // encryptionInfo
    der::Reader chains = r.enter(der::kSequence, kWhat);
    r.end(kWhat);
    der::Reader stamps = chains.enter(der::kSequence, kWhat);
    der::Reader stamp = stamps.enter(der::kSequence, kWhat);

    EvidenceRecord out;
    if (const auto algorithm = stamp.optional(der::contextConstructed(0), kWhat)) {
        der::Reader a(algorithm->content, fault);
        der::AlgorithmId id;
        id.oid = a.oid(kWhat);
        if (a.more()) id.parameters = a.any(kWhat);
        a.end(kWhat);
        if (!isSha256(id)) refused = "unsupported_algorithm";
    }
    if (stamp.optional(der::contextConstructed(1), kWhat)) refused = "unsupported_field"; // attributes
    if (const auto tree = stamp.optional(der::contextConstructed(2), kWhat)) {
        der::Reader lists(tree->content, fault);
        if (!lists.more()) fault.set(kWhat);
        while (lists.more()) {
            der::Reader list = lists.enter(der::kSequence, kWhat);
            out.reducedTree.emplace_back();
            if (out.reducedTree.size() > kMaxLists || !list.more()) fault.set(kWhat);
            while (list.more()) {
                const ByteView digest = list.expect(der::kOctetString, kWhat).content;
                if (digest.size() != Sha256Digest::kSize) fault.set("a digest of the reduced hash tree has another length");
                // More than one value in a list would let other bytes than the file's own pass for it (formats.md §4).
                if (!out.reducedTree.back().empty())
                    refused = "grouped_record";
                else
                    out.reducedTree.back().push_back(toBytes(digest));
            }
        }
    }
    const der::Tlv token = stamp.expect(der::kSequence, kWhat);
    stamp.end(kWhat);
    if (fault) return fail(ErrorCode::Malformed, fault.why);
    const bool renewed = stamps.more() || chains.more();
    while (stamps.more())
        stamps.expect(der::kSequence, kWhat);
    while (chains.more())
        chains.expect(der::kSequence, kWhat);
    if (fault) return fail(ErrorCode::Malformed, fault.why);
    if (renewed) return fail(ErrorCode::Refused, "the evidence record was renewed; only initial records are read here", "renewed_record");
    if (refused) return fail(ErrorCode::Refused, "the evidence record has a form that is not supported", refused);
    JC_TRY(const TokenInfo info, parseToken(token.whole));
    (void)info;
    out.token = toBytes(token.whole);
    return out;
}

TokenCheck checkEvidenceRecord(const EvidenceRecord& record, const Sha256Digest& file, std::span<const crypto::Certificate> anchors)
{
    TokenCheck malformed;
    malformed.outcome = TokenOutcome::Unparsable;
    Sha256Digest node = file;
    bool own = true;
    for (std::size_t i = 0; i < record.reducedTree.size(); ++i) {
        const auto& list = record.reducedTree[i];
        if (list.size() != 1) return malformed;
        const auto value = Sha256Digest::parse(list[0]);
        if (!value) return malformed;
        if (i == 0) own = *value == file;
        node = i == 0 ? *value : sortedPair(node, *value);
    }
    TokenCheck check = checkToken(record.token, node.bytes(), anchors);
    if (check.outcome == TokenOutcome::Valid && (!own || check.info.imprintAlgorithm != crypto::DigestAlgorithm::Sha256))
        check.outcome = TokenOutcome::ImprintDiffers;
    return check;
}

} // namespace jc::timestamp
