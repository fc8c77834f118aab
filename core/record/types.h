// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ledger records and item descriptors as plain values. Wire form: docs/formats/judicial-chain-v1.proto; rules: docs/formats/records.md
#include "base/clock.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "merkle/tree.h"

#include <optional>
#include <variant>
#include <vector>

namespace jc::record {

enum class Role : std::uint8_t { None = 0, Clerk = 1, Judge = 2, Administrator = 3, Operator = 4, Department = 5 };
[[nodiscard]] std::string_view toString(Role r) noexcept; ///< "clerk", "judge", …
[[nodiscard]] std::optional<Role> parseRole(std::string_view text) noexcept;
enum class RevocationReason : std::uint8_t { KeyLost = 1, Left = 2, RoleChanged = 3, Replaced = 4, Other = 5 };
/// Filing.purpose: 1 evidence filed by a party, 2 collected by the court, 3 transferred from another body, 4 court document, 5 other
enum class Purpose : std::uint32_t { PartyEvidence = 1, CourtCollected = 2, Transferred = 3, CourtDocument = 4, Other = 5 };

struct Filing {
    std::string court;
    std::uint64_t itemCount = 0;
    merkle::RootHash itemRoot;
    Purpose purpose = Purpose::PartyEvidence;
    std::optional<Sha256Digest> tokenDigest;
    friend bool operator==(const Filing&, const Filing&) = default;
};
struct Enrolment {
    SignerId certificateHash;
    Bytes spki;
    crypto::Scheme scheme{};
    Role role{};
    std::string court;
    UnixMs notBefore{};
    UnixMs notAfter{};
    friend bool operator==(const Enrolment&, const Enrolment&) = default;
};
struct Revocation {
    SignerId certificateHash;
    UnixMs fromTime{};
    RevocationReason reason = RevocationReason::Other;
    friend bool operator==(const Revocation&, const Revocation&) = default;
};
struct Renewal {
    std::uint64_t entryIndex = 0;
    merkle::LeafHash entryHash;
    Sha256Digest tokenDigest;
    friend bool operator==(const Renewal&, const Renewal&) = default;
};
struct CustodyAnchor {
    std::string court;
    std::uint64_t size = 0;
    merkle::RootHash root;
    Bytes checkpoint;
    std::vector<merkle::NodeHash> consistency;
    friend bool operator==(const CustodyAnchor&, const CustodyAnchor&) = default;
};
struct LedgerAnchor {
    LedgerId source;
    std::uint64_t size = 0;
    merkle::RootHash root;
    Bytes checkpoint;
    std::vector<merkle::NodeHash> consistency;
    Bytes charterCore, card, epochEntry;
    std::uint64_t epochIndex = 0;
    std::vector<merkle::NodeHash> epochPath;
    friend bool operator==(const LedgerAnchor&, const LedgerAnchor&) = default;
};
struct AdmitCourt {
    Bytes card;
    friend bool operator==(const AdmitCourt&, const AdmitCourt&) = default;
};
struct ChangeCard {
    Bytes card;
    friend bool operator==(const ChangeCard&, const ChangeCard&) = default;
};
struct RemoveCourt {
    std::string court;
    friend bool operator==(const RemoveCourt&, const RemoveCourt&) = default;
};
struct SuspendCourt {
    std::string court;
    friend bool operator==(const SuspendCourt&, const SuspendCourt&) = default;
};
struct Proposal {
    std::uint32_t epoch = 0;
    std::variant<AdmitCourt, ChangeCard, RemoveCourt, SuspendCourt, Enrolment, Revocation> change;
    friend bool operator==(const Proposal&, const Proposal&) = default;
};
struct Ballot {
    Sha256Digest proposalHash;
    std::uint32_t epoch = 0;
    bool yes = false;
    friend bool operator==(const Ballot&, const Ballot&) = default;
};

using RecordBody = std::variant<Filing, CustodyAnchor, LedgerAnchor, Enrolment, Revocation, Proposal, Ballot, Renewal>;
struct Record {
    Uuid id{};
    UnixMs authorTime{};
    RecordBody body;
    friend bool operator==(const Record&, const Record&) = default;
};
struct SignedRecord {
    Bytes record; ///< canonical Record bytes: what was signed
    crypto::Scheme scheme{};
    SignerId signer;
    Bytes signature; ///< 64 bytes
    friend bool operator==(const SignedRecord&, const SignedRecord&) = default;
};

struct CourtCard {
    std::string courtKey, nameZh, nameEn;
    crypto::Ed25519Key consensusKey, logKey, cosignerKey, witnessKey, custodyKey;
    Bytes governanceKey; ///< SPKI DER
    crypto::Ed25519Key serviceKey;
    std::vector<Bytes> caAnchors, tsaAnchors;
    std::vector<Enrolment> administrators;
    std::array<std::uint8_t, 16> nonce{};
    friend bool operator==(const CourtCard&, const CourtCard&) = default;
};
struct CharterCore {
    std::string name;
    std::uint32_t count = 0;
    merkle::RootHash cardsRoot;
    friend bool operator==(const CharterCore&, const CharterCore&) = default;
};
struct CharterEntry {
    Bytes core;
    std::vector<Bytes> signatures;
    friend bool operator==(const CharterEntry&, const CharterEntry&) = default;
};
struct EpochEntry {
    std::uint32_t number = 0;
    Sha256Digest proposalHash;
    std::vector<std::uint64_t> ballots;
    std::vector<Bytes> changedCards;
    std::vector<std::string> removedCourts;
    merkle::RootHash cardsRoot;
    friend bool operator==(const EpochEntry&, const EpochEntry&) = default;
};
using ControlHead = Hash32<struct ControlHeadTag>; ///< C of formats.md §3
struct LedgerEntry {
    std::variant<SignedRecord, CharterEntry, EpochEntry> body;
    UnixMs ledgerTime{};
    std::uint64_t height = 0;
    std::uint32_t epoch = 0;
    ControlHead controlHead;
    friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

struct ItemDescriptor {
    std::array<std::uint8_t, 32> salt{};
    std::string name; ///< NFC
    Bytes nameRaw;    ///< only where the bytes differ from name
    std::uint64_t size = 0;
    std::vector<crypto::DigestValue> digests; ///< ascending algorithm, SHA-256 always
    std::string mediaType;
    UnixMs intakeTime{};
    std::optional<Sha256Digest> formDigest;
    std::string caseNumber;
    std::string folder;
    Bytes folderRaw;
    std::string purposeText;
    std::string emptyReason;
    UnixMs modifiedTime{};
    std::uint32_t formFields = 0;
    friend bool operator==(const ItemDescriptor&, const ItemDescriptor&) = default;
};

/// Numbers of CustodyEvent.kind (docs/formats/custody.md). All of domain 4.3; the first eight and a few more are written today.
enum class EventKind : std::uint32_t {
    Filed = 1,
    Timestamped = 2,
    Anchored = 3,
    Viewed = 4,
    Exported = 5,
    Verified = 6,
    Mismatch = 7,
    AccessDenied = 8,
    Created = 9,
    Hashed = 10,
    Signed = 11,
    Received = 12,
    Copied = 13,
    Printed = 14,
    TransferredOut = 15,
    TransferredIn = 16,
    Objection = 17,
    Decision = 18,
    Frozen = 19,
    Unfrozen = 20,
    Corrected = 21,
    Withdrawn = 22,
    Renewed = 23,
    Reverified = 24,
    Archived = 25,
    ContentDestroyed = 26,
    ReportIssued = 27,
    AdminExport = 28,
    FilingRefused = 29,
    StaffChanged = 30
};
[[nodiscard]] std::string_view toString(EventKind k) noexcept; ///< "filed", "access-denied", …
[[nodiscard]] std::optional<EventKind> parseEventKind(std::string_view text) noexcept;
struct CustodyEvent {
    Uuid id{};
    UnixMs time{};
    std::int32_t utcOffsetMinutes = 0;
    EventKind kind{};
    SignerId actor;
    Role role = Role::None;
    std::string agent, machine;
    std::optional<Uuid> filing;
    std::uint32_t ordinal = 0; ///< from 1; 0 = whole filing or none
    std::string number, caseNumber, detail;
    Bytes beforeDigest, afterDigest;
    std::uint32_t outcome = 0;
    Bytes sessionKey, sessionSignature;
    friend bool operator==(const CustodyEvent&, const CustodyEvent&) = default;
};

} // namespace jc::record
