// SPDX-License-Identifier: Apache-2.0
#include "base/json_reader.h"

#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jc {
namespace {

/// Walks any document whole; true when the reader accepts it.
bool accepts(std::string_view text)
{
    JsonReader r(text);
    std::string_view raw;
    return r.raw(raw) && r.end();
}

TEST(JsonReader, ReadsTheShapesThatReceiptsHave)
{
    JsonReader r(R"({"a": "x\n\"y\"", "b": [1, 20, "z"], "c": {}})");
    std::string_view key, text;
    std::string scratch;
    std::uint64_t n = 0;
    ASSERT_TRUE(r.beginObject());
    ASSERT_TRUE(r.nextKey(key));
    EXPECT_EQ(key, "a");
    ASSERT_TRUE(r.string(text, scratch));
    EXPECT_EQ(text, "x\n\"y\"");
    ASSERT_TRUE(r.nextKey(key));
    ASSERT_TRUE(r.beginArray());
    ASSERT_TRUE(r.nextElement());
    ASSERT_TRUE(r.number(n));
    EXPECT_EQ(n, 1U);
    ASSERT_TRUE(r.nextElement());
    ASSERT_TRUE(r.number(n));
    ASSERT_TRUE(r.nextElement());
    ASSERT_TRUE(r.string(text, scratch));
    EXPECT_EQ(text, "z");
    EXPECT_FALSE(r.nextElement());
    ASSERT_TRUE(r.nextKey(key));
    ASSERT_TRUE(r.beginObject());
    EXPECT_FALSE(r.nextKey(key));
    EXPECT_FALSE(r.nextKey(key));
    EXPECT_TRUE(r.end());
    EXPECT_TRUE(r.ok());
}

TEST(JsonReader, RefusesEverythingElse)
{
    for (const char* bad : {"",
                            "{",
                            "}",
                            "[",
                            "{]",
                            R"({"a"})",
                            R"({"a":})",
                            R"({"a":1,})",
                            R"([1,])",
                            R"([,1])",
                            "01",
                            "1.5",
                            "1e3",
                            "-1",
                            "+1",
                            "true",
                            "null",
                            R"("\u0041")",
                            R"("\t")",
                            "\"a\nb\"",
                            R"("a)",
                            R"("a\)",
                            "{} {}",
                            "1 x",
                            "18446744073709551616",
                            R"({"a\n":1})",
                            "[[[[[[[[[1]]]]]]]]]"})
        EXPECT_FALSE(accepts(bad)) << bad;
    EXPECT_TRUE(accepts("18446744073709551615"));
    EXPECT_TRUE(accepts("[[[[[[[[1]]]]]]]]"));
}

TEST(JsonReader, SaysWhereItStopped)
{
    JsonReader r(R"({"a": tru})");
    std::string_view raw;
    EXPECT_FALSE(r.raw(raw));
    EXPECT_EQ(r.error().code, ErrorCode::Malformed);
    EXPECT_NE(r.error().detail.find("byte 6"), std::string::npos) << r.error().detail;
}

RC_GTEST_PROP(JsonReader, ReadsBackWhatIsWritten, (const std::string& bytes))
{
    // Control characters other than newline are never written by this project's envelopes.
    std::string s = toNfc(bytes);
    std::erase_if(s, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
    std::string text;
    appendJsonString(text, s);
    JsonReader r(text);
    std::string_view out;
    std::string scratch;
    RC_ASSERT(r.string(out, scratch));
    RC_ASSERT(out == s);
    RC_ASSERT(r.end());
}

} // namespace
} // namespace jc
