// SPDX-License-Identifier: Apache-2.0
#include "crypto_test_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <iostream>

namespace jc::crypto {
namespace {

using test::makePki;
using test::openssl;
using test::readText;
using test::TemporaryFolder;
using test::writeText;
using testing::HasSubstr;

Identity person(const test::Pki& pki)
{
    return {pki.leafKey, pki.leaf, {pki.middle, pki.root}};
}

// A key, its certificate and its authorities as PEM files, for the openssl command to put into a .p12.
void writeParts(const TemporaryFolder& folder, const test::Pki& pki)
{
    ASSERT_TRUE(pki.leafKey.savePem(folder / "key.pem"));
    writeText(folder / "leaf.pem", pki.leaf.pem());
    writeText(folder / "chain.pem", pki.root.pem() + pki.middle.pem()); // in the wrong order on purpose
}

class Pkcs12Scheme : public testing::TestWithParam<Scheme> {};
INSTANTIATE_TEST_SUITE_P(Pkcs12, Pkcs12Scheme, testing::Values(Scheme::Ed25519, Scheme::EcdsaP256Sha256),
                         [](const auto& i) { return i.param == Scheme::Ed25519 ? "Ed25519" : "P256"; });

TEST_P(Pkcs12Scheme, SavedIdentityLoads)
{
    const TemporaryFolder folder;
    const auto pki = makePki(GetParam());
    const auto saved = savePkcs12(folder / "a.p12", person(pki), "密码1234", "张伟");
    ASSERT_TRUE(saved) << saved.error().detail;
    struct stat st{};
    ASSERT_EQ(::stat((folder / "a.p12").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777U, 0600U);
    const auto loaded = loadPkcs12(folder / "a.p12", "密码1234");
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->certificate.id(), pki.leaf.id());
    ASSERT_EQ(loaded->chain.size(), 2U);
    EXPECT_EQ(loaded->chain[0].id(), pki.middle.id());
    EXPECT_EQ(loaded->chain[1].id(), pki.root.id());
    EXPECT_TRUE(pki.leaf.publicKey()->verify(asBytes("m"), loaded->key.sign(asBytes("m")).value()));
    for (const std::string& pin : {std::string("密码1235"), std::string(), std::string("密码1234 "), std::string("密码1234\0", 11)}) {
        const auto bad = loadPkcs12(folder / "a.p12", pin);
        ASSERT_FALSE(bad);
        EXPECT_EQ(bad.error().code, ErrorCode::Identity);
        EXPECT_EQ(bad.error().reason, "wrong_pin");
        EXPECT_EQ(bad.error().detail.find("123"), std::string::npos);
    }
    const auto again = savePkcs12(folder / "a.p12", person(pki), "x", "");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::Refused);
    EXPECT_TRUE(loadPkcs12(folder / "a.p12", "密码1234"));
}

TEST_P(Pkcs12Scheme, TheOpensslCommandReadsOurs)
{
    const TemporaryFolder folder;
    const auto pki = makePki(GetParam());
    ASSERT_TRUE(savePkcs12(folder / "a.p12", person(pki), "abc123", "clerk"));
    const auto info = openssl(folder, "pkcs12 -in a.p12 -passin pass:abc123 -info -noout");
    EXPECT_EQ(info.status, 0) << info.output;
    EXPECT_THAT(info.output, HasSubstr("MAC: sha256, Iteration 100000"));
    EXPECT_THAT(info.output, HasSubstr("PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"));
    EXPECT_THAT(info.output, testing::Not(HasSubstr("SHA1")));
    const auto keyOnly = openssl(
        folder,
        "pkcs12 -in a.p12 -passin pass:abc123 -nocerts -noenc -out out.key && openssl pkey -in out.key -pubout -outform DER -out pub.der");
    ASSERT_EQ(keyOnly.status, 0) << keyOnly.output;
    EXPECT_EQ(readText(folder / "pub.der"), asText(pki.leafKey.publicKey().spki()));
    EXPECT_NE(openssl(folder, "pkcs12 -in a.p12 -passin pass:abc124 -noout").status, 0);
}

TEST_P(Pkcs12Scheme, WeReadTheOpensslCommands)
{
    const TemporaryFolder folder;
    const auto pki = makePki(GetParam());
    writeParts(folder, pki);
    const std::string base = "pkcs12 -export -inkey key.pem -in leaf.pem -certfile chain.pem -passout ";
    const std::vector<std::pair<std::string, std::string>> ways = {
        {base + "pass:s3 -out f.p12", "s3"},
        {base + "pass:s3 -keypbe NONE -certpbe NONE -out f.p12", "s3"},
        {base + "pass:s3 -keypbe aes-128-cbc -certpbe NONE -macalg sha512 -out f.p12", "s3"},
        {base + "pass:s3 -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -out f.p12", "s3"},
        {base + "pass:s3 -legacy -out f.p12", "s3"}, // RC2 with 40 bits for the certificates
        {base + "pass: -out f.p12", ""},
    };
    for (const auto& [command, pin] : ways) {
        const auto run = openssl(folder, command);
        ASSERT_EQ(run.status, 0) << command << run.output;
        const auto identity = loadPkcs12(folder / "f.p12", pin);
        ASSERT_TRUE(identity) << command << ": " << identity.error().detail;
        EXPECT_EQ(identity->certificate.id(), pki.leaf.id());
        ASSERT_EQ(identity->chain.size(), 2U);
        EXPECT_EQ(identity->chain[0].id(), pki.middle.id()) << "issuer first";
        EXPECT_EQ(identity->key.publicKey().id(), pki.leafKey.publicKey().id());
        EXPECT_EQ(loadPkcs12(folder / "f.p12", "wrong").error().code, ErrorCode::Identity);
    }
}

TEST(Pkcs12, OldCipherWithoutTheLegacyProviderIsSaidClearly)
{
    testing::GTEST_FLAG(death_test_style) = "threadsafe"; // a fresh process: no provider is loaded yet
    EXPECT_EXIT(
        {
            const TemporaryFolder folder;
            writeParts(folder, makePki());
            const auto run = openssl(folder, "pkcs12 -export -legacy -inkey key.pem -in leaf.pem -passout pass:x -out f.p12");
            ::setenv("OPENSSL_MODULES", "/nonexistent", 1);
            const auto identity = loadPkcs12(folder / "f.p12", "x");
            if (run.status != 0 || identity) std::_Exit(1);
            std::cerr << toString(identity.error().code) << ' ' << identity.error().reason << '\n';
            std::_Exit(0);
        },
        testing::ExitedWithCode(0), "identity legacy_cipher");
}

TEST(Pkcs12, WhatIsNoIdentity)
{
    const TemporaryFolder folder;
    const auto pki = makePki();
    writeParts(folder, pki);
    const auto outcome = [&](const std::string& command) {
        const auto run = openssl(folder, "pkcs12 -export " + command + " -passout pass:x -out f.p12");
        EXPECT_EQ(run.status, 0) << run.output;
        const auto identity = loadPkcs12(folder / "f.p12", "x");
        std::filesystem::remove(folder / "f.p12");
        return identity ? "accepted" : std::string(toString(identity.error().code)) + ' ' + identity.error().reason;
    };
    EXPECT_EQ(outcome("-nokeys -in leaf.pem"), "identity no_key");
    EXPECT_EQ(outcome("-inkey key.pem -nocerts"), "identity key_mismatch");
    EXPECT_EQ(outcome("-inkey key.pem -in leaf.pem -nomac"), "malformed ");
    ASSERT_EQ(openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout r.key -subj /CN=r -days 9 -out r.pem").status, 0);
    EXPECT_EQ(outcome("-inkey r.key -in r.pem"), "identity scheme_not_supported");
    EXPECT_EQ(savePkcs12(folder / "z.p12", {pki.leafKey, pki.middle, {}}, "x", "").error().code, ErrorCode::Identity);
    EXPECT_EQ(savePkcs12(folder / "z.p12", person(pki), "", "").error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(savePkcs12(folder / "z.p12", person(pki), "x", "\xff").error().code, ErrorCode::InvalidArgument);
    EXPECT_FALSE(std::filesystem::exists(folder / "z.p12"));
}

TEST(Pkcs12, WhatIsNoPkcs12)
{
    const TemporaryFolder folder;
    EXPECT_EQ(loadPkcs12(folder / "missing.p12", "x").error().code, ErrorCode::NotFound);
    EXPECT_EQ(parsePkcs12({}, "x").error().code, ErrorCode::Malformed);
    EXPECT_EQ(parsePkcs12(asBytes("hello"), "x").error().code, ErrorCode::Malformed);
    EXPECT_EQ(parsePkcs12(Bytes(2 << 20, 0x30), "x").error().code, ErrorCode::Malformed);
    const auto pki = makePki();
    EXPECT_EQ(parsePkcs12(pki.leaf.der(), "x").error().code, ErrorCode::Malformed);
    writeParts(folder, pki);
    ASSERT_EQ(openssl(folder, "pkcs12 -export -inkey key.pem -in leaf.pem -iter 1 -passout pass:x -out f.p12").status, 0);
    Bytes der = toBytes(readText(folder / "f.p12"));
    ASSERT_TRUE(parsePkcs12(der, "x"));
    der.push_back(0);
    EXPECT_EQ(parsePkcs12(der, "x").error().code, ErrorCode::Malformed);
    der.pop_back();
    for (std::size_t n = 0; n < der.size(); n += 3)
        ASSERT_FALSE(parsePkcs12(ByteView(der).first(n), "x"));
    int accepted = 0;
    for (std::size_t i = 0; i < der.size(); ++i) { // the integrity code covers everything but its own frame
        Bytes bad = der;
        bad[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
        if (const auto identity = parsePkcs12(bad, "x")) {
            ++accepted;
            EXPECT_EQ(identity->certificate.id(), pki.leaf.id());
        }
    }
    EXPECT_LT(accepted, 8);
}

TEST(Pkcs12, IterationsAreBounded)
{
    const TemporaryFolder folder;
    writeParts(folder, makePki());
    ASSERT_EQ(openssl(folder, "pkcs12 -export -inkey key.pem -in leaf.pem -iter 65537 -passout pass:x -out f.p12").status, 0);
    std::string der = readText(folder / "f.p12");
    const std::string count("\x02\x03\x01\x00\x01", 5);
    const auto mac = der.rfind(count);
    ASSERT_NE(mac, std::string::npos);
    std::string slowMac = der;
    slowMac[mac + 2] = '\x7f';
    EXPECT_EQ(parsePkcs12(asBytes(slowMac), "x").error().reason, "kdf_not_supported");
}

} // namespace
} // namespace jc::crypto
