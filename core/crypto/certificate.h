// SPDX-License-Identifier: Apache-2.0
#pragma once
// X.509 certificates, PKCS#12 identities, and the small certificate authority used for demonstrations and embedded timestamping.
#include "base/clock.h"
#include "crypto/signature.h"

#include <optional>
#include <vector>

namespace jc::crypto {

/// Parsed, immutable, cheap to copy, any thread.
class Certificate {
public:
    /// Exactly one DER certificate ≤ 16 KiB, nothing behind it. Errors: Malformed.
    [[nodiscard]] static Result<Certificate> fromDer(ByteView der);
    /// One or more PEM certificates (≤ 64), nothing else of meaning between. Errors: Malformed.
    [[nodiscard]] static Result<std::vector<Certificate>> fromPemChain(std::string_view pem);
    [[nodiscard]] ByteView der() const noexcept;
    [[nodiscard]] std::string pem() const;
    [[nodiscard]] SignerId id() const noexcept; ///< SHA-256 of the DER
    [[nodiscard]] Bytes spki() const;
    [[nodiscard]] Result<PublicKey> publicKey() const; ///< Refused for RSA and other algorithms that do not sign records
    [[nodiscard]] std::string commonName() const;      ///< UTF-8, "" if none
    [[nodiscard]] std::string organization() const;    ///< UTF-8, "" if none
    [[nodiscard]] std::string subject() const;         ///< RFC 2253, UTF-8
    [[nodiscard]] std::string issuer() const;
    [[nodiscard]] UnixMs notBefore() const noexcept;
    [[nodiscard]] UnixMs notAfter() const noexcept;
    [[nodiscard]] bool selfSigned() const noexcept;
    [[nodiscard]] bool hasTimestampingEku() const noexcept; ///< only EKU, and critical (RFC 3161 §2.3)
    [[nodiscard]] void* nativeHandle() const noexcept;      ///< X509*, owned by this object

private:
    struct Impl;
    explicit Certificate(std::shared_ptr<const Impl> impl) : m_impl(std::move(impl)) {}
    friend struct CertificateAccess;
    std::shared_ptr<const Impl> m_impl;
};

enum class PathOutcome : std::uint8_t { Valid, NoAnchor, Expired, NotYetValid, BadSignature, NotAllowed };
/// Builds a path from leaf over `intermediates` to one of `anchors` (trust comes from the list, names do not matter), judged at `at`.
/// No network, no CRL, no system store. Errors never: an outcome.
[[nodiscard]] PathOutcome checkPath(const Certificate& leaf, std::span<const Certificate> intermediates,
                                    std::span<const Certificate> anchors, UnixMs at);

/// A person's key and certificate from a .p12 file.
struct Identity {
    PrivateKey key;
    Certificate certificate;
    std::vector<Certificate> chain; ///< issuer first; without the leaf
};
/// Errors: NotFound, Unreadable, Malformed (not PKCS#12), Identity (wrong PIN, no key, key and certificate do not match, legacy cipher not
/// available).
[[nodiscard]] Result<Identity> loadPkcs12(const std::filesystem::path& path, std::string_view pin);
/// The same from memory (≤ 1 MiB).
[[nodiscard]] Result<Identity> parsePkcs12(ByteView der, std::string_view pin);
/// AES-256 + PBKDF2 + SHA-256 MAC; mode 0600; never overwrites.
[[nodiscard]] Result<void> savePkcs12(const std::filesystem::path& path, const Identity& identity, std::string_view pin,
                                      std::string_view friendlyName);

struct CertificateRequest {
    std::string commonName;   ///< UTF-8
    std::string organization; ///< UTF-8, optional
    std::string country = "CN";
    UnixMs notBefore{};
    UnixMs notAfter{};
    bool ca = false;           ///< BasicConstraints CA, keyCertSign+cRLSign
    bool timestamping = false; ///< critical EKU timeStamping only
};
/// Issues a certificate for `subjectKey`; issuer empty = self-signed (issuerKey must then be the subject's key). Random 127-bit serial,
/// SKI/AKI, SHA-256 (Ed25519: none).
[[nodiscard]] Result<Certificate> issueCertificate(const CertificateRequest& request, const PublicKey& subjectKey,
                                                   const std::optional<Certificate>& issuer, const PrivateKey& issuerKey);

} // namespace jc::crypto
