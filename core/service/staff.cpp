// SPDX-License-Identifier: Apache-2.0
#include "service/layout.h"
#include "service/use_cases.h"

namespace jc::service {
namespace {
constexpr std::chrono::milliseconds kWait{15000};

Result<StaffInfo> infoOf(Workspace& w, const SignerId& id, const record::StaffMember& m)
{
    StaffInfo s;
    s.certificateHash = id.hex();
    JC_TRY(const auto der, w.archive().certificate(id));
    if (der)
        if (const auto c = crypto::Certificate::fromDer(*der)) s.name = c->commonName();
    s.role = std::string(record::toString(m.enrolment.role));
    s.notBefore = m.enrolment.notBefore;
    s.notAfter = m.enrolment.notAfter;
    const UnixMs now = w.clock().now();
    s.state = m.revocation ? "revoked" : now > s.notAfter ? "expired" : now < s.notBefore ? "not_yet_valid" : "valid";
    if (m.revocation) s.revokedFrom = m.revocation->fromTime;
    return s;
}

/// Signs with the administrator's key, anchors, and tells whether a second administrator must follow.
Result<bool> act(Workspace& w, const Person& admin, record::RecordBody body, std::string detail)
{
    record::Record r;
    r.authorTime = w.clock().now();
    r.id = makeUuidV7(r.authorTime);
    r.body = body;
    JC_TRY(const auto s, record::signRecord(r, w.ledger().id(), admin.id, admin.identity.key));
    JC_TRY(const auto sub, w.ledger().submit(s));
    JC_TRY(const auto done, w.ledger().await(sub, kWait, {}));
    auto e = w.makeEvent(record::EventKind::StaffChanged);
    e.detail = std::move(detail);
    JC_CHECK(w.recordEvents({std::move(e)}));
    return w.ledger().members()->waitsForSecond(body);
}
} // namespace

Result<std::vector<StaffInfo>> listStaff(Workspace& w)
{
    std::vector<StaffInfo> out;
    const auto members = w.ledger().members();
    for (const auto& [id, m] : members->allStaff()) {
        JC_TRY(auto s, infoOf(w, id, m));
        out.push_back(std::move(s));
    }
    return out;
}

Result<StaffInfo> enrolStaff(Workspace& w, const std::filesystem::path& file, record::Role role)
{
    JC_TRY(const Person* admin, w.require({record::Role::Administrator}, "enrolling staff"));
    JC_TRY(const auto bytes, readFile(file, 64 * 1024));
    std::optional<crypto::Certificate> certificate;
    if (asText(bytes).find("-----BEGIN") != std::string_view::npos) {
        JC_TRY(auto list, crypto::Certificate::fromPemChain(asText(bytes)));
        certificate = list.front();
    } else {
        JC_TRY(certificate, crypto::Certificate::fromDer(bytes));
    }
    const auto members = w.ledger().members();
    std::vector<crypto::Certificate> anchors;
    if (const auto* card = members->court(w.config().courtKey))
        for (const auto& der : card->caAnchors)
            if (auto c = crypto::Certificate::fromDer(der)) anchors.push_back(std::move(*c));
    if (crypto::checkPath(*certificate, {}, anchors, w.clock().now()) != crypto::PathOutcome::Valid)
        return fail(ErrorCode::Refused, "this certificate was not issued by one of the court's authorities, or is not valid today",
                    "certificate_not_from_court");
    record::Enrolment e;
    e.certificateHash = certificate->id();
    e.spki = certificate->spki();
    JC_TRY(const auto key, certificate->publicKey());
    e.scheme = key.scheme();
    e.role = role;
    e.court = w.config().courtKey;
    e.notBefore = certificate->notBefore();
    e.notAfter = certificate->notAfter();
    JC_TRY(const bool waits,
           act(w, *admin, e, "enrolled " + e.certificateHash.hex().substr(0, 16) + " as " + std::string(record::toString(role))));
    JC_CHECK(w.archive().addCertificate(certificate->der()));
    if (!waits) {
        JC_TRY(const auto info, updateTrust(w));
        return infoOf(w, e.certificateHash, *w.ledger().members()->staff(e.certificateHash));
    }
    record::StaffMember m;
    m.enrolment = e;
    JC_TRY(auto s, infoOf(w, e.certificateHash, m));
    s.state = "waiting_for_second";
    return s;
}

Result<StaffInfo> revokeStaff(Workspace& w, std::string_view nameOrHash, std::optional<UnixMs> from, std::string_view reason)
{
    JC_TRY(const Person* admin, w.require({record::Role::Administrator}, "revoking staff"));
    if (reason.empty() || reason.size() > 4000)
        return fail(ErrorCode::InvalidArgument, "say in a sentence why the certificate is revoked", "reason");
    const auto members = w.ledger().members();
    std::vector<SignerId> hits;
    for (const auto& [id, m] : members->allStaff()) {
        JC_TRY(const auto info, infoOf(w, id, m));
        if (info.certificateHash == nameOrHash || (!info.name.empty() && info.name == nameOrHash)) hits.push_back(id);
    }
    if (hits.empty())
        return fail(ErrorCode::NotFound, "nobody of this name or certificate is enrolled here; `jchain staff list` shows who is",
                    "staff_unknown");
    if (hits.size() > 1)
        return fail(ErrorCode::InvalidArgument,
                    "several certificates bear this name; give the certificate's number from `jchain staff list` instead",
                    "staff_ambiguous");
    record::Revocation r;
    r.certificateHash = hits.front();
    r.reason = record::RevocationReason::Other;
    // Two administrators must state the same moment: without one given, a waiting revocation of the same certificate is repeated.
    const std::string key = "revocation_from/" + r.certificateHash.hex();
    JC_TRY(const auto waiting, w.archive().value(key));
    if (from) {
        r.fromTime = *from;
    } else if (waiting && waiting->size() == 8) {
        r.fromTime = static_cast<UnixMs>(readU64(ByteView(*waiting).first<8>()));
    } else {
        r.fromTime = w.clock().now();
    }
    JC_TRY(const bool waits,
           act(w, *admin, r,
               "revoked " + r.certificateHash.hex().substr(0, 16) + " from " + formatUtc(r.fromTime) + ": " + std::string(reason)));
    Bytes moment;
    if (waits) appendU64(moment, static_cast<std::uint64_t>(r.fromTime));
    JC_CHECK(w.archive().setValue(key, moment));
    if (!waits) {
        JC_TRY(const auto info, updateTrust(w));
    }
    JC_TRY(auto s, infoOf(w, r.certificateHash, *w.ledger().members()->staff(r.certificateHash)));
    if (waits) {
        s.state = "waiting_for_second";
        s.revokedFrom = r.fromTime;
    }
    return s;
}
} // namespace jc::service
