// SPDX-License-Identifier: Apache-2.0
#include "unit/receipt/arbitrary.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

namespace jc::receipt::test {
namespace {

using Json = nlohmann::ordered_json;

TrustSet sample()
{
    TrustSet t;
    t.cards = {{1}, {2}};
    t.charterEntry = {3};
    t.control = {{4}, {5}};
    t.handovers = {{{6}, "p", "c"}};
    t.checkpoint = "origin\n1\nroot\n\n— name sig\n";
    t.lastEntry = {7};
    t.lastPath = {hash<merkle::NodeHash>(9)};
    return t;
}
bool accepts(const std::string& json)
{
    const auto t = parseTrustSet(json);
    if (!t) {
        EXPECT_EQ(t.error().code, ErrorCode::Malformed);
    }
    return t.has_value();
}

RC_GTEST_PROP(TrustSet, RoundTrip, ())
{
    const TrustSet t = arbitraryTrustSet();
    const auto back = parseTrustSet(serialize(t));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == t);
    const auto sorted = parseTrustSet(nlohmann::json::parse(serialize(t)).dump(*rc::gen::inRange(-1, 4)));
    RC_ASSERT(sorted.has_value());
    RC_ASSERT(*sorted == t);
}

TEST(TrustSet, IsJsonOfThePublishedShape)
{
    const Json j = Json::parse(serialize(sample()));
    std::vector<std::string> keys;
    for (const auto& [key, value] : j.items())
        keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"format", "cards", "charter", "control", "handovers", "checkpoint", "last"}));
    EXPECT_EQ(j["format"], "judicial-chain-trust-set/1");
    EXPECT_EQ(j["last"]["path"].size(), 1U);
}

TEST(TrustSet, EveryKeyMustBeThereOnceAndNoOther)
{
    const Json whole = Json::parse(serialize(sample()));
    ASSERT_TRUE(accepts(whole.dump()));
    for (const auto& [key, value] : whole.items()) {
        Json less = whole;
        less.erase(key);
        EXPECT_FALSE(accepts(less.dump())) << key;
        for (const Json& other : {Json(), Json(1), Json("*"), Json(true), Json(-1)}) {
            Json changed = whole;
            changed[key] = other;
            if (key == "checkpoint" && other.is_string()) continue; // text is judged later
            EXPECT_FALSE(accepts(changed.dump())) << key << " " << other;
        }
        std::string twice = whole.dump();
        twice.insert(1, "\"" + key + "\":" + value.dump() + ",");
        EXPECT_FALSE(accepts(twice)) << key;
    }
    for (const char* key : {"entry", "path"}) {
        Json less = whole;
        less["last"].erase(key);
        EXPECT_FALSE(accepts(less.dump())) << key;
    }
    Json more = whole;
    more["note"] = "x";
    EXPECT_FALSE(accepts(more.dump()));
    more = whole;
    more["last"]["note"] = "x";
    EXPECT_FALSE(accepts(more.dump()));
    Json none = whole;
    none["cards"] = Json::array();
    EXPECT_FALSE(accepts(none.dump()));
    Json receiptFormat = whole;
    receiptFormat["format"] = "judicial-chain-receipt/1";
    EXPECT_FALSE(accepts(receiptFormat.dump()));
    const std::string text = serialize(sample());
    for (std::size_t n = 0; n + 2 < text.size(); ++n)
        EXPECT_FALSE(accepts(text.substr(0, n))) << n;
}

} // namespace
} // namespace jc::receipt::test
