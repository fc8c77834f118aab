// SPDX-License-Identifier: Apache-2.0
#include "record/types.h"

#include <gtest/gtest.h>

#include <set>

namespace jc::record {
namespace {
TEST(Types, EventNamesAreDistinctAndParseBack)
{
    std::set<std::string_view> seen;
    for (std::uint32_t i = 1; i <= 30; ++i) {
        const auto kind = static_cast<EventKind>(i);
        const auto name = toString(kind);
        EXPECT_NE(name, "unknown") << i;
        EXPECT_TRUE(seen.insert(name).second) << name;
        EXPECT_EQ(parseEventKind(name), kind);
    }
    EXPECT_EQ(toString(EventKind::AccessDenied), "access-denied");
    EXPECT_EQ(toString(EventKind::AdminExport), "export-by-admin");
    EXPECT_EQ(toString(static_cast<EventKind>(31)), "unknown");
    for (const auto* bad : {"", "unknown", "Filed", "filed "})
        EXPECT_FALSE(parseEventKind(bad)) << bad;
}
TEST(Types, RoleNamesParseBack)
{
    for (std::uint8_t i = 0; i <= 5; ++i) {
        const auto role = static_cast<Role>(i);
        EXPECT_EQ(parseRole(toString(role)), role);
    }
    EXPECT_EQ(toString(Role::Administrator), "administrator");
    EXPECT_EQ(toString(static_cast<Role>(9)), "none");
    for (const auto* bad : {"", "Clerk", "admin"})
        EXPECT_FALSE(parseRole(bad)) << bad;
}
} // namespace
} // namespace jc::record
