// SPDX-License-Identifier: Apache-2.0
#include "unit/note/test_keys.h"

#include <gtest/gtest.h>

namespace jc::note {
namespace {
using test::makeKey;
using test::someCheckpoint;

const std::string kLine = "\xE2\x80\x94 key.example AAAAAAA=\n"; // four id bytes and one more

void expectMalformedNote(std::string_view bytes, const char* why)
{
    const auto r = SignedNote::parse(bytes);
    ASSERT_FALSE(r.has_value()) << why;
    EXPECT_EQ(r.error().code, ErrorCode::Malformed) << why;
}

TEST(KeyName, Rules)
{
    for (const char* good : {"a", "example.com/log", "司法链.example", "a-b_c.d/e:f#g", "\xE2\x80\x94", "=", "\xF0\x9F\x94\x91"})
        EXPECT_TRUE(isValidKeyName(good)) << good;
    for (const char* bad : {"",
                            "a b",
                            " a",
                            "a ",
                            "a+b",
                            "+",
                            "a\tb",
                            "a\nb",
                            "a\rb",
                            "a\x0B",
                            "a\x0C",
                            "a\x01",
                            "a\xC2\x85",
                            "a\xC2\xA0",
                            "\xE1\x9A\x80",
                            "\xE2\x80\x80",
                            "\xE2\x80\x8A",
                            "\xE2\x80\xA8",
                            "\xE2\x80\xA9",
                            "\xE2\x80\xAF",
                            "\xE2\x81\x9F",
                            "\xE3\x80\x80",
                            "\xFF",
                            "\xC3",
                            "a\xED\xA0\x80",
                            "\xC0\xAF"})
        EXPECT_FALSE(isValidKeyName(bad)) << bad;
    EXPECT_TRUE(isValidKeyName("\xE2\x80\x8B")) << "a zero-width space is no white space in Unicode";
    EXPECT_FALSE(isValidKeyName(std::string_view("a\0b", 3)));
}

TEST(VerifierKey, RefusesWhatIsNotExactlyOne)
{
    const auto good = makeKey("key.example", SignatureType::Ed25519).verifier.text();
    ASSERT_TRUE(VerifierKey::parse(good).has_value());
    const auto first = good.find('+');
    const auto name = good.substr(0, first);
    const auto id = good.substr(first + 1, 8);
    const auto key = good.substr(first + 10);
    auto upper = id;
    for (auto& c : upper)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    ASSERT_NE(upper, id);
    auto type2 = fromBase64(key).value();
    type2[0] = 2;
    auto shorter = fromBase64(key).value();
    shorter.pop_back();
    for (const std::string& bad : {std::string(),
                                   std::string("+"),
                                   std::string("++"),
                                   name,
                                   name + "+" + id,
                                   name + "+" + id + "+",
                                   "+" + id + "+" + key,
                                   name + "+" + upper + "+" + key,
                                   name + "+0" + id + "+" + key,
                                   name + "+" + id.substr(1) + "+" + key,
                                   name + "+00000000+" + key,
                                   "other.example+" + id + "+" + key,
                                   name + "+" + id + "+" + key + "=",
                                   name + "+" + id + "+" + key.substr(0, 43),
                                   name + "+" + id + "+ " + key,
                                   good + "\n",
                                   " " + good,
                                   good + "+",
                                   name + "+" + id + "+" + toBase64(type2),
                                   name + "+" + id + "+" + toBase64(shorter),
                                   name + " +" + id + "+" + key}) {
        const auto r = VerifierKey::parse(bad);
        ASSERT_FALSE(r.has_value()) << bad;
        EXPECT_EQ(r.error().code, ErrorCode::Malformed) << bad;
    }
    const auto pub = makeKey("key.example", SignatureType::Ed25519).signer.publicKey().ed25519().value();
    EXPECT_EQ(VerifierKey::make("a b", SignatureType::Ed25519, pub).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(VerifierKey::make("a", SignatureType::MlDsa44, pub).error().code, ErrorCode::InvalidArgument);
}

TEST(Note, SplitsAtTheLastEmptyLine)
{
    const auto n = SignedNote::parse("one\n\ntwo\n\n" + kLine).value();
    EXPECT_EQ(n.text, "one\n\ntwo\n");
    ASSERT_EQ(n.signatures.size(), 1u);
    EXPECT_EQ(n.signatures[0].name, "key.example");
    EXPECT_EQ(n.signatures[0].payload, Bytes{0});
    // Something like a signature above the last empty line is text.
    EXPECT_EQ(SignedNote::parse("t\n\n" + kLine + "\n" + kLine).value().text, "t\n\n" + kLine);
}

TEST(Note, Strictness)
{
    ASSERT_TRUE(SignedNote::parse("t\n\n" + kLine).has_value());
    expectMalformedNote("", "empty");
    expectMalformedNote("\n", "line feed only");
    expectMalformedNote("\n\n", "no signature");
    expectMalformedNote("t\n\n", "no signature");
    expectMalformedNote("t\n" + kLine, "no empty line");
    expectMalformedNote("t\n\n" + kLine + "\n", "empty line at the end");
    expectMalformedNote("t\n\n" + kLine.substr(0, kLine.size() - 1), "no line feed at the end");
    expectMalformedNote("t\n\n" + kLine + "x", "bytes behind");
    expectMalformedNote("t\n\n" + kLine + "x\n", "a line that is no signature");
    expectMalformedNote("t\r\n\r\n" + kLine, "CRLF");
    expectMalformedNote("t\r\n\n" + kLine, "CR");
    expectMalformedNote("t\tt\n\n" + kLine, "tab");
    expectMalformedNote(std::string("t\0t\n\n", 5) + kLine, "NUL");
    expectMalformedNote("t\xFF\n\n" + kLine, "not UTF-8");
    expectMalformedNote("t\n\n- key.example AAAAAAA=\n", "hyphen");
    expectMalformedNote("t\n\n\xE2\x80\x93 key.example AAAAAAA=\n", "en dash");
    expectMalformedNote("t\n\n\xE2\x80\x94key.example AAAAAAA=\n", "no space");
    expectMalformedNote("t\n\n\xE2\x80\x94  key.example AAAAAAA=\n", "two spaces");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example  AAAAAAA=\n", "two spaces");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example AAAAAAA= \n", "space at the end");
    expectMalformedNote("t\n\n\xE2\x80\x94 key+example AAAAAAA=\n", "plus in the name");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example\n", "no signature");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example \n", "empty signature");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example AAAAAA==\n", "id only");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example AAAAAAA\n", "no padding");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example AAAAAAB=\n", "bits that mean nothing");
    expectMalformedNote("t\n\n\xE2\x80\x94 key.example AAAA_AA=\n", "URL alphabet");
}

