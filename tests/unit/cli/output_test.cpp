// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jc::cli {
namespace {

TEST(Json, KeepsOrderAndEscapes)
{
    const Json j = Json::object()
                       .set("b", 1)
                       .set("a", "x\"\\\n\t\x01")
                       .set("n", nullptr)
                       .set("list", Json::array().push(true).push(-5).push(18446744073709551615ULL));
    EXPECT_EQ(j.dump(false), "{\"b\":1,\"a\":\"x\\\"\\\\\\n\\u0009\\u0001\",\"n\":null,\"list\":[true,-5,18446744073709551615]}\n");
    EXPECT_EQ(nlohmann::json::parse(j.dump(true)), nlohmann::json::parse(j.dump(false)));
}

TEST(Json, AlwaysUtf8)
{
    const auto parsed = nlohmann::json::parse(Json::object()
                                                  .set("s", "a\xff\xfe"
                                                            "b")
                                                  .dump());
    EXPECT_EQ(parsed["s"], "a\xEF\xBF\xBD\xEF\xBF\xBD"
                           "b");
}

TEST(Json, NumbersArePlain)
{
    EXPECT_EQ(Json(0.5).dump(false), "0.5\n");
    EXPECT_EQ(Json(1234567.0).dump(false), "1.23457e+06\n");
    EXPECT_EQ(Json(1.0 / 0.0 * 0.0).dump(false), "null\n");
    EXPECT_EQ(Json::object().dump(), "{}\n");
}

TEST(Console, PathsThatAreNotUtf8AlsoCarryTheirBytes)
{
    Json clean = Json::object();
    setPath(clean, "/x/证据.pdf");
    EXPECT_EQ(nlohmann::json::parse(clean.dump()), (nlohmann::json{{"path", "/x/证据.pdf"}}));
    Json raw = Json::object();
    setPath(raw, "/x/\xD6\xFF.pdf");
    const auto parsed = nlohmann::json::parse(raw.dump());
    ASSERT_TRUE(parsed.contains("pathBytes")) << parsed;
    EXPECT_EQ(parsed["pathBytes"], "L3gv1v8ucGRm");
    EXPECT_NE(parsed["path"].get<std::string>().find("\xEF\xBF\xBD"), std::string::npos);
}

TEST(Console, EveryErrorCodeHasItsExit)
{
    const std::pair<ErrorCode, int> table[] = {
        {ErrorCode::InvalidArgument, 64}, {ErrorCode::Malformed, 65}, {ErrorCode::NotFound, 66},    {ErrorCode::Unreadable, 66},
        {ErrorCode::Changed, 66},         {ErrorCode::Refused, 3},    {ErrorCode::Unavailable, 69}, {ErrorCode::NoSpace, 73},
        {ErrorCode::CannotWrite, 73},     {ErrorCode::Waiting, 75},   {ErrorCode::Identity, 77},    {ErrorCode::Damaged, 1},
        {ErrorCode::Cancelled, 130},      {ErrorCode::Internal, 70},
    };
    for (const auto& [code, exit] : table)
        EXPECT_EQ(exitCode(code), exit) << toString(code);
}

TEST(Console, UnknownReasonsFallBackToThePlainDetail)
{
    const Console console(Language::ZhCn, false);
    EXPECT_EQ(console.what("", "never_heard_of", "the disk is on fire"), "the disk is on fire");
    EXPECT_EQ(console.message("", "never_heard_of", "the disk is on fire"), "the disk is on fire");
    EXPECT_EQ(console.what("", "never_heard_of", ""), "never_heard_of");
    EXPECT_EQ(console.next("", "never_heard_of"), "");
    EXPECT_EQ(console.what("", "wrong_pin", "x"), "PIN 不对。");
}

TEST(Console, TerminalTextHasNoControlCharacters)
{
    EXPECT_EQ(shown("/x/\x1b[2Jy").find('\x1b'), std::string::npos);
    EXPECT_EQ(grouped("0123456789ab"), "0123 4567 89ab");
}

} // namespace
} // namespace jc::cli
