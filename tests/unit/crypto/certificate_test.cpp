// SPDX-License-Identifier: Apache-2.0
#include "crypto_test_support.h"

#include "base/text.h"
#include "crypto/der.h"
#include "crypto/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace jc::crypto {
namespace {

using test::kDay;
using test::kNow;
using test::makePki;
using test::openssl;
using test::readText;
using test::request;
using test::TemporaryFolder;
using test::writeText;
using testing::HasSubstr;

TEST(Der, Rules)
{
    const auto der = [](std::string_view hex) { return isSingleDerValue(fromHex(hex).value()); };
    EXPECT_TRUE(der("0500"));
    EXPECT_TRUE(der("30030101ff"));
    EXPECT_TRUE(der("3000"));
    EXPECT_TRUE(der("02020080"));
    EXPECT_TRUE(der("0203ff7fff"));
    EXPECT_TRUE(der("a003020102"));
    EXPECT_TRUE(der("06032a8648"));
    EXPECT_TRUE(der("030206c0"));
    EXPECT_FALSE(der("")) << "nothing";
    EXPECT_FALSE(der("05")) << "cut";
    EXPECT_FALSE(der("050000")) << "something behind";
    EXPECT_FALSE(der("05000500")) << "two values";
    EXPECT_FALSE(der("3081020500")) << "length too long";
    EXPECT_FALSE(der("308000000000")) << "indefinite";
    EXPECT_FALSE(der("30030500")) << "longer than the input";
    EXPECT_FALSE(der("3001")) << "longer than the input";
    EXPECT_FALSE(der("0101017f")) << "cut";
    EXPECT_FALSE(der("010101")) << "true is ff";
    EXPECT_FALSE(der("0200")) << "empty integer";
    EXPECT_FALSE(der("0202007f")) << "padded";
    EXPECT_FALSE(der("0202ff80")) << "padded";
    EXPECT_FALSE(der("0300")) << "no count of unused bits";
    EXPECT_FALSE(der("030101")) << "unused bits of nothing";
    EXPECT_FALSE(der("030206c1")) << "padding not zero";
    EXPECT_FALSE(der("030208c0")) << "eight unused bits";
    EXPECT_FALSE(der("0501ff")) << "null with content";
    EXPECT_FALSE(der("06022a86")) << "arc cut";
    EXPECT_FALSE(der("06038001"
                     "01"))
        << "arc padded";
    EXPECT_FALSE(der("0600")) << "no arc";
    EXPECT_FALSE(der("1000")) << "sequence not constructed";
    EXPECT_FALSE(der("24040402aabb")) << "string in pieces";
    EXPECT_FALSE(der("1f8100")) << "long tag";
    std::string deep;
    for (int i = 0; i < 40; ++i) {
        std::string wrapped = "30";
        wrapped += toHex(Bytes{static_cast<std::uint8_t>(deep.size() / 2)});
        deep = wrapped + deep;
    }
    EXPECT_FALSE(der(deep)) << "too deep";
}

class CertificateScheme : public testing::TestWithParam<Scheme> {};
INSTANTIATE_TEST_SUITE_P(Certificates, CertificateScheme, testing::Values(Scheme::Ed25519, Scheme::EcdsaP256Sha256),
                         [](const auto& i) { return i.param == Scheme::Ed25519 ? "Ed25519" : "P256"; });

TEST_P(CertificateScheme, IssuedCertificateSaysWhatWasAsked)
{
    const auto pki = makePki(GetParam());
    EXPECT_EQ(pki.leaf.commonName(), "张伟");
    EXPECT_EQ(pki.leaf.organization(), "盛京市中级人民法院");
    EXPECT_EQ(pki.leaf.subject(), "CN=张伟,O=盛京市中级人民法院,C=CN");
    EXPECT_EQ(pki.leaf.issuer(), "CN=法院证书,O=盛京市中级人民法院,C=CN");
    EXPECT_EQ(pki.leaf.notBefore(), kNow - kDay);
    EXPECT_EQ(pki.leaf.notAfter(), kNow + 365 * kDay);
    EXPECT_EQ(pki.leaf.id(), sha256(pki.leaf.der()).as<SignerId>());
    EXPECT_TRUE(equal(pki.leaf.spki(), pki.leafKey.publicKey().spki()));
    EXPECT_EQ(pki.leaf.publicKey().value().id(), pki.leafKey.publicKey().id());
    EXPECT_TRUE(pki.root.selfSigned());
    EXPECT_FALSE(pki.middle.selfSigned());
    EXPECT_FALSE(pki.leaf.hasTimestampingEku());
    EXPECT_NE(pki.root.id(), pki.middle.id());
}

TEST_P(CertificateScheme, TheOpensslCommandAcceptsTheChain)
{
    const TemporaryFolder folder;
    const auto pki = makePki(GetParam());
    writeText(folder / "root.pem", pki.root.pem());
    writeText(folder / "middle.pem", pki.middle.pem());
    writeText(folder / "leaf.pem", pki.leaf.pem());
    const auto verified =
        openssl(folder, "verify -x509_strict -attime " + std::to_string(kNow / 1000) + " -CAfile root.pem -untrusted middle.pem leaf.pem");
    EXPECT_EQ(verified.status, 0) << verified.output;
    EXPECT_THAT(verified.output, HasSubstr("leaf.pem: OK"));
    const auto text = openssl(folder, "x509 -in leaf.pem -noout -text -nameopt utf8,sep_comma_plus").output;
    EXPECT_THAT(text, HasSubstr("张伟"));
    EXPECT_THAT(text, HasSubstr("Digital Signature, Non Repudiation"));
    EXPECT_THAT(text, HasSubstr("CA:FALSE"));
    EXPECT_THAT(text, HasSubstr("X509v3 Subject Key Identifier"));
    EXPECT_THAT(text, HasSubstr("X509v3 Authority Key Identifier"));
    const auto root = openssl(folder, "x509 -in root.pem -noout -text").output;
    EXPECT_THAT(root, HasSubstr("CA:TRUE"));
    EXPECT_THAT(root, HasSubstr("Certificate Sign, CRL Sign"));
    EXPECT_EQ(openssl(folder, "x509 -in leaf.pem -noout -serial -checkend 0").output.size() > 20, true);
}

TEST(Certificates, TimestampingExtensionIsAloneAndCritical)
{
    const auto key = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    auto r = request("授时");
    r.timestamping = true;
    const auto tsa = issueCertificate(r, key.publicKey(), std::nullopt, key).value();
    EXPECT_TRUE(tsa.hasTimestampingEku());

    const TemporaryFolder folder;
    ASSERT_TRUE(key.savePem(folder / "key.pem"));
    const auto made = [&](const std::string& eku) {
        const auto run = openssl(folder, "req -x509 -key key.pem -subj /CN=t -days 30 -addext extendedKeyUsage=" + eku + " -out c.pem");
        EXPECT_EQ(run.status, 0) << run.output;
        return Certificate::fromPemChain(readText(folder / "c.pem")).value().at(0).hasTimestampingEku();
    };
    EXPECT_TRUE(made("critical,timeStamping"));
    EXPECT_FALSE(made("timeStamping"));
    EXPECT_FALSE(made("critical,timeStamping,codeSigning"));
    EXPECT_FALSE(made("critical,serverAuth"));
}

TEST(Certificates, SerialsDiffer)
{
    const auto key = PrivateKey::generate(Scheme::Ed25519).value();
    const auto one = issueCertificate(request("a"), key.publicKey(), std::nullopt, key).value();
    const auto two = issueCertificate(request("a"), key.publicKey(), std::nullopt, key).value();
    EXPECT_NE(one.id(), two.id());
}

TEST(Certificates, RequestsThatMakeNoSense)
{
    const auto key = PrivateKey::generate(Scheme::Ed25519).value();
    const auto other = PrivateKey::generate(Scheme::Ed25519).value();
    const auto ca = issueCertificate(request("ca", true), key.publicKey(), std::nullopt, key).value();
    const auto person = issueCertificate(request("p"), other.publicKey(), ca, key).value();
    const auto refused = [&](auto&& change, const std::optional<Certificate>& issuer, const PrivateKey& signer) {
        auto r = request("name");
        change(r);
        const auto c = issueCertificate(r, key.publicKey(), issuer, signer);
        return !c && c.error().code == ErrorCode::InvalidArgument;
    };
    const auto same = [](CertificateRequest&) {};
    EXPECT_FALSE(refused(same, ca, key));
    EXPECT_TRUE(refused(same, std::nullopt, other)) << "self-signed by another key";
    EXPECT_TRUE(refused(same, ca, other)) << "not the issuer's key";
    EXPECT_TRUE(refused(same, person, other)) << "issuer is no authority";
    EXPECT_TRUE(refused([](auto& r) { r.commonName.clear(); }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.commonName = "a\xff"; }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.commonName = std::string("a\0b", 3); }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.commonName.assign(65, 'a'); }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.organization = "a\nb"; }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.country = "China"; }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.notAfter = r.notBefore; }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.notBefore = -1; }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.notAfter = 300'000'000'000'000; }, ca, key));
    EXPECT_TRUE(refused([](auto& r) { r.ca = r.timestamping = true; }, ca, key));
    EXPECT_FALSE(refused([](auto& r) { r.country.clear(); }, ca, key));
    EXPECT_FALSE(refused([](auto& r) { r.notAfter = 253'402'300'799'000; }, ca, key));
}

