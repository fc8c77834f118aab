// SPDX-License-Identifier: Apache-2.0
#include "unit/note/test_keys.h"

#include <gtest/gtest.h>

namespace jc::note {
namespace {
using test::makeKey;
using test::someCheckpoint;

std::string logLine(const std::string& name = "log.example/one")
{
    return "log " + makeKey(name, SignatureType::Ed25519).verifier.text() + "\n";
}
std::string witnessLine(const std::string& member, const std::string& url = "")
{
    return "witness " + member + " " + makeKey(member + ".example", SignatureType::CosignatureV1).verifier.text() +
           (url.empty() ? "" : " " + url) + "\n";
}
const std::string kThree = logLine() + witnessLine("a") + witnessLine("b") + witnessLine("c");

TEST(Policy, ReadsWhatTheFormatAllows)
{
    const auto p = Policy::parse("# comment\n  \t# another\n\n \t \n" + kThree + "  group\tg  2 \t a b c  \n\twitness é " +
                                 makeKey("é", SignatureType::CosignatureV1).verifier.text() +
                                 " http://x/#y\ngroup all all g\ngroup none# any all \xFF\n")
                       .error();
    EXPECT_EQ(p.code, ErrorCode::Malformed); // the last member is not defined
    const auto q = Policy::parse("# comment\n  \t# another\n\n \t \n" + kThree + "  group\tg  2 \t a b c  \n\twitness é " +
                                 makeKey("é", SignatureType::CosignatureV1).verifier.text() +
                                 " http://x/#y\ngroup all all g\ngroup #1 any all é\nquorum #1\n")
                       .value();
    EXPECT_EQ(q.witnesses.size(), 4u);
    EXPECT_EQ(q.witnesses[3].url, "http://x/#y");
    EXPECT_EQ(q.groups[0].threshold, 2u);
    EXPECT_EQ(q.groups[1].threshold, 1u);
    EXPECT_EQ(q.quorum, "#1");
    EXPECT_EQ(Policy::parse(q.text()).value(), q);
    EXPECT_EQ(q.portableText().error().reason, "policy_not_portable");
    EXPECT_TRUE(Policy::parse("quorum none\n").value().logs.empty());
    EXPECT_EQ(Policy::parse(kThree + "quorum b\n").value().quorum, "b");
    EXPECT_EQ(Policy::parse(kThree + "quorum b\n" + witnessLine("d")).value().witnesses.size(), 4u);
}

TEST(Policy, RefusesEveryBrokenRule)
{
    const auto keyOfA = makeKey("a.example", SignatureType::CosignatureV1);
    const auto pubOfA = keyOfA.signer.publicKey().ed25519().value();
    const auto renamed = VerifierKey::make("z.example", SignatureType::CosignatureV1, pubOfA).value().text();
    const auto asLog = VerifierKey::make("z.example", SignatureType::Ed25519, pubOfA).value().text();
    for (const std::string& bad :
         {std::string(),
          std::string("\n"),
          kThree,
          kThree + "quorum",
          kThree + "quorum a",
          kThree + "quorum\n",
          kThree + "quorum a b\n",
          kThree + "quorum d\n",
          kThree + "quorum a\nquorum a\n",
          kThree + "quorum none\nquorum none\n",
          "quorum a\n" + kThree,
          "quorum g\n" + kThree + "group g any a\n",
          kThree + "group g any a\ngroup g any b\nquorum g\n",
          kThree + "group a any b\nquorum a\n",
          kThree + "group none any b\nquorum none\n",
          kThree + "group g 0 a b\nquorum g\n",
          kThree + "group g 3 a b\nquorum g\n",
          kThree + "group g 02 a b\nquorum g\n",
          kThree + "group g +2 a b\nquorum g\n",
          kThree + "group g -1 a b\nquorum g\n",
          kThree + "group g most a b\nquorum g\n",
          kThree + "group g 4294967298 a b\nquorum g\n",
          kThree + "group g any\nquorum g\n",
          kThree + "group g\nquorum none\n",
          kThree + "group g any d\nquorum g\n",
          kThree + "group g any none\nquorum g\n",
          kThree + "group g any g\nquorum g\n",
          kThree + "group g any a a\nquorum g\n",
          kThree + "group g any a b\ngroup h any b c\nquorum h\n",
          kThree + "group g any h\ngroup h any a\nquorum g\n",
          kThree + witnessLine("a") + "quorum a\n",
          kThree + "witness z " + renamed + "\nquorum a\n",
          kThree + "log " + asLog + "\nquorum a\n",
          kThree + logLine() + "quorum a\n",
          kThree + "witness none " + makeKey("n", SignatureType::CosignatureV1).verifier.text() + "\nquorum none\n",
          kThree + "witness z " + makeKey("z", SignatureType::Ed25519).verifier.text() + "\nquorum a\n",
          kThree + "log " + makeKey("z", SignatureType::CosignatureV1).verifier.text() + "\nquorum a\n",
          kThree + "witness z\nquorum a\n",
          kThree + "log\nquorum a\n",
          kThree + "log notakey\nquorum a\n",
          kThree + "witness z " + makeKey("z", SignatureType::CosignatureV1).verifier.text() + " u v\nquorum a\n",
          kThree + "Quorum a\n",
          kThree + "quorum a # why\n",
          kThree + "threshold 2\nquorum a\n",
          kThree + "quorum a\r\n",
          kThree + "quorum a\x0B\n",
          kThree + "quorum a\x7F\n",
          kThree + "quorum a\n\x01",
          "# " + std::string(1U << 20, 'x') + "\n" + kThree + "quorum a\n"}) {
        const auto r = Policy::parse(bad);
        ASSERT_FALSE(r.has_value()) << bad.substr(bad.size() > 200 ? bad.size() - 200 : 0);
        EXPECT_EQ(r.error().code, ErrorCode::Malformed);
    }
    EXPECT_FALSE(Policy::parse(std::string_view("quorum none\n\0", 13)).has_value());
    EXPECT_NE(Policy::parse(kThree + "quorum d\n").error().detail.find("line 5 "), std::string::npos);
}

TEST(Policy, TwoKeysWithOneIdentityAreRefused)
{
    auto p = Policy::parse(kThree + "quorum a\n").value();
    auto twin = p.witnesses[0];
    twin.name = "twin";
    twin.key.key[0] = static_cast<std::uint8_t>(twin.key.key[0] ^ 1); // same name and id, as a mined collision would have
    p.witnesses.push_back(twin);
    EXPECT_EQ(p.validate().error().code, ErrorCode::InvalidArgument);
}

TEST(Policy, ValidateJudgesAsParseDoes)
{
    const auto good = Policy::parse(kThree + "group g 2 a b c\nquorum g\n").value();
    ASSERT_TRUE(good.validate().has_value());
    const auto broken = [&good](auto change) {
        auto p = good;
        change(p);
        const auto r = p.validate();
        return !r && r.error().code == ErrorCode::InvalidArgument && !Policy::parse(p.text()) && !p.portableText();
    };
    EXPECT_TRUE(broken([](Policy& p) { p.quorum.clear(); }));
    EXPECT_TRUE(broken([](Policy& p) { p.quorum = "x"; }));
    EXPECT_TRUE(broken([](Policy& p) { p.groups[0].threshold = 0; }));
    EXPECT_TRUE(broken([](Policy& p) { p.groups[0].threshold = 4; }));
    EXPECT_TRUE(broken([](Policy& p) { p.groups[0].members.clear(); }));
    EXPECT_TRUE(broken([](Policy& p) { p.groups[0].members[1] = "a"; }));
    EXPECT_TRUE(broken([](Policy& p) { p.groups[0].name = "two words"; }));
    EXPECT_TRUE(broken([](Policy& p) { p.witnesses[0].name = "b"; }));
    EXPECT_TRUE(broken([](Policy& p) { p.witnesses[0].url = "a b c"; }));
    EXPECT_TRUE(broken([](Policy& p) { p.witnesses[0].url = "a\nquorum none"; }));
    EXPECT_TRUE(broken([](Policy& p) { p.witnesses[0].key.id ^= 1; }));
    EXPECT_TRUE(broken([](Policy& p) { p.logs.push_back(p.logs[0]); }));
    EXPECT_TRUE(broken([](Policy& p) { std::swap(p.logs[0].key, p.witnesses[0].key); }));
}

TEST(Policy, PortableMeansOneLogAndUrls)
{
    auto p = Policy::parse(logLine() + witnessLine("a", "http://a/") + "quorum a\n").value();
    EXPECT_EQ(p.portableText().value(), p.text());
    auto twoLogs = p;
    twoLogs.logs.push_back({makeKey("log.example/two", SignatureType::Ed25519).verifier, ""});
    EXPECT_EQ(twoLogs.portableText().error().code, ErrorCode::Refused);
    auto noUrl = p;
    noUrl.witnesses[0].url.clear();
    EXPECT_EQ(noUrl.portableText().error().code, ErrorCode::Refused);
    auto hash = p;
    hash.witnesses[0].url = "http://a/#x";
    EXPECT_TRUE(hash.validate().has_value());
    EXPECT_EQ(hash.portableText().error().code, ErrorCode::Refused);
}

/// A checkpoint signed by the log and cosigned by some of a…f.
SignedNote signedBy(std::string_view members, const Checkpoint& c = someCheckpoint(), bool log = true)
{
    SignedNote n{c.text(), {}};
    const auto l = makeKey("log.example/one", SignatureType::Ed25519);
    if (log) n.signatures.push_back(signNote(n.text, l.verifier, l.signer).value());
    for (const char m : members) {
        const auto w = makeKey(std::string(1, m) + ".example", SignatureType::CosignatureV1);
        n.signatures.push_back(cosign(n.text, w.verifier, w.signer, 100 + static_cast<std::uint64_t>(m - 'a')).value());
    }
    return n;
}

TEST(CheckCheckpoint, CountsGroupsOfGroups)
{
    std::string text = logLine();
    for (const char* m : {"a", "b", "c", "d", "e", "f"})
        text += witnessLine(m);
    const auto p = Policy::parse(text + "group x 2 a b c\ngroup y any d e\ngroup z all x y\nquorum z\n").value();
    const auto holds = [&p](std::string_view members) { return checkCheckpoint(signedBy(members), p).outcome == NoteOutcome::Verified; };
    for (unsigned mask = 0; mask < 64; ++mask) { // every subset, against the rule written as a formula
        std::string members;
        for (unsigned i = 0; i < 6; ++i)
            if ((mask >> i & 1) != 0) members += static_cast<char>('a' + i);
        const bool x = (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1) >= 2;
        const bool y = (mask >> 3 & 1) + (mask >> 4 & 1) >= 1;
        ASSERT_EQ(holds(members), x && y) << members;
    }
    auto single = p;
    single.quorum = "f";
    EXPECT_EQ(checkCheckpoint(signedBy("f"), single).outcome, NoteOutcome::Verified);
    EXPECT_EQ(checkCheckpoint(signedBy("abcde"), single).outcome, NoteOutcome::QuorumMissing);
    single.quorum = "none";
    EXPECT_EQ(checkCheckpoint(signedBy(""), single).outcome, NoteOutcome::Verified);
    single.quorum = "x"; // a group that is itself a member of another
    EXPECT_EQ(checkCheckpoint(signedBy("ab"), single).outcome, NoteOutcome::Verified);
}

TEST(CheckCheckpoint, Outcomes)
{
    const auto p = Policy::parse(kThree + "group g 2 a b c\nquorum g\n").value();
    EXPECT_EQ(checkCheckpoint(signedBy("ab"), p).cosigners, (std::vector<std::pair<std::string, std::uint64_t>>{{"a", 100}, {"b", 101}}));
    EXPECT_EQ(checkCheckpoint(signedBy("abc", someCheckpoint(), false), p).outcome, NoteOutcome::NoLogSignature);
    EXPECT_EQ(checkCheckpoint(signedBy("abc", someCheckpoint("log.example/two")), p).outcome, NoteOutcome::OriginDiffers);
    EXPECT_EQ(checkCheckpoint(signedBy("a"), p).outcome, NoteOutcome::QuorumMissing);
    EXPECT_EQ(checkCheckpoint(signedBy("a"), p).cosigners.size(), 1u);

    auto text = signedBy("abc");
    text.text = "not a checkpoint\n";
    EXPECT_EQ(checkCheckpoint(text, p).outcome, NoteOutcome::MalformedCheckpoint);

    // One failing line by a known key spoils a note that would hold without it, wherever it stands.
    for (std::size_t i = 0; i < 4; ++i) {
        auto n = signedBy("abc");
        n.signatures[i].payload.back() ^= 1;
        const auto r = checkCheckpoint(n, p);
        EXPECT_EQ(r.outcome, NoteOutcome::BadSignature) << i;
        EXPECT_TRUE(r.cosigners.empty());
    }
    // A line of the same name with another id, or the same id with another name, is unknown.
    auto n = signedBy("abc");
    n.signatures.push_back(n.signatures[1]);
    n.signatures.back().id ^= 1;
    n.signatures.push_back(n.signatures[1]);
    n.signatures.back().name = "b.example";
    n.signatures.back().payload.back() ^= 1;
    EXPECT_EQ(checkCheckpoint(n, p).outcome, NoteOutcome::Verified);
    // Only the first line of a key is looked at.
    n = signedBy("ab");
    n.signatures.push_back(n.signatures[1]);
    n.signatures.back().payload.back() ^= 1;
    EXPECT_EQ(checkCheckpoint(n, p).outcome, NoteOutcome::Verified);
    std::swap(n.signatures[1], n.signatures.back());
    EXPECT_EQ(checkCheckpoint(n, p).outcome, NoteOutcome::BadSignature);
}

TEST(CheckCheckpoint, AnyOfSeveralLogKeys)
{
    // Every court has its own log key under the one origin.
    const auto seed = crypto::sha256(asBytes("second court"));
    const auto signer = crypto::PrivateKey::fromEd25519Seed(seed.bytes()).value();
    const auto second = VerifierKey::make("log.example/one", SignatureType::Ed25519, signer.publicKey().ed25519().value()).value();
    auto p = Policy::parse(kThree + "log " + second.text() + "\nquorum a\n").value();
    auto n = signedBy("a", someCheckpoint(), false);
    EXPECT_EQ(checkCheckpoint(n, p).outcome, NoteOutcome::NoLogSignature);
    n.signatures.push_back(signNote(n.text, second, signer).value());
    EXPECT_EQ(checkCheckpoint(n, p).outcome, NoteOutcome::Verified);
    p.logs.erase(p.logs.begin());
    EXPECT_EQ(checkCheckpoint(n, p).outcome, NoteOutcome::Verified);
}

TEST(CheckCheckpoint, APolicyMadeWronglyNeverDemandsLess)
{
    const auto good = Policy::parse(kThree + "group g 2 a b c\nquorum g\n").value();
    auto p = good;
    p.groups[0].members = {"a", "a", "a"}; // one witness must not count twice
    EXPECT_EQ(checkCheckpoint(signedBy("a"), p).outcome, NoteOutcome::QuorumMissing);
    p = good;
    p.groups[0].threshold = 0;
    EXPECT_EQ(checkCheckpoint(signedBy(""), p).outcome, NoteOutcome::QuorumMissing);
    p = good;
    p.groups[0].members = {"a", "g", "g"};
    EXPECT_EQ(checkCheckpoint(signedBy("a"), p).outcome, NoteOutcome::QuorumMissing);
    p = good;
    p.quorum.clear();
    EXPECT_EQ(checkCheckpoint(signedBy("abc"), p).outcome, NoteOutcome::QuorumMissing);
    p = good;
    p.witnesses[1] = p.witnesses[0]; // the same key again, under another name
    p.witnesses[1].name = "b";
    EXPECT_EQ(checkCheckpoint(signedBy("a"), p).outcome, NoteOutcome::QuorumMissing);
    p = good;
    p.witnesses[0].key = makeKey("a.example", SignatureType::Ed25519).verifier; // a plain signature is no cosignature
    auto n = signedBy("bc");
    const auto a = makeKey("a.example", SignatureType::Ed25519);
    n.signatures.push_back(signNote(n.text, a.verifier, a.signer).value());
    EXPECT_EQ(checkCheckpoint(n, p).outcome, NoteOutcome::BadSignature);
}
} // namespace
} // namespace jc::note
