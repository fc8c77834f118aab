// SPDX-License-Identifier: Apache-2.0
#pragma once
// A trust set whose proofs all hold. Built once, read by many threads.
#include "note/note.h"
#include "receipt/trust_set.h"
#include "record/control_state.h"
#include "record/policy.h"
#include "timestamp/timestamp.h"

#include <memory>

namespace jc::verdict {

enum class TrustProblem : std::uint8_t {
    None,
    CardMalformed,
    CardsRootDiffers,
    CharterMalformed,
    CharterSignature,
    CheckpointRejected,
    LastEntryNotIncluded,
    ControlChainBroken,
    HandoverUnproven
};
[[nodiscard]] std::string_view toString(TrustProblem p) noexcept;

class TrustedLedger {
public:
    struct Outcome; // { TrustProblem problem; std::string detail; std::shared_ptr<const TrustedLedger> ledger; }
    /// A trust set that does not prove itself is a value, not an error.
    [[nodiscard]] static Outcome verify(const receipt::TrustSet& trust);

    [[nodiscard]] const LedgerId& id() const noexcept;
    [[nodiscard]] const std::string& name() const noexcept; ///< of the charter
    [[nodiscard]] const std::string& origin() const noexcept;
    [[nodiscard]] const note::Policy& policy(std::uint32_t epoch) const; ///< all log keys, quorum k of the epoch's courts
    [[nodiscard]] std::uint32_t epochCount() const noexcept;
    [[nodiscard]] const std::vector<record::CourtCard>& courts(std::uint32_t epoch) const;
    [[nodiscard]] std::uint64_t size() const noexcept; ///< S: revocations are known up to here
    [[nodiscard]] merkle::RootHash root() const noexcept;
    [[nodiscard]] UnixMs time() const noexcept; ///< existed-by time of the checkpoint
    /// Number of control entries (the charter counts) before an entry with this head; nullopt if no prefix of the known chain has it.
    [[nodiscard]] std::optional<std::size_t> controlPrefix(const record::ControlHead& head) const;
    struct Staff {
        record::Enrolment enrolment;
        std::size_t enrolledAt = 0;                   ///< position in the control chain; 0 = on a card
        std::optional<record::Revocation> revocation; ///< effective one (two-person rule applied)
        std::size_t revokedAt = 0;                    ///< position of the entry that made it effective
    };
    [[nodiscard]] const Staff* staff(const SignerId& certificate) const;
    [[nodiscard]] const crypto::PublicKey* staffKey(const SignerId& certificate) const; ///< their enrolled key, parsed
    /// A court's anchors, parsed once. Empty for a court that is not in the epoch.
    [[nodiscard]] std::span<const crypto::Certificate> caAnchors(std::uint32_t epoch, std::string_view court) const;
    [[nodiscard]] std::span<const crypto::Certificate> tsaAnchors(std::uint32_t epoch, std::string_view court) const;
    /// The state of membership and staff right after the charter, for replaying a whole log.
    [[nodiscard]] const record::ControlState& founding() const noexcept;
    ~TrustedLedger();

private:
    struct Impl;
    explicit TrustedLedger(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};
using record::courtsPolicy;
/// The (f+1)-th smallest cosignature time, f = ⌊(n−1)/3⌋ of n courts: at least one honest court had seen the tree by then. nullopt when too
/// few signed.
[[nodiscard]] std::optional<UnixMs> existedBy(const note::CheckedCheckpoint& checkpoint, std::size_t courts);
/// Every signature line is of a key of the policy, none twice: a receipt carries nothing that nobody checks.
[[nodiscard]] bool everyLineIsKnown(const note::SignedNote& note, const note::Policy& policy);

struct TrustedLedger::Outcome {
    TrustProblem problem = TrustProblem::None;
    std::string detail;
    std::shared_ptr<const TrustedLedger> ledger; ///< null unless problem == None
};

} // namespace jc::verdict
