// SPDX-License-Identifier: Apache-2.0
#pragma once
// Throw-away keys for tests, and the published vectors.
#include "crypto/digest.h"
#include "note/note.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace jc::note::test {

inline const nlohmann::json& vectors()
{
    static const nlohmann::json v = nlohmann::json::parse(std::ifstream(JC_TEST_DATA "/vectors/tlog-vectors.json"));
    return v;
}

struct Key {
    VerifierKey verifier;
    crypto::PrivateKey signer;
};
inline Key makeKey(const std::string& name, SignatureType type)
{
    const auto seed = crypto::sha256(asBytes("judicial-chain test key: " + name));
    auto signer = crypto::PrivateKey::fromEd25519Seed(seed.bytes()).value();
    auto verifier = VerifierKey::make(name, type, signer.publicKey().ed25519().value()).value();
    return {std::move(verifier), std::move(signer)};
}

inline Checkpoint someCheckpoint(const std::string& origin = "log.example/one")
{
    Checkpoint c;
    c.origin = origin;
    c.size = 1;
    c.root = merkle::hashLeaf(asBytes("only entry")).as<merkle::RootHash>();
    return c;
}

} // namespace jc::note::test
