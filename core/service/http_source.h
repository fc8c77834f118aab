// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "verdict/log_audit.h"

namespace jc::service {
/// Reads a published log over HTTP(S): GET <base>/<path>, at most 64 MiB an answer, 10 s each. 404 = NotFound, anything else but 200 =
/// Unavailable.
[[nodiscard]] verdict::LogSource httpLogSource(const std::string& baseUrl);
} // namespace jc::service
