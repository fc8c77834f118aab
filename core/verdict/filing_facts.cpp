// SPDX-License-Identifier: Apache-2.0
#include "verdict/filing_facts.h"

#include "timestamp/der.h"

#include <algorithm>

namespace jc::verdict {
namespace {

std::string_view reasonOf(note::NoteOutcome outcome) noexcept
{
    switch (outcome) {
    case note::NoteOutcome::Verified:
        break;
    case note::NoteOutcome::NoLogSignature:
        return "unknown_log_key";
    case note::NoteOutcome::BadSignature:
        return "checkpoint_bad_signature";
    case note::NoteOutcome::QuorumMissing:
        return "quorum_missing";
    case note::NoteOutcome::OriginDiffers:
        return "other_ledger";
    case note::NoteOutcome::MalformedCheckpoint:
        return "proof_malformed";
    }
    return {};
}

/// RFC 5652 §5.1: version 3 around a TSTInfo. No signature covers that number, so a receipt must carry the right one.
bool hasRightVersion(ByteView token)
{
    namespace der = timestamp::der;
    constexpr const char* kWhat = "the token's version is malformed";
    der::Fault fault;
    der::Reader outer(token, fault);
    der::Reader contentInfo = outer.enter(der::kSequence, kWhat);
    (void)contentInfo.oid(kWhat);
    der::Reader content = contentInfo.enter(der::contextConstructed(0), kWhat);
    der::Reader signedData = content.enter(der::kSequence, kWhat);
    return signedData.smallInteger(5, kWhat) == 3 && !fault;
}

class Examination {
public:
    Examination(const receipt::FilingPart& part, const TrustedLedger& trust, Cache::Impl* cache)
        : m_part(part), m_trust(trust), m_cache(cache), m_certificates(cache ? cache->certificates : m_ownCertificates),
          m_paths(cache ? &cache->tokenPaths : &m_ownPaths)
    {
    }

    FilingFacts run()
    {
        if (!parse() || !proveEntry()) {
            m_facts.identity = "entry_not_authenticated";
            return std::move(m_facts);
        }
        judgeSigner();
        judgeTokens();
        return std::move(m_facts);
    }

private:
    bool unproven(std::string_view reason, std::string detail = {})
    {
        m_facts.unproven = reason;
        m_facts.unprovenDetail = std::move(detail);
        return false;
    }

    bool parse()
    {
        auto entry = record::decodeLedgerEntry(m_part.entry);
        if (!entry) return unproven("entry_malformed", entry.error().detail);
        auto* signedRecord = std::get_if<record::SignedRecord>(&entry->body);
        if (!signedRecord) return unproven("entry_not_filing");
        auto record = record::decodeRecord(signedRecord->record);
        if (!record) return unproven("entry_malformed", record.error().detail);
        const auto* filing = std::get_if<record::Filing>(&record->body);
        if (!filing) return unproven("entry_not_filing");
        m_facts.filing = *filing;
        m_signed = std::move(*signedRecord);
        m_facts.ledgerTime = entry->ledgerTime;
        m_facts.epoch = entry->epoch;
        m_head = entry->controlHead;
        auto proof = note::TlogProof::parse(m_part.proof);
        if (!proof) return unproven("proof_malformed", proof.error().detail);
        if (proof->extra) return unproven("proof_malformed", "the proof has an extra line, which nothing authenticates");
        m_proof = std::move(*proof);
        return true;
    }

    bool proveEntry()
    {
        if (!findCheckpoint()) return false;
        const auto& head = m_checkpoint->checked.checkpoint;
        if (merkle::checkInclusion(merkle::hashLeaf(m_part.entry), m_proof.index, head.size, m_proof.path, head.root) !=
            merkle::ProofOutcome::Proven)
            return unproven("entry_not_in_log", "entry " + std::to_string(m_proof.index) + ", log size " + std::to_string(head.size));
        // Signed by the courts of an epoch, an entry cannot be of a later one.
        if (m_facts.epoch > m_checkpoint->epoch) return unproven("epoch_unknown", "epoch " + std::to_string(m_facts.epoch));
        const auto time = existedBy(m_checkpoint->checked, m_trust.courts(m_checkpoint->epoch).size());
        if (!time) return unproven("quorum_missing", "too few signature times");
        m_facts.anchoredAt = *time;
        m_facts.index = m_proof.index;
        for (const auto& cosigner : m_checkpoint->checked.cosigners)
            m_facts.signers.push_back(cosigner.first.substr(1)); // c<court key>
        if (head.size == m_trust.size() && head.root != m_trust.root())
            m_facts.contradiction = "checkpoint_conflict";
        else if (!m_part.handovers.empty())
            m_facts.openQuestion = "handover_unproven";
        return true;
    }

