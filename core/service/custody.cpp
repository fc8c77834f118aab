// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "record/numbers.h"
#include "service/layout.h"
#include "service/use_cases.h"

namespace jc::service {
namespace {
struct Subject {
    Uuid filing{};
    std::uint32_t ordinal = 0;
    std::string number, caseNumber;
};
Result<Subject> subjectOf(Workspace& w, std::string_view number)
{
    JC_TRY(const auto n, record::parseEvidenceNumber(number));
    if (n.court != w.config().courtKey || n.tag != record::ledgerTag(w.ledger().id()))
        return fail(ErrorCode::NotFound, "this evidence number belongs to another court's ledger", "other_ledger");
    JC_TRY(const auto f, w.archive().filingByIndex(n.index));
    if (!f || n.ordinal > f->itemCount || evidenceNumber(w, *f, n.ordinal) != record::toString(n))
        return fail(ErrorCode::NotFound, "no evidence of this number is on file here", "number_unknown");
    return Subject{f->id, static_cast<std::uint32_t>(n.ordinal), record::toString(n), f->caseNumber};
}
} // namespace

Result<std::vector<CustodyEntry>> custodyLog(Workspace& w, std::string_view number)
{
    std::optional<Subject> subject;
    if (!number.empty()) {
        JC_TRY(subject, subjectOf(w, number));
    }
    JC_TRY(const auto stored,
           w.archive().custody().events(subject ? std::optional(subject->filing) : std::nullopt, subject ? subject->ordinal : 0));
    std::vector<CustodyEntry> out;
    std::map<SignerId, std::string> names;
    for (const auto& s : stored) {
        auto it = names.find(s.event.actor);
        if (it == names.end()) {
            std::string name;
            JC_TRY(const auto der, w.archive().certificate(s.event.actor));
            if (der)
                if (const auto c = crypto::Certificate::fromDer(*der)) name = c->commonName();
            it = names.emplace(s.event.actor, std::move(name)).first;
        }
        out.push_back({s.index, s.event, it->second});
    }
    return out;
}

Result<void> addCustodyEvent(Workspace& w, std::string_view number, record::EventKind kind, std::string_view detail)
{
    using enum record::EventKind;
    // What the software itself witnesses cannot be claimed by hand.
    switch (kind) {
    case Viewed:
    case Exported:
    case Received:
    case Copied:
    case Printed:
    case Objection:
    case Decision:
    case Frozen:
    case Unfrozen:
        break;
    default:
        return fail(ErrorCode::InvalidArgument, "this event is recorded by the system itself and cannot be added by hand", "event_kind");
    }
    if (detail.size() > 4000 || !isValidUtf8(detail))
        return fail(ErrorCode::InvalidArgument, "the remark is too long or not plain text", "detail");
    JC_TRY(const auto subject, subjectOf(w, number));
    JC_TRY(const Person* person, w.require({record::Role::Clerk, record::Role::Judge}, "recording a custody event"));
    if (kind == Decision && person->role != record::Role::Judge)
        return fail(ErrorCode::Refused, "only a judge decides on evidence", "wrong_role");
    auto e = w.makeEvent(kind);
    e.filing = subject.filing;
    e.ordinal = subject.ordinal;
    e.number = subject.number;
    e.caseNumber = subject.caseNumber;
    e.detail = detail;
    JC_CHECK(w.archive().addCertificate(person->identity.certificate.der()));
    return w.recordEvents({std::move(e)});
}
} // namespace jc::service
