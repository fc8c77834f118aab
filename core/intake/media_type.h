// SPDX-License-Identifier: Apache-2.0
#pragma once
// What kind of file this is, for lists and previews only: nothing is decided by it.
#include "base/bytes.h"

#include <string_view>

namespace jc::intake {

/// By the first bytes (give it at least 512 where there are as many), refined by the name's extension inside a family (ZIP, OLE, text) and
/// for the few kinds without a signature. "application/octet-stream" when unknown. Never fails; any bytes.
[[nodiscard]] std::string_view mediaType(ByteView head, std::string_view name) noexcept;

} // namespace jc::intake
