// SPDX-License-Identifier: Apache-2.0
#pragma once
// Internal to timestamp/: object identifiers, and a token taken apart into views of its bytes.
#include "timestamp/der.h"
#include "timestamp/timestamp.h"

namespace jc::timestamp::internal {

inline constexpr std::size_t kMaxToken = 65536;
inline constexpr std::size_t kMaxResponse = 65536;
inline constexpr std::size_t kMaxRequest = 16384;
inline constexpr std::size_t kMaxCertificates = 16;

// Content octets of the identifiers (RFC 3161, 5652, 5754, 5816, 8017; GM/T 0006 for SM3).
inline constexpr std::string_view kOidSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
inline constexpr std::string_view kOidTstInfo = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
inline constexpr std::string_view kOidContentType = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
inline constexpr std::string_view kOidMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
inline constexpr std::string_view kOidSigningTime = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
inline constexpr std::string_view kOidSigningCertificate = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c";
inline constexpr std::string_view kOidSigningCertificateV2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";
inline constexpr std::string_view kOidSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01";
inline constexpr std::string_view kOidSha384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02";
inline constexpr std::string_view kOidSha512 = "\x60\x86\x48\x01\x65\x03\x04\x02\x03";
inline constexpr std::string_view kOidSm3 = "\x2a\x81\x1c\xcf\x55\x01\x83\x11";
inline constexpr std::string_view kOidEcdsaSha256 = "\x2a\x86\x48\xce\x3d\x04\x03\x02";
inline constexpr std::string_view kOidEcdsaSha384 = "\x2a\x86\x48\xce\x3d\x04\x03\x03";
inline constexpr std::string_view kOidEcdsaSha512 = "\x2a\x86\x48\xce\x3d\x04\x03\x04";
inline constexpr std::string_view kOidRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
inline constexpr std::string_view kOidRsaSha256 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
inline constexpr std::string_view kOidRsaSha384 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
inline constexpr std::string_view kOidRsaSha512 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";

[[nodiscard]] inline bool is(ByteView oid, std::string_view known) noexcept
{
    return asText(oid) == known;
}

enum class Hash : std::uint8_t { None, Sha1, Sha256, Sha384, Sha512 }; ///< what signs and identifies; Sha1 for old ESSCertIDs only
enum class KeyKind : std::uint8_t { Ec, Rsa };

struct EssId {
    Hash hash = Hash::None; ///< None = attribute not present
    ByteView certificateHash;
    ByteView issuer; ///< Name, whole; empty when no issuerSerial is given
    ByteView serial;
};

/// Views into the token's bytes; lives no longer than they do.
struct Token {
    TokenInfo info;
    std::optional<ByteView> nonce; ///< content of the INTEGER
    ByteView tstInfo;
    std::vector<ByteView> certificates;
    ByteView issuer, serial; ///< of the signer's certificate; empty when named by key identifier
    ByteView keyId;
    Hash hash = Hash::None;
    KeyKind key = KeyKind::Ec;
    ByteView signedAttributes; ///< whole, with the tag [0] it has in the token
    ByteView messageDigest;
    EssId essV1, essV2;
    ByteView signature;
};
[[nodiscard]] Result<Token> takeApart(ByteView der);

/// Algorithm and value of a MessageImprint; sets the fault for others than SHA-256, SM3, SHA-512.
struct Imprint {
    std::optional<crypto::DigestAlgorithm> algorithm; ///< nullopt = well-formed, but not one of ours
    ByteView value;
};
[[nodiscard]] Imprint readImprint(der::Reader& reader);
/// MessageImprint, parameters NULL as the openssl command writes it. Errors: InvalidArgument when the length does not fit the algorithm.
[[nodiscard]] Result<Bytes> writeImprint(crypto::DigestAlgorithm algorithm, ByteView imprint);

/// Issuer (whole Name) and serial (content) of a certificate's DER; empty views if it is none.
struct IssuerSerial {
    ByteView issuer, serial;
};
[[nodiscard]] IssuerSerial issuerSerial(ByteView certificate) noexcept;
/// Does this certificate stand for the identifier? Hash and, where given, issuer and serial.
[[nodiscard]] bool matches(const EssId& id, ByteView certificate) noexcept;

} // namespace jc::timestamp::internal