    bool findCheckpoint()
    {
        if (m_cache) {
            if (auto known = m_cache->findCheckpoint(m_proof.checkpoint)) {
                m_checkpoint = std::move(known);
                return true;
            }
        }
        const auto note = note::SignedNote::parse(m_proof.checkpoint);
        if (!note) return unproven("proof_malformed", note.error().detail);
        const auto parsed = note::Checkpoint::parse(note->text);
        if (!parsed) return unproven("proof_malformed", parsed.error().detail);
        if (parsed->origin != m_trust.origin()) return unproven("other_ledger", parsed->origin);
        std::string_view why;
        for (std::uint32_t epoch = m_trust.epochCount(); epoch-- > 0;) {
            auto checked = note::checkCheckpoint(*note, m_trust.policy(epoch));
            if (checked.outcome == note::NoteOutcome::Verified) {
                if (!everyLineIsKnown(*note, m_trust.policy(epoch))) return unproven("checkpoint_unknown_signature");
                if (!parsed->extensions.empty())
                    return unproven("proof_malformed", "the checkpoint has extension lines, which no cosignature covers");
                m_checkpoint = std::make_shared<const Cache::Impl::Head>(Cache::Impl::Head{std::move(checked), epoch});
                if (m_cache) m_cache->keepCheckpoint(m_proof.checkpoint, m_checkpoint);
                return true;
            }
            if (why.empty()) why = reasonOf(checked.outcome);
        }
        // The entry's own word about its epoch is not proved, but a later one explains unknown keys.
        if (m_facts.epoch >= m_trust.epochCount() && (why == "unknown_log_key" || why == "quorum_missing")) why = "epoch_unknown";
        return unproven(why);
    }

    void identity(std::string_view reason, std::string detail = {})
    {
        m_facts.identity = reason;
        m_facts.identityDetail = std::move(detail);
    }

    /// The receipt's own enrolment part: proved in the receipt's checkpoint, before the filing, and about this signer. Null when it is not.
    std::optional<record::Enrolment> provenEnrolment() const
    {
        const auto& part = *m_part.enrolment;
        const auto& head = m_checkpoint->checked.checkpoint;
        if (part.index >= m_proof.index) return std::nullopt;
        if (merkle::checkInclusion(merkle::hashLeaf(part.entry), part.index, head.size, part.path, head.root) !=
            merkle::ProofOutcome::Proven)
            return std::nullopt;
        const auto entry = record::decodeLedgerEntry(part.entry);
        if (!entry) return std::nullopt;
        const auto* signedRecord = std::get_if<record::SignedRecord>(&entry->body);
        if (!signedRecord) return std::nullopt;
        const auto record = record::decodeRecord(signedRecord->record);
        if (!record) return std::nullopt;
        const auto* enrolment = std::get_if<record::Enrolment>(&record->body);
        // One administrator's word enrols everyone but another administrator, who cannot file anyway.
        if (!enrolment || enrolment->certificateHash != m_signed.signer) return std::nullopt;
        return *enrolment;
    }

    void judgeSigner()
    {
        const auto prefix = m_trust.controlPrefix(m_head);
        const bool headKnown = prefix && *prefix > 0; // nothing but the charter stands before the charter
        if (!headKnown && m_proof.index < m_trust.size()) {
            if (m_facts.openQuestion.empty()) m_facts.openQuestion = "control_head_unknown";
            return identity("control_head_unknown");
        }
        const auto* staff = m_trust.staff(m_signed.signer);
        const bool enrolledBefore = staff && (!headKnown || staff->enrolledAt < *prefix);
        std::optional<record::Enrolment> carried;
        if (m_part.enrolment) {
            carried = provenEnrolment();
            if (!carried || (staff && *carried != staff->enrolment)) return identity("enrolment_unproven");
        }
        if (!enrolledBefore) {
            if (headKnown) return identity("signer_not_enrolled", m_signed.signer.hex());
            if (!carried) return identity("enrolment_missing");
        }
        if (!headKnown) m_facts.revocationsKnownToSize = true;
        const record::Enrolment& enrolment = enrolledBefore ? staff->enrolment : *carried;
        if (enrolledBefore) {
            checkSignature(*m_trust.staffKey(m_signed.signer));
        } else {
            const auto key = crypto::PublicKey::fromSpki(enrolment.spki);
            if (!key) return identity("enrolment_unproven");
            checkSignature(*key);
        }
        if (enrolledBefore && staff->revocation && (!headKnown || staff->revokedAt < *prefix)) {
            readName();
            return identity("revoked_before_filing", formatUtc(staff->revocation->fromTime));
        }
        if (enrolment.role != record::Role::Clerk && enrolment.role != record::Role::Department)
            return identity("role_not_allowed", std::string(record::toString(enrolment.role)));
        if (enrolment.court != m_facts.filing.court) return identity("court_differs", enrolment.court + ", " + m_facts.filing.court);
        if (m_facts.ledgerTime > enrolment.notAfter || m_facts.ledgerTime + record::kSignerSkewMs < enrolment.notBefore)
            return identity("not_valid_at_filing", formatUtc(m_facts.ledgerTime));
        if (!judgeCertificate(enrolment)) return;
        if (enrolledBefore && staff->revocation) m_facts.revokedFrom = staff->revocation->fromTime;
        identity("valid_at_filing");
    }

