// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/error.h"

#include <cstdint>
#include <string>

namespace jc {

/// Milliseconds since 1970-01-01T00:00:00Z, no leap seconds.
using UnixMs = std::int64_t;

/// The only source of "now"; injected, so that a test or a demonstration can move it. Any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual UnixMs now() const = 0;
};
/// The machine's clock; JC_TEST_CLOCK_OFFSET_MS is not read here (tests use faketime or their own Clock).
[[nodiscard]] const Clock& systemClock();

/// "2026-11-22T19:33:24.123Z". formatUtcSeconds leaves the fraction out.
[[nodiscard]] std::string formatUtc(UnixMs t);
[[nodiscard]] std::string formatUtcSeconds(UnixMs t);
/// "2026-11-23 03:33:24 +08:00" with the machine's zone offset at that time.
[[nodiscard]] std::string formatLocal(UnixMs t);
/// RFC 3339 with zone ("2026-03-01T10:00:00Z", "+08:00"), or a date alone (00:00 UTC+8, the courts' zone). Errors: Malformed.
[[nodiscard]] Result<UnixMs> parseTime(std::string_view text);
/// Year in UTC+8, the zone of evidence numbers (formats.md §4).
[[nodiscard]] int yearUtc8(UnixMs t);

} // namespace jc
