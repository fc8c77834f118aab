// SPDX-License-Identifier: Apache-2.0
#include "verdict/verdict.h"

#include "base/text.h"
#include "record/numbers.h"
#include "timestamp/evidence_record.h"
#include "verdict/filing_facts.h"
#include "verdict/reasons.h"

#include <algorithm>

namespace jc::verdict {
namespace {

constexpr unsigned kFormPoints = 12; ///< of the 上链前 form

std::optional<Sha256Digest> sha256Of(const record::ItemDescriptor& descriptor)
{
    for (const auto& d : descriptor.digests) {
        if (d.algorithm != crypto::DigestAlgorithm::Sha256) continue;
        if (const auto digest = Sha256Digest::parse(d.value)) return *digest;
    }
    return std::nullopt;
}

class Judgement {
public:
    Judgement(const FileFacts* file, std::string_view number, const receipt::ItemPart& item, const FilingFacts& filing,
              const TrustedLedger& trust, const Context& context)
        : m_file(file), m_number(number), m_item(item), m_filing(filing), m_trust(trust), m_context(context)
    {
    }

    Verdict run()
    {
        m_out.trustSize = m_trust.size();
        m_out.trustTime = m_trust.time();
        m_out.signerName = m_filing.signerName;
        auto ledger = judgeLedger();
        auto time = judgeTime();
        auto identity = judgeIdentity();
        m_out.checks = {std::move(identity), judgeContent(), std::move(time), std::move(ledger), judgeProvenance()};
        std::tie(m_out.word, m_out.cause) = conclude(m_out.checks);
        return std::move(m_out);
    }

private:
    CheckResult judgeLedger()
    {
        constexpr CheckId kId = CheckId::Ledger;
        auto descriptor = record::decodeItemDescriptor(m_item.descriptor);
        std::string malformed;
        if (descriptor)
            m_out.descriptor = std::move(*descriptor);
        else
            malformed = descriptor.error().detail;
        if (!m_filing.unproven.empty()) return result(kId, m_filing.unproven, m_filing.unprovenDetail);
        m_out.anchoredAt = m_filing.anchoredAt;
        m_out.notBefore = m_filing.ledgerTime;
        m_out.signers = m_filing.signers;
        if (!m_out.descriptor) return result(kId, "descriptor_malformed", std::move(malformed));
        const std::uint64_t count = m_filing.filing.itemCount;
        if (m_item.ordinal == 0 || m_item.ordinal > count)
            return result(kId, "ordinal_outside_filing", std::to_string(m_item.ordinal) + " of " + std::to_string(count));
        if (merkle::checkInclusion(merkle::hashLeaf(m_item.descriptor), m_item.ordinal - 1, count, m_item.path, m_filing.filing.itemRoot) !=
            merkle::ProofOutcome::Proven)
            return result(kId, "descriptor_not_in_filing", std::to_string(m_item.ordinal) + " of " + std::to_string(count));
        m_authentic = true;
        m_out.number = record::toString(record::EvidenceNumber{m_filing.filing.court, record::ledgerTag(m_trust.id()),
                                                               yearUtc8(m_filing.ledgerTime), m_filing.index, m_item.ordinal});
        if (!m_filing.contradiction.empty()) return result(kId, m_filing.contradiction);
        if (m_out.number != m_number) return result(kId, "number_differs", m_out.number + ", " + std::string(m_number));
        if (!m_filing.openQuestion.empty()) return result(kId, m_filing.openQuestion);
        return result(kId, "anchored");
    }

    CheckResult judgeTime()
    {
        constexpr CheckId kId = CheckId::Time;
        if (!m_authentic) return result(kId, "descriptor_not_authenticated");
        const auto& named = m_filing.filing.tokenDigest;
        if (m_filing.tokens.empty()) {
            if (!m_item.siblings.empty()) return result(kId, "siblings_without_token");
            if (named) return result(kId, "token_missing", named->hex());
            m_out.notes.emplace_back("no_token_yet");
            return result(kId, "existed_by");
        }
        const auto file = sha256Of(*m_out.descriptor);
        bool namedSeen = false;
        const TokenFacts* earliest = nullptr;
        for (const auto& token : m_filing.tokens) {
            if (token.reason != "token_valid") return result(kId, token.reason, token.authority);
            const bool isNamed = named && token.info.digest == *named;
            if (!file || !covers(token, *file)) {
                // Only for a single item is nothing of the receipt between the two authentic digests.
                if (isNamed && m_filing.filing.itemCount == 1 && m_item.siblings.empty())
                    return result(kId, "named_token_contradicts", token.authority);
                return result(kId, "token_for_other_data", token.authority);
            }
            namedSeen = namedSeen || isNamed;
            if (!earliest || token.info.genTime < earliest->info.genTime) earliest = &token;
        }
        m_out.tokenTime = earliest->info.genTime;
        m_out.tokenAuthority = earliest->authority;
        if (named && !namedSeen) return result(kId, "token_missing", named->hex());
        return result(kId, "token_valid");
    }

