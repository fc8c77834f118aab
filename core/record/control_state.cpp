// SPDX-License-Identifier: Apache-2.0
#include "record/control_state.h"

#include "record/numbers.h"

#include <algorithm>
#include <set>

namespace jc::record {
std::string_view toString(ResultCode c) noexcept
{
    switch (c) {
    case ResultCode::Ok:
        return "ok";
    case ResultCode::Malformed:
        return "malformed";
    case ResultCode::BadSignature:
        return "bad_signature";
    case ResultCode::UnknownSigner:
        return "unknown_signer";
    case ResultCode::SignerExpired:
        return "signer_expired";
    case ResultCode::SignerNotYetValid:
        return "signer_not_yet_valid";
    case ResultCode::SignerRevoked:
        return "signer_revoked";
    case ResultCode::WrongRole:
        return "wrong_role";
    case ResultCode::WrongCourt:
        return "wrong_court";
    case ResultCode::IdConflict:
        return "id_conflict";
    case ResultCode::AlreadyEnrolled:
        return "already_enrolled";
    case ResultCode::UnknownCertificate:
        return "unknown_certificate";
    case ResultCode::NeedsVote:
        return "needs_vote";
    case ResultCode::UnknownEntry:
        return "unknown_entry";
    case ResultCode::EntryDiffers:
        return "entry_differs";
    case ResultCode::KindNotAccepted:
        return "kind_not_accepted";
    case ResultCode::TooLarge:
        return "too_large";
    case ResultCode::SchemeNotSupported:
        return "scheme_not_supported";
    case ResultCode::RepeatedApproval:
        return "repeated_approval";
    case ResultCode::AlreadyRevoked:
        return "already_revoked";
    case ResultCode::BadEnrolment:
        return "bad_enrolment";
    case ResultCode::SchemeDiffers:
        return "scheme_differs";
    }
    return "malformed";
}

ControlHead nextControlHead(const ControlHead& head, const merkle::LeafHash& leaf) noexcept
{
    return crypto::sha256({head.bytes(), leaf.bytes()}).as<ControlHead>();
}
bool isControl(const RecordBody& body) noexcept
{
    return std::holds_alternative<Enrolment>(body) || std::holds_alternative<Revocation>(body) || std::holds_alternative<Proposal>(body) ||
           std::holds_alternative<Ballot>(body);
}
bool isControl(const LedgerEntry& entry)
{
    const auto* s = std::get_if<SignedRecord>(&entry.body);
    if (!s) return true; // charter and epoch entries
    const auto r = decodeRecord(s->record);
    return r && isControl(r->body);
}

Result<ControlState> ControlState::fromCharter(const std::vector<Bytes>& cards, const CharterEntry& charter)
{
    ControlState st;
    for (const auto& c : cards) {
        auto card = decodeCourtCard(c);
        if (!card) return fail(ErrorCode::Malformed, "a court card is malformed: " + card.error().detail, "card_malformed");
        st.m_courts.push_back(std::move(*card));
    }
    auto core = decodeCharterCore(charter.core);
    if (!core) return fail(ErrorCode::Malformed, "the charter is malformed: " + core.error().detail, "charter_malformed");
    st.m_core = std::move(*core);
    auto root = cardsRoot(st.m_courts);
    if (!root || *root != st.m_core.cardsRoot || st.m_core.count != st.m_courts.size() || st.m_courts.empty())
        return fail(ErrorCode::Malformed, "the court cards are not those of the charter", "cards_root_differs");
    st.m_ledger = ledgerId(charter.core);
    st.m_origin = logOrigin(st.m_core, st.m_ledger);
    if (charter.signatures.size() != st.m_courts.size())
        return fail(ErrorCode::Malformed, "the charter does not carry one signature per founder", "charter_signature");
    const Bytes signedBytes = charterSigningInput(charter.core);
    for (std::size_t i = 0; i < st.m_courts.size(); ++i) {
        const CourtCard& card = st.m_courts[i];
        const auto governance = crypto::PublicKey::fromSpki(card.governanceKey);
        if (!governance || !governance->verify(signedBytes, charter.signatures[i]))
            return fail(ErrorCode::Malformed, "a founder's signature on the charter does not verify", "charter_signature");
        const auto service = crypto::PublicKey::fromEd25519(card.serviceKey);
        // A signer's name must mean one key: staff are named by a certificate's hash, service keys by their own.
        if (!st.m_serviceKeys.emplace(service.id(), std::pair(card.courtKey, service)).second)
            return fail(ErrorCode::Malformed, "two courts share a key", "card_malformed");
        for (const auto& a : card.administrators) {
            auto key = crypto::PublicKey::fromSpki(a.spki);
            if (!key || key->scheme() != a.scheme || a.role != Role::Administrator || a.court != card.courtKey)
                return fail(ErrorCode::Malformed, "an administrator on a court card is not usable", "card_malformed");
            StaffMember m;
            m.enrolment = a;
            m.key = std::move(*key);
            if (!st.m_staff.emplace(a.certificateHash, std::move(m)).second)
                return fail(ErrorCode::Malformed, "an administrator stands on the court cards twice", "card_malformed");
        }
    }
    for (const auto& [id, member] : st.m_staff)
        if (st.m_serviceKeys.contains(id))
            return fail(ErrorCode::Malformed, "an administrator on a court card bears the name of a court's key", "card_malformed");
    return st;
}

const CourtCard* ControlState::court(std::string_view key) const noexcept
{
    const auto it = std::find_if(m_courts.begin(), m_courts.end(), [&](const CourtCard& c) { return c.courtKey == key; });
    return it == m_courts.end() ? nullptr : &*it;
}
const StaffMember* ControlState::staff(const SignerId& id) const noexcept
{
    const auto it = m_staff.find(id);
    return it == m_staff.end() ? nullptr : &it->second;
}
const crypto::PublicKey* ControlState::keyOf(const SignerId& signer) const noexcept
{
    if (const auto* m = staff(signer)) return &*m->key;
    const auto it = m_serviceKeys.find(signer);
    return it == m_serviceKeys.end() ? nullptr : &it->second.second;
}
bool ControlState::isValidAdministrator(const StaffMember& m, std::string_view court, UnixMs t) const noexcept
{
    return m.enrolment.role == Role::Administrator && m.enrolment.court == court && !m.revocation && t <= m.enrolment.notAfter &&
           t + kSignerSkewMs >= m.enrolment.notBefore;
}
std::size_t ControlState::administrators(std::string_view court, const SignerId& target, UnixMs t) const noexcept
{
    std::size_t n = 0;
    for (const auto& [id, m] : m_staff)
        if (id != target && isValidAdministrator(m, court, t)) ++n;
    return n;
}
bool ControlState::needsTwo(const RecordBody& body, std::string_view court, UnixMs t) const noexcept
{
    if (const auto* e = std::get_if<Enrolment>(&body))
        return e->role == Role::Administrator && administrators(court, e->certificateHash, t) >= 2;
    if (const auto* r = std::get_if<Revocation>(&body)) return administrators(court, r->certificateHash, t) >= 2;
    return false;
}
Bytes ControlState::contentKey(const RecordBody& body)
{
    // Equal content = equal canonical body: the record with a fixed id and author time.
    Record r;
    r.id[6] = 0x70;
    r.id[8] = 0x80;
    r.body = body;
    return encode(r);
}
bool ControlState::waitsForSecond(const RecordBody& body) const
{
    return m_pending.contains(contentKey(body));
}

ResultCode ControlState::authorise(const Record& record, crypto::Scheme scheme, const SignerId& signer, UnixMs t) const
{
    if (scheme == crypto::Scheme::Sm2Sm3) return ResultCode::SchemeNotSupported;
    if (std::holds_alternative<Renewal>(record.body)) {
        if (const auto it = m_serviceKeys.find(signer); it != m_serviceKeys.end())
            return it->second.second.scheme() == scheme ? ResultCode::Ok : ResultCode::SchemeDiffers;
        return staff(signer) ? ResultCode::WrongRole : ResultCode::UnknownSigner;
    }
    const bool isFiling = std::holds_alternative<Filing>(record.body);
    const bool isStaffAct = std::holds_alternative<Enrolment>(record.body) || std::holds_alternative<Revocation>(record.body);
    if (!isFiling && !isStaffAct) return ResultCode::KindNotAccepted;

    const StaffMember* m = staff(signer);
    if (!m) return m_serviceKeys.contains(signer) ? ResultCode::WrongRole : ResultCode::UnknownSigner;
    if (m->enrolment.scheme != scheme) return ResultCode::SchemeDiffers;
    if (m->revocation) return ResultCode::SignerRevoked;
    if (t > m->enrolment.notAfter) return ResultCode::SignerExpired;
    if (t + kSignerSkewMs < m->enrolment.notBefore) return ResultCode::SignerNotYetValid;

    if (const auto* f = std::get_if<Filing>(&record.body)) {
        if (m->enrolment.role != Role::Clerk && m->enrolment.role != Role::Department) return ResultCode::WrongRole;
        return f->court == m->enrolment.court ? ResultCode::Ok : ResultCode::WrongCourt;
    }
    if (m->enrolment.role != Role::Administrator) return ResultCode::WrongRole;
    const std::string& court = m->enrolment.court;
    if (const auto* e = std::get_if<Enrolment>(&record.body)) {
        if (e->court != court) return ResultCode::WrongCourt;
        const auto key = crypto::PublicKey::fromSpki(e->spki);
        if (!key || key->scheme() != e->scheme || e->notBefore > e->notAfter) return ResultCode::BadEnrolment;
        // Else a member of staff could sign in the name of a court's key.
        if (m_serviceKeys.contains(e->certificateHash)) return ResultCode::BadEnrolment;
        if (staff(e->certificateHash)) return ResultCode::AlreadyEnrolled;
    } else if (const auto* r = std::get_if<Revocation>(&record.body)) {
        const StaffMember* target = staff(r->certificateHash);
        if (!target) return ResultCode::UnknownCertificate;
        if (target->enrolment.court != court) return ResultCode::WrongCourt;
        if (target->revocation && target->revocation->fromTime <= r->fromTime) return ResultCode::AlreadyRevoked;
        if (r->fromTime < t - kRevocationBackMs) return ResultCode::NeedsVote;
        // The target's own word does not count, and with nobody else left the courts must vote.
        if (r->certificateHash == signer) return administrators(court, signer, t) == 0 ? ResultCode::NeedsVote : ResultCode::WrongRole;
    }
    if (needsTwo(record.body, court, t)) {
        const auto it = m_pending.find(contentKey(record.body));
        if (it != m_pending.end() && it->second.first == signer && t - it->second.since <= kPendingLapseMs)
            return ResultCode::RepeatedApproval;
    }
    return ResultCode::Ok;
}

void ControlState::apply(const Record& record, const SignerId& signer, UnixMs t, std::size_t position)
{
    const bool enrol = std::holds_alternative<Enrolment>(record.body);
    if (!enrol && !std::holds_alternative<Revocation>(record.body)) return;
    const StaffMember* author = staff(signer);
    if (!author) return;
    const Bytes key = contentKey(record.body);
    if (needsTwo(record.body, author->enrolment.court, t)) {
        const auto it = m_pending.find(key);
        const bool second = it != m_pending.end() && it->second.first != signer && t - it->second.since <= kPendingLapseMs;
        if (!second) {
            m_pending[key] = Pending{signer, t};
            return;
        }
    }
    m_pending.erase(key);
    // Entries of a damaged log come here unauthorised; what cannot take effect changes nothing.
    if (enrol) {
        const auto& e = std::get<Enrolment>(record.body);
        auto parsed = crypto::PublicKey::fromSpki(e.spki);
        if (!parsed || m_serviceKeys.contains(e.certificateHash)) return;
        StaffMember m;
        m.enrolment = e;
        m.key = std::move(*parsed);
        m.enrolledAt = position;
        m_staff.emplace(e.certificateHash, std::move(m));
    } else {
        const auto& r = std::get<Revocation>(record.body);
        const auto target = m_staff.find(r.certificateHash);
        if (target == m_staff.end()) return;
        StaffMember& m = target->second;
        if (!m.revocation) m.revokedAt = position;
        m.revocation = r;
    }
}
} // namespace jc::record