TEST(Note, Limits)
{
    std::string hundred = "t\n\n";
    for (int i = 0; i < 100; ++i)
        hundred += kLine;
    EXPECT_EQ(SignedNote::parse(hundred).value().signatures.size(), 100u);
    expectMalformedNote(hundred + kLine, "101 signatures");
    const std::string room(1'000'000 - 3 - kLine.size(), 't');
    ASSERT_EQ((room + "\n\n" + kLine).size(), 999'999u);
    EXPECT_TRUE(SignedNote::parse("t" + room + "\n\n" + kLine).has_value());
    expectMalformedNote("tt" + room + "\n\n" + kLine, "1,000,001 bytes");
}

TEST(SignatureLine, IsOneLine)
{
    EXPECT_EQ(signatureLine(parseSignatureLine(kLine).value()), kLine);
    for (const std::string& bad :
         {std::string(), std::string("\n"), kLine + kLine, kLine.substr(0, kLine.size() - 1), "\n" + kLine, kLine + "\n"})
        EXPECT_EQ(parseSignatureLine(bad).error().code, ErrorCode::Malformed) << bad;
}

TEST(Checkpoint, Strictness)
{
    const std::string root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const auto good = Checkpoint::parse("o\n0\n" + root + "\n").value();
    EXPECT_EQ(good.root, merkle::emptyRoot());
    EXPECT_TRUE(good.extensions.empty());
    EXPECT_EQ(Checkpoint::parse("o p\n9223372036854775807\n" + root + "\n").value().size, 9223372036854775807ULL);
    const auto extended = Checkpoint::parse("o\n1\n" + root + "\nx\n y\n").value();
    EXPECT_EQ(extended.extensions, (std::vector<std::string>{"x", " y"}));
    EXPECT_EQ(extended.text(), "o\n1\n" + root + "\n");
    for (const std::string& bad : {std::string(),
                                   std::string("\n"),
                                   std::string("o\n"),
                                   std::string("o\n0\n"),
                                   "o\n0\n" + root,
                                   "\n0\n" + root + "\n",
                                   "o\n\n" + root + "\n",
                                   "o\n00\n" + root + "\n",
                                   "o\n01\n" + root + "\n",
                                   "o\n+1\n" + root + "\n",
                                   "o\n-1\n" + root + "\n",
                                   "o\n 1\n" + root + "\n",
                                   "o\n1 \n" + root + "\n",
                                   "o\n0x1\n" + root + "\n",
                                   "o\n1e3\n" + root + "\n",
                                   "o\n9223372036854775808\n" + root + "\n",
                                   "o\n18446744073709551616\n" + root + "\n",
                                   "o\n99999999999999999999\n" + root + "\n",
                                   "o\n1\n" + root.substr(0, 43) + "\n",
                                   "o\n1\n" + root + "=\n",
                                   "o\n1\n" + root.substr(0, 42) + "V=\n",
                                   std::string("o\n1\nAAAA\n"),
                                   std::string("o\n1\n\n"),
                                   "o\n1\n" + root + "\n\n",
                                   "o\n1\n" + root + "\n\nx\n",
                                   "o\n1\n" + root + "\r\n",
                                   "o\r\n1\n" + root + "\n",
                                   "o\xFF\n1\n" + root + "\n",
                                   "o\n1\n " + root.substr(1) + "\n"}) {
        const auto r = Checkpoint::parse(bad);
        ASSERT_FALSE(r.has_value()) << bad;
        EXPECT_EQ(r.error().code, ErrorCode::Malformed) << bad;
    }
}

TEST(Sign, OnlyWithTheRightKeyAndText)
{
    const auto log = makeKey("log.example/one", SignatureType::Ed25519);
    const auto other = makeKey("other.example", SignatureType::Ed25519);
    const auto witness = makeKey("witness.example", SignatureType::CosignatureV1);
    const auto text = someCheckpoint().text();
    const auto s = signNote(text, log.verifier, log.signer).value();
    EXPECT_TRUE(verifySignature(text, log.verifier, s));
    EXPECT_FALSE(verifySignature(text + "x\n", log.verifier, s));
    EXPECT_FALSE(verifySignature(text, other.verifier, s));
    auto renamed = s;
    renamed.name = "other.example";
    EXPECT_FALSE(verifySignature(text, log.verifier, renamed));
    const auto invalid = [](const auto& r) { return !r && r.error().code == ErrorCode::InvalidArgument; };
    EXPECT_TRUE(invalid(signNote(text, log.verifier, other.signer)));
    EXPECT_TRUE(invalid(signNote(text, witness.verifier, witness.signer)));
    EXPECT_TRUE(invalid(cosign(text, log.verifier, log.signer, 1)));
    EXPECT_TRUE(invalid(cosign(text, witness.verifier, log.signer, 1)));
    EXPECT_TRUE(invalid(signNote("no line feed", log.verifier, log.signer)));
    EXPECT_TRUE(invalid(signNote("a\rb\n", log.verifier, log.signer)));
    EXPECT_TRUE(invalid(signNote("", log.verifier, log.signer)));
    EXPECT_TRUE(invalid(cosign("not a checkpoint\n", witness.verifier, witness.signer, 1)));
    EXPECT_TRUE(invalid(cosign(text, witness.verifier, witness.signer, std::uint64_t{1} << 63)));
    auto lying = log.verifier;
    lying.id ^= 1;
    EXPECT_TRUE(invalid(signNote(text, lying, log.signer)));
    const auto p256 = crypto::PrivateKey::generate(crypto::Scheme::EcdsaP256Sha256).value();
    EXPECT_TRUE(invalid(signNote(text, log.verifier, p256)));
}

TEST(Cosignature, TimeIsPartOfWhatIsSigned)
{
    const auto w = makeKey("witness.example", SignatureType::CosignatureV1);
    const auto text = someCheckpoint().text();
    for (const std::uint64_t t : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1790000000}, (std::uint64_t{1} << 63) - 1}) {
        auto s = cosign(text, w.verifier, w.signer, t).value();
        EXPECT_EQ(cosignatureTime(s), t);
        EXPECT_TRUE(verifySignature(text, w.verifier, s));
        s.payload[7] ^= 1;
        EXPECT_FALSE(verifySignature(text, w.verifier, s));
        s.payload[7] ^= 1;
        s.payload[0] |= 0x80;
        EXPECT_FALSE(cosignatureTime(s).has_value());
        EXPECT_FALSE(verifySignature(text, w.verifier, s));
    }
    auto s = cosign(text, w.verifier, w.signer, 5).value();
    s.payload.pop_back();
    EXPECT_FALSE(cosignatureTime(s).has_value());
    EXPECT_FALSE(verifySignature(text, w.verifier, s));
    s.payload.clear();
    EXPECT_FALSE(verifySignature(text, w.verifier, s));
}