TEST(Certificates, OneDerAndNothingElse)
{
    const auto pki = makePki();
    const Bytes der = toBytes(pki.leaf.der());
    EXPECT_TRUE(Certificate::fromDer(der));
    for (std::size_t n = 0; n < der.size(); ++n)
        ASSERT_FALSE(Certificate::fromDer(ByteView(der).first(n))) << n;
    Bytes more = der;
    more.push_back(0);
    EXPECT_EQ(Certificate::fromDer(more).error().code, ErrorCode::Malformed);
    more = der;
    append(more, der);
    EXPECT_FALSE(Certificate::fromDer(more));
    EXPECT_FALSE(Certificate::fromDer(Bytes(17 * 1024, 0x30)));
    // The outer length written with one byte too many.
    ASSERT_EQ(der[1], 0x82);
    Bytes ber = {0x30, 0x83, 0x00};
    ber.insert(ber.end(), der.begin() + 2, der.end());
    EXPECT_FALSE(Certificate::fromDer(ber));
}

TEST(Certificates, FlippedBitsNeverCrashAndNeverVerify)
{
    const auto pki = makePki();
    const std::array anchors = {pki.root};
    const std::array between = {pki.middle};
    ASSERT_EQ(checkPath(pki.leaf, between, anchors, kNow), PathOutcome::Valid);
    int parsed = 0;
    for (std::size_t i = 0; i < pki.leaf.der().size(); ++i) {
        Bytes bad = toBytes(pki.leaf.der());
        bad[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
        const auto c = Certificate::fromDer(bad);
        if (!c) continue;
        ++parsed;
        EXPECT_NE(checkPath(*c, between, anchors, kNow), PathOutcome::Valid) << i;
        EXPECT_TRUE(isValidUtf8(c->subject() + c->issuer() + c->commonName() + c->organization()));
    }
    EXPECT_GT(parsed, 100);
}

TEST(Certificates, PemChains)
{
    const auto pki = makePki();
    const std::string chain = pki.leaf.pem() + pki.middle.pem();
    const auto two = Certificate::fromPemChain(chain);
    ASSERT_TRUE(two);
    ASSERT_EQ(two->size(), 2U);
    EXPECT_EQ(two->at(0).id(), pki.leaf.id());
    EXPECT_EQ(two->at(1).id(), pki.middle.id());
    EXPECT_EQ(Certificate::fromPemChain("subject=someone\n" + chain).value().size(), 2U); // explanatory text, RFC 7468
    EXPECT_EQ(Certificate::fromPemChain(pki.leaf.pem()).value().at(0).pem(), pki.leaf.pem());
    EXPECT_FALSE(Certificate::fromPemChain(""));
    EXPECT_FALSE(Certificate::fromPemChain("nothing here"));
    EXPECT_FALSE(Certificate::fromPemChain(chain + "-----BEGIN CERTIFICATE-----\nAAAA\n"));
    EXPECT_FALSE(Certificate::fromPemChain(chain + "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
    EXPECT_FALSE(Certificate::fromPemChain(chain + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    std::string many;
    for (int i = 0; i < 64; ++i)
        many += pki.leaf.pem();
    EXPECT_EQ(Certificate::fromPemChain(many).value().size(), 64U);
    EXPECT_FALSE(Certificate::fromPemChain(many + pki.leaf.pem()));
}

TEST(Certificates, ForeignKeysAreReadButSignNoRecords)
{
    const TemporaryFolder folder;
    ASSERT_EQ(openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout k.pem -subj /O=Notary/CN=Rsa -days 30 -out c.pem").status, 0);
    const auto c = Certificate::fromPemChain(readText(folder / "c.pem")).value().at(0);
    EXPECT_EQ(c.commonName(), "Rsa");
    EXPECT_TRUE(c.selfSigned());
    EXPECT_EQ(c.publicKey().error().code, ErrorCode::Refused);
}

TEST(Certificates, OldStringTypesBecomeUtf8)
{
    const TemporaryFolder folder;
    writeText(folder / "c.cnf",
              "[req]\nprompt=no\ndistinguished_name=dn\nstring_mask=MASK:0x800\nutf8=yes\n[dn]\nCN=李法官\n"); // BMPString
    const auto run = openssl(folder, "req -x509 -newkey ed25519 -nodes -keyout k.pem -utf8 -config c.cnf -days 30 -out c.pem");
    ASSERT_EQ(run.status, 0) << run.output;
    const auto c = Certificate::fromPemChain(readText(folder / "c.pem")).value().at(0);
    EXPECT_THAT(std::string(asText(c.der())), HasSubstr(std::string("\x1e\x06\x67\x4e", 4))); // really UTF-16 in the certificate
    EXPECT_EQ(c.commonName(), "李法官");
    EXPECT_EQ(c.subject(), "CN=李法官");
    EXPECT_EQ(c.organization(), "");
}

} // namespace
} // namespace jc::crypto
