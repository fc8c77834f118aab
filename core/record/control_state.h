// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the control entries of a ledger (charter, enrolments, revocations) add up to, and who may sign what (formats.md §3). One
// implementation for the state machine that writes and the verifier that reads. Pure: no clock, no configuration, no trust store. Value
// type; copy before a block that may change it.
#include "record/codec.h"

#include <map>
#include <memory>

namespace jc::record {

/// Consensus data: numbers are final, never reused. docs/formats/ledger.md
enum class ResultCode : std::uint32_t {
    Ok = 0,
    Malformed = 1,
    BadSignature = 2,
    UnknownSigner = 3,
    SignerExpired = 4,
    SignerNotYetValid = 5,
    SignerRevoked = 6,
    WrongRole = 7,
    WrongCourt = 8,
    IdConflict = 9,
    AlreadyEnrolled = 10,
    UnknownCertificate = 11,
    NeedsVote = 12,
    UnknownEntry = 13,
    EntryDiffers = 14,
    KindNotAccepted = 15,
    TooLarge = 16,
    SchemeNotSupported = 17,
    RepeatedApproval = 18,
    AlreadyRevoked = 19,
    BadEnrolment = 20,
    SchemeDiffers = 21
};
[[nodiscard]] std::string_view toString(ResultCode c) noexcept; ///< "ok", "unknown_signer", …

inline constexpr UnixMs kSignerSkewMs = 10 * 60 * 1000;              ///< a quiet chain's time lags
inline constexpr UnixMs kPendingLapseMs = 30LL * 24 * 3600 * 1000;   ///< a first approval alone lapses
inline constexpr UnixMs kRevocationBackMs = 30LL * 24 * 3600 * 1000; ///< older from-times need a vote

struct StaffMember {
    Enrolment enrolment;
    std::optional<crypto::PublicKey> key; ///< parsed SPKI
    std::size_t enrolledAt = 0;           ///< position in the control chain of the entry that made it effective; 0 = on a card
    std::optional<Revocation> revocation; ///< the effective one with the earliest from-time
    std::size_t revokedAt = 0;            ///< position of the first effective revocation
};

class ControlState {
public:
    /// Checks the charter against the cards: canonical ascending cards, count, root, card limits, governance signatures, distinct keys.
    /// Errors: Malformed with reason card_malformed, cards_root_differs, charter_malformed, charter_signature.
    [[nodiscard]] static Result<ControlState> fromCharter(const std::vector<Bytes>& cards, const CharterEntry& charter);

    [[nodiscard]] const LedgerId& ledger() const noexcept { return m_ledger; }
    [[nodiscard]] const CharterCore& core() const noexcept { return m_core; }
    [[nodiscard]] const std::string& origin() const noexcept { return m_origin; }
    [[nodiscard]] const std::vector<CourtCard>& courts() const noexcept { return m_courts; }
    [[nodiscard]] const CourtCard* court(std::string_view key) const noexcept;
    [[nodiscard]] const StaffMember* staff(const SignerId& id) const noexcept;
    [[nodiscard]] const std::map<SignerId, StaffMember>& allStaff() const noexcept { return m_staff; }

    /// The key that must have signed for `signer` (staff or a court's service key); null = unknown. Valid while this object lives.
    [[nodiscard]] const crypto::PublicKey* keyOf(const SignerId& signer) const noexcept;
    /// May this signer make this record at this ledger time? Does not look at the signature.
    [[nodiscard]] ResultCode authorise(const Record& record, crypto::Scheme scheme, const SignerId& signer, UnixMs ledgerTime) const;
    /// Applies an authorised Enrolment or Revocation that stands at control position `position` (the charter is 0). Other kinds change
    /// nothing.
    void apply(const Record& record, const SignerId& signer, UnixMs ledgerTime, std::size_t position);
    /// After this entry, is the action of an Enrolment or Revocation in force, or does it wait for a second administrator?
    [[nodiscard]] bool waitsForSecond(const RecordBody& body) const;

private:
    struct Pending {
        SignerId first;
        UnixMs since{};
    };
    [[nodiscard]] bool isValidAdministrator(const StaffMember& m, std::string_view court, UnixMs t) const noexcept;
    /// A of formats.md §3
    [[nodiscard]] std::size_t administrators(std::string_view court, const SignerId& target, UnixMs t) const noexcept;
    [[nodiscard]] bool needsTwo(const RecordBody& body, std::string_view court, UnixMs t) const noexcept;
    [[nodiscard]] static Bytes contentKey(const RecordBody& body);

    LedgerId m_ledger;
    CharterCore m_core;
    std::string m_origin;
    std::vector<CourtCard> m_courts;
    std::map<SignerId, StaffMember> m_staff;
    std::map<SignerId, std::pair<std::string, crypto::PublicKey>> m_serviceKeys; ///< SPKI hash → court
    std::map<Bytes, Pending> m_pending;
};

/// C ← SHA-256(C ‖ leaf hash)
[[nodiscard]] ControlHead nextControlHead(const ControlHead& head, const merkle::LeafHash& leaf) noexcept;
[[nodiscard]] bool isControl(const LedgerEntry& entry); ///< decodes the record inside where needed; malformed = false
[[nodiscard]] bool isControl(const RecordBody& body) noexcept;

} // namespace jc::record
