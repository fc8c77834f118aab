// SPDX-License-Identifier: Apache-2.0
#pragma once
// RFC 3161 tokens: what they say and whether they hold. OpenSSL stays inside this room.
#include "base/clock.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"

#include <optional>
#include <vector>

namespace jc::timestamp {

/// What an authenticated or merely parsed TimeStampToken (bare CMS, no TimeStampResp) says.
struct TokenInfo {
    UnixMs genTime{};
    std::optional<std::uint64_t> accuracyMs;
    std::string policyOid;
    std::string serialHex;
    crypto::DigestAlgorithm imprintAlgorithm{};
    Bytes imprint;
    Sha256Digest digest; ///< SHA-256 of the token's DER: Renewal.token_digest, Filing.token_digest
};
/// ≤ 64 KiB, one CMS SignedData with one signer, version 1 TSTInfo, nothing behind it; imprint SHA-256, SHA-512 or SM3; signature ECDSA or
/// RSA PKCS #1 v1.5 with SHA-2. DER only, but the order within the SET of certificates is free. Errors: Malformed.
[[nodiscard]] Result<TokenInfo> parseToken(ByteView der);
/// Certificates carried in the token, in the order they stand. Errors: Malformed.
[[nodiscard]] Result<std::vector<crypto::Certificate>> tokenCertificates(ByteView der);

enum class TokenOutcome : std::uint8_t {
    Valid,
    ImprintDiffers,
    BadSignature,
    NoAnchor,
    CertificateExpired,
    CertificateNotYetValid,
    NotATimestampCertificate,
    Unparsable
};
[[nodiscard]] std::string_view toString(TokenOutcome o) noexcept;
/// ESSCertID(v2), signature, sole critical EKU, path to one of `anchors` judged at the token's own genTime, and last the imprint: so
/// ImprintDiffers always means that an authentic token is for other data. `extra`: more chain certificates (the signer's too, when the
/// token has none). Only imprint bytes are compared; a caller that knows the algorithm compares info.imprintAlgorithm. `info` is empty when
/// Unparsable. Pure but for OpenSSL; any thread. A `cache` (optional) remembers certificate paths already judged, keyed by leaf and second.
class PathCache;
struct TokenCheck {
    TokenOutcome outcome{};
    TokenInfo info;
    std::string authority; ///< common name of the signer's certificate
};
[[nodiscard]] TokenCheck checkToken(ByteView der, ByteView expectedImprint, std::span<const crypto::Certificate> anchors,
                                    std::span<const crypto::Certificate> extra = {}, PathCache* cache = nullptr);
/// Thread-safe memo of positive path judgements (leaf id, anchor set id, validity window), bounded.
class PathCache {
public:
    PathCache();
    ~PathCache();
    PathCache(const PathCache&) = delete;
    PathCache& operator=(const PathCache&) = delete;
    struct Impl;
    Impl& impl() noexcept { return *m_impl; }

private:
    std::unique_ptr<Impl> m_impl;
};

/// A time-stamp request with a random 64-bit nonce and certReq.
struct Request {
    Bytes der;
    std::uint64_t nonce = 0;
};
[[nodiscard]] Result<Request> makeRequest(crypto::DigestAlgorithm algorithm, ByteView imprint);
/// Checks status, nonce, imprint, presence of the signer's certificate and (if given) policy of a TimeStampResp and returns the bare token.
/// Errors: Malformed (also reasons wrong_nonce, wrong_imprint, wrong_policy, certificate_missing); Refused tsa_refused (TSA said no);
/// Unavailable tsa_unavailable (TSA said: not now).
[[nodiscard]] Result<Bytes> acceptResponse(const Request& request, ByteView response, std::string_view expectedPolicyOid = {});

/// Where tokens come from. stamp() returns a bare token whose signature the caller still checks with checkToken.
class Authority {
public:
    virtual ~Authority() = default;
    /// Errors: Unavailable (retry later), Refused.
    [[nodiscard]] virtual Result<Bytes> stamp(crypto::DigestAlgorithm algorithm, ByteView imprint) = 0;
    [[nodiscard]] virtual std::string name() const = 0;
};

/// HTTP client (RFC 3161 §3.4): http:// or https://, any 2xx, content type checked, answer ≤ 64 KiB, no redirects. Any thread, one
/// connection a call. An answer that does not fit the request is Unavailable with acceptResponse's reason; others: timeout, unreachable,
/// http_status, wrong_content_type, answer_too_long, bad_response. A bad address is Refused bad_url.
struct HttpAuthorityOptions {
    std::string url;
    int timeoutMs = 5000;           ///< of the whole exchange, but for a name lookup and a TLS handshake that drips
    std::string policyOid{};        ///< empty = any
    std::filesystem::path caFile{}; ///< PEM with the roots for https://; empty = the system's
};
[[nodiscard]] std::unique_ptr<Authority> makeHttpAuthority(HttpAuthorityOptions options);

/// The court's embedded authority. Serial: persistent counter file (strictly increasing over crashes: a block is reserved durably before
/// use), certificates SET in DER order, accuracy 1 s, SHA-256 ESSCertIDv2. Thread-safe. A stamp outside the certificate's validity is
/// Refused. stamp() can also fail with the serial file's error (Damaged, Unreadable, CannotWrite, NoSpace).
struct EmbeddedAuthorityOptions {
    crypto::Certificate certificate;
    crypto::PrivateKey key;                   ///< P-256
    std::vector<crypto::Certificate> chain{}; ///< issuer … self-signed root
    std::filesystem::path serialFile;
    const Clock* clock = nullptr;                    ///< null = systemClock()
    std::string policyOid = "1.3.6.1.4.1.99999.1.1"; ///< documented in docs/formats/timestamp.md
};
/// Errors: Identity (key, certificate and chain do not fit each other or the task), InvalidArgument (policy), Damaged (serial file).
[[nodiscard]] Result<std::unique_ptr<Authority>> openEmbeddedAuthority(EmbeddedAuthorityOptions options);
/// Answers a TimeStampReq (for serving over HTTP later, and for `openssl ts -query` tests): a TimeStampResp, also for refusals.
/// Errors: InvalidArgument when `embedded` did not come from openEmbeddedAuthority.
[[nodiscard]] Result<Bytes> answer(Authority& embedded, ByteView requestDer);

} // namespace jc::timestamp
