// SPDX-License-Identifier: Apache-2.0
#include "service/layout.h"
#include "service/use_cases.h"

#include <set>

namespace jc::service {
namespace {
TrustInfo infoOf(const receipt::TrustSet& set, const verdict::TrustedLedger& t)
{
    TrustInfo i;
    i.name = t.name();
    i.origin = t.origin();
    i.fingerprint = t.id().hex();
    i.size = t.size();
    i.time = t.time();
    const auto& courts = t.courts(0);
    for (const auto& c : courts)
        i.courts.push_back({c.courtKey, c.nameZh, c.nameEn});
    i.quorum = static_cast<unsigned>(2 * courts.size() / 3 + 1);
    std::set<SignerId> people;
    for (const auto& c : courts)
        for (const auto& a : c.administrators)
            people.insert(a.certificateHash);
    for (const auto& bytes : set.control)
        if (const auto e = record::decodeLedgerEntry(bytes))
            if (const auto* s = std::get_if<record::SignedRecord>(&e->body))
                if (const auto r = record::decodeRecord(s->record))
                    if (const auto* enrolment = std::get_if<record::Enrolment>(&r->body)) people.insert(enrolment->certificateHash);
    for (const auto& id : people) {
        const auto* member = t.staff(id);
        if (!member) continue; // waits for a second administrator
        ++i.staff;
        if (member->revocation) ++i.revoked;
    }
    return i;
}
Result<std::shared_ptr<const verdict::TrustedLedger>> prove(const receipt::TrustSet& t)
{
    const auto outcome = verdict::TrustedLedger::verify(t);
    if (!outcome.ledger)
        return fail(ErrorCode::Refused, "the trust set does not prove itself: " + outcome.detail,
                    std::string(verdict::toString(outcome.problem)));
    return outcome.ledger;
}
} // namespace

Result<receipt::TrustSet> readTrustFile(const std::filesystem::path& file)
{
    JC_TRY(const auto bytes, readFile(file, receipt::kMaxTrustSet));
    return receipt::parseTrustSet(asText(bytes));
}

Result<TrustInfo> readTrust(const std::filesystem::path& jct)
{
    JC_TRY(const auto t, readTrustFile(jct));
    JC_TRY(const auto ledger, prove(t));
    return infoOf(t, *ledger);
}

Result<void> exportTrust(Workspace& w, const std::filesystem::path& file)
{
    JC_TRY(const auto t, w.makeTrustSet());
    return writeFileAtomic(file, asBytes(receipt::serialize(t)));
}

Result<TrustInfo> updateTrust(Workspace& w)
{
    JC_TRY(const auto t, w.makeTrustSet());
    JC_TRY(const auto ledger, prove(t));
    const Layout at{w.directory()};
    // A pinned larger or other history is never replaced by a smaller one.
    std::error_code ec;
    if (std::filesystem::exists(at.trust(), ec)) {
        JC_TRY(const auto old, readTrustFile(at.trust()));
        JC_TRY(const auto pinned, prove(old));
        JC_TRY(const auto path, pinned->size() <= ledger->size() ? w.ledger().consistency(pinned->size(), ledger->size())
                                                                 : Result<std::vector<merkle::NodeHash>>{});
        if (pinned->id() != ledger->id() ||
            merkle::checkConsistency(pinned->size(), pinned->root(), ledger->size(), ledger->root(), path) != merkle::ProofOutcome::Proven)
            return fail(ErrorCode::Refused,
                        "the ledger is not a continuation of what this workspace has seen before; keep both files and call your provincial "
                        "administrator",
                        "not_a_continuation");
    }
    JC_CHECK(writeFileAtomic(at.trust(), asBytes(receipt::serialize(t))));
    return infoOf(t, *ledger);
}

Result<TrustInfo> importTrust(Workspace& w, const std::filesystem::path& file, std::string_view fingerprint)
{
    JC_TRY(const auto t, readTrustFile(file));
    JC_TRY(const auto ledger, prove(t));
    TrustInfo info = infoOf(t, *ledger);
    if (fingerprint.empty()) return info;
    std::string given;
    for (const char c : fingerprint)
        if (c != ' ' && c != '-' && c != ':') given += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    if (given != info.fingerprint)
        return fail(ErrorCode::Refused,
                    "the fingerprint differs from the one of this trust set: it is not the ledger that you were told of",
                    "fingerprint_differs");
    const Layout at{w.directory()};
    JC_CHECK(makeDirectories(at.trusted(), 0700));
    const auto target = at.trusted() / (info.fingerprint + ".jct");
    std::error_code ec;
    if (std::filesystem::exists(target, ec)) {
        JC_TRY(const auto old, readTrustFile(target));
        JC_TRY(const auto pinned, prove(old));
        if (pinned->size() > ledger->size() || (pinned->size() == ledger->size() && pinned->root() != ledger->root()))
            return fail(ErrorCode::Refused, "this trust set is older than, or contradicts, the one that is already stored",
                        "older_than_pinned");
    }
    JC_CHECK(writeFileAtomic(target, asBytes(receipt::serialize(t))));
    return info;
}
} // namespace jc::service
