// SPDX-License-Identifier: Apache-2.0
#pragma once
// RFC 4998 evidence records with the blinded batch tree of formats.md §4 (form B): one token per filing, a short record per item.
#include "timestamp/timestamp.h"

namespace jc::timestamp {

using Salt = std::array<std::uint8_t, 32>;
/// b = SHA-256("judicial-chain/ers-blind/v1" ‖ salt)
[[nodiscard]] Sha256Digest blind(const Salt& salt) noexcept;
/// N(a,b) = SHA-256(bytewise smaller ‖ larger)
[[nodiscard]] Sha256Digest sortedPair(const Sha256Digest& a, const Sha256Digest& b) noexcept;

struct TreeItem {
    Sha256Digest file; ///< H(file)
    Salt salt;
};
/// One filing's tree; items must not be empty (an empty one has the all-zero imprint). One item and !blindSingle: the imprint is H(file)
/// and there is no reduced tree (openssl ts -verify -data FILE works).
class BatchTree {
public:
    BatchTree(std::vector<TreeItem> items, bool blindSingle = false);
    [[nodiscard]] const Sha256Digest& imprint() const noexcept;
    /// Siblings of item i above {H(file)}, {b}: one per level, promoted levels have none. i from 0; empty behind the end.
    [[nodiscard]] std::vector<Sha256Digest> siblings(std::size_t i) const;

private:
    std::vector<std::vector<Sha256Digest>> m_levels;
    bool m_plain = false;
};
/// Imprint that item would have: plain = H(file) alone; else fold of {file},{b},siblings….
[[nodiscard]] Sha256Digest foldImprint(const Sha256Digest& file, const std::optional<Salt>& salt,
                                       std::span<const Sha256Digest> siblings) noexcept;

/// DER of the initial EvidenceRecord (one chain, one ArchiveTimeStamp, digestAlgorithm written with absent parameters). salt empty = plain
/// single item. The token is parsed and must cover the item (InvalidArgument imprint_differs), but its signature is not checked here.
[[nodiscard]] Result<Bytes> makeEvidenceRecord(const Sha256Digest& file, const std::optional<Salt>& salt,
                                               std::span<const Sha256Digest> siblings, ByteView token);
/// DER of reducedHashtree alone, as ArchiveTimeStamp field [2] IMPLICIT (vectors).
[[nodiscard]] Result<Bytes> encodeReducedTree(const std::vector<std::vector<Sha256Digest>>& lists);

struct EvidenceRecord { ///< parsed initial record; renewals come with their own issue and are refused with Refused
    std::vector<std::vector<Bytes>> reducedTree;
    Bytes token;
};
/// Strict; ≤ 1 MiB; SHA-256 only; every list holds one digest. Errors: Malformed, Refused ("renewed_record", "grouped_record",
/// "unsupported_algorithm", "unsupported_field").
[[nodiscard]] Result<EvidenceRecord> parseEvidenceRecord(ByteView der);
/// Does the record cover a file with this digest? ImprintDiffers when not; else as checkToken.
[[nodiscard]] TokenCheck checkEvidenceRecord(const EvidenceRecord& record, const Sha256Digest& file,
                                             std::span<const crypto::Certificate> anchors);

} // namespace jc::timestamp
