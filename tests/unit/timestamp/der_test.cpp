// SPDX-License-Identifier: Apache-2.0
#include "timestamp/der.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jc::timestamp::der {
namespace {

bool accepts(std::initializer_list<int> bytes)
{
    Bytes b;
    for (const int v : bytes)
        b.push_back(static_cast<std::uint8_t>(v));
    Fault fault;
    Reader r(b, fault);
    r.any("x");
    r.end("x");
    return !fault;
}

TEST(Der, LengthsAreDefiniteAndMinimal)
{
    EXPECT_TRUE(accepts({0x30, 0x00}));
    EXPECT_FALSE(accepts({0x30}));
    EXPECT_FALSE(accepts({0x30, 0x80, 0x00, 0x00}));    // indefinite
    EXPECT_FALSE(accepts({0x30, 0x81, 0x01, 0x00}));    // long form of a short length
    EXPECT_FALSE(accepts({0x30, 0x82, 0x00, 0x81}));    // leading zero
    EXPECT_FALSE(accepts({0x30, 0x85, 1, 1, 1, 1, 1})); // longer than anything here
    EXPECT_FALSE(accepts({0x30, 0x01}));                // longer than the input
    EXPECT_FALSE(accepts({0x30, 0x84, 0xff, 0xff, 0xff, 0xff}));
    EXPECT_FALSE(accepts({0x1f, 0x81, 0x00})); // high tag number
    EXPECT_FALSE(accepts({0x30, 0x00, 0x00})); // bytes behind
}

TEST(Der, IntegersAreMinimal)
{
    const auto value = [](std::initializer_list<int> content) -> std::optional<std::uint64_t> {
        Bytes b;
        for (const int v : content)
            b.push_back(static_cast<std::uint8_t>(v));
        const Bytes whole = tlv(kInteger, b);
        Fault fault;
        Reader r(whole, fault);
        const std::uint64_t v = r.smallInteger(1000, "x");
        if (fault) return std::nullopt;
        return v;
    };
    EXPECT_EQ(value({0}), 0U);
    EXPECT_EQ(value({0x03, 0xe8}), 1000U);
    EXPECT_EQ(value({0x00, 0x80}), 128U);
    EXPECT_EQ(value({0x03, 0xe9}), std::nullopt); // above the maximum
    EXPECT_EQ(value({0x00, 0x7f}), std::nullopt); // padded
    EXPECT_EQ(value({0xff}), std::nullopt);       // negative
    EXPECT_EQ(value({}), std::nullopt);
    EXPECT_EQ(value({1, 0, 0, 0, 0, 0, 0, 0, 0, 0}), std::nullopt);
}

TEST(Der, ObjectIdentifiers)
{
    for (const char* text : {"1.2.3.4", "2.16.840.1.101.3.4.2.1", "1.3.6.1.4.1.99999.1.1", "2.999.1", "0.39", "2.47.281474976710655"})
        EXPECT_EQ(oidText(oidFromText(text).value()), text);
    for (const char* text : {"", "1", "3.1", "1.40", "1..2", "1.2.", ".1.2", "1.02", "1.2.x", "1.2.-3", "1.2.99999999999999999999"})
        EXPECT_FALSE(oidFromText(text)) << text;
    const auto reads = [](std::initializer_list<std::uint8_t> content) {
        const Bytes whole = tlv(kOid, Bytes(content));
        Fault fault;
        Reader r(whole, fault);
        (void)r.oid("x");
        return !fault;
    };
    EXPECT_TRUE(reads({0x2a, 0x86, 0x48}));
    EXPECT_FALSE(reads({}));
    EXPECT_FALSE(reads({0x2a, 0x86}));            // last arc is not finished
    EXPECT_FALSE(reads({0x2a, 0x80, 0x01}));      // padded arc
    EXPECT_TRUE(reads({0x2a, 0x81, 0x80, 0x01})); // 0x80 inside an arc is a digit
}

TEST(Der, GeneralizedTime)
{
    const auto t = [](std::string_view s) { return parseGeneralizedTime(asBytes(s)); };
    EXPECT_EQ(t("19700101000000Z"), 0);
    EXPECT_EQ(t("20260301080000Z"), 1'772'352'000'000);
    EXPECT_EQ(t("20260301080000.5Z"), 1'772'352'000'500);
    EXPECT_EQ(t("20260301080000.25Z"), 1'772'352'000'250);
    EXPECT_EQ(t("20260301080000.007Z"), 1'772'352'000'007);
    EXPECT_EQ(t("20260301080000.123456789Z"), 1'772'352'000'123); // below a millisecond is cut off
    EXPECT_EQ(t("20260301080000.0009Z"), 1'772'352'000'000);
    EXPECT_EQ(t("20240229235959Z"), 1'709'251'199'000);
    for (const char* bad :
         {"", "20260301080000", "20260301080000.Z", "20260301080000.0Z", "20260301080000.10Z", "20260301080000,5Z", "20260301080000.5",
          "20260301080000+0000", "202603010800Z", "20260229000000Z", "20261301000000Z", "20260300000000Z", "20260301240000Z",
          "20260301006000Z", "20260301000060Z", "2026030108000xZ", "20260301080000.1234567891Z", "19491231235959Z", "20260301080000.x1Z"})
        EXPECT_EQ(t(bad), std::nullopt) << bad;
}

RC_GTEST_PROP(Der, TimesComeBackAsTheyWentOut, ())
{
    const UnixMs t = *rc::gen::inRange<UnixMs>(-631'152'000'000, 253'402'300'799'999);
    const auto text = generalizedTime(t);
    RC_ASSERT(text.has_value());
    RC_ASSERT(parseGeneralizedTime(asBytes(*text)) == t);
}

TEST(Der, TimesOutOfRangeAreNotWritten)
{
    EXPECT_EQ(generalizedTime(253'402'300'800'000), std::nullopt);
    EXPECT_EQ(generalizedTime(-631'152'000'001), std::nullopt);
    EXPECT_EQ(generalizedTime(1'772'352'000'120).value(), "20260301080000.12Z");
    EXPECT_EQ(generalizedTime(1'772'352'000'000).value(), "20260301080000Z");
    EXPECT_EQ(asText(cmsTime(1'772'352'000'999).value()).substr(2), "260301080000Z");
    EXPECT_EQ(cmsTime(1'772'352'000'000).value()[0], 0x17);
    EXPECT_EQ(asText(cmsTime(2'524'608'000'000).value()).substr(2), "20500101000000Z"); // the year that ends UTCTime
}

RC_GTEST_PROP(Der, IntegersComeBackAsTheyWentOut, (std::uint64_t v))
{
    const Bytes b = unsignedInteger(v);
    Fault fault;
    Reader r(b, fault);
    RC_ASSERT(r.smallInteger(UINT64_MAX, "x") == v);
    r.end("x");
    RC_ASSERT(!fault);
}

RC_GTEST_PROP(Der, AnyLengthComesBack, ())
{
    const auto size = *rc::gen::inRange<std::size_t>(0, 70000);
    const Bytes b = tlv(kOctetString, Bytes(size, 7));
    Fault fault;
    Reader r(b, fault);
    RC_ASSERT(r.expect(kOctetString, "x").content.size() == size);
    RC_ASSERT(!fault);
}

TEST(Der, SetsAreSorted)
{
    const Bytes two = unsignedInteger(2), one = unsignedInteger(1), text = tlv(kUtf8String, asBytes("a"));
    EXPECT_EQ(toHex(setOf(kSet, {text, two, one})), "31090201010201020c0161");
}

} // namespace
} // namespace jc::timestamp::der