    bool covers(const TokenFacts& token, const Sha256Digest& file) const
    {
        if (token.info.imprintAlgorithm != crypto::DigestAlgorithm::Sha256) return false;
        const bool single = m_filing.filing.itemCount == 1;
        if (single && !m_item.siblings.empty()) return false;
        if (single && equal(token.info.imprint, timestamp::foldImprint(file, std::nullopt, {}).bytes())) return true;
        return equal(token.info.imprint, timestamp::foldImprint(file, m_out.descriptor->salt, m_item.siblings).bytes());
    }

    CheckResult judgeIdentity()
    {
        constexpr CheckId kId = CheckId::Identity;
        if (m_filing.identity != "valid_at_filing") return result(kId, m_filing.identity, m_filing.identityDetail);
        if (m_filing.revocationsKnownToSize) m_out.notes.emplace_back("revocations_known_to_size");
        if (m_filing.certificateEnd < m_context.now) m_out.notes.emplace_back("certificate_expired_since");
        if (m_filing.revokedFrom) {
            const UnixMs from = *m_filing.revokedFrom;
            const bool before = (m_out.tokenTime && *m_out.tokenTime <= from) || m_filing.anchoredAt <= from;
            if (!before && m_filing.ledgerTime > from) return result(kId, "signed_after_revocation_start", formatUtc(from));
            if (!before) return result(kId, "in_doubtful_window", formatUtc(from));
            m_out.notes.emplace_back("revoked_later");
        }
        return result(kId, "valid_at_filing", m_filing.signerName);
    }

    CheckResult judgeContent()
    {
        constexpr CheckId kId = CheckId::Content;
        if (!m_file) return result(kId, "no_file");
        if (!m_authentic) return result(kId, "descriptor_not_authenticated");
        const auto& d = *m_out.descriptor;
        if (!m_file->name.empty() && m_file->name != d.name && m_file->name != asText(d.nameRaw) && toNfc(m_file->name) != d.name)
            m_out.notes.emplace_back("name_differs");
        const crypto::DigestValue* missing = nullptr;
        for (const auto& filed : d.digests) {
            bool measured = false;
            for (const auto& found : m_file->digests) {
                if (found.algorithm != filed.algorithm) continue;
                measured = true;
                if (found.value != filed.value)
                    return result(kId, "digest_differs",
                                  std::string(crypto::name(filed.algorithm)) + ": filed " + toHex(filed.value) + ", found " +
                                      toHex(found.value));
            }
            if (!measured && !missing) missing = &filed;
        }
        if (m_file->size != d.size)
            return result(kId, "size_differs", "filed " + std::to_string(d.size) + ", found " + std::to_string(m_file->size));
        if (missing) return result(kId, "digest_not_measured", std::string(crypto::name(missing->algorithm)));
        return result(kId, "digests_equal");
    }

    CheckResult judgeProvenance() const
    {
        constexpr CheckId kId = CheckId::Provenance;
        if (!m_authentic) return result(kId, "descriptor_not_authenticated");
        if (!m_out.descriptor->formDigest) return result(kId, "not_provided");
        return result(kId, "form_given",
                      std::to_string(std::min(m_out.descriptor->formFields, kFormPoints)) + "/" + std::to_string(kFormPoints));
    }

    const FileFacts* m_file;
    std::string_view m_number;
    const receipt::ItemPart& m_item;
    const FilingFacts& m_filing;
    const TrustedLedger& m_trust;
    const Context& m_context;
    bool m_authentic = false; ///< the descriptor stands in a filing that stands in the ledger
    Verdict m_out;
};

} // namespace

Verdict judge(const FileFacts* file, const receipt::Receipt& receipt, const TrustedLedger& trust, const Context& context, Cache* cache)
{
    if (cache) cache->impl().bindTo(trust);
    const FilingFacts filing = examineFiling(receipt.filing, trust, cache ? &cache->impl() : nullptr);
    return Judgement(file, receipt.number, receipt.item, filing, trust, context).run();
}

Result<Verdict> judgeText(const FileFacts* file, std::string_view receiptJson, const TrustedLedger& trust, const Context& context,
                          Cache& cache)
{
    auto& memory = cache.impl();
    memory.bindTo(trust);
    auto known = memory.lastFiling();
    JC_TRY(const receipt::ReceiptView view,
           receipt::parseReceiptView(receiptJson, known ? std::string_view(known->text) : std::string_view()));
    if (!known || view.filingJson != known->text) known = memory.findFiling(view.filingJson);
    if (!known) {
        JC_TRY(const receipt::FilingPart part, receipt::parseFilingPart(view.filingJson));
        auto fresh = std::make_shared<Cache::Impl::Known>();
        fresh->text = view.filingJson;
        fresh->facts = std::make_shared<const FilingFacts>(examineFiling(part, trust, &memory));
        known = fresh;
        memory.keepFiling(std::move(fresh));
    }
    return Judgement(file, view.number, view.item, *known->facts, trust, context).run();
}

Verdict nothingVerified(std::string reason)
{
    Verdict out;
    for (std::size_t i = 0; i < out.checks.size(); ++i)
        out.checks[i] = {static_cast<CheckId>(i), Outcome::NotApplicable, reason, {}};
    std::tie(out.word, out.cause) = conclude(out.checks);
    return out;
}

} // namespace jc::verdict
