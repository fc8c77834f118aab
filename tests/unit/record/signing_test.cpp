// SPDX-License-Identifier: Apache-2.0
#include "record_test_support.h"

#include "record/numbers.h"

namespace jc::record::test {
namespace {

TEST(Signing, RecordInputHasItsExactBytes)
{
    const LedgerId l = ledgerId(encode(core()));
    const Bytes record = vectorBytes("filing");
    const Bytes input = recordSigningInput(l, crypto::Scheme::Ed25519, hashOf<SignerId>(0x61), record);
    EXPECT_EQ(toHex(input), vectors()["derived"]["recordSigningInput"]);
    // The label ends in one NUL byte, which is part of it.
    const char label[] = {'j', 'u', 'd', 'i', 'c', 'i', 'a', 'l', '-', 'c', 'h', 'a', 'i',
                          'n', '/', 'r', 'e', 'c', 'o', 'r', 'd', '/', 'v', '1', '\0'};
    ASSERT_EQ(sizeof label, 25U);
    EXPECT_TRUE(equal(ByteView(input).first(25), asBytes({label, sizeof label})));
    EXPECT_TRUE(equal(ByteView(input).subspan(25, 32), l.bytes()));
    EXPECT_EQ(input[57], 1);
    EXPECT_EQ(readU32(ByteView(input).subspan<90, 4>()), record.size());
    EXPECT_EQ(input.size(), 25 + 32 + 1 + 32 + 4 + record.size());
}

TEST(Signing, CharterInputHasItsExactBytes)
{
    const Bytes input = charterSigningInput(vectorBytes("core"));
    EXPECT_EQ(toHex(input), vectors()["derived"]["charterSigningInput"]);
    EXPECT_EQ(asText(ByteView(input).first(25)), "judicial-chain/charter/v1");
    EXPECT_EQ(input[25], 0);
    EXPECT_EQ(input.size(), 26 + vectorBytes("core").size());
}

TEST(Signing, NamesOfALedger)
{
    const LedgerId l = ledgerId(vectorBytes("core"));
    EXPECT_EQ(l.hex(), vectors()["derived"]["ledgerId"]);
    const std::string origin = logOrigin(core(), l);
    EXPECT_EQ(origin, vectors()["derived"]["origin"]);
    EXPECT_EQ(cosignerName(origin, "210600"), origin + "/cosigner/210600");
    EXPECT_EQ(custodyOrigin(origin, "210600"), origin + "/custody/210600");
    EXPECT_EQ(witnessName("judicial-chain.test", "210600"), "judicial-chain.test/witness/210600");
    EXPECT_EQ(ledgerTag(l), vectors()["derived"]["ledgerTag"]);
}

TEST(Signing, LedgerNames)
{
    EXPECT_TRUE(isValidLedgerName("a"));
    EXPECT_TRUE(isValidLedgerName("liaoning-2026.court"));
    EXPECT_TRUE(isValidLedgerName(std::string(63, 'a')));
    for (const auto* bad : {"", "A", "a b", "a/b", "a_b", "辽"})
        EXPECT_FALSE(isValidLedgerName(bad)) << bad;
    EXPECT_FALSE(isValidLedgerName(std::string(64, 'a')));
    EXPECT_FALSE(isValidLedgerName(std::string_view("a\0", 2)));
}

TEST(Signing, CardsRootNeedsAscendingCourts)
{
    EXPECT_EQ(cardsRoot({card(), card2()}).value().hex(), vectors()["derived"]["cardsRoot"]);
    EXPECT_EQ(cardsRoot({}).value(), merkle::emptyRoot());
    for (const auto& cards : {std::vector{card2(), card()}, std::vector{card(), card()}}) {
        const auto r = cardsRoot(cards);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, ErrorCode::InvalidArgument);
    }
}

TEST(Signing, ASignedRecordVerifiesUnderItsOwnKeyLedgerAndSignerOnly)
{
    const LedgerId l = ledgerId(encode(core()));
    for (const auto scheme : {crypto::Scheme::Ed25519, crypto::Scheme::EcdsaP256Sha256}) {
        const auto key = crypto::PrivateKey::generate(scheme).value();
        const auto other = crypto::PrivateKey::generate(scheme).value();
        const auto s = signRecord(recordOf(filing()), l, key.publicKey().id(), key);
        ASSERT_TRUE(s) << s.error().detail;
        EXPECT_TRUE(verifyRecord(*s, l, key.publicKey()));
        EXPECT_FALSE(verifyRecord(*s, l, other.publicKey()));
        EXPECT_FALSE(verifyRecord(*s, hashOf<LedgerId>(9), key.publicKey()));
        SignedRecord changed = *s;
        changed.record.back() ^= 1;
        EXPECT_FALSE(verifyRecord(changed, l, key.publicKey()));
        changed = *s;
        changed.signer = hashOf<SignerId>(1);
        EXPECT_FALSE(verifyRecord(changed, l, key.publicKey()));
        changed = *s;
        changed.scheme = crypto::Scheme::Sm2Sm3;
        EXPECT_FALSE(verifyRecord(changed, l, key.publicKey()));
        changed = *s;
        changed.signature[10] ^= 1;
        EXPECT_FALSE(verifyRecord(changed, l, key.publicKey()));
        EXPECT_TRUE(decodeSignedRecord(encode(*s)));
    }
}

TEST(Signing, ARecordThatNobodyWouldAcceptIsNotSigned)
{
    const auto key = crypto::PrivateKey::generate(crypto::Scheme::Ed25519).value();
    Filing bad = filing();
    bad.itemCount = 0;
    const auto s = signRecord(recordOf(bad), LedgerId{}, key.publicKey().id(), key);
    ASSERT_FALSE(s);
    EXPECT_EQ(s.error().code, ErrorCode::InvalidArgument);
}
} // namespace
} // namespace jc::record::test
