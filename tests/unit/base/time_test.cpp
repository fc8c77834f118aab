// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jc {
namespace {

TEST(Time, IsWrittenInUtc)
{
    EXPECT_EQ(formatUtc(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(formatUtc(1'795'376'004'123), "2026-11-22T19:33:24.123Z");
    EXPECT_EQ(formatUtcSeconds(951'782'399'999), "2000-02-28T23:59:59Z");
    EXPECT_EQ(formatUtc(-1), "1969-12-31T23:59:59.999Z");
}

TEST(Time, IsReadWithItsZone)
{
    EXPECT_EQ(*parseTime("2026-03-01T10:00:00+08:00"), *parseTime("2026-03-01T02:00:00Z"));
    EXPECT_EQ(*parseTime("2026-03-01"), *parseTime("2026-02-28T16:00:00Z"));
    EXPECT_EQ(*parseTime("2026-03-01 10:00-05:30"), *parseTime("2026-03-01T15:30:00Z"));
    EXPECT_EQ(*parseTime("1970-01-01T00:00:00.5Z"), 500);
    EXPECT_EQ(*parseTime("2024-02-29T00:00:00Z"), 1'709'164'800'000);
}

TEST(Time, RefusesWhatIsNotOne)
{
    for (const char* bad : {"", "2026", "2026-13-01", "2026-02-29", "2026-00-10", "2026-03-01T", "2026-03-01T10", "2026-03-01T24:00:00Z",
                            "2026-03-01T10:60:00Z", "2026-03-01T10:00:00", "2026-03-01T10:00:00+8", "2026-03-01T10:00:00Zx",
                            "2026-03-01T10:00:00+15:00", "26-03-01", "2026/03/01"})
        EXPECT_EQ(parseTime(bad).error().code, ErrorCode::Malformed) << bad;
}

TEST(Time, YearOfEvidenceNumbersTurnsInTheCourtsZone)
{
    EXPECT_EQ(yearUtc8(*parseTime("2026-12-31T15:59:59Z")), 2026);
    EXPECT_EQ(yearUtc8(*parseTime("2026-12-31T16:00:00Z")), 2027);
}

RC_GTEST_PROP(Time, RoundTrips, ())
{
    const UnixMs t = *rc::gen::inRange<UnixMs>(0, 253'402'300'799'999);
    RC_ASSERT(*parseTime(formatUtc(t)) == t);
}

} // namespace
} // namespace jc
