// SPDX-License-Identifier: Apache-2.0
// Key files: what is written, what is read, what is refused; the openssl command as the other side.
#include "crypto_test_support.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace jc::crypto {
namespace {

using test::openssl;
using test::readText;
using test::TemporaryFolder;
using test::writeText;

unsigned modeOf(const std::filesystem::path& p)
{
    struct stat st{};
    return ::stat(p.c_str(), &st) == 0 ? st.st_mode & 07777U : 0xffffU;
}

class KeyFile : public testing::TestWithParam<Scheme> {};
INSTANTIATE_TEST_SUITE_P(Schemes, KeyFile, testing::Values(Scheme::Ed25519, Scheme::EcdsaP256Sha256),
                         [](const auto& i) { return i.param == Scheme::Ed25519 ? "Ed25519" : "P256"; });

TEST_P(KeyFile, SavedKeySignsAlikeAfterLoading)
{
    const TemporaryFolder folder;
    const auto key = PrivateKey::generate(GetParam()).value();
    ASSERT_TRUE(key.savePem(folder / "key.pem"));
    EXPECT_EQ(modeOf(folder / "key.pem"), 0600U);
    const auto loaded = PrivateKey::loadPem(folder / "key.pem");
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->publicKey().id(), key.publicKey().id());
    EXPECT_TRUE(key.publicKey().verify(asBytes("m"), loaded->sign(asBytes("m")).value()));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / ""), {}), 1); // no temporary file stays
    EXPECT_EQ(openssl(folder, "pkey -in key.pem -noout").status, 0);
}

TEST_P(KeyFile, ExistingFilesStayAsTheyAre)
{
    const TemporaryFolder folder;
    const auto key = PrivateKey::generate(GetParam()).value();
    writeText(folder / "key.pem", "precious");
    const auto saved = key.savePem(folder / "key.pem");
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().code, ErrorCode::Refused);
    EXPECT_EQ(readText(folder / "key.pem"), "precious");
    std::filesystem::create_symlink("nowhere", folder / "link.pem"); // a dangling link is a name too
    EXPECT_EQ(key.savePem(folder / "link.pem").error().code, ErrorCode::Refused);
    EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
    EXPECT_EQ(key.savePem(folder / "missing/key.pem").error().code, ErrorCode::NotFound);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / ""), {}), 2);
}

TEST_P(KeyFile, OthersMustNotBeAbleToReadIt)
{
    const TemporaryFolder folder;
    ASSERT_TRUE(PrivateKey::generate(GetParam()).value().savePem(folder / "key.pem"));
    for (const unsigned mode : {0640U, 0604U, 0620U, 0601U, 0644U}) {
        ASSERT_EQ(::chmod((folder / "key.pem").c_str(), mode), 0);
        const auto loaded = PrivateKey::loadPem(folder / "key.pem");
        ASSERT_FALSE(loaded) << mode;
        EXPECT_EQ(loaded.error().code, ErrorCode::Identity);
        EXPECT_EQ(loaded.error().reason, "key_file_open");
    }
    ASSERT_EQ(::chmod((folder / "key.pem").c_str(), 0400), 0);
    EXPECT_TRUE(PrivateKey::loadPem(folder / "key.pem"));
}

TEST_P(KeyFile, EncryptedByTheOpensslCommand)
{
    const TemporaryFolder folder;
    const auto key = PrivateKey::generate(GetParam()).value();
    ASSERT_TRUE(key.savePem(folder / "key.pem"));
    ASSERT_EQ(openssl(folder, "pkcs8 -topk8 -in key.pem -out enc.pem -v2 aes-256-cbc -iter 10000 -passout pass:正确的PIN").status, 0);
    ASSERT_EQ(::chmod((folder / "enc.pem").c_str(), 0600), 0);
    const auto good = PrivateKey::loadPem(folder / "enc.pem", "正确的PIN");
    ASSERT_TRUE(good) << good.error().detail;
    EXPECT_EQ(good->publicKey().id(), key.publicKey().id());
    for (const std::string& pin : {std::string("wrong-secret"), std::string(), std::string("正确的PIN\0", 13), std::string(600, 'x')}) {
        const auto bad = PrivateKey::loadPem(folder / "enc.pem", pin);
        ASSERT_FALSE(bad) << pin;
        EXPECT_EQ(bad.error().code, ErrorCode::Identity);
        EXPECT_EQ(bad.error().reason, "wrong_pin");
        EXPECT_EQ(bad.error().detail.find("secret"), std::string::npos); // a PIN is never repeated
    }
}

