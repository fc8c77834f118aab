// SPDX-License-Identifier: Apache-2.0
#include "verdict/reasons.h"

#include <algorithm>

namespace jc::verdict {
namespace {
using enum Outcome;
constexpr CheckId I = CheckId::Identity, C = CheckId::Content, T = CheckId::Time, L = CheckId::Ledger, P = CheckId::Provenance;

constexpr Reason kReasons[] = {
    {L, "anchored", Pass, Cause::None},
    {L, "entry_malformed", Undetermined, Cause::Receipt},
    {L, "entry_not_filing", Undetermined, Cause::Receipt},
    {L, "proof_malformed", Undetermined, Cause::Receipt},
    {L, "other_ledger", Undetermined, Cause::Trust},
    {L, "unknown_log_key", Undetermined, Cause::Trust},
    {L, "epoch_unknown", Undetermined, Cause::Trust},
    {L, "checkpoint_bad_signature", Undetermined, Cause::Receipt},
    {L, "quorum_missing", Undetermined, Cause::Receipt},
    {L, "checkpoint_unknown_signature", Undetermined, Cause::Receipt},
    {L, "entry_not_in_log", Undetermined, Cause::Receipt},
    {L, "descriptor_malformed", Undetermined, Cause::Receipt},
    {L, "ordinal_outside_filing", Undetermined, Cause::Receipt},
    {L, "descriptor_not_in_filing", Undetermined, Cause::Receipt},
    {L, "number_differs", Undetermined, Cause::Receipt},
    {L, "handover_unproven", Undetermined, Cause::Receipt},
    {L, "control_head_unknown", Undetermined, Cause::Trust},
    {L, "checkpoint_conflict", Fail, Cause::Ledger},
    {L, "record_signature_invalid", Fail, Cause::Ledger},

    {I, "valid_at_filing", Pass, Cause::None},
    {I, "entry_not_authenticated", Undetermined, Cause::None},
    {I, "control_head_unknown", Undetermined, Cause::Trust},
    {I, "enrolment_missing", Undetermined, Cause::Receipt},
    {I, "enrolment_unproven", Undetermined, Cause::Receipt},
    {I, "certificate_missing", Undetermined, Cause::Receipt},
    {I, "certificate_malformed", Undetermined, Cause::Receipt},
    {I, "certificate_differs", Undetermined, Cause::Receipt},
    {I, "certificate_not_from_court", Undetermined, Cause::Identity},
    {I, "in_doubtful_window", Undetermined, Cause::Identity},
    {I, "signer_not_enrolled", Fail, Cause::Identity},
    {I, "revoked_before_filing", Fail, Cause::Identity},
    {I, "role_not_allowed", Fail, Cause::Identity},
    {I, "court_differs", Fail, Cause::Identity},
    {I, "not_valid_at_filing", Fail, Cause::Identity},
    {I, "certificate_contradicts_enrolment", Fail, Cause::Identity},
    {I, "signed_after_revocation_start", Fail, Cause::Identity},

    {C, "digests_equal", Pass, Cause::None},
    {C, "no_file", NotApplicable, Cause::None},
    {C, "descriptor_not_authenticated", Undetermined, Cause::None},
    {C, "digest_not_measured", Undetermined, Cause::File},
    {C, "digest_differs", Fail, Cause::File},
    {C, "size_differs", Fail, Cause::File},

    {T, "token_valid", Pass, Cause::None},
    {T, "existed_by", Pass, Cause::None},
    {T, "descriptor_not_authenticated", Undetermined, Cause::None},
    {T, "token_malformed", Undetermined, Cause::Receipt},
    {T, "token_bad_signature", Undetermined, Cause::Receipt},
    {T, "token_authority_unknown", Undetermined, Cause::Time},
    {T, "token_certificate_invalid", Undetermined, Cause::Time},
    {T, "token_chain_invalid", Undetermined, Cause::Receipt},
    {T, "token_for_other_data", Undetermined, Cause::Time},
    {T, "token_missing", Undetermined, Cause::Time},
    {T, "siblings_without_token", Undetermined, Cause::Receipt},
    {T, "named_token_contradicts", Fail, Cause::Time},

    {P, "form_given", Listed, Cause::None},
    {P, "not_provided", Listed, Cause::None},
    {P, "descriptor_not_authenticated", NotApplicable, Cause::None},
};

/// Where a reason is not of the table, the check itself says what is at fault.
Cause causeOf(const CheckResult& r) noexcept
{
    if (const Reason* known = findReason(r.id, r.reason); known && known->outcome == r.outcome) return known->cause;
    switch (r.id) {
    case CheckId::Identity:
        return Cause::Identity;
    case CheckId::Content:
        return Cause::File;
    case CheckId::Time:
        return Cause::Time;
    case CheckId::Ledger:
        return r.outcome == Fail ? Cause::Ledger : Cause::Receipt;
    case CheckId::Provenance:
        break;
    }
    return Cause::None;
}

} // namespace

std::span<const Reason> allReasons() noexcept
{
    return kReasons;
}

const Reason* findReason(CheckId check, std::string_view code) noexcept
{
    const auto* it = std::ranges::find_if(kReasons, [&](const Reason& r) { return r.check == check && r.code == code; });
    return it == std::end(kReasons) ? nullptr : it;
}

CheckResult result(CheckId check, std::string_view code, std::string detail)
{
    const Reason* known = findReason(check, code);
    return CheckResult{check, known ? known->outcome : Undetermined, std::string(code), std::move(detail)};
}

std::string_view toString(CheckId id) noexcept
{
    switch (id) {
    case CheckId::Identity:
        return "identity";
    case CheckId::Content:
        return "content";
    case CheckId::Time:
        return "time";
    case CheckId::Ledger:
        return "ledger";
    case CheckId::Provenance:
        return "provenance";
    }
    return "";
}
std::string_view toString(Outcome outcome) noexcept
{
    switch (outcome) {
    case Pass:
        return "pass";
    case Fail:
        return "fail";
    case Undetermined:
        return "undetermined";
    case NotApplicable:
        return "not_applicable";
    case Listed:
        return "listed";
    }
    return "";
}
std::string_view toString(Word word) noexcept
{
    switch (word) {
    case Word::Consistent:
        return "consistent";
    case Word::Inconsistent:
        return "inconsistent";
    case Word::Undetermined:
        return "undetermined";
    }
    return "";
}
std::string_view toString(Cause cause) noexcept
{
    switch (cause) {
    case Cause::None:
        return "";
    case Cause::File:
        return "file";
    case Cause::Receipt:
        return "receipt";
    case Cause::Ledger:
        return "ledger";
    case Cause::Identity:
        return "identity";
    case Cause::Time:
        return "time";
    case Cause::Trust:
        return "trust";
    case Cause::Nothing:
        return "nothing";
    }
    return "";
}

std::pair<Word, Cause> conclude(const std::array<CheckResult, 5>& checks)
{
    const auto find = [&](CheckId id) { return std::ranges::find(checks, id, &CheckResult::id); };
    // A failure: what the user holds in hand first, then what it rests on.
    for (const CheckId id : {CheckId::Content, CheckId::Ledger, CheckId::Identity, CheckId::Time}) {
        const auto* c = find(id);
        if (c != checks.end() && c->outcome == Fail) return {Word::Inconsistent, causeOf(*c)};
    }
    // Otherwise the ledger first, since everything hangs on it; what merely follows from another check names no cause.
    bool allPass = true;
    Cause cause = Cause::None;
    for (const CheckId id : {CheckId::Ledger, CheckId::Identity, CheckId::Time, CheckId::Content}) {
        const auto* c = find(id);
        if (c == checks.end() || c->outcome != Pass) allPass = false;
        if (c != checks.end() && c->outcome == Undetermined && cause == Cause::None) cause = causeOf(*c);
    }
    if (allPass) return {Word::Consistent, Cause::None};
    return {Word::Undetermined, cause == Cause::None ? Cause::Nothing : cause};
}

} // namespace jc::verdict
