// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whose signatures make a checkpoint of an epoch count (formats.md §6). One implementation for those who write, export and verify.
#include "note/note.h"
#include "record/types.h"

namespace jc::record {

/// One log line per court (key name = origin; any one signs), one cosigner per court (`c<court key>`), quorum k(n) = ⌊2n/3⌋+1.
/// `onlyLogOf`: the variant with the log line of this court alone. Pure, any thread. Errors: InvalidArgument when one key speaks in two
/// roles or for two courts: it would make a quorum out of fewer courts.
[[nodiscard]] Result<note::Policy> courtsPolicy(const std::string& origin, const std::vector<CourtCard>& courts,
                                                std::string_view onlyLogOf = {});

} // namespace jc::record
