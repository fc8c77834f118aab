// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jc {
namespace {

TEST(Utf8, IsJudgedStrictly)
{
    for (const char* good : {"", "abc", "证据", "\xF0\x9F\x98\x80", "e\xCC\x81", "\xEF\xBB\xBF"})
        EXPECT_TRUE(isValidUtf8(good)) << good;
    const std::string_view bad[] = {"\x80", "\xC0\xAF", "\xE8\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "ok\xC3"};
    for (const auto& b : bad)
        EXPECT_FALSE(isValidUtf8(b));
}

TEST(Nfc, ComposesAndMarksBadBytes)
{
    EXPECT_EQ(toNfc("e\xCC\x81"), "\xC3\xA9");
    EXPECT_EQ(toNfc("\xC3\xA9"), "\xC3\xA9");
    EXPECT_EQ(toNfc("a\xFF"
                    "b"),
              "a\xEF\xBF\xBD"
              "b");
    EXPECT_EQ(toNfc("plain"), "plain");
}

TEST(Cut, StopsAtACharacter)
{
    EXPECT_EQ(cutUtf8("证据", 5), "证");
    EXPECT_EQ(cutUtf8("证据", 6), "证据");
    EXPECT_EQ(cutUtf8("证据", 2), "");
    EXPECT_EQ(cutUtf8("abc", 2), "ab");
}

TEST(Printable, ShowsControlsInsteadOfSendingThem)
{
    EXPECT_EQ(printable("a\nb\x1b[31m"), "a\\x0ab\\x1b[31m");
    EXPECT_EQ(printable("\xE2\x80\xAE"
                        "txt.exe"),
              "\\u{202e}txt.exe");
    EXPECT_EQ(printable("\xC2\x9B"), "\\x9b");
    EXPECT_EQ(printable("a\xFF"), "a\\xff");
    EXPECT_EQ(printable("证据 😀"), "证据 😀");
}

RC_GTEST_PROP(Nfc, IsValidAndStable, (const std::string& s))
{
    const std::string once = toNfc(s);
    RC_ASSERT(isValidUtf8(once));
    RC_ASSERT(toNfc(once) == once);
    RC_ASSERT(isValidUtf8(printable(s)));
}

} // namespace
} // namespace jc
