// SPDX-License-Identifier: Apache-2.0
#pragma once
// Signature schemes of records (formats.md §3), key objects and key files.
#include "base/bytes.h"

#include <filesystem>
#include <memory>
#include <span>

namespace jc::crypto {

/// Wire numbers of SignedRecord.scheme. Sm2 is parsed and refused (Refused, reason "scheme_not_supported") until its own issue.
enum class Scheme : std::uint8_t { Ed25519 = 1, EcdsaP256Sha256 = 2, Sm2Sm3 = 3 };

using Ed25519Key = Hash32<struct Ed25519KeyTag>; ///< RFC 8032 public key, 32 bytes
using Signature64 = std::array<std::uint8_t, 64>;

/// RFC 8032 without cofactor; S and A must be canonical, small-order A refused. Deterministic, any thread. formats.md §3
[[nodiscard]] bool verifyEd25519(const Ed25519Key& key, ByteView message, const Signature64& signature) noexcept;

/// A public key that was parsed once (SubjectPublicKeyInfo DER) and verifies often. Immutable, any thread, cheap to copy.
class PublicKey {
public:
    /// Accepts exactly the DER of an Ed25519 or P-256 (named curve, uncompressed point) SPKI. Errors: Malformed; Refused for other
    /// algorithms.
    [[nodiscard]] static Result<PublicKey> fromSpki(ByteView der);
    [[nodiscard]] static PublicKey fromEd25519(const Ed25519Key& raw);
    [[nodiscard]] Scheme scheme() const noexcept;
    [[nodiscard]] ByteView spki() const noexcept;
    /// SHA-256 of the SPKI: the SignerId of a court key.
    [[nodiscard]] SignerId id() const noexcept;
    [[nodiscard]] Result<Ed25519Key> ed25519() const; ///< InvalidArgument for other schemes
    /// P-256: 64-byte r‖s, high S refused. Ed25519: as verifyEd25519. Wrong length = false.
    [[nodiscard]] bool verify(ByteView message, ByteView signature) const noexcept;

private:
    struct Impl;
    explicit PublicKey(std::shared_ptr<const Impl> impl) : m_impl(std::move(impl)) {}
    std::shared_ptr<const Impl> m_impl;
};

/// Signs. One object owns one key; it never leaves it. Thread-safe.
class PrivateKey {
public:
    [[nodiscard]] static Result<PrivateKey> generate(Scheme scheme);
    [[nodiscard]] static Result<PrivateKey> fromEd25519Seed(std::span<const std::uint8_t, 32> seed);
    /// PKCS#8 PEM, unencrypted or encrypted with `pin`. Refuses files others may read (mode & 077): Identity. Errors: NotFound, Unreadable,
    /// Malformed, Identity.
    [[nodiscard]] static Result<PrivateKey> loadPem(const std::filesystem::path& path, std::string_view pin = {});
    [[nodiscard]] static Result<PrivateKey> fromPem(std::string_view pem, std::string_view pin = {});
    /// Writes PKCS#8 PEM with mode 0600, atomically and durably; never overwrites (Refused).
    [[nodiscard]] Result<void> savePem(const std::filesystem::path& path) const;

    [[nodiscard]] const PublicKey& publicKey() const noexcept;
    [[nodiscard]] Scheme scheme() const noexcept;
    /// P-256: deterministic length 64, low S.
    [[nodiscard]] Result<Bytes> sign(ByteView message) const;
    /// For timestamp/ and certificates only: the EVP_PKEY*, owned by this object, as an opaque pointer.
    [[nodiscard]] void* nativeHandle() const noexcept;

private:
    struct Impl;
    explicit PrivateKey(std::shared_ptr<const Impl> impl) : m_impl(std::move(impl)) {}
    friend class Pkcs12;
    friend struct PrivateKeyAccess;
    std::shared_ptr<const Impl> m_impl;
};

} // namespace jc::crypto
