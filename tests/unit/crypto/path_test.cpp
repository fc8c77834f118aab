// SPDX-License-Identifier: Apache-2.0
#include "crypto_test_support.h"

#include <gtest/gtest.h>

#include <ostream>

namespace jc::crypto {
// NOLINTNEXTLINE(misc-use-internal-linkage): found by argument-dependent lookup
void PrintTo(PathOutcome o, std::ostream* out)
{
    const char* names[] = {"Valid", "NoAnchor", "Expired", "NotYetValid", "BadSignature", "NotAllowed"};
    *out << names[static_cast<int>(o)];
}

namespace {

using test::kDay;
using test::kNow;
using test::makePki;
using test::openssl;
using test::readText;
using test::request;
using test::TemporaryFolder;
using test::writeText;
using Chain = std::vector<Certificate>;

TEST(Path, TrustComesFromTheListOnly)
{
    for (const auto scheme : {Scheme::Ed25519, Scheme::EcdsaP256Sha256}) {
        const auto pki = makePki(scheme);
        EXPECT_EQ(checkPath(pki.leaf, Chain{pki.middle}, Chain{pki.root}, kNow), PathOutcome::Valid);
        EXPECT_EQ(checkPath(pki.leaf, {}, Chain{pki.middle}, kNow), PathOutcome::Valid) << "an anchor need not be self-signed";
        EXPECT_EQ(checkPath(pki.leaf, Chain{pki.root}, Chain{pki.middle}, kNow), PathOutcome::Valid);
        EXPECT_EQ(checkPath(pki.leaf, {}, Chain{pki.leaf}, kNow), PathOutcome::Valid) << "trusted itself";
        EXPECT_EQ(checkPath(pki.root, {}, Chain{pki.root}, kNow), PathOutcome::Valid);
        EXPECT_EQ(checkPath(pki.leaf, {}, Chain{pki.root}, kNow), PathOutcome::NoAnchor) << "a link is missing";
        EXPECT_EQ(checkPath(pki.leaf, Chain{pki.middle, pki.root}, {}, kNow), PathOutcome::NoAnchor);
        EXPECT_EQ(checkPath(pki.leaf, Chain{pki.middle, pki.root}, Chain{makePki(scheme).leaf}, kNow), PathOutcome::NoAnchor);
        EXPECT_EQ(checkPath(pki.root, {}, {}, kNow), PathOutcome::NoAnchor);
    }
}

TEST(Path, SameNameOtherKey)
{
    const auto pki = makePki();
    const auto impostor = makePki(); // the same names throughout
    EXPECT_NE(checkPath(pki.leaf, Chain{pki.middle}, Chain{impostor.root}, kNow), PathOutcome::Valid);
    EXPECT_NE(checkPath(impostor.leaf, Chain{impostor.middle}, Chain{pki.root}, kNow), PathOutcome::Valid);
    // A look-alike beside the right one changes nothing, in either order.
    EXPECT_EQ(checkPath(pki.leaf, Chain{impostor.middle, pki.middle}, Chain{impostor.root, pki.root}, kNow), PathOutcome::Valid);
    EXPECT_EQ(checkPath(pki.leaf, Chain{pki.middle, impostor.middle}, Chain{pki.root, impostor.root}, kNow), PathOutcome::Valid);
}

// Authorities without key identifiers, as old ones are: only the signature tells two of one name apart.
TEST(Path, RolledKeyUnderOneNameWithoutKeyIdentifiers)
{
    const TemporaryFolder folder;
    writeText(folder / "x.cnf", "[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nCN=Root\n[ca]\nbasicConstraints=critical,CA:TRUE\n");
    for (const std::string n : {"1", "2"}) {
        const auto run = openssl(folder, "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k" + n +
                                             ".pem -config x.cnf -extensions ca -days 30 -out r" + n + ".pem");
        ASSERT_EQ(run.status, 0) << run.output;
    }
    ASSERT_EQ(openssl(folder, "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=leaf -out l.csr").status,
              0);
    ASSERT_EQ(openssl(folder, "x509 -req -in l.csr -CA r1.pem -CAkey k1.pem -set_serial 5 -days 30 -out l.pem").status, 0);
    const auto read = [&](const char* name) { return Certificate::fromPemChain(readText(folder / name)).value().at(0); };
    const auto leaf = read("l.pem");
    const UnixMs at = leaf.notBefore() + 60'000;
    EXPECT_EQ(checkPath(leaf, {}, Chain{read("r1.pem"), read("r2.pem")}, at), PathOutcome::Valid);
    EXPECT_EQ(checkPath(leaf, {}, Chain{read("r2.pem"), read("r1.pem")}, at), PathOutcome::Valid);
    EXPECT_EQ(checkPath(leaf, {}, Chain{read("r2.pem")}, at), PathOutcome::BadSignature);
}

TEST(Path, ValidityToTheSecond)
{
    const auto pki = makePki();
    const auto at = [&](UnixMs t) { return checkPath(pki.leaf, Chain{pki.middle}, Chain{pki.root}, t); };
    EXPECT_EQ(at(pki.leaf.notBefore() - 1), PathOutcome::NotYetValid);
    EXPECT_EQ(at(pki.leaf.notBefore()), PathOutcome::Valid);
    EXPECT_EQ(at(pki.leaf.notAfter() + 999), PathOutcome::Valid); // its last second belongs to it
    EXPECT_EQ(at(pki.leaf.notAfter() + 1000), PathOutcome::Expired);
    EXPECT_EQ(at(-1), PathOutcome::NotYetValid);
}

TEST(Path, AnExpiredAuthorityEndsIt)
{
    const auto pki = makePki();
    auto r = request("短", true);
    r.notAfter = kNow + kDay;
    const auto shortLived = issueCertificate(r, pki.middleKey.publicKey(), pki.root, pki.rootKey).value();
    const auto leaf = issueCertificate(request("人"), pki.leafKey.publicKey(), shortLived, pki.middleKey).value();
    EXPECT_EQ(checkPath(leaf, Chain{shortLived}, Chain{pki.root}, kNow), PathOutcome::Valid);
    EXPECT_EQ(checkPath(leaf, Chain{shortLived}, Chain{pki.root}, kNow + 2 * kDay), PathOutcome::Expired);
}

TEST(Path, PersonsCannotIssue)
{
    const TemporaryFolder folder;
    const auto pki = makePki();
    ASSERT_TRUE(pki.leafKey.savePem(folder / "leaf.key"));
    writeText(folder / "leaf.pem", pki.leaf.pem());
    ASSERT_EQ(openssl(folder, "req -new -newkey ed25519 -nodes -keyout f.key -subj /CN=forged -out f.csr").status, 0);
    writeText(folder / "f.ext", "basicConstraints=critical,CA:FALSE\n");
    const auto run = openssl(folder, "x509 -req -in f.csr -CA leaf.pem -CAkey leaf.key -set_serial 7 -days 3650 -extfile f.ext -out f.pem");
    ASSERT_EQ(run.status, 0) << run.output;
    const auto forged = Certificate::fromPemChain(readText(folder / "f.pem")).value().at(0);
    const UnixMs at = forged.notBefore() + 1000;
    EXPECT_EQ(checkPath(forged, Chain{pki.leaf, pki.middle}, Chain{pki.root}, std::max(at, kNow)), PathOutcome::NotAllowed);
    EXPECT_EQ(checkPath(forged, {}, Chain{pki.leaf}, std::max(at, kNow)), PathOutcome::NotAllowed) << "not even as an anchor";
}

TEST(Path, TimestampingLeavesPass)
{
    const auto pki = makePki();
    auto r = request("授时中心");
    r.timestamping = true;
    const auto tsa = issueCertificate(r, pki.leafKey.publicKey(), pki.middle, pki.middleKey).value();
    EXPECT_EQ(checkPath(tsa, Chain{pki.middle}, Chain{pki.root}, kNow), PathOutcome::Valid);
}

TEST(Path, BrokenDigestsAreNotAllowed)
{
    const TemporaryFolder folder;
    const auto pki = makePki();
    ASSERT_TRUE(pki.rootKey.savePem(folder / "root.key"));
    writeText(folder / "root.pem", pki.root.pem());
    ASSERT_EQ(openssl(folder, "req -new -newkey ed25519 -nodes -keyout s.key -subj /CN=sha1 -out s.csr").status, 0);
    const auto run = openssl(folder, "x509 -req -sha1 -in s.csr -CA root.pem -CAkey root.key -set_serial 9 -days 3650 -out s.pem");
    ASSERT_EQ(run.status, 0) << run.output;
    const auto old = Certificate::fromPemChain(readText(folder / "s.pem")).value().at(0);
    EXPECT_EQ(checkPath(old, {}, Chain{pki.root}, std::max(old.notBefore() + 1000, kNow)), PathOutcome::NotAllowed);
}

TEST(Path, LongChainsEnd)
{
    auto key = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    const auto root = issueCertificate(request("0", true), key.publicKey(), std::nullopt, key).value();
    Chain chain{root};
    for (int i = 1; i <= 9; ++i) {
        auto next = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
        chain.push_back(issueCertificate(request(std::to_string(i), true), next.publicKey(), chain.back(), key).value());
        key = next;
    }
    EXPECT_EQ(checkPath(chain[7], chain, Chain{root}, kNow), PathOutcome::Valid); // eight certificates
    EXPECT_EQ(checkPath(chain[8], chain, Chain{root}, kNow), PathOutcome::NoAnchor);
}

// Sixty authorities of one name that all sign each other: the search must give up, quickly.
TEST(Path, HostileMeshIsBounded)
{
    const auto key = PrivateKey::generate(Scheme::EcdsaP256Sha256).value();
    const auto first = issueCertificate(request("mesh", true), key.publicKey(), std::nullopt, key).value();
    Chain mesh{first};
    while (mesh.size() < 60)
        mesh.push_back(issueCertificate(request("mesh", true), key.publicKey(), first, key).value());
    const auto leaf = issueCertificate(request("leaf"), PrivateKey::generate(Scheme::Ed25519).value().publicKey(), first, key).value();
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(checkPath(leaf, mesh, Chain{makePki().root}, kNow), PathOutcome::NoAnchor);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(2));
}

TEST(Path, PathLengthOfAnAuthorityHolds)
{
    const TemporaryFolder folder;
    writeText(folder / "x.cnf", "[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nCN=Root\n[ca]\nbasicConstraints=critical,CA:TRUE,pathlen:"
                                "0\nsubjectKeyIdentifier=hash\n");
    ASSERT_EQ(openssl(folder, "req -x509 -newkey ed25519 -nodes -keyout k.pem -config x.cnf -extensions ca -days 30 -out r.pem").status, 0);
    std::filesystem::permissions(folder / "k.pem", std::filesystem::perms(0600));
    const auto rootKey = PrivateKey::loadPem(folder / "k.pem").value();
    const auto root = Certificate::fromPemChain(readText(folder / "r.pem")).value().at(0);
    auto r = request("below", true);
    r.notBefore = root.notBefore();
    r.notAfter = root.notAfter();
    const auto key = PrivateKey::generate(Scheme::Ed25519).value();
    const auto below = issueCertificate(r, key.publicKey(), root, rootKey).value();
    r.ca = false;
    const auto direct = issueCertificate(r, key.publicKey(), root, rootKey).value();
    const auto indirect = issueCertificate(r, key.publicKey(), below, key).value();
    EXPECT_EQ(checkPath(direct, {}, Chain{root}, root.notBefore()), PathOutcome::Valid);
    EXPECT_EQ(checkPath(indirect, Chain{below}, Chain{root}, root.notBefore()), PathOutcome::NotAllowed);
}

} // namespace
} // namespace jc::crypto
