// SPDX-License-Identifier: Apache-2.0
// RFC 8032 and its edges: tests/vectors/ed25519-edge.json, computed by a third implementation (make_ed25519_edge.py).
#include "crypto_test_support.h"

#include "crypto/signature.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace jc::crypto {
namespace {

struct Vector {
    std::string comment;
    Ed25519Key key;
    Bytes message;
    Signature64 signature{};
    bool valid = false;
    bool equation = false;
    std::string seed;
};

std::vector<Vector> vectors()
{
    const auto document = nlohmann::json::parse(std::ifstream(JC_TEST_DATA "/vectors/ed25519-edge.json"));
    std::vector<Vector> out;
    for (const auto& c : document.at("cases")) {
        Vector v;
        v.comment = c.at("comment").get<std::string>();
        v.key = Ed25519Key::parse(fromHex(c.at("key").get<std::string>()).value()).value();
        v.message = fromHex(c.at("message").get<std::string>()).value();
        std::ranges::copy(fromHex(c.at("signature").get<std::string>()).value(), v.signature.begin());
        v.valid = c.at("valid").get<bool>();
        v.equation = c.at("equation").get<bool>();
        v.seed = c.value("seed", "");
        out.push_back(std::move(v));
    }
    return out;
}

TEST(Ed25519, EveryEdgeVectorHasItsVerdict)
{
    int valid = 0;
    int caughtByChecksAlone = 0;
    for (const auto& v : vectors()) {
        EXPECT_EQ(verifyEd25519(v.key, v.message, v.signature), v.valid) << v.comment << ' ' << v.key.hex();
        EXPECT_EQ(PublicKey::fromEd25519(v.key).verify(v.message, v.signature), v.valid) << v.comment;
        valid += v.valid;
        caughtByChecksAlone += v.equation && !v.valid;
    }
    EXPECT_EQ(valid, 9);
    EXPECT_EQ(caughtByChecksAlone, 33); // a verifier of the bare equation would take these
}

TEST(Ed25519, SmallOrderAndUnreducedKeysAreNoSpki)
{
    int refused = 0;
    for (const auto& v : vectors()) {
        if (!v.comment.starts_with("key of small order") && !v.comment.starts_with("key y = p +")) continue;
        const auto key = PublicKey::fromSpki(PublicKey::fromEd25519(v.key).spki());
        ASSERT_FALSE(key) << v.comment;
        EXPECT_EQ(key.error().code, ErrorCode::Malformed);
        ++refused;
    }
    EXPECT_EQ(refused, 38); // 14 encodings twice, and 10 second names
}

TEST(Ed25519, SignsAsRfc8032Does)
{
    const std::array<std::string_view, 4> published = {
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"};
    std::size_t n = 0;
    for (const auto& v : vectors()) {
        if (v.seed.empty()) continue;
        ASSERT_LT(n, published.size());
        std::array<std::uint8_t, 32> seed{};
        std::ranges::copy(fromHex(v.seed).value(), seed.begin());
        const auto key = PrivateKey::fromEd25519Seed(seed).value();
        EXPECT_EQ(key.publicKey().ed25519().value(), v.key);
        EXPECT_EQ(toHex(key.sign(v.message).value()), published[n]);
        EXPECT_EQ(toHex(v.signature), published[n]);
        ++n;
    }
    EXPECT_EQ(n, published.size());
}

} // namespace
} // namespace jc::crypto
