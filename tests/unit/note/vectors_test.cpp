// SPDX-License-Identifier: Apache-2.0
// Published values, computed by programs that share no code with this one: tests/vectors/tlog-vectors.json
#include "unit/note/test_keys.h"

#include <gtest/gtest.h>

#include <map>

namespace jc::note {
namespace {
using test::vectors;

struct Known {
    VerifierKey verifier;
    crypto::PrivateKey signer;
    bool log = false;
};
Known knownKey(const nlohmann::json& k)
{
    const auto seed = fromHex(k["seed_hex"].get<std::string>()).value();
    auto signer = crypto::PrivateKey::fromEd25519Seed(ByteView(seed).first<32>()).value();
    return {VerifierKey::parse(k["vkey"].get<std::string>()).value(), std::move(signer), k["sig_type_hex"] == "01"};
}

TEST(Keys, IdsAndTexts)
{
    const auto& keys = vectors()["keys"];
    ASSERT_EQ(keys.size(), 10u);
    for (const auto& k : keys) {
        const auto name = k["name"].get<std::string>();
        const auto known = knownKey(k);
        const auto type = known.log ? SignatureType::Ed25519 : SignatureType::CosignatureV1;
        const auto pub = known.signer.publicKey().ed25519().value();
        EXPECT_EQ(pub.hex(), k["pub_hex"].get<std::string>());
        EXPECT_EQ(known.verifier.name, name);
        EXPECT_EQ(known.verifier.type, type);
        EXPECT_EQ(VerifierKey::make(name, type, pub).value(), known.verifier);
        EXPECT_EQ(known.verifier.text(), k["vkey"].get<std::string>());
        Bytes id;
        appendU32(id, known.verifier.id);
        EXPECT_EQ(toHex(id), k["key_id_hex"].get<std::string>());
        EXPECT_EQ(test::makeKey(name, type).verifier, known.verifier);
    }
}

TEST(Note, SignedByOurSignerIsThePublishedOne)
{
    const auto& v = vectors()["signed_note"];
    const auto key = knownKey(v["key"]);
    const auto text = v["text"].get<std::string>();
    const auto expected = v["signed"].get<std::string>();
    SignedNote n{text, {signNote(text, key.verifier, key.signer).value()}};
    EXPECT_EQ(n.serialize(), expected);
    const auto back = SignedNote::parse(expected).value();
    EXPECT_EQ(back, n);
    EXPECT_TRUE(verifySignature(back.text, key.verifier, back.signatures.at(0)));
}

TEST(Checkpoints, OurSignersReproduceEveryByte)
{
    const auto& v = vectors()["checkpoints"];
    std::vector<Known> keys;
    for (const auto& k : vectors()["keys"])
        if (k["name"] != "stranger.example/witness") keys.push_back(knownKey(k));
    ASSERT_EQ(v["cases"].size(), 9u);
    for (const auto& c : v["cases"]) {
        Checkpoint cp;
        cp.origin = v["origin"].get<std::string>();
        cp.size = c["size"].get<std::uint64_t>();
        cp.root = merkle::RootHash::parse(fromBase64(vectors()["merkle8"]["roots"][cp.size]["root"].get<std::string>()).value()).value();
        EXPECT_EQ(cp.text(), c["body"].get<std::string>());
        EXPECT_EQ(Checkpoint::parse(cp.text()).value(), cp);
        SignedNote n{cp.text(), {}};
        std::uint64_t court = 0;
        std::uint64_t outside = 0;
        for (const auto& k : keys) {
            if (k.log)
                n.signatures.push_back(signNote(n.text, k.verifier, k.signer).value());
            else if (k.verifier.name.starts_with("court-"))
                n.signatures.push_back(cosign(n.text, k.verifier, k.signer, 1790000000 + court++).value());
            else
                n.signatures.push_back(cosign(n.text, k.verifier, k.signer, 1790000010 + outside++).value());
        }
        EXPECT_EQ(n.serialize(), c["signed"].get<std::string>());
        EXPECT_EQ(SignedNote::parse(c["signed"].get<std::string>()).value(), n);
        const auto checked = checkCheckpoint(n, Policy::parse(vectors()["policy"]["ledger"].get<std::string>()).value());
        EXPECT_EQ(checked.outcome, NoteOutcome::Verified);
        EXPECT_EQ(checked.checkpoint, cp);
        ASSERT_EQ(checked.cosigners.size(), 8u);
        EXPECT_EQ(checked.cosigners[0], (std::pair<std::string, std::uint64_t>("court-a", 1790000000)));
        EXPECT_EQ(checked.cosigners[7], (std::pair<std::string, std::uint64_t>("bank", 1790000013)));
    }
}

TEST(Checkpoints, OneCosignature)
{
    const auto& v = vectors()["checkpoints"]["cosignature_v1_example"];
    const auto key = test::makeKey(v["cosigner"].get<std::string>(), SignatureType::CosignatureV1);
    const auto message = v["signed_message"].get<std::string>();
    const auto text = message.substr(message.find("court-ledger"));
    const auto signature = cosign(text, key.verifier, key.signer, v["time"].get<std::uint64_t>()).value();
    EXPECT_EQ(signatureLine(signature), v["signature_line"].get<std::string>());
    EXPECT_EQ(parseSignatureLine(v["signature_line"].get<std::string>()).value(), signature);
    EXPECT_EQ(cosignatureTime(signature), v["time"].get<std::uint64_t>());
    EXPECT_TRUE(key.signer.publicKey().verify(asBytes(message), ByteView(signature.payload).subspan(8)));
    EXPECT_TRUE(verifySignature(text, key.verifier, signature));
}

TEST(MlDsa44, IsReadKeptAndNeverVerifies)
{
    const auto& v = vectors()["mldsa44_cosignature"];
    const auto vkey = v["vkey"].get<std::string>();
    const auto key = VerifierKey::parse(vkey).value();
    EXPECT_EQ(key.type, SignatureType::MlDsa44);
    EXPECT_EQ(key.text(), vkey);
    const auto line = parseSignatureLine(v["signature_line"].get<std::string>()).value();
    EXPECT_EQ(line.id, key.id);
    EXPECT_EQ(cosignatureTime(line), v["time"].get<std::uint64_t>());
    const auto& cp = vectors()["checkpoints"]["cases"][8];
    EXPECT_FALSE(verifySignature(cp["body"].get<std::string>(), key, line));
    EXPECT_EQ(signNote(cp["body"].get<std::string>(), key, test::makeKey("x", SignatureType::Ed25519).signer).error().code,
              ErrorCode::InvalidArgument);

    // A policy may name such a witness; its line neither counts nor spoils the note.
    auto policy = Policy::parse(vectors()["policy"]["ledger"].get<std::string>()).value();
    policy.witnesses.push_back({"pq", key, "http://127.0.0.1/"});
    ASSERT_TRUE(policy.validate().has_value());
    auto note = SignedNote::parse(cp["signed"].get<std::string>()).value();
    note.signatures.push_back(line);
    EXPECT_EQ(checkCheckpoint(note, policy).outcome, NoteOutcome::Verified);
    EXPECT_EQ(checkCheckpoint(note, policy).cosigners.size(), 8u);
    policy.quorum = "pq";
    EXPECT_EQ(checkCheckpoint(note, policy).outcome, NoteOutcome::QuorumMissing);
    EXPECT_EQ(policy.portableText().error().code, ErrorCode::Refused);
}

TEST(Policies, ReadAndWritten)
{
    for (const char* name : {"courts_only", "ledger"}) {
        const auto text = vectors()["policy"][name].get<std::string>();
        const auto p = Policy::parse(text).value();
        EXPECT_EQ(p.logs.size(), 1u);
        EXPECT_EQ(p.witnesses.size(), 8u);
        ASSERT_EQ(p.groups.size(), 3u);
        EXPECT_EQ(p.groups[0].threshold, 3u);
        EXPECT_EQ(p.groups[2].threshold, 2u);
        EXPECT_EQ(p.quorum, name == std::string_view("ledger") ? "ledger" : "courts");
        // All but the comment in the first line.
        EXPECT_EQ(p.text(), text.substr(text.find('\n') + 1));
        EXPECT_EQ(p.portableText().value(), p.text());
        EXPECT_EQ(Policy::parse(p.text()).value(), p);
    }
}

class Proofs : public testing::TestWithParam<std::size_t> {};
TEST_P(Proofs, JudgedAsTheSpecificationSays)
{
    const auto& c = vectors()["tlog_proofs"]["cases"][GetParam()];
    const auto policy = Policy::parse(vectors()["policy"][c["policy"].get<std::string>()].get<std::string>()).value();
    const auto text = c["proof"].get<std::string>();
    const auto leaf = fromHex(c["leaf_hex"].get<std::string>()).value();
    const auto proof = TlogProof::parse(text);
    const bool valid = proof && checkProof(*proof, leaf, policy).outcome == TlogOutcome::Proven;
    EXPECT_EQ(valid, c["valid"].get<bool>()) << c["name"];
    if (proof) {
        EXPECT_EQ(proof->serialize(), text);
    }
}
INSTANTIATE_TEST_SUITE_P(Published, Proofs, testing::Range<std::size_t>(0, 32), [](const auto& i) {
    std::string name = vectors()["tlog_proofs"]["cases"][i.param]["name"].template get<std::string>();
    for (auto& ch : name)
        if (!std::isalnum(static_cast<unsigned char>(ch))) ch = '_';
    return name;
});

TEST(ProofReasons, AreAllThereAndRefusedForTheRightReason)
{
    const auto& cases = vectors()["tlog_proofs"]["cases"];
    ASSERT_EQ(cases.size(), 32u);
    const auto judge = [&](std::string_view name) -> Result<CheckedProof> {
        for (const auto& c : cases)
            if (c["name"] == name) {
                JC_TRY(const auto proof, TlogProof::parse(c["proof"].get<std::string>()));
                return checkProof(proof, fromHex(c["leaf_hex"].get<std::string>()).value(),
                                  Policy::parse(vectors()["policy"][c["policy"].get<std::string>()].get<std::string>()).value());
            }
        return fail(ErrorCode::NotFound, "no such case");
    };
    for (const char* malformed :
         {"index with leading zero", "index with plus sign", "no header", "header v2", "CRLF line ends", "extra after index",
          "base64 without padding in hash", "no newline at end", "trailing garbage", "size with leading zero, re-signed by all"}) {
        const auto r = judge(malformed);
        ASSERT_FALSE(r.has_value()) << malformed;
        EXPECT_EQ(r.error().code, ErrorCode::Malformed) << malformed;
    }
    const std::pair<const char*, NoteOutcome> notes[] = {
        {"root replaced by that of size 7", NoteOutcome::BadSignature},
        {"log signature missing", NoteOutcome::NoLogSignature},
        {"log signature by impostor key", NoteOutcome::NoLogSignature},
        {"only 2 of 4 courts", NoteOutcome::QuorumMissing},
        {"2 courts, one line repeated", NoteOutcome::QuorumMissing},
        {"2 courts, one cosigned again at another time", NoteOutcome::QuorumMissing},
        {"2 courts and a stranger", NoteOutcome::QuorumMissing},
        {"cosignature time changed", NoteOutcome::BadSignature},
        {"cosignature is a plain Ed25519 note signature under a 0x04 key", NoteOutcome::BadSignature},
        {"checkpoint of other origin signed by the log key", NoteOutcome::OriginDiffers}};
    for (const auto& [name, outcome] : notes) {
        const auto r = judge(name).value();
        EXPECT_EQ(r.outcome, TlogOutcome::CheckpointRejected) << name;
        EXPECT_EQ(r.checkpoint.outcome, outcome) << name;
    }
    const std::pair<const char*, merkle::ProofOutcome> paths[] = {{"bad leaf bytes", merkle::ProofOutcome::RootDiffers},
                                                                  {"wrong index", merkle::ProofOutcome::RootDiffers},
                                                                  {"index beyond tree", merkle::ProofOutcome::IndexOutsideTree},
                                                                  {"one hash missing", merkle::ProofOutcome::PathTooShort},
                                                                  {"one hash too many", merkle::ProofOutcome::PathTooLong}};
    for (const auto& [name, outcome] : paths) {
        const auto r = judge(name).value();
        EXPECT_EQ(r.outcome, TlogOutcome::NotIncluded) << name;
        EXPECT_EQ(r.inclusion, outcome) << name;
    }
}
} // namespace
} // namespace jc::note