TEST(Proof, Strictness)
{
    const auto log = makeKey("log.example/one", SignatureType::Ed25519);
    SignedNote n{someCheckpoint().text(), {}};
    n.signatures.push_back(signNote(n.text, log.verifier, log.signer).value());
    const auto note = n.serialize();
    const std::string header = "c2sp.org/tlog-proof@v1\n";
    const std::string hash = toBase64(merkle::emptyRoot().bytes()) + "\n";
    const auto good = TlogProof::parse(header + "index 0\n\n" + note).value();
    Policy policy;
    policy.logs.push_back({log.verifier, ""});
    policy.quorum = "none";
    EXPECT_EQ(checkProof(good, asBytes("only entry"), policy).outcome, TlogOutcome::Proven);
    EXPECT_EQ(checkProof(good, asBytes("other entry"), policy).outcome, TlogOutcome::NotIncluded);
    EXPECT_EQ(TlogProof::parse(header + "extra \nindex 0\n\n" + note).value().extra, Bytes());
    std::string path63;
    for (int i = 0; i < 63; ++i)
        path63 += hash;
    EXPECT_EQ(TlogProof::parse(header + "index 0\n" + path63 + "\n" + note).value().path.size(), 63u);
    const std::string longExtra = "extra " + std::string(65'528, 'A') + "\n"; // 65,534 bytes; base64 comes in fours
    EXPECT_TRUE(TlogProof::parse(header + longExtra + "index 0\n\n" + note).has_value());
    for (const std::string& bad : {std::string(),
                                   header,
                                   header + "index 0\n",
                                   header + "index 0\n\n",
                                   header + "index 0\n" + note,
                                   header + "index 0\n" + path63 + hash + "\n" + note,
                                   header + "index\n\n" + note,
                                   header + "index \n\n" + note,
                                   header + "index  0\n\n" + note,
                                   header + "index 00\n\n" + note,
                                   header + "Index 0\n\n" + note,
                                   header + "index 9223372036854775808\n\n" + note,
                                   header + "index 0\n" + hash + "\n\n" + note,
                                   header + "index 0\nextra AAAA\n\n" + note,
                                   header + "extra AAAA\nextra AAAA\nindex 0\n\n" + note,
                                   header + "extra A\nindex 0\n\n" + note,
                                   header + "extra AAB=\nindex 0\n\n" + note,
                                   header + "extra " + std::string(65'532, 'A') + "\nindex 0\n\n" + note,
                                   header + "index 0\n \n" + note,
                                   header + "index 0\n" + hash.substr(0, 40) + "\n\n" + note,
                                   header + "index 0\n\nnot a checkpoint\n\n" + kLine,
                                   "\n" + header + "index 0\n\n" + note,
                                   header.substr(0, 22) + "\r\nindex 0\n\n" + note,
                                   header + "index 0\n\n" + note + "\n",
                                   header + "index 0\n\n" + std::string(1'100'000, 'x')}) {
        const auto r = TlogProof::parse(bad);
        ASSERT_FALSE(r.has_value()) << bad.substr(0, 200);
        EXPECT_EQ(r.error().code, ErrorCode::Malformed);
    }
}

TEST(Outcome, NothingCheckedIsNothingVerified)
{
    EXPECT_NE(CheckedCheckpoint{}.outcome, NoteOutcome::Verified);
    EXPECT_NE(CheckedProof{}.outcome, TlogOutcome::Proven);
    EXPECT_NE(CheckedProof{}.inclusion, merkle::ProofOutcome::Proven);
    TlogProof p; // made in code, with a checkpoint that is none
    EXPECT_EQ(checkProof(p, {}, {}).outcome, TlogOutcome::CheckpointRejected);
    p.checkpoint = "t\n\n" + kLine;
    EXPECT_EQ(checkProof(p, {}, {}).checkpoint.outcome, NoteOutcome::MalformedCheckpoint);
}
} // namespace
} // namespace jc::note
