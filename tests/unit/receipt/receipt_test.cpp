// SPDX-License-Identifier: Apache-2.0
#include "unit/receipt/arbitrary.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <fstream>

namespace jc::receipt::test {
namespace {

using Json = nlohmann::ordered_json;

Receipt sample()
{
    Receipt r;
    r.number = "JC210600-7QZK-2026-18204-3-72";
    r.item = {{1, 2, 3}, 3, {hash<merkle::NodeHash>(1), hash<merkle::NodeHash>(2)}, {hash<Sha256Digest>(3)}};
    r.filing.entry = {4, 5};
    r.filing.proof = "c2sp.org/tlog-proof@v1\nindex 7\n\n— \"quoted\" \\ text\n";
    r.filing.certificates = {{6}, {7, 8}};
    r.filing.enrolment = EnrolmentPart{{9}, 11, {hash<merkle::NodeHash>(4)}};
    r.filing.handovers = {{{10}, "proof\n", "checkpoint\n"}, {{11}, "p", "c"}};
    r.filing.tokens = {{{12}, {{13}, {14}}}, {{15}, {}}};
    return r;
}
bool accepts(const std::string& json)
{
    const auto r = parseReceipt(json);
    if (!r) {
        EXPECT_EQ(r.error().code, ErrorCode::Malformed);
    }
    return r.has_value();
}

TEST(Receipt, ReadsBackWhatItWrote)
{
    const Receipt r = sample();
    const auto back = parseReceipt(serialize(r));
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(*back, r);
    EXPECT_EQ(serialize(*back), serialize(r));
    EXPECT_EQ(serialize(r), serializeWith(r.number, r.item, serializeFilingPart(r.filing)));
}

TEST(Receipt, IsJsonOfThePublishedShape)
{
    const Json j = Json::parse(serialize(sample()));
    std::vector<std::string> keys;
    for (const auto& [key, value] : j.items())
        keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"format", "number", "item", "filing"}));
    EXPECT_EQ(j["format"], "judicial-chain-receipt/1");
    EXPECT_EQ(j["item"]["descriptor"], "AQID");
    EXPECT_EQ(j["item"]["ordinal"], 3);
    EXPECT_EQ(j["item"]["path"].size(), 2U);
    EXPECT_EQ(j["filing"]["enrolment"]["index"], 11);
    EXPECT_EQ(j["filing"]["tokens"][0]["chain"][1], "Dg==");
    EXPECT_EQ(j["filing"]["handovers"][1]["checkpoint"], "c");
    EXPECT_EQ(j["filing"]["proof"], sample().filing.proof);
}

RC_GTEST_PROP(Receipt, RoundTrip, ())
{
    const Receipt r = arbitraryReceipt();
    const auto back = parseReceipt(serialize(r));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == r);
}

RC_GTEST_PROP(Receipt, OrderAndSpaceAreFree, ())
{
    const Receipt r = arbitraryReceipt();
    // nlohmann's unordered object sorts its keys, and its pretty printing is not ours.
    const auto sorted = nlohmann::json::parse(serialize(r)).dump(*rc::gen::inRange(-1, 5));
    const auto back = parseReceipt(sorted);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == r);
}

RC_GTEST_PROP(Receipt, JunkNeverCrashes, (const std::string& junk))
{
    (void)parseReceipt(junk);
    std::string text = serialize(sample());
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text.replace(at, junk.size(), junk);
    const auto r = parseReceipt(text);
    RC_ASSERT(r.has_value() || r.error().code == ErrorCode::Malformed);
}

TEST(Receipt, EveryKeyMustBeThereOnceAndNoOther)
{
    const Json whole = Json::parse(serialize(sample()));
    ASSERT_TRUE(accepts(whole.dump()));
    const std::function<void(const Json::json_pointer&, const Json&)> visit = [&](const Json::json_pointer& at, const Json& value) {
        if (value.is_object()) {
            Json more = whole;
            more[at]["extra"] = 1;
            EXPECT_FALSE(accepts(more.dump())) << at.to_string();
            for (const auto& [key, inner] : value.items()) {
                Json less = whole;
                less[at].erase(key);
                EXPECT_EQ(accepts(less.dump()), key == "enrolment") << at.to_string() << "/" << key;
                visit(at / key, inner);
            }
        } else if (value.is_array()) {
            for (std::size_t i = 0; i < value.size(); ++i)
                visit(at / i, value[i]);
        }
        if (!at.empty()) { // another type of value
            for (const char* other : {"null", "true", "-1", "1.5", "1e3", "007", "{}", "[1]", "\"*\"", "99999999999999999999"}) {
                Json copy = whole;
                copy[at] = "@here@";
                std::string text = copy.dump();
                text.replace(text.find("\"@here@\""), 8, other);
                if (std::string_view(other) == "\"*\"" && (at.back() == "proof" || at.back() == "checkpoint"))
                    continue; // text is not judged here
                EXPECT_FALSE(accepts(text)) << at.to_string() << " " << other;
            }
        }
    };
    visit(Json::json_pointer(), whole);

    const std::string text = serialize(sample());
    for (const char* key : {"\"number\"", "\"ordinal\"", "\"entry\"", "\"chain\"", "\"format\""}) {
        std::string twice = text;
        const auto at = twice.find(key);
        const auto end = twice.find('\n', at);
        twice.insert(at, twice.substr(at, end - at)); // the line already ends in its comma or bracket
        EXPECT_FALSE(accepts(twice)) << key;
    }
}

