// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"
#include "base/uuid.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jc {
namespace {

TEST(Hex, WritesLowerCaseAndReadsBoth)
{
    EXPECT_EQ(toHex(Bytes{0x00, 0xAB, 0xFF}), "00abff");
    EXPECT_EQ(*fromHex("00aBFf"), (Bytes{0x00, 0xAB, 0xFF}));
    EXPECT_TRUE(fromHex("")->empty());
    for (const char* bad : {"0", "0g", "abc", " a", "0x"})
        EXPECT_EQ(fromHex(bad).error().code, ErrorCode::Malformed) << bad;
}

TEST(Base64, ReproducesTheRfcExamples)
{
    // RFC 4648 §10
    const std::pair<const char*, const char*> examples[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : examples) {
        EXPECT_EQ(toBase64(asBytes(plain)), text);
        EXPECT_EQ(asText(*fromBase64(text)), plain);
    }
}

TEST(Base64, AcceptsCanonicalTextOnly)
{
    for (const char* bad : {"Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "=", "====", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_", "Z===", "A=BC"})
        EXPECT_EQ(fromBase64(bad).error().code, ErrorCode::Malformed) << bad;
}

RC_GTEST_PROP(Base64, RoundTripsAndEveryOtherSpellingIsRefused, (const std::vector<std::uint8_t>& data))
{
    const std::string text = toBase64(data);
    RC_ASSERT(*fromBase64(text) == data);
    RC_ASSERT(*fromHex(toHex(data)) == data);
    if (text.empty()) return;
    std::string changed = text;
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    changed[at] = *rc::gen::arbitrary<char>();
    const auto back = fromBase64(changed);
    if (back) RC_ASSERT(toBase64(*back) == changed);
}

TEST(BigEndian, IsWrittenAndReadAlike)
{
    Bytes b;
    appendU16(b, 0x0102);
    appendU32(b, 0x03040506);
    appendU64(b, 0x0708090A0B0C0D0EULL);
    EXPECT_EQ(toHex(b), "0102030405060708090a0b0c0d0e");
    EXPECT_EQ(readU32(ByteView(b).subspan<2, 4>()), 0x03040506U);
    EXPECT_EQ(readU64(ByteView(b).subspan<6, 8>()), 0x0708090A0B0C0D0EULL);
}

TEST(Hash32, IsParsedFromExactly32Bytes)
{
    EXPECT_EQ(Sha256Digest::parse(Bytes(31)).error().code, ErrorCode::Malformed);
    EXPECT_EQ(Sha256Digest::parse(Bytes(33)).error().code, ErrorCode::Malformed);
    const auto h = Sha256Digest::parse(Bytes(32, 0x5A));
    EXPECT_EQ(h->hex(), std::string(64, ' ').replace(0, 64, [] {
        std::string s;
        for (int i = 0; i < 32; ++i)
            s += "5a";
        return s;
    }()));
}

TEST(Uuid, IsVersion7WithItsTimeInFront)
{
    const Uuid id = makeUuidV7(1'800'000'000'123);
    EXPECT_TRUE(isUuidV7(id));
    EXPECT_EQ(uuidTime(id), 1'800'000'000'123);
    EXPECT_EQ(*parseUuid(toString(id)), id);
    EXPECT_NE(makeUuidV7(1'800'000'000'123), id);
    for (const char* bad : {"", "01234567-89ab-7def-8123-456789abcde", "01234567-89ab-7def-8123-456789abcdef0",
                            "0123456789ab-7def-8123-456789abcdef-", "zz234567-89ab-7def-8123-456789abcdef"})
        EXPECT_FALSE(parseUuid(bad)) << bad;
}

} // namespace
} // namespace jc
