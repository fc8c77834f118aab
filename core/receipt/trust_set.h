// SPDX-License-Identifier: Apache-2.0
#pragma once
// Trust sets (.jct): the charter core and what is provable from it (formats.md §7). docs/formats/trust-set.md
// Parsed only; verdict::TrustedLedger checks the proofs.
#include "receipt/receipt.h"

namespace jc::receipt {

inline constexpr std::size_t kMaxTrustSet = 64 * 1024 * 1024;

struct TrustSet {
    std::vector<Bytes> cards;   ///< canonical CourtCards of the founders, ascending court key
    Bytes charterEntry;         ///< LedgerEntry 0
    std::vector<Bytes> control; ///< every control entry after 0, in ledger order, up to the checkpoint
    std::vector<HandoverPart> handovers;
    std::string checkpoint; ///< signed note, quorum of its epoch
    Bytes lastEntry;        ///< entry size−1: its control_head closes the control chain
    std::vector<merkle::NodeHash> lastPath;
    friend bool operator==(const TrustSet&, const TrustSet&) = default;
};
/// Errors: Malformed.
[[nodiscard]] Result<TrustSet> parseTrustSet(std::string_view json);
[[nodiscard]] std::string serialize(const TrustSet& trust);

} // namespace jc::receipt
