// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.h"

#include "base/text.h"
#include "base/uuid.h"
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/openssl_support.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

namespace jc::crypto {
namespace {

using X509Ptr = OpenSslPtr<X509, X509_free>;
using BioPtr = OpenSslPtr<BIO, BIO_free>;
using Asn1TimePtr = OpenSslPtr<ASN1_TIME, ASN1_TIME_free>;

constexpr std::size_t kMaxCertificate = 16 * 1024;
constexpr std::size_t kMaxChain = 64;
constexpr std::size_t kMaxChainText = kMaxChain * 2 * kMaxCertificate;

// RFC 5280 §4.1.2.5: YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, nothing else.
Result<UnixMs> toUnixMs(const ASN1_TIME* t)
{
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(t)), static_cast<std::size_t>(ASN1_STRING_length(t)));
    const std::size_t digits = ASN1_STRING_type(t) == V_ASN1_UTCTIME ? 12 : 14;
    std::tm tm{};
    if (text.size() != digits + 1 || text.back() != 'Z' ||
        !std::ranges::all_of(text.substr(0, digits), [](char c) { return c >= '0' && c <= '9'; }) || ASN1_TIME_to_tm(t, &tm) != 1) {
        ERR_clear_error();
        return fail(ErrorCode::Malformed, "the certificate's validity is not a time");
    }
    return static_cast<UnixMs>(::timegm(&tm)) * 1000;
}

std::string lastEntry(const X509_NAME* name, int nid)
{
    int at = -1;
    for (int next = X509_NAME_get_index_by_NID(name, nid, -1); next >= 0; next = X509_NAME_get_index_by_NID(name, nid, at))
        at = next;
    if (at < 0) return {};
    unsigned char* raw = nullptr;
    const int size = ASN1_STRING_to_UTF8(&raw, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    std::string out;
    if (size > 0) out.assign(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
    if (size >= 0) OPENSSL_free(raw);
    ERR_clear_error();
    return isValidUtf8(out) ? out : std::string();
}

std::string rfc2253(const X509_NAME* name)
{
    const BioPtr bio(BIO_new(BIO_s_mem()));
    // Without ESC_MSB: a Chinese name stays readable instead of becoming \E5\BC\A0.
    constexpr unsigned long kFlags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    if (!bio || X509_NAME_print_ex(bio.get(), name, 0, kFlags) < 0) {
        ERR_clear_error();
        return {};
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    std::string out(text, static_cast<std::size_t>(std::max(size, 0L)));
    return isValidUtf8(out) ? out : std::string();
}

} // namespace

struct Certificate::Impl {
    X509Ptr x509;
    Bytes der;
    SignerId id;
    UnixMs notBefore{};
    UnixMs notAfter{};
};

Result<Certificate> Certificate::fromDer(ByteView der)
{
    if (der.empty() || der.size() > kMaxCertificate || !isSingleDerValue(der)) {
        return fail(ErrorCode::Malformed, "not a single certificate in DER");
    }
    const unsigned char* p = der.data();
    X509Ptr x(d2i_X509(nullptr, &p, static_cast<long>(der.size())));
    if (!x || p != der.data() + der.size()) return opensslFail(ErrorCode::Malformed, "not a certificate");
    unsigned char* encoded = nullptr;
    const int size = i2d_X509(x.get(), &encoded);
    const bool same = size >= 0 && equal({encoded, static_cast<std::size_t>(size)}, der);
    if (size >= 0) OPENSSL_free(encoded);
    if (!same) return opensslFail(ErrorCode::Malformed, "the certificate is not in DER");
    // Reads the extensions once and keeps the result inside, so that the object never changes afterwards.
    static_cast<void>(X509_check_purpose(x.get(), -1, 0));
    ERR_clear_error();
    auto impl = std::make_shared<Impl>();
    JC_TRY(impl->notBefore, toUnixMs(X509_get0_notBefore(x.get())));
    JC_TRY(impl->notAfter, toUnixMs(X509_get0_notAfter(x.get())));
    impl->der = toBytes(der);
    impl->id = sha256(der).as<SignerId>();
    impl->x509 = std::move(x);
    return Certificate(std::move(impl));
}

Result<std::vector<Certificate>> Certificate::fromPemChain(std::string_view pem)
{
    if (pem.size() > kMaxChainText) return fail(ErrorCode::Malformed, "too large for a certificate chain", "too_large");
    const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!bio) return opensslFail(ErrorCode::Internal, "cannot read the certificates");
    std::vector<Certificate> out;
    for (;;) {
        char* name = nullptr;
        char* header = nullptr;
        unsigned char* data = nullptr;
        long size = 0;
        if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) break;
        const auto release = [](auto* s) { OPENSSL_free(s); };
        const std::unique_ptr<char, decltype(release)> nameOwner(name, release);
        const std::unique_ptr<char, decltype(release)> headerOwner(header, release);
        const std::unique_ptr<unsigned char, decltype(release)> dataOwner(data, release);
        if (std::string_view(name) != PEM_STRING_X509 || *header != '\0') {
            return fail(ErrorCode::Malformed, "something other than certificates is in the PEM text");
        }
        if (out.size() == kMaxChain) return fail(ErrorCode::Malformed, "too many certificates");
        JC_TRY(auto one, fromDer({data, static_cast<std::size_t>(size)}));
        out.push_back(std::move(one));
    }
    const bool atEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!atEnd || out.empty()) return opensslFail(ErrorCode::Malformed, "not a chain of PEM certificates");
    ERR_clear_error();
    return out;
}

