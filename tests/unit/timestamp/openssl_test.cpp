// SPDX-License-Identifier: Apache-2.0
// The openssl command as a second opinion, both ways: it verifies what is written here, and what it writes is read here.
#include "support.h"

#include <gtest/gtest.h>

namespace jc::timestamp::test {
namespace {

class OpensslTest : public testing::Test {
protected:
    TempDir dir;
    SetClock clock{systemClock().now() / 1000 * 1000}; // the command judges chains by today
    Pki pki{"Test TSA", clock.now() - kDay, clock.now() + 30 * kDay};
    std::unique_ptr<Authority> authority = openAuthority(pki, dir / "serial", &clock);

    void SetUp() override
    {
        writeFile(dir / "root.pem", asBytes(pki.root.certificate.pem()));
        writeFile(dir / "data", asBytes("evidence\n"));
    }
    Ran openssl(const std::string& arguments) { return run("cd " + quoted(dir.path()) + " && openssl " + arguments); }
};

TEST_F(OpensslTest, VerifiesOurTokenOverAFile)
{
    writeFile(dir / "token", authority->stamp(crypto::DigestAlgorithm::Sha256, digestOf("evidence\n").bytes()).value());
    const Ran good = openssl("ts -verify -in token -token_in -data data -CAfile root.pem");
    EXPECT_EQ(good.code, 0) << good.output;
    EXPECT_NE(good.output.find("Verification: OK"), std::string::npos) << good.output;
    writeFile(dir / "data", asBytes("changed\n"));
    EXPECT_NE(openssl("ts -verify -in token -token_in -data data -CAfile root.pem").code, 0);
    const Ran text = openssl("ts -reply -in token -token_in -token_out -text");
    EXPECT_NE(text.output.find("Policy OID: 1.3.6.1.4.1.99999.1.1"), std::string::npos) << text.output;
    EXPECT_NE(text.output.find("Accuracy: 0x01 seconds"), std::string::npos) << text.output;
}

TEST_F(OpensslTest, VerifiesABatchByItsRoot)
{
    std::vector<TreeItem> items(5);
    for (std::size_t i = 0; i < items.size(); ++i)
        items[i] = {digestOf("item " + std::to_string(i)), Salt{static_cast<std::uint8_t>(i)}};
    const BatchTree tree(items);
    writeFile(dir / "token", authority->stamp(crypto::DigestAlgorithm::Sha256, tree.imprint().bytes()).value());
    const Ran good = openssl("ts -verify -in token -token_in -digest " + tree.imprint().hex() + " -CAfile root.pem");
    EXPECT_EQ(good.code, 0) << good.output;
    EXPECT_NE(openssl("ts -verify -in token -token_in -digest " + digestOf("x").hex() + " -CAfile root.pem").code, 0);
}

TEST_F(OpensslTest, EveryElementOfOurTokenAndRecordIsDer)
{
    const Bytes token = authority->stamp(crypto::DigestAlgorithm::Sha256, digestOf("evidence\n").bytes()).value();
    writeFile(dir / "token", token);
    writeFile(dir / "record", makeEvidenceRecord(digestOf("evidence\n"), std::nullopt, {}, token).value());
    EXPECT_EQ(openssl("asn1parse -inform DER -in token").code, 0);
    EXPECT_EQ(openssl("asn1parse -inform DER -in record").code, 0);
    // Read and written again, the bytes must be the same; a flaw in the order of a SET would show here.
    ASSERT_EQ(openssl("cms -cmsout -inform DER -in token -outform DER -out again").code, 0);
    EXPECT_EQ(slurp(dir / "again"), token);
}

TEST_F(OpensslTest, ItsQueriesAreAnswered)
{
    for (const char* options : {"-sha256 -cert", "-sha256", "-sha512 -cert", "-sm3 -cert", "-sha256 -cert -no_nonce"}) {
        ASSERT_EQ(openssl(std::string("ts -query -data data -out query ") + options).code, 0);
        writeFile(dir / "reply", answer(*authority, slurp(dir / "query")).value());
        writeFile(dir / "tsa.pem", asBytes(pki.tsa.certificate.pem()));
        const Ran r = openssl("ts -verify -queryfile query -in reply -CAfile root.pem -untrusted tsa.pem");
        EXPECT_EQ(r.code, 0) << options << "\n" << r.output;
    }
    ASSERT_EQ(openssl("ts -query -data data -out query -sha1").code, 0);
    writeFile(dir / "reply", answer(*authority, slurp(dir / "query")).value());
    const Ran r = openssl("ts -reply -in reply -text");
    EXPECT_NE(r.output.find("unrecognized or unsupported algorithm"), std::string::npos) << r.output;
    ASSERT_EQ(openssl("ts -query -data data -out query -sha256 -tspolicy 1.2.3").code, 0);
    writeFile(dir / "reply", answer(*authority, slurp(dir / "query")).value());
    const Ran policy = openssl("ts -reply -in reply -text");
    EXPECT_NE(policy.output.find("requested TSA policy is not supported"), std::string::npos) << policy.output;
}

struct Kind {
    const char* name;
    const char* keyOptions;
    const char* ess; ///< digest of the ESSCertID: sha1 gives the old attribute
    const char* signer;
};
class OpensslReply : public OpensslTest, public testing::WithParamInterface<Kind> {};

TEST_P(OpensslReply, ItsTokensAreAccepted)
{
    // Its own authority: root and signer made by the command too; certificates land in the token in the order given, not in DER order.
    const Kind& kind = GetParam();
    writeFile(dir / "tsa.cnf",
              asBytes("[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
                      "[tsa]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
                      "[tsa_config]\nserial=serial.txt\ncrypto_device=builtin\nsigner_cert=signer.pem\nsigner_key=signer.key\n"
                      "certs=chain.pem\nsigner_digest=" +
                      std::string(kind.signer) +
                      "\ndefault_policy=1.2.3.4\ndigests=sha256,sha512\n"
                      "accuracy=secs:1,millisecs:500,microsecs:100\nordering=yes\ntsa_name=yes\ness_cert_id_chain=yes\ness_cert_id_alg=" +
                      std::string(kind.ess) + "\n[bad]\nextendedKeyUsage=timeStamping\n"));
    const std::string key = std::string("-newkey ") + kind.keyOptions + " -nodes ";
    ASSERT_EQ(openssl("req -config tsa.cnf -x509 " + key + "-keyout ca.key -out ca.pem -subj /CN=Other-CA -days 30 -extensions ca").code,
              0);
    ASSERT_EQ(openssl("req -config tsa.cnf " + key + "-keyout signer.key -out signer.csr -subj /CN=Other-TSA").code, 0);
    const auto sign = [&](const char* section) {
        return openssl("x509 -req -in signer.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 10 -extfile tsa.cnf -extensions " +
                       std::string(section) + " -out signer.pem");
    };
    ASSERT_EQ(sign("tsa").code, 0);
    const std::vector<crypto::Certificate> root = crypto::Certificate::fromPemChain(asText(slurp(dir / "ca.pem"))).value();
    const Sha256Digest digest = digestOf("evidence\n");

    for (const char* order : {"cat ca.pem signer.pem > chain.pem", "cat signer.pem ca.pem > chain.pem"}) {
        ASSERT_EQ(run("cd " + quoted(dir.path()) + " && " + order).code, 0);
        const Request request = makeRequest(crypto::DigestAlgorithm::Sha256, digest.bytes()).value();
        writeFile(dir / "query", request.der);
        const Ran made = openssl("ts -reply -config tsa.cnf -section tsa_config -queryfile query -out reply");
        ASSERT_EQ(made.code, 0) << made.output;
        const Bytes reply = slurp(dir / "reply");
        const auto token = acceptResponse(request, reply, "1.2.3.4");
        ASSERT_TRUE(token) << token.error().detail;
        const TokenCheck check = checkToken(*token, digest.bytes(), root);
        EXPECT_EQ(toString(check.outcome), "valid");
        EXPECT_EQ(check.authority, "Other-TSA");
        EXPECT_EQ(check.info.accuracyMs, 1501U);
        EXPECT_LT(std::abs(check.info.genTime - systemClock().now()), kDay);
        EXPECT_EQ(checkToken(*token, digest.bytes(), pki.anchors()).outcome, TokenOutcome::NoAnchor);
        EXPECT_GE(tokenCertificates(*token).value().size(), 2U);
        EXPECT_EQ(checkToken(*token, digestOf("x").bytes(), root).outcome, TokenOutcome::ImprintDiffers);
        // An answer to a request that is not ours.
        const Request other = makeRequest(crypto::DigestAlgorithm::Sha256, digest.bytes()).value();
        EXPECT_EQ(acceptResponse(other, reply).error().reason, "wrong_nonce");
        // Its token serves in a record of ours.
        const EvidenceRecord record = parseEvidenceRecord(makeEvidenceRecord(digest, std::nullopt, {}, *token).value()).value();
        EXPECT_EQ(checkEvidenceRecord(record, digest, root).outcome, TokenOutcome::Valid);
    }

    // A digest that it does not take: a rejection with its words, not a token.
    writeFile(dir / "query", makeRequest(crypto::DigestAlgorithm::Sm3, digest.bytes()).value().der);
    (void)openssl("ts -reply -config tsa.cnf -section tsa_config -queryfile query -out reply");
    const Request sm3 = makeRequest(crypto::DigestAlgorithm::Sm3, digest.bytes()).value();
    EXPECT_EQ(acceptResponse(sm3, slurp(dir / "reply")).error().reason, "tsa_refused");
}

INSTANTIATE_TEST_SUITE_P(Kinds, OpensslReply,
                         testing::Values(Kind{"EcV2", "ec -pkeyopt ec_paramgen_curve:P-256", "sha256", "sha256"},
                                         Kind{"EcV1", "ec -pkeyopt ec_paramgen_curve:P-256", "sha1", "sha256"},
                                         Kind{"P384", "ec -pkeyopt ec_paramgen_curve:P-384", "sha384", "sha384"},
                                         Kind{"Rsa", "rsa:2048", "sha256", "sha256"}, Kind{"RsaSha512", "rsa:2048", "sha512", "sha512"}),
                         [](const auto& i) { return std::string(i.param.name); });

} // namespace
} // namespace jc::timestamp::test