TEST(KeyFileRefusals, TooManyIterationsAndOtherDerivations)
{
    const TemporaryFolder folder;
    ASSERT_TRUE(PrivateKey::generate(Scheme::Ed25519).value().savePem(folder / "key.pem"));
    // Written with few iterations, then raised in place: nobody has to wait for the real thing.
    ASSERT_EQ(openssl(folder, "pkcs8 -topk8 -in key.pem -outform DER -out enc.der -v2 aes-256-cbc -iter 65537 -passout pass:x").status, 0);
    std::string der = readText(folder / "enc.der");
    const auto at = der.find(std::string("\x02\x03\x01\x00\x01", 5));
    ASSERT_NE(at, std::string::npos);
    der[at + 2] = '\x7f';
    std::string pem = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + toBase64(asBytes(der)) + "\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (std::size_t i = 38 + 64; pem.size() > i && pem.find('\n', 38) > i; i += 65)
        pem.insert(i, 1, '\n');
    const auto slow = PrivateKey::fromPem(pem, "x");
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error().code, ErrorCode::Identity);
    EXPECT_EQ(slow.error().reason, "kdf_not_supported");
    ASSERT_EQ(openssl(folder, "pkcs8 -topk8 -in key.pem -out scrypt.pem -scrypt -passout pass:x").status, 0);
    const auto scrypt = PrivateKey::fromPem(readText(folder / "scrypt.pem"), "x");
    ASSERT_FALSE(scrypt);
    EXPECT_EQ(scrypt.error().reason, "kdf_not_supported");
}

TEST(KeyFileRefusals, OnlyOnePkcs8Key)
{
    const TemporaryFolder folder;
    const auto key = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    ASSERT_TRUE(key.savePem(folder / "key.pem"));
    const std::string pem = readText(folder / "key.pem");
    EXPECT_TRUE(PrivateKey::fromPem(pem));
    const auto code = [](std::string_view text) {
        const auto k = PrivateKey::fromPem(text);
        return k ? "accepted" : toString(k.error().code);
    };
    EXPECT_EQ(code(pem + pem), "malformed");
    EXPECT_EQ(code(""), "malformed");
    EXPECT_EQ(code("not a key"), "malformed");
    EXPECT_EQ(code(pem.substr(0, pem.size() / 2)), "malformed");
    EXPECT_EQ(code(pem + "-----BEGIN PRIVATE KEY-----\nAAAA"), "malformed");
    EXPECT_EQ(code(std::string(100'000, 'A')), "malformed");
    ASSERT_EQ(openssl(folder, "pkey -in key.pem -pubout -out pub.pem").status, 0);
    EXPECT_EQ(code(readText(folder / "pub.pem")), "malformed");
    ASSERT_EQ(openssl(folder, "pkey -in key.pem -traditional -out old.pem").status, 0);
    EXPECT_EQ(code(readText(folder / "old.pem")), "malformed");
    ASSERT_EQ(openssl(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa.pem").status, 0);
    EXPECT_EQ(code(readText(folder / "rsa.pem")), "refused");
    ASSERT_EQ(openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem").status, 0);
    EXPECT_EQ(code(readText(folder / "p384.pem")), "refused");
    ASSERT_EQ(openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out sm2.pem").status, 0);
    EXPECT_EQ(code(readText(folder / "sm2.pem")), "refused");
}

TEST(KeyFileRefusals, PublicHalfOfAnotherKey)
{
    const TemporaryFolder folder;
    const auto one = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    const auto two = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    ASSERT_TRUE(one.savePem(folder / "key.pem"));
    ASSERT_EQ(openssl(folder, "pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der").status, 0);
    std::string der = readText(folder / "key.der");
    const auto point = one.publicKey().spki().last(65);
    const auto at = der.find(asText(point));
    ASSERT_NE(at, std::string::npos);
    der.replace(at, 65, asText(two.publicKey().spki().last(65)));
    writeText(folder / "bad.der", der);
    const std::string text = toBase64(asBytes(der));
    std::string pem = "-----BEGIN PRIVATE KEY-----\n";
    for (std::size_t i = 0; i < text.size(); i += 64)
        pem += text.substr(i, 64) + "\n";
    pem += "-----END PRIVATE KEY-----\n";
    const auto bad = PrivateKey::fromPem(pem);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::Malformed);
}

TEST(KeyFileRefusals, PlacesThatAreNoFiles)
{
    const TemporaryFolder folder;
    EXPECT_EQ(PrivateKey::loadPem(folder / "missing.pem").error().code, ErrorCode::NotFound);
    EXPECT_EQ(PrivateKey::loadPem(folder / "").error().code, ErrorCode::Unreadable);
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(PrivateKey::loadPem(folder / "pipe").error().code, ErrorCode::Unreadable); // and does not wait for a writer
}

} // namespace
} // namespace jc::crypto
