// SPDX-License-Identifier: Apache-2.0
// Signatures and public keys, in both directions against a second implementation (Botan).
#include "crypto_test_support.h"

#include "crypto/digest.h"
#include "crypto/signature.h"

#include <botan/auto_rng.h>
#include <botan/ber_dec.h>
#include <botan/bigint.h>
#include <botan/data_src.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/x509_key.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <thread>

namespace jc::crypto {
namespace {

using test::randomBytes;

const Botan::BigInt kOrder("0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

Botan::BigInt number(ByteView b)
{
    return Botan::BigInt(b.data(), b.size());
}
Bytes encoded(const Botan::BigInt& n)
{
    Bytes out(32);
    Botan::BigInt::encode_1363(out.data(), out.size(), n);
    return out;
}
Bytes join(ByteView a, ByteView b)
{
    Bytes out = toBytes(a);
    append(out, b);
    return out;
}
bool secondVerifies(const PublicKey& key, ByteView message, ByteView signature)
{
    Botan::DataSource_Memory source(key.spki().data(), key.spki().size());
    const std::unique_ptr<Botan::Public_Key> pub(Botan::X509::load_key(source));
    Botan::PK_Verifier verifier(*pub, key.scheme() == Scheme::Ed25519 ? "Pure" : "EMSA1(SHA-256)");
    return verifier.verify_message(message.data(), message.size(), signature.data(), signature.size());
}
Bytes spkiOf(const Botan::Public_Key& key)
{
    const auto der = Botan::X509::BER_encode(key);
    return Bytes(der.begin(), der.end());
}

class SignatureScheme : public testing::TestWithParam<Scheme> {};
INSTANTIATE_TEST_SUITE_P(Signature, SignatureScheme, testing::Values(Scheme::Ed25519, Scheme::EcdsaP256Sha256),
                         [](const auto& i) { return i.param == Scheme::Ed25519 ? "Ed25519" : "P256"; });

TEST_P(SignatureScheme, BotanVerifiesOurSignaturesAndOneBitBreaksThem)
{
    std::mt19937_64 source(3);
    const auto key = PrivateKey::generate(GetParam()).value();
    const auto copy = PublicKey::fromSpki(key.publicKey().spki()).value();
    EXPECT_EQ(copy.scheme(), GetParam());
    EXPECT_EQ(copy.id(), sha256(copy.spki()).as<SignerId>());
    for (std::size_t n = 0; n < 150; ++n) {
        const Bytes message = randomBytes(source, n < 130 ? n : source() % 20'000);
        Bytes signature = key.sign(message).value();
        ASSERT_EQ(signature.size(), 64U);
        ASSERT_TRUE(copy.verify(message, signature));
        ASSERT_TRUE(secondVerifies(copy, message, signature));
        const std::size_t bit = source() % 512;
        signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        ASSERT_FALSE(copy.verify(message, signature));
        signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        if (message.empty()) continue;
        Bytes other = message;
        other[source() % other.size()] ^= 0x10;
        ASSERT_FALSE(copy.verify(other, signature));
    }
}

TEST_P(SignatureScheme, WrongLengthsAndKeysAreFalse)
{
    const auto key = PrivateKey::generate(GetParam()).value();
    const auto stranger = PrivateKey::generate(GetParam()).value();
    const Bytes good = key.sign(asBytes("m")).value();
    EXPECT_TRUE(key.publicKey().verify(asBytes("m"), good));
    EXPECT_FALSE(stranger.publicKey().verify(asBytes("m"), good));
    EXPECT_FALSE(key.publicKey().verify(asBytes("m"), {}));
    EXPECT_FALSE(key.publicKey().verify(asBytes("m"), ByteView(good).first(63)));
    EXPECT_FALSE(key.publicKey().verify(asBytes("m"), join(good, Bytes{0})));
    EXPECT_FALSE(key.publicKey().verify(asBytes("m"), Bytes(64, 0)));
    EXPECT_FALSE(key.publicKey().verify(asBytes("m"), Bytes(64, 0xff)));
}

TEST_P(SignatureScheme, ThreadsShareOneKey)
{
    const auto key = PrivateKey::generate(GetParam()).value();
    std::array<int, 4> good{};
    std::vector<std::jthread> threads;
    for (auto& g : good) {
        threads.emplace_back([&g, key] {
            for (int i = 0; i < 50; ++i) {
                const std::string message = std::to_string(i);
                g += key.publicKey().verify(asBytes(message), key.sign(asBytes(message)).value());
            }
        });
    }
    threads.clear();
    for (const int g : good)
        EXPECT_EQ(g, 50);
}

TEST(Ed25519Signature, WeVerifyBotansSignaturesAndSignTheSame)
{
    std::mt19937_64 source(4);
    Botan::AutoSeeded_RNG rng;
    for (std::size_t n = 0; n < 100; ++n) {
        const Bytes seed = randomBytes(source, 32);
        const Botan::Ed25519_PrivateKey theirs(Botan::secure_vector<std::uint8_t>(seed.begin(), seed.end()));
        const auto ours = PrivateKey::fromEd25519Seed(std::span<const std::uint8_t, 32>(seed.data(), 32)).value();
        const Bytes message = randomBytes(source, n);
        Botan::PK_Signer signer(theirs, rng, "Pure");
        const auto v = signer.sign_message(message.data(), message.size(), rng);
        EXPECT_EQ(Bytes(v.begin(), v.end()), ours.sign(message).value());
        EXPECT_EQ(spkiOf(theirs), toBytes(ours.publicKey().spki()));
        EXPECT_TRUE(PublicKey::fromSpki(spkiOf(theirs)).value().verify(message, Bytes(v.begin(), v.end())));
    }
}

TEST(P256Signature, WeVerifyBotansSignaturesWithLowSOnly)
{
    std::mt19937_64 source(5);
    Botan::AutoSeeded_RNG rng;
    const Botan::ECDSA_PrivateKey theirs(rng, Botan::EC_Group("secp256r1"));
    const auto key = PublicKey::fromSpki(spkiOf(theirs)).value();
    Botan::PK_Signer signer(theirs, rng, "EMSA1(SHA-256)");
    int high = 0;
    for (std::size_t n = 0; n < 100; ++n) {
        const Bytes message = randomBytes(source, n);
        const auto v = signer.sign_message(message.data(), message.size(), rng);
        const Bytes r(v.begin(), v.begin() + 32);
        const Botan::BigInt s = number({v.data() + 32, 32});
        const Botan::BigInt low = std::min(s, kOrder - s);
        high += s != low;
        EXPECT_TRUE(key.verify(message, join(r, encoded(low))));
        EXPECT_FALSE(key.verify(message, join(r, encoded(kOrder - low))));
        EXPECT_TRUE(secondVerifies(key, message, join(r, encoded(kOrder - low)))); // only our rule refuses it
    }
    EXPECT_GT(high, 10);
    EXPECT_LT(high, 90);
}

TEST(P256Signature, OursHaveLowSAndRangesAreChecked)
{
    const auto key = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    for (int i = 0; i < 100; ++i) {
        const Bytes message = toBytes("m" + std::to_string(i));
        const Bytes v = key.sign(message).value();
        const ByteView r = ByteView(v).first(32);
        const ByteView s = ByteView(v).last(32);
        ASSERT_LE(number(s), kOrder / 2);
        // The same residues by other numbers, where 32 bytes have room for them, and the excluded ends.
        ASSERT_FALSE(key.publicKey().verify(message, join(r, Bytes(32, 0))));
        ASSERT_FALSE(key.publicKey().verify(message, join(Bytes(32, 0), s)));
        ASSERT_FALSE(key.publicKey().verify(message, join(encoded(kOrder), s)));
        ASSERT_FALSE(key.publicKey().verify(message, join(r, encoded(kOrder))));
        ASSERT_FALSE(key.publicKey().verify(message, join(r, encoded(kOrder / 2 + 1))));
    }
}

// An r or s with leading zero bytes has a shorter DER form; one that starts above 7f a longer one.
TEST(P256Signature, ShortNumbersVerify)
{
    const auto key = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    int shortR = 0;
    int longR = 0;
    for (int i = 0; i < 3000 && (shortR < 3 || longR < 3); ++i) {
        const Bytes message = toBytes(std::to_string(i));
        const Bytes v = key.sign(message).value();
        if (v[0] == 0 || v[32] == 0) {
            ++shortR;
            EXPECT_TRUE(key.publicKey().verify(message, v));
        } else if (v[0] >= 0x80 && longR < 3) {
            ++longR;
            EXPECT_TRUE(key.publicKey().verify(message, v));
        }
    }
    EXPECT_GE(shortR, 3);
    EXPECT_GE(longR, 3);
}

TEST(PublicKeyDer, AcceptedMeansReencodedEqual)
{
    for (const auto scheme : {Scheme::Ed25519, Scheme::EcdsaP256Sha256}) {
        const Bytes der = toBytes(PrivateKey::generate(scheme).value().publicKey().spki());
        const unsigned char* p = der.data();
        EVP_PKEY* key = d2i_PUBKEY(nullptr, &p, static_cast<long>(der.size()));
        ASSERT_NE(key, nullptr);
        unsigned char* again = nullptr;
        const int size = i2d_PUBKEY(key, &again);
        ASSERT_GT(size, 0);
        EXPECT_TRUE(equal({again, static_cast<std::size_t>(size)}, der));
        OPENSSL_free(again);
        EVP_PKEY_free(key);
        // No other length, no changed byte of the frame.
        for (std::size_t n = 0; n < der.size(); ++n)
            EXPECT_FALSE(PublicKey::fromSpki(ByteView(der).first(n))) << n;
        EXPECT_FALSE(PublicKey::fromSpki(join(der, Bytes{0})));
        for (std::size_t i = 0; i < (scheme == Scheme::Ed25519 ? 12U : 27U); ++i) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                Bytes bad = der;
                bad[i] ^= static_cast<std::uint8_t>(1U << bit);
                EXPECT_FALSE(PublicKey::fromSpki(bad)) << i;
            }
        }
    }
}

TEST(PublicKeyDer, EquivalentBerIsMalformed)
{
    Bytes der = toBytes(PrivateKey::generate(Scheme::Ed25519).value().publicKey().spki());
    Bytes longForm = {0x30, 0x81};
    longForm.insert(longForm.end(), der.begin() + 1, der.end());
    EXPECT_EQ(PublicKey::fromSpki(longForm).error().code, ErrorCode::Malformed);
    Bytes indefinite = {0x30, 0x80};
    indefinite.insert(indefinite.end(), der.begin() + 2, der.end());
    indefinite.insert(indefinite.end(), {0, 0});
    EXPECT_EQ(PublicKey::fromSpki(indefinite).error().code, ErrorCode::Malformed);
}

TEST(PublicKeyDer, OtherAlgorithmsAreRefusedAndBrokenOnesMalformed)
{
    Botan::AutoSeeded_RNG rng;
    const auto rsa = PublicKey::fromSpki(spkiOf(Botan::RSA_PrivateKey(rng, 1024)));
    ASSERT_FALSE(rsa);
    EXPECT_EQ(rsa.error().code, ErrorCode::Refused);
    EXPECT_EQ(rsa.error().reason, "algorithm_not_supported");
    const auto p384 = PublicKey::fromSpki(spkiOf(Botan::ECDSA_PrivateKey(rng, Botan::EC_Group("secp384r1"))));
    ASSERT_FALSE(p384);
    EXPECT_EQ(p384.error().code, ErrorCode::Refused);
    // id-ecPublicKey with the curve of SM2, as GM/T certificates have it.
    const auto sm2 = PublicKey::fromSpki(spkiOf(Botan::ECDSA_PrivateKey(rng, Botan::EC_Group("sm2p256v1"))));
    ASSERT_FALSE(sm2);
    EXPECT_EQ(sm2.error().code, ErrorCode::Refused);
    EXPECT_EQ(sm2.error().reason, "scheme_not_supported");

    Botan::ECDSA_PrivateKey compressed(rng, Botan::EC_Group("secp256r1"));
    compressed.set_point_encoding(Botan::PointGFp::COMPRESSED);
    EXPECT_EQ(PublicKey::fromSpki(spkiOf(compressed)).error().code, ErrorCode::Malformed);
    Bytes offCurve = toBytes(PrivateKey::generate(Scheme::EcdsaP256Sha256).value().publicKey().spki());
    offCurve.back() ^= 1;
    EXPECT_EQ(PublicKey::fromSpki(offCurve).error().code, ErrorCode::Malformed);
    EXPECT_EQ(PublicKey::fromSpki({}).error().code, ErrorCode::Malformed);
    EXPECT_EQ(PublicKey::fromSpki(Bytes(100'000, 0x30)).error().code, ErrorCode::Malformed);
}

TEST(PublicKeyDer, Ed25519BytesOnlyOfEd25519)
{
    const auto ed = PrivateKey::generate(Scheme::Ed25519).value();
    EXPECT_EQ(PublicKey::fromEd25519(ed.publicKey().ed25519().value()).id(), ed.publicKey().id());
    const auto p256 = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    EXPECT_EQ(p256.publicKey().ed25519().error().code, ErrorCode::InvalidArgument);
}

TEST(PrivateKeys, Sm2IsRefusedForNow)
{
    const auto key = PrivateKey::generate(Scheme::Sm2Sm3);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::Refused);
    EXPECT_EQ(key.error().reason, "scheme_not_supported");
    EXPECT_FALSE(PrivateKey::generate(static_cast<Scheme>(0)));
}

} // namespace
} // namespace jc::crypto