    void checkSignature(const crypto::PublicKey& key)
    {
        if (m_facts.contradiction.empty() && !record::verifyRecord(m_signed, m_trust.id(), key))
            m_facts.contradiction = "record_signature_invalid";
    }

    /// A name for the sentence, where the certificate is the signer's; says nothing about the certificate.
    void readName()
    {
        if (m_part.certificates.empty()) return;
        const auto certificate = m_certificates.parse(m_part.certificates.front());
        if (certificate && certificate->id() == m_signed.signer) m_facts.signerName = certificate->commonName();
    }

    bool judgeCertificate(const record::Enrolment& enrolment)
    {
        const auto stop = [&](std::string_view reason, std::string detail = {}) {
            identity(reason, std::move(detail));
            return false;
        };
        if (m_part.certificates.empty()) return stop("certificate_missing");
        std::vector<crypto::Certificate> chain;
        for (const Bytes& der : m_part.certificates) {
            auto certificate = m_certificates.parse(der);
            if (!certificate) return stop("certificate_malformed");
            chain.push_back(std::move(*certificate));
        }
        const auto& leaf = chain.front();
        if (leaf.id() != m_signed.signer) return stop("certificate_differs");
        m_facts.signerName = leaf.commonName();
        m_facts.certificateEnd = leaf.notAfter();
        if (leaf.spki() != enrolment.spki || leaf.notBefore() != enrolment.notBefore || leaf.notAfter() != enrolment.notAfter)
            return stop("certificate_contradicts_enrolment");
        // Ledger time may lag behind a certificate made a moment ago, by as much as the ledger itself allows.
        const UnixMs at = std::max(m_facts.ledgerTime, leaf.notBefore());
        const auto anchors = m_trust.caAnchors(m_checkpoint->epoch, enrolment.court);
        if (!m_certificates.allLinked(chain, anchors, at)) return stop("certificate_not_from_court");
        return true;
    }

    void judgeTokens()
    {
        const auto anchors = m_trust.tsaAnchors(m_checkpoint->epoch, m_facts.filing.court);
        for (const auto& part : m_part.tokens)
            m_facts.tokens.push_back(judgeToken(part, anchors));
    }

    TokenFacts judgeToken(const receipt::TokenPart& part, std::span<const crypto::Certificate> anchors)
    {
        TokenFacts facts;
        facts.reason = "token_malformed";
        const auto info = timestamp::parseToken(part.token);
        if (!info || !hasRightVersion(part.token)) return facts;
        std::vector<crypto::Certificate> extra;
        for (const Bytes& der : part.chain) {
            auto certificate = m_certificates.parse(der);
            if (!certificate) {
                facts.reason = "token_chain_invalid";
                return facts;
            }
            extra.push_back(std::move(*certificate));
        }
        auto checked = timestamp::checkToken(part.token, info->imprint, anchors, extra, m_paths);
        facts.info = std::move(checked.info);
        facts.authority = std::move(checked.authority);
        switch (checked.outcome) {
        case timestamp::TokenOutcome::Valid:
            facts.reason = "token_valid";
            break;
        case timestamp::TokenOutcome::ImprintDiffers:
        case timestamp::TokenOutcome::BadSignature:
            facts.reason = "token_bad_signature";
            return facts;
        case timestamp::TokenOutcome::NoAnchor:
            facts.reason = "token_authority_unknown";
            return facts;
        case timestamp::TokenOutcome::CertificateExpired:
        case timestamp::TokenOutcome::CertificateNotYetValid:
        case timestamp::TokenOutcome::NotATimestampCertificate:
            facts.reason = "token_certificate_invalid";
            return facts;
        case timestamp::TokenOutcome::Unparsable:
            return facts;
        }
        // No signature covers the certificates beside it: each must belong to the authority's chain for its own sake.
        auto inside = timestamp::tokenCertificates(part.token);
        if (!inside) {
            facts.reason = "token_malformed";
            return facts;
        }
        extra.insert(extra.end(), std::make_move_iterator(inside->begin()), std::make_move_iterator(inside->end()));
        if (!m_certificates.allLinked(extra, anchors, facts.info.genTime)) facts.reason = "token_chain_invalid";
        return facts;
    }

    const receipt::FilingPart& m_part;
    const TrustedLedger& m_trust;
    Cache::Impl* m_cache;
    CertificateMemo m_ownCertificates;
    timestamp::PathCache m_ownPaths;
    CertificateMemo& m_certificates;
    timestamp::PathCache* m_paths;

    FilingFacts m_facts;
    record::SignedRecord m_signed;
    record::ControlHead m_head;
    note::TlogProof m_proof;
    std::shared_ptr<const Cache::Impl::Head> m_checkpoint;
};

} // namespace

FilingFacts examineFiling(const receipt::FilingPart& part, const TrustedLedger& trust, Cache::Impl* cache)
{
    return Examination(part, trust, cache).run();
}

} // namespace jc::verdict
