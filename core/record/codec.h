// SPDX-License-Identifier: Apache-2.0
#pragma once
// Strict canonical protobuf: decode accepts only bytes that encode gives back (fields ascending, minimal varints, no unknown field, no
// default written outside a oneof) and whose values are in range. Errors: Malformed. Pure, any thread. docs/formats/records.md
#include "record/types.h"

namespace jc::record {

inline constexpr std::size_t kMaxEntry = 16 * 1024, kMaxControlEntry = 60 * 1024, kMaxCard = 8 * 1024, kMaxDescriptor = 16 * 1024,
                             kMaxEvent = 16 * 1024;
// Limits of single fields, in bytes of UTF-8 unless said; a form should stop at them, decode refuses beyond.
inline constexpr std::size_t kMaxCharterCore = 256, kMaxSpki = 256, kMaxCourtName = 256, kMaxName = 1024, kMaxFolder = 4096,
                             kMaxMediaType = 255, kMaxCaseNumber = 128, kMaxPurposeText = 2000, kMaxEmptyReason = 1000, kMaxAgent = 256,
                             kMaxMachine = 256, kMaxDetail = 4000;
inline constexpr std::uint64_t kMaxItems = 0xFFFF'FFFF; ///< of one filing; an ordinal fits 32 bits
inline constexpr UnixMs kMaxTime = 253'402'300'799'999; ///< 9999-12-31T23:59:59.999Z; the least is 0

[[nodiscard]] Bytes encode(const Record&);
[[nodiscard]] Bytes encode(const SignedRecord&);
[[nodiscard]] Bytes encode(const LedgerEntry&);
[[nodiscard]] Bytes encode(const CourtCard&); ///< sorts nothing: anchors and administrators must already ascend
[[nodiscard]] Bytes encode(const CharterCore&);
[[nodiscard]] Bytes encode(const ItemDescriptor&);
[[nodiscard]] Bytes encode(const CustodyEvent&);

[[nodiscard]] Result<Record> decodeRecord(ByteView);
[[nodiscard]] Result<SignedRecord> decodeSignedRecord(ByteView); ///< the record inside is not decoded
[[nodiscard]] Result<LedgerEntry> decodeLedgerEntry(ByteView);   ///< ≤ 16 KiB, charter and epoch ≤ 60 KiB
[[nodiscard]] Result<CourtCard> decodeCourtCard(ByteView);
[[nodiscard]] Result<CharterCore> decodeCharterCore(ByteView);
[[nodiscard]] Result<ItemDescriptor> decodeItemDescriptor(ByteView);
[[nodiscard]] Result<CustodyEvent> decodeCustodyEvent(ByteView);

/// "judicial-chain/record/v1\0" ‖ L ‖ u8 scheme ‖ signer(32) ‖ u32 len ‖ record. formats.md §3
[[nodiscard]] Bytes recordSigningInput(const LedgerId& ledger, crypto::Scheme scheme, const SignerId& signer, ByteView record);
/// Encodes, signs. Errors: those of PrivateKey::sign.
[[nodiscard]] Result<SignedRecord> signRecord(const Record&, const LedgerId& ledger, const SignerId& signer, const crypto::PrivateKey& key);
[[nodiscard]] bool verifyRecord(const SignedRecord&, const LedgerId& ledger, const crypto::PublicKey& key);
/// "judicial-chain/charter/v1\0" ‖ core
[[nodiscard]] Bytes charterSigningInput(ByteView core);
[[nodiscard]] LedgerId ledgerId(ByteView core);
/// `<name>/<first 16 hex digits of L>`
[[nodiscard]] std::string logOrigin(const CharterCore& core, const LedgerId& id);
[[nodiscard]] std::string cosignerName(const std::string& origin, const std::string& courtKey);  ///< <origin>/cosigner/<key>
[[nodiscard]] std::string custodyOrigin(const std::string& origin, const std::string& courtKey); ///< <origin>/custody/<key>
[[nodiscard]] std::string witnessName(const std::string& ledgerName, const std::string& courtKey);
/// RFC 6962 root over canonical cards; cards must ascend by court key without repeats. Errors: InvalidArgument.
[[nodiscard]] Result<merkle::RootHash> cardsRoot(const std::vector<CourtCard>& cards);
[[nodiscard]] bool isValidLedgerName(std::string_view) noexcept; ///< 1–63 of [a-z0-9.-]

} // namespace jc::record
