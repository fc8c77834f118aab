// SPDX-License-Identifier: Apache-2.0
#include "record/policy.h"

#include "record/codec.h"

#include <algorithm>

namespace jc::record {

Result<note::Policy> courtsPolicy(const std::string& origin, const std::vector<CourtCard>& courts, std::string_view onlyLogOf)
{
    note::Policy policy;
    note::Policy::Group group{"courts", static_cast<unsigned>(courts.size() * 2 / 3 + 1), {}};
    std::vector<crypto::Ed25519Key> keys;
    for (const auto& card : courts) {
        if (onlyLogOf.empty() || card.courtKey == onlyLogOf) {
            JC_TRY(auto log, note::VerifierKey::make(origin, note::SignatureType::Ed25519, card.logKey));
            policy.logs.push_back({std::move(log), {}});
        }
        JC_TRY(auto cosigner,
               note::VerifierKey::make(cosignerName(origin, card.courtKey), note::SignatureType::CosignatureV1, card.cosignerKey));
        policy.witnesses.push_back({"c" + card.courtKey, std::move(cosigner), {}});
        group.members.push_back("c" + card.courtKey);
        keys.push_back(card.logKey);
        keys.push_back(card.cosignerKey);
    }
    policy.quorum = group.name;
    policy.groups.push_back(std::move(group));
    std::ranges::sort(keys);
    if (std::ranges::adjacent_find(keys) != keys.end())
        return fail(ErrorCode::InvalidArgument, "one key speaks in two roles or for two courts");
    JC_CHECK(policy.validate());
    return policy;
}

} // namespace jc::record