ByteView Certificate::der() const noexcept
{
    return m_impl->der;
}
SignerId Certificate::id() const noexcept
{
    return m_impl->id;
}
UnixMs Certificate::notBefore() const noexcept
{
    return m_impl->notBefore;
}
UnixMs Certificate::notAfter() const noexcept
{
    return m_impl->notAfter;
}
void* Certificate::nativeHandle() const noexcept
{
    return m_impl->x509.get();
}

std::string Certificate::pem() const
{
    std::string out = "-----BEGIN CERTIFICATE-----\n";
    const std::string text = toBase64(m_impl->der);
    for (std::size_t i = 0; i < text.size(); i += 64) {
        out.append(text, i, 64);
        out += '\n';
    }
    out += "-----END CERTIFICATE-----\n";
    return out;
}

Bytes Certificate::spki() const
{
    unsigned char* raw = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(m_impl->x509.get()), &raw);
    if (size < 0) {
        ERR_clear_error();
        return {};
    }
    Bytes out(raw, raw + size);
    OPENSSL_free(raw);
    return out;
}

Result<PublicKey> Certificate::publicKey() const
{
    return PublicKey::fromSpki(spki());
}
std::string Certificate::commonName() const
{
    return lastEntry(X509_get_subject_name(m_impl->x509.get()), NID_commonName);
}
std::string Certificate::organization() const
{
    return lastEntry(X509_get_subject_name(m_impl->x509.get()), NID_organizationName);
}
std::string Certificate::subject() const
{
    return rfc2253(X509_get_subject_name(m_impl->x509.get()));
}
std::string Certificate::issuer() const
{
    return rfc2253(X509_get_issuer_name(m_impl->x509.get()));
}

bool Certificate::selfSigned() const noexcept
{
    const bool yes = X509_self_signed(m_impl->x509.get(), 1) == 1;
    ERR_clear_error();
    return yes;
}

bool Certificate::hasTimestampingEku() const noexcept
{
    int critical = 0; // stays −1 or −2 where the extension is missing or there twice
    const OpenSslPtr<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> eku(
        static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(m_impl->x509.get(), NID_ext_key_usage, &critical, nullptr)));
    ERR_clear_error();
    return eku && critical == 1 && sk_ASN1_OBJECT_num(eku.get()) == 1 && OBJ_obj2nid(sk_ASN1_OBJECT_value(eku.get(), 0)) == NID_time_stamp;
}

namespace {

Result<void> checkRequest(const CertificateRequest& request)
{
    const auto usable = [](std::string_view s) {
        return isValidUtf8(s) && std::ranges::none_of(s, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    };
    if (request.commonName.empty() || !usable(request.commonName) || !usable(request.organization)) {
        return fail(ErrorCode::InvalidArgument, "a certificate needs a name in plain UTF-8");
    }
    const bool countryOk = request.country.empty() || (request.country.size() == 2 &&
                                                       std::ranges::all_of(request.country, [](char c) { return c >= 'A' && c <= 'Z'; }));
    if (!countryOk) return fail(ErrorCode::InvalidArgument, "a country is two capital letters");
    // Years 1970 to 9999: what both the system's time and a certificate can say.
    constexpr UnixMs kEndOfTime = 253402300799999;
    if (request.notBefore < 0 || request.notAfter > kEndOfTime || request.notBefore >= request.notAfter) {
        return fail(ErrorCode::InvalidArgument, "a certificate's validity must end after it begins");
    }
    if (request.ca && request.timestamping)
        return fail(ErrorCode::InvalidArgument, "an authority's certificate cannot be for timestamping only");
    return {};
}

Result<void> addName(X509_NAME* name, const char* field, const std::string& value)
{
    if (value.empty()) return {};
    const auto* raw = reinterpret_cast<const unsigned char*>(value.data());
    if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, raw, static_cast<int>(value.size()), -1, 0) != 1) {
        return opensslFail(ErrorCode::InvalidArgument, "this name cannot stand in a certificate");
    }
    return {};
}

