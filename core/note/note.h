// SPDX-License-Identifier: Apache-2.0
#pragma once
// C2SP signed-note, tlog-checkpoint, tlog-cosignature (0x04), tlog-policy, tlog-proof. Pure. Byte by byte: docs/formats/log.md
#include "base/clock.h"
#include "crypto/signature.h"
#include "merkle/tree.h"

#include <map>
#include <optional>

namespace jc::note {

enum class SignatureType : std::uint8_t { Ed25519 = 0x01, CosignatureV1 = 0x04, MlDsa44 = 0x06 };

/// A verifier key "<name>+<8 hex>+<base64(type‖key)>". 0x06 is parsed and never verifies.
struct VerifierKey {
    std::string name;
    std::uint32_t id = 0; ///< first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key)
    SignatureType type{};
    Bytes key;
    [[nodiscard]] static Result<VerifierKey> parse(std::string_view vkey); ///< Malformed: bad name, id does not match, length
    /// Errors: InvalidArgument (bad name, ML-DSA-44).
    [[nodiscard]] static Result<VerifierKey> make(std::string name, SignatureType type, const crypto::Ed25519Key& key);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};
/// Not empty, valid UTF-8, no '+', no Unicode white space, no control character below U+0020.
[[nodiscard]] bool isValidKeyName(std::string_view name) noexcept;

struct NoteSignature {
    std::string name;
    std::uint32_t id = 0;
    Bytes payload; ///< after the 4 id bytes
    friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};
/// A parsed, not yet verified note. `text` ends in '\n'.
struct SignedNote {
    std::string text;
    std::vector<NoteSignature> signatures;
    /// Limits: 1,000,000 bytes, 100 signatures, valid UTF-8 without control characters but '\n'. Errors: Malformed.
    [[nodiscard]] static Result<SignedNote> parse(std::string_view bytes);
    [[nodiscard]] std::string serialize() const;
    friend bool operator==(const SignedNote&, const SignedNote&) = default;
};
/// One signature line with its '\n': what a witness answers, and what is stored per signature. parse: Malformed unless exactly one line.
[[nodiscard]] std::string signatureLine(const NoteSignature& signature);
[[nodiscard]] Result<NoteSignature> parseSignatureLine(std::string_view line);

/// Errors: InvalidArgument (the text cannot be a note's, the key has another type, `signer` is not its private half); the signer's own.
[[nodiscard]] Result<NoteSignature> signNote(std::string_view text, const VerifierKey& key, const crypto::PrivateKey& signer);
/// timeSeconds: POSIX seconds ≤ 2^63 - 1, u64 big-endian in the payload. `text` must be a checkpoint. Errors: as signNote.
[[nodiscard]] Result<NoteSignature> cosign(std::string_view text, const VerifierKey& key, const crypto::PrivateKey& signer,
                                           std::uint64_t timeSeconds);
/// Name, id and signature match; type from the key; 0x06 → false.
[[nodiscard]] bool verifySignature(std::string_view text, const VerifierKey& key, const NoteSignature& signature);
/// Of a payload as long as a 0x04 or 0x06 one, if ≤ 2^63 - 1. Says nothing about who made it.
[[nodiscard]] std::optional<std::uint64_t> cosignatureTime(const NoteSignature& signature) noexcept;

/// The three lines; extension lines are accepted when parsed, never written.
struct Checkpoint {
    std::string origin;
    std::uint64_t size = 0;
    merkle::RootHash root;
    std::vector<std::string> extensions;
    /// Errors: Malformed. Size ≤ 2^63 - 1.
    [[nodiscard]] static Result<Checkpoint> parse(std::string_view noteText);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// tlog-policy. Strict by C2SP: names defined before use, in at most one group, unique keys, exactly one quorum.
struct Policy {
    struct Witness {
        std::string name;
        VerifierKey key;
        std::string url; ///< may be empty
        friend bool operator==(const Witness&, const Witness&) = default;
    };
    struct Group {
        std::string name;
        unsigned threshold = 0; ///< any = 1, all = members
        std::vector<std::string> members;
        friend bool operator==(const Group&, const Group&) = default;
    };
    struct Log {
        VerifierKey key;
        std::string url;
        friend bool operator==(const Log&, const Log&) = default;
    };
    std::vector<Log> logs;
    std::vector<Witness> witnesses;
    std::vector<Group> groups;
    std::string quorum;                                               ///< name or "none"
    [[nodiscard]] static Result<Policy> parse(std::string_view text); ///< ≤ 1 MiB. Errors: Malformed, with the line.
    /// For a policy that was put together in code: does it obey every rule that parse() checks? Errors: InvalidArgument.
    [[nodiscard]] Result<void> validate() const;
    /// Of a valid policy; parse(text()) gives it back.
    [[nodiscard]] std::string text() const;
    /// text(), if less liberal programs can read it too: one log line, a URL for every witness, no '#', only 0x04 witnesses. Errors:
    /// Refused; as validate().
    [[nodiscard]] Result<std::string> portableText() const;
    friend bool operator==(const Policy&, const Policy&) = default;
};

enum class NoteOutcome : std::uint8_t { Verified, NoLogSignature, BadSignature, QuorumMissing, OriginDiffers, MalformedCheckpoint };
struct CheckedCheckpoint {
    NoteOutcome outcome = NoteOutcome::MalformedCheckpoint; ///< nothing looked at is nothing verified
    Checkpoint checkpoint;
    std::vector<std::pair<std::string, std::uint64_t>> cosigners; ///< verified: policy witness name, time (s); each key once
};
/// Any one log key signed (a known key that fails rejects the whole note), and the quorum holds. A repeated key counts once (its first
/// line). The origin must equal the name of the log key that signed. A policy that validate() would refuse never verifies more than its
/// valid part.
[[nodiscard]] CheckedCheckpoint checkCheckpoint(const SignedNote& note, const Policy& policy);

/// tlog-proof@v1
struct TlogProof {
    std::optional<Bytes> extra; ///< not authenticated
    std::uint64_t index = 0;
    std::vector<merkle::NodeHash> path;
    std::string checkpoint; ///< signed note, verbatim
    /// ≤ 1,100,000 bytes, path ≤ 63; the checkpoint must parse as a note and as a checkpoint. Errors: Malformed.
    [[nodiscard]] static Result<TlogProof> parse(std::string_view text);
    [[nodiscard]] std::string serialize() const;
    friend bool operator==(const TlogProof&, const TlogProof&) = default;
};
enum class TlogOutcome : std::uint8_t { Proven, CheckpointRejected, NotIncluded };
struct CheckedProof {
    TlogOutcome outcome = TlogOutcome::CheckpointRejected;
    CheckedCheckpoint checkpoint;
    merkle::ProofOutcome inclusion = merkle::ProofOutcome::RootDiffers; ///< judged only under an accepted checkpoint
};
[[nodiscard]] CheckedProof checkProof(const TlogProof& proof, ByteView entry, const Policy& policy);

} // namespace jc::note
