// SPDX-License-Identifier: Apache-2.0
// parse ∘ print is the identity, and no changed byte survives a signature.
#include "unit/note/test_keys.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jc::note {
namespace {
using test::makeKey;
using test::someCheckpoint;

Bytes genBytes(std::size_t low, std::size_t high)
{
    return *rc::gen::container<Bytes>(*rc::gen::inRange(low, high), rc::gen::arbitrary<std::uint8_t>());
}
/// Characters that note text may have, in one to four UTF-8 bytes.
std::string genText(std::size_t low, std::size_t high)
{
    const auto parts = *rc::gen::container<std::vector<std::string>>(
        *rc::gen::inRange(low, high),
        rc::gen::element<std::string>("a", "Z", "0", "/", ".", "#", "=", "-", "法", "é", "\xF0\x9F\x94\x91", "\xE2\x80\x94", "\x7F"));
    std::string s;
    for (const auto& p : parts)
        s += p;
    return s;
}
merkle::RootHash genHash()
{
    return merkle::RootHash::parse(genBytes(32, 33)).value();
}
crypto::PrivateKey genKey()
{
    const auto seed = genBytes(32, 33);
    return crypto::PrivateKey::fromEd25519Seed(ByteView(seed).first<32>()).value();
}
VerifierKey genVerifier(SignatureType type, const std::string& name)
{
    return VerifierKey::make(name, type, genKey().publicKey().ed25519().value()).value();
}
Checkpoint genCheckpoint()
{
    Checkpoint c;
    c.origin = genText(1, 12);
    c.size = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(1, 64);
    c.root = genHash();
    return c;
}
SignedNote genNote()
{
    SignedNote n;
    const auto lines = *rc::gen::inRange(1, 5);
    for (int i = 0; i < lines; ++i)
        n.text += genText(0, 10) + "\n";
    const auto count = *rc::gen::inRange(1, 6);
    for (int i = 0; i < count; ++i)
        n.signatures.push_back({genText(1, 8), *rc::gen::arbitrary<std::uint32_t>(), genBytes(1, 90)});
    return n;
}

RC_GTEST_PROP(RoundTrip, VerifierKeys, ())
{
    const auto type = *rc::gen::element(SignatureType::Ed25519, SignatureType::CosignatureV1);
    const auto k = genVerifier(type, genText(1, 20));
    RC_ASSERT(VerifierKey::parse(k.text()).value() == k);
    RC_ASSERT(VerifierKey::parse(k.text()).value().text() == k.text());
    auto changed = k.text();
    const auto at = *rc::gen::inRange<std::size_t>(0, changed.size());
    changed[at] = static_cast<char>(changed[at] ^ (1 << *rc::gen::inRange(0, 8)));
    RC_ASSERT(!VerifierKey::parse(changed).has_value());
}

RC_GTEST_PROP(RoundTrip, Notes, ())
{
    const auto n = genNote();
    const auto text = n.serialize();
    RC_ASSERT(SignedNote::parse(text).value() == n);
    RC_ASSERT(SignedNote::parse(text).value().serialize() == text);
    for (const auto& s : n.signatures)
        RC_ASSERT(parseSignatureLine(signatureLine(s)).value() == s);
}

RC_GTEST_PROP(RoundTrip, Checkpoints, ())
{
    const auto c = genCheckpoint();
    RC_ASSERT(Checkpoint::parse(c.text()).value() == c);
    RC_ASSERT(Checkpoint::parse(c.text()).value().text() == c.text());
}

RC_GTEST_PROP(RoundTrip, Policies, ())
{
    Policy p;
    std::vector<std::string> free; // defined and not yet a member
    const auto url = [] { return *rc::gen::element<std::string>("", "http://x/", "https://法院.example/a#b"); };
    const auto logs = *rc::gen::inRange(0, 4);
    for (int i = 0; i < logs; ++i)
        p.logs.push_back({genVerifier(SignatureType::Ed25519, "log" + std::to_string(*rc::gen::inRange(0, 2))), url()});
    const auto witnesses = *rc::gen::inRange(0, 12);
    for (int i = 0; i < witnesses; ++i) {
        p.witnesses.push_back({"w" + std::to_string(i) + *rc::gen::element<std::string>("", "#", "\xFF", "法"),
                               genVerifier(SignatureType::CosignatureV1, "w" + std::to_string(i)), url()});
        free.push_back(p.witnesses.back().name);
    }
    for (int i = 0; free.size() > 1 && i < 6; ++i) {
        Policy::Group g;
        g.name = "g" + std::to_string(i);
        const auto take = *rc::gen::inRange<std::size_t>(1, free.size() + 1);
        g.members.assign(free.end() - static_cast<std::ptrdiff_t>(take), free.end());
        free.resize(free.size() - take);
        g.threshold = static_cast<unsigned>(*rc::gen::inRange<std::size_t>(1, take + 1));
        p.groups.push_back(g);
        free.push_back(g.name);
    }
    p.quorum = free.empty() ? "none" : *rc::gen::elementOf(free);
    RC_ASSERT(p.validate().has_value());
    const auto text = p.text();
    RC_ASSERT(Policy::parse(text).value() == p);
    RC_ASSERT(Policy::parse(text).value().text() == text);
    if (const auto portable = p.portableText()) RC_ASSERT(*portable == text);
}

RC_GTEST_PROP(RoundTrip, Proofs, ())
{
    TlogProof p;
    if (*rc::gen::arbitrary<bool>()) p.extra = genBytes(0, 40);
    p.index = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(1, 64);
    const auto hashes = *rc::gen::inRange(0, 64);
    for (int i = 0; i < hashes; ++i)
        p.path.push_back(genHash().as<merkle::NodeHash>());
    auto n = genNote();
    n.text = genCheckpoint().text();
    p.checkpoint = n.serialize();
    RC_ASSERT(TlogProof::parse(p.serialize()).value() == p);
    RC_ASSERT(TlogProof::parse(p.serialize()).value().serialize() == p.serialize());
}

RC_GTEST_PROP(Parsers, TakeAnythingAndWhatTheyAcceptIsTheOneSpelling, ())
{
    // Random edits of good inputs reach deeper than random bytes.
    const auto log = makeKey("log.example/one", SignatureType::Ed25519);
    SignedNote n{someCheckpoint().text(), {}};
    n.signatures.push_back(signNote(n.text, log.verifier, log.signer).value());
    auto text = "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n" + n.serialize();
    const auto edits = *rc::gen::inRange(1, 4);
    for (int i = 0; i < edits; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto c = *rc::gen::arbitrary<char>();
        switch (*rc::gen::inRange(0, 3)) {
        case 0:
            text[at] = c;
            break;
        case 1:
            text.insert(at, 1, c);
            break;
        default:
            text.erase(at, 1);
            break;
        }
    }
    if (const auto p = TlogProof::parse(text)) RC_ASSERT(p->serialize() == text);
    if (const auto s = SignedNote::parse(text)) RC_ASSERT(s->serialize() == text);
}

TEST(Signed, NoChangedBitOfASignedProofSurvives)
{
    // Every bit of the proof is either checked or makes it malformed; there is no extra here, which alone is free.
    const auto log = makeKey("log.example/one", SignatureType::Ed25519);
    const auto witness = makeKey("w.example", SignatureType::CosignatureV1);
    Policy policy;
    policy.logs.push_back({log.verifier, ""});
    policy.witnesses.push_back({"w", witness.verifier, ""});
    policy.quorum = "w";
    std::vector<merkle::LeafHash> leaves;
    for (char c = 'a'; c < 'h'; ++c)
        leaves.push_back(merkle::hashLeaf(asBytes(std::string(1, c))));
    const merkle::FullTree tree(leaves);
    Checkpoint c{"log.example/one", tree.size(), tree.root(), {}};
    SignedNote n{
        c.text(),
        {signNote(c.text(), log.verifier, log.signer).value(), cosign(c.text(), witness.verifier, witness.signer, 1790000000).value()}};
    const TlogProof good{std::nullopt, 3, tree.inclusionPath(3), n.serialize()};
    const Bytes entry{'d'};
    ASSERT_EQ(checkProof(good, entry, policy).outcome, TlogOutcome::Proven);
    auto text = good.serialize();
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        auto& byte = text[bit / 8];
        byte = static_cast<char>(byte ^ (1 << bit % 8));
        const auto bad = TlogProof::parse(text);
        ASSERT_TRUE(!bad || checkProof(*bad, entry, policy).outcome != TlogOutcome::Proven) << "bit " << bit;
        byte = static_cast<char>(byte ^ (1 << bit % 8));
    }
}
} // namespace
} // namespace jc::note
