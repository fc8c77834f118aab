// SPDX-License-Identifier: Apache-2.0
#include "receipt/receipt.h"

#include "record/codec.h"
#include "timestamp/evidence_record.h"

#include <algorithm>

namespace jc::receipt {
namespace {

/// Signer's certificate first, self-signed root last. Certificates inside a token stand in no useful order.
Result<std::string> tokenChainPem(const TokenPart& part)
{
    JC_TRY(const auto inside, timestamp::tokenCertificates(part.token));
    const auto signer = std::ranges::find_if(inside, [](const crypto::Certificate& c) { return c.hasTimestampingEku(); });
    if (signer == inside.end()) return fail(ErrorCode::Malformed, "the token carries no time-stamping certificate");
    std::vector<crypto::Certificate> pool = inside;
    for (const Bytes& der : part.chain) {
        JC_TRY(auto certificate, crypto::Certificate::fromDer(der));
        pool.push_back(std::move(certificate));
    }
    crypto::Certificate at = *signer;
    std::string out = at.pem();
    for (std::size_t steps = 0; !at.selfSigned(); ++steps) {
        const auto next =
            std::ranges::find_if(pool, [&](const crypto::Certificate& c) { return c.subject() == at.issuer() && c.id() != at.id(); });
        if (next == pool.end() || steps > pool.size())
            return fail(ErrorCode::Malformed, "the token's chain does not end in a self-signed root");
        const crypto::Certificate found = *next; // the pool outlives the loop, the iterator need not
        at = found;
        out += at.pem();
    }
    return out;
}

} // namespace

Result<std::vector<ExtractedPart>> extractParts(const Receipt& receipt)
{
    const FilingPart& filing = receipt.filing;
    JC_TRY(const record::LedgerEntry entry, record::decodeLedgerEntry(filing.entry));
    const auto* signedRecord = std::get_if<record::SignedRecord>(&entry.body);
    if (!signedRecord) return fail(ErrorCode::Malformed, "the receipt's entry is not a filing");
    JC_TRY(const record::Record body, record::decodeRecord(signedRecord->record));
    const auto* filed = std::get_if<record::Filing>(&body.body);
    if (!filed) return fail(ErrorCode::Malformed, "the receipt's entry is not a filing");
    JC_TRY(const record::ItemDescriptor descriptor, record::decodeItemDescriptor(receipt.item.descriptor));

    std::vector<ExtractedPart> out;
    out.push_back({"entry.bin", filing.entry});
    out.push_back({"receipt.tlog-proof", toBytes(filing.proof)});
    out.push_back({"descriptor.bin", receipt.item.descriptor});
    std::string path = "ordinal " + std::to_string(receipt.item.ordinal) + "\ncount " + std::to_string(filed->itemCount) + "\n";
    for (const auto& hash : receipt.item.path)
        path += hash.hex() + "\n";
    out.push_back({"item-path.txt", toBytes(path)});

    std::string certificates;
    for (const Bytes& der : filing.certificates) {
        JC_TRY(const auto certificate, crypto::Certificate::fromDer(der));
        certificates += certificate.pem();
    }
    if (!certificates.empty()) out.push_back({"certificates.pem", toBytes(certificates)});

    const auto sha256 = std::ranges::find(descriptor.digests, crypto::DigestAlgorithm::Sha256, &crypto::DigestValue::algorithm);
    if (sha256 == descriptor.digests.end()) return fail(ErrorCode::Malformed, "the descriptor has no SHA-256 digest");
    JC_TRY(const Sha256Digest file, Sha256Digest::parse(sha256->value));
    for (std::size_t i = 0; i < filing.tokens.size(); ++i) {
        const TokenPart& part = filing.tokens[i];
        const std::string suffix = i == 0 ? std::string() : "-" + std::to_string(i + 1); // the first is the one of most trust
        out.push_back({"timestamp" + suffix + ".tst", part.token});
        JC_TRY(const auto info, timestamp::parseToken(part.token));
        // A single item may be stamped by its plain digest; everything else is blinded by the salt.
        const bool plain = receipt.item.siblings.empty() && equal(info.imprint, file.bytes());
        JC_TRY(Bytes ers, timestamp::makeEvidenceRecord(file, plain ? std::nullopt : std::optional<timestamp::Salt>(descriptor.salt),
                                                        receipt.item.siblings, part.token));
        out.push_back({"evidence-record" + suffix + ".ers", std::move(ers)});
        JC_TRY(const std::string chain, tokenChainPem(part));
        out.push_back({"tsa-chain" + suffix + ".pem", toBytes(chain)});
    }
    return out;
}

} // namespace jc::receipt
