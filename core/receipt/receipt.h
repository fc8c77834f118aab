// SPDX-License-Identifier: Apache-2.0
#pragma once
// Receipts (.jcr): one JSON envelope of opaque parts, each in its own standard form. docs/formats/receipt.md, schema
// docs/reference/receipt.schema.json Reading is strict (docs: every key once, none unknown, canonical base64) and yields parts that nobody
// has authenticated yet: verdict::judge does.
#include "base/bytes.h"
#include "merkle/tree.h"

#include <optional>
#include <vector>

namespace jc::receipt {

inline constexpr std::size_t kMaxReceipt = 1024 * 1024;

struct EnrolmentPart {
    Bytes entry; ///< LedgerEntry with the Enrolment record
    std::uint64_t index = 0;
    std::vector<merkle::NodeHash> path; ///< to the receipt's checkpoint
    friend bool operator==(const EnrolmentPart&, const EnrolmentPart&) = default;
};
struct HandoverPart {
    Bytes entry;            ///< LedgerEntry with the Epoch entry
    std::string proof;      ///< tlog-proof of it at size S_(e+1), cosigned by the outgoing courts
    std::string checkpoint; ///< the same size, cosigned by the incoming courts
    friend bool operator==(const HandoverPart&, const HandoverPart&) = default;
};
struct TokenPart {
    Bytes token;              ///< bare TimeStampToken, DER
    std::vector<Bytes> chain; ///< DER certificates above the signer's, ending in the self-signed root
    friend bool operator==(const TokenPart&, const TokenPart&) = default;
};
/// What all items of one filing share.
struct FilingPart {
    Bytes entry;                            ///< LedgerEntry with the Filing record
    std::string proof;                      ///< tlog-proof of it; holds index, path and the quorum checkpoint
    std::vector<Bytes> certificates;        ///< signer's certificate first, then intermediates, DER
    std::optional<EnrolmentPart> enrolment; ///< absent when the signer stands on the court's card
    std::vector<HandoverPart> handovers;
    std::vector<TokenPart> tokens; ///< in order of trust; may be empty (待授时)
    friend bool operator==(const FilingPart&, const FilingPart&) = default;
};
/// What is the item's own.
struct ItemPart {
    Bytes descriptor;                   ///< canonical ItemDescriptor
    std::uint64_t ordinal = 0;          ///< from 1
    std::vector<merkle::NodeHash> path; ///< in the item tree, ordinal−1 of item_count
    std::vector<Sha256Digest> siblings; ///< of the time-stamp tree (formats.md §4), empty for a single item
    friend bool operator==(const ItemPart&, const ItemPart&) = default;
};
struct Receipt {
    std::string number; ///< evidence number; must equal what the parts say
    ItemPart item;
    FilingPart filing;
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

/// Errors: Malformed.
[[nodiscard]] Result<Receipt> parseReceipt(std::string_view json);
[[nodiscard]] std::string serialize(const Receipt& receipt);
/// The "filing" object's JSON, made once and spliced into each receipt of the filing.
[[nodiscard]] std::string serializeFilingPart(const FilingPart& filing);
[[nodiscard]] std::string serializeWith(const std::string& number, const ItemPart& item, std::string_view filingJson);

/// A receipt split without decoding the shared part: for checking many receipts of one filing. Views into the input.
struct ReceiptView {
    std::string_view number;
    ItemPart item;
    std::string_view filingJson; ///< raw text of the "filing" object; equal text = equal part
};
/// `knownFiling`: the "filing" text of an earlier receipt; where it stands again as the last key it is recognised by comparison instead of
/// being scanned.
[[nodiscard]] Result<ReceiptView> parseReceiptView(std::string_view json, std::string_view knownFiling = {});
[[nodiscard]] Result<FilingPart> parseFilingPart(std::string_view filingJson);

/// File names of `receipt extract` and their bytes: entry.bin, receipt.tlog-proof, descriptor.bin, item-path.txt, timestamp.tst,
/// evidence-record.ers, certificates.pem, tsa-chain.pem (architecture §7). Parts that do not exist are left out. Errors: Malformed.
struct ExtractedPart {
    std::string name;
    Bytes data;
};
[[nodiscard]] Result<std::vector<ExtractedPart>> extractParts(const Receipt& receipt);

} // namespace jc::receipt