TEST(Receipt, OnlyCanonicalBase64)
{
    const std::string text = serialize(sample());
    const auto with = [&](const char* from, const char* to) {
        std::string copy = text;
        copy.replace(copy.find(from), std::string_view(from).size(), to);
        return accepts(copy);
    };
    EXPECT_TRUE(with("\"AQID\"", "\"AQIE\""));
    for (const char* bad :
         {"\"AQI\"", "\"AQID=\"", "\"AQ ID\"", "\"AQI_\"", "\"\"", "\"AQIDA\"", "\"AQID\\n\"", "\"AR==\"", "\"A===\"", "\"====\""})
        EXPECT_FALSE(with("\"AQID\"", bad)) << bad;
}

TEST(Receipt, LimitsHold)
{
    Receipt r = sample();
    r.item.path.assign(63, {});
    EXPECT_TRUE(accepts(serialize(r)));
    r.item.path.emplace_back();
    EXPECT_FALSE(accepts(serialize(r)));
    r = sample();
    r.filing.certificates.assign(17, {1});
    EXPECT_FALSE(accepts(serialize(r)));
    r = sample();
    r.filing.tokens.assign(9, {{1}, {}});
    EXPECT_FALSE(accepts(serialize(r)));
    r = sample();
    r.filing.entry.assign(kMaxReceipt, 7);
    EXPECT_FALSE(accepts(serialize(r)));
    r = sample();
    r.number = std::string(65, 'A');
    EXPECT_FALSE(accepts(serialize(r)));
    r.number = "jc";
    EXPECT_FALSE(accepts(serialize(r)));
    EXPECT_FALSE(accepts(std::string(1'000'000, '{')));
    EXPECT_FALSE(accepts(std::string("\xEF\xBB\xBF") + serialize(sample())));
    std::string notUtf8 = serialize(sample());
    notUtf8.replace(notUtf8.find("quoted"), 1, "\xFF");
    EXPECT_FALSE(accepts(notUtf8));
}

TEST(ReceiptView, KeepsTheSharedPartAsText)
{
    const Receipt r = sample();
    const std::string text = serialize(r), filing = serializeFilingPart(r.filing);
    const auto plain = parseReceiptView(text);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->filingJson, filing);
    EXPECT_EQ(plain->number, r.number);
    EXPECT_EQ(plain->item, r.item);
    EXPECT_EQ(*parseFilingPart(plain->filingJson), r.filing);
}

TEST(ReceiptView, TheShortWayGivesTheSameAnswer)
{
    const Receipt r = sample();
    const std::string text = serialize(r), filing = serializeFilingPart(r.filing);
    const auto quick = parseReceiptView(text, filing);
    ASSERT_TRUE(quick);
    EXPECT_EQ(quick->filingJson, filing);
    EXPECT_EQ(quick->filingJson.data(), parseReceiptView(text)->filingJson.data());
    for (std::size_t n = 0; n < text.size(); ++n) {
        const auto cut = std::string_view(text).substr(0, n);
        EXPECT_EQ(parseReceiptView(cut, filing).has_value(), parseReceiptView(cut).has_value()) << n;
        std::string other = text;
        other[n] = other[n] == 'A' ? 'B' : 'A';
        const auto a = parseReceiptView(other, filing), b = parseReceiptView(other);
        ASSERT_EQ(a.has_value(), b.has_value()) << n;
        if (a) {
            EXPECT_EQ(a->filingJson, b->filingJson) << n;
        }
    }
    EXPECT_FALSE(parseReceiptView(text + "}", filing));
    EXPECT_FALSE(parseReceiptView(text + ",", filing));
    // The shared part first: the long way.
    auto j = nlohmann::json::parse(text);
    const auto sorted = j.dump();
    ASSERT_LT(sorted.find("\"filing\""), sorted.find("\"item\""));
    const auto reordered = parseReceiptView(sorted, filing);
    ASSERT_TRUE(reordered);
    EXPECT_EQ(reordered->item, r.item);
    EXPECT_EQ(*parseFilingPart(reordered->filingJson), r.filing);
}

} // namespace
} // namespace jc::receipt::test