Result<void> addExtension(X509* x, X509* issuer, int nid, const char* value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, nullptr, nullptr, 0);
    const OpenSslPtr<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, &ctx, nid, value));
    if (!extension || X509_add_ext(x, extension.get(), -1) != 1)
        return opensslFail(ErrorCode::Internal, "cannot add a certificate extension");
    return {};
}

Result<void> setValidity(X509* x, UnixMs notBefore, UnixMs notAfter)
{
    const Asn1TimePtr from(ASN1_TIME_set(nullptr, static_cast<std::time_t>(notBefore / 1000)));
    const Asn1TimePtr to(ASN1_TIME_set(nullptr, static_cast<std::time_t>(notAfter / 1000)));
    if (!from || !to || X509_set1_notBefore(x, from.get()) != 1 || X509_set1_notAfter(x, to.get()) != 1) {
        return opensslFail(ErrorCode::Internal, "cannot set the certificate's validity");
    }
    return {};
}

Result<void> setSerial(X509* x)
{
    std::array<std::uint8_t, 16> serial{};
    do
        fillRandom(serial);
    while (std::ranges::all_of(serial, [](std::uint8_t b) { return b == 0; }));
    serial[0] &= 0x7fU; // 127 bits, so it stays positive in 16 bytes
    const OpenSslPtr<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    if (!number || !BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x))) {
        return opensslFail(ErrorCode::Internal, "cannot set the serial number");
    }
    return {};
}

} // namespace

Result<Certificate> issueCertificate(const CertificateRequest& request, const PublicKey& subjectKey,
                                     const std::optional<Certificate>& issuer, const PrivateKey& issuerKey)
{
    JC_CHECK(checkRequest(request));
    if (!equal(issuer ? ByteView(issuer->spki()) : subjectKey.spki(), issuerKey.publicKey().spki())) {
        return fail(ErrorCode::InvalidArgument, "the signing key is not the issuer's");
    }
    auto* const issuerX509 = issuer ? static_cast<X509*>(issuer->nativeHandle()) : nullptr;
    if (issuerX509 && X509_check_ca(issuerX509) != 1) return fail(ErrorCode::InvalidArgument, "the issuer is not an authority");

    const X509Ptr owner(X509_new());
    X509* const x = owner.get();
    const unsigned char* spki = subjectKey.spki().data();
    const OpenSslPtr<EVP_PKEY, EVP_PKEY_free> key(d2i_PUBKEY(nullptr, &spki, static_cast<long>(subjectKey.spki().size())));
    if (!x || !key || X509_set_version(x, X509_VERSION_3) != 1 || X509_set_pubkey(x, key.get()) != 1) {
        return opensslFail(ErrorCode::Internal, "cannot build the certificate");
    }
    JC_CHECK(setSerial(x));
    JC_CHECK(setValidity(x, request.notBefore, request.notAfter));
    X509_NAME* const name = X509_get_subject_name(x);
    JC_CHECK(addName(name, "C", request.country));
    JC_CHECK(addName(name, "O", request.organization));
    JC_CHECK(addName(name, "CN", request.commonName));
    if (X509_set_issuer_name(x, issuerX509 ? X509_get_subject_name(issuerX509) : name) != 1) {
        return opensslFail(ErrorCode::Internal, "cannot build the certificate");
    }

    JC_CHECK(addExtension(x, x, NID_basic_constraints, request.ca ? "critical,CA:TRUE" : "critical,CA:FALSE"));
    const char* usage = "critical,digitalSignature,nonRepudiation";
    JC_CHECK(addExtension(x, x, NID_key_usage, request.ca ? "critical,keyCertSign,cRLSign" : usage));
    if (request.timestamping) JC_CHECK(addExtension(x, x, NID_ext_key_usage, "critical,timeStamping"));
    JC_CHECK(addExtension(x, x, NID_subject_key_identifier, "hash"));
    if (X509* const authority = issuerX509 ? issuerX509 : x; X509_get0_subject_key_id(authority) || authority == x) {
        JC_CHECK(addExtension(x, authority, NID_authority_key_identifier, "keyid:always"));
    }
    const EVP_MD* md = issuerKey.scheme() == Scheme::Ed25519 ? nullptr : EVP_sha256();
    if (X509_sign(x, static_cast<EVP_PKEY*>(issuerKey.nativeHandle()), md) <= 0) {
        return opensslFail(ErrorCode::Internal, "cannot sign the certificate");
    }
    unsigned char* der = nullptr;
    const int size = i2d_X509(x, &der);
    if (size < 0) return opensslFail(ErrorCode::Internal, "cannot encode the certificate");
    auto certificate = Certificate::fromDer({der, static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return certificate;
}

} // namespace jc::crypto
