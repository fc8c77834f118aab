// SPDX-License-Identifier: Apache-2.0
#pragma once
// Tables of ledger.sqlite; docs/formats/ledger-store.md. Shared by the ledger and its audit.
#include "store/database.h"

#include <string>

namespace jc::ledger {
/// Version 1 of the schema as one SQL text. Kept alive for the program's life.
[[nodiscard]] const store::Migration& ledgerMigration();
} // namespace jc::ledger
