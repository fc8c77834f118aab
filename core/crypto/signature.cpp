// SPDX-License-Identifier: Apache-2.0
#include "crypto/signature.h"

#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/native.h"
#include "crypto/openssl_support.h"

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

namespace jc::crypto {
namespace {

using EvpPkeyPtr = OpenSslPtr<EVP_PKEY, EVP_PKEY_free>;
using EvpPkeyCtxPtr = OpenSslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using EvpMdCtxPtr = OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;
using Big32 = std::array<std::uint8_t, 32>;

// SubjectPublicKeyInfo up to the key itself. The key has a fixed length, so equality with these bytes is the whole DER check.
constexpr std::array<std::uint8_t, 12> kEd25519Prefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<std::uint8_t, 27> kP256Prefix = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                                      0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
constexpr std::size_t kEd25519SpkiSize = kEd25519Prefix.size() + 32;
constexpr std::size_t kP256SpkiSize = kP256Prefix.size() + 64;
constexpr std::size_t kMaxSpkiSize = 8192;

// n, the order of P-256, and ⌊n/2⌋, big-endian
constexpr Big32 kOrder = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                          0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
constexpr Big32 kHalfOrder = {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                              0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};

using Number = std::span<const std::uint8_t, 32>;
int compare(Number a, Number b) noexcept
{
    return std::memcmp(a.data(), b.data(), 32);
}
bool isZero(Number a) noexcept
{
    return std::ranges::all_of(a, [](std::uint8_t b) { return b == 0; });
}

bool startsWith(ByteView b, ByteView prefix) noexcept
{
    return b.size() >= prefix.size() && equal(b.first(prefix.size()), prefix);
}

// r‖s → SEQUENCE of two INTEGERs, which is what OpenSSL reads. At most 2 + 2·35 bytes.
std::size_t toDer(std::span<const std::uint8_t, 64> rs, std::span<std::uint8_t, 72> out) noexcept
{
    std::size_t n = 2;
    for (std::size_t half = 0; half < 2; ++half) {
        ByteView v = rs.subspan(half * 32, 32);
        while (v.size() > 1 && v[0] == 0)
            v = v.subspan(1);
        const std::size_t pad = v[0] >= 0x80 ? 1 : 0;
        out[n++] = 0x02;
        out[n++] = static_cast<std::uint8_t>(v.size() + pad);
        if (pad) out[n++] = 0;
        std::memcpy(out.data() + n, v.data(), v.size());
        n += v.size();
    }
    out[0] = 0x30;
    out[1] = static_cast<std::uint8_t>(n - 2);
    return n;
}

bool verifyP256(EVP_PKEY* key, ByteView message, std::span<const std::uint8_t, 64> rs) noexcept
{
    const Number r = rs.first<32>();
    const Number s = rs.last<32>();
    if (isZero(r) || isZero(s) || compare(r, kOrder) >= 0 || compare(s, kHalfOrder) > 0) return false;
    std::array<std::uint8_t, 72> der{};
    const std::size_t size = toDer(rs, der);
    const Sha256Digest digest = sha256(message);
    const EvpPkeyCtxPtr ctx(EVP_PKEY_CTX_new(key, nullptr));
    const bool good = ctx && EVP_PKEY_verify_init(ctx.get()) == 1 &&
                      EVP_PKEY_verify(ctx.get(), der.data(), size, digest.bytes().data(), digest.bytes().size()) == 1;
    if (!good) ERR_clear_error();
    return good;
}

Result<EvpPkeyPtr> p256FromPoint(ByteView point)
{
    const EvpPkeyCtxPtr ctx(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
    std::array<char, 11> group = {"prime256v1"};
    Bytes copy = toBytes(point); // OSSL_PARAM wants writable memory though it only reads
    std::array<OSSL_PARAM, 3> params = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                                        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy.data(), copy.size()),
                                        OSSL_PARAM_construct_end()};
    EVP_PKEY* raw = nullptr;
    // Refuses a point that is not on the curve.
    if (!ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1 || EVP_PKEY_fromdata(ctx.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.data()) != 1) {
        return opensslFail(ErrorCode::Malformed, "the public key is not a point of P-256");
    }
    return EvpPkeyPtr(raw);
}

// Says why an SPKI that has neither accepted form is refused. Only the algorithm is read, never the key.
Error refusal(ByteView der)
{
    const Error malformed{ErrorCode::Malformed, "not a SubjectPublicKeyInfo in DER", {}, std::source_location::current(), {}};
    if (der.size() > kMaxSpkiSize) return malformed;
    const unsigned char* p = der.data();
    const auto left = [&] { return static_cast<long>(der.data() + der.size() - p); };
    long length = 0;
    int tag = 0;
    int cls = 0;
    const int head = ASN1_get_object(&p, &length, &tag, &cls, left());
    if (head != V_ASN1_CONSTRUCTED || tag != V_ASN1_SEQUENCE || cls != V_ASN1_UNIVERSAL || length != left()) {
        ERR_clear_error();
        return malformed;
    }
    const OpenSslPtr<X509_ALGOR, X509_ALGOR_free> algorithm(d2i_X509_ALGOR(nullptr, &p, left()));
    const OpenSslPtr<ASN1_BIT_STRING, ASN1_BIT_STRING_free> key(algorithm ? d2i_ASN1_BIT_STRING(nullptr, &p, left()) : nullptr);
    ERR_clear_error();
    if (!key || left() != 0) return malformed;
    const ASN1_OBJECT* oid = nullptr;
    const void* parameter = nullptr;
    int type = 0;
    X509_ALGOR_get0(&oid, &type, &parameter, algorithm.get());
    const int nid = OBJ_obj2nid(oid);
    const int curve =
        nid == NID_X9_62_id_ecPublicKey && type == V_ASN1_OBJECT ? OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(parameter)) : NID_undef;
    if (nid == NID_ED25519 || curve == NID_X9_62_prime256v1) return malformed;
    if (nid == NID_sm2 || curve == NID_sm2) {
        return Error{
            ErrorCode::Refused, "SM2 signatures are not supported yet", "scheme_not_supported", std::source_location::current(), {}};
    }
    return Error{
        ErrorCode::Refused, "keys of this algorithm do not sign records", "algorithm_not_supported", std::source_location::current(), {}};
}

} // namespace

struct PublicKey::Impl {
    Scheme scheme{};
    Bytes spki;
    SignerId id;
    Ed25519Key raw;  // Ed25519 only
    EvpPkeyPtr pkey; // P-256 only; EVP_PKEY_verify does not change it, so threads may share it
};

PublicKey PublicKey::fromEd25519(const Ed25519Key& raw)
{
    auto impl = std::make_shared<Impl>();
    impl->scheme = Scheme::Ed25519;
    impl->spki.reserve(kEd25519SpkiSize);
    append(impl->spki, ByteView(kEd25519Prefix));
    append(impl->spki, ByteView(raw.bytes()));
    impl->id = sha256(impl->spki).as<SignerId>();
    impl->raw = raw;
    return PublicKey(std::move(impl));
}

Result<PublicKey> PublicKey::fromSpki(ByteView der)
{
    if (der.size() == kEd25519SpkiSize && startsWith(der, kEd25519Prefix)) {
        JC_TRY(const auto raw, Ed25519Key::parse(der.subspan(kEd25519Prefix.size())));
        if (!isAcceptableEd25519Key(raw)) return fail(ErrorCode::Malformed, "the Ed25519 key is not canonical or has a small order");
        return fromEd25519(raw);
    }
    if (der.size() != kP256SpkiSize || !startsWith(der, kP256Prefix)) return tl::unexpected(refusal(der));
    JC_TRY(auto pkey, p256FromPoint(der.subspan(kP256Prefix.size() - 1)));
    auto impl = std::make_shared<Impl>();
    impl->scheme = Scheme::EcdsaP256Sha256;
    impl->spki = toBytes(der);
    impl->id = sha256(der).as<SignerId>();
    impl->pkey = std::move(pkey);
    return PublicKey(std::move(impl));
}

Scheme PublicKey::scheme() const noexcept
{
    return m_impl->scheme;
}
ByteView PublicKey::spki() const noexcept
{
    return m_impl->spki;
}
SignerId PublicKey::id() const noexcept
{
    return m_impl->id;
}

Result<Ed25519Key> PublicKey::ed25519() const
{
    if (m_impl->scheme != Scheme::Ed25519) return fail(ErrorCode::InvalidArgument, "not an Ed25519 key");
    return m_impl->raw;
}

bool PublicKey::verify(ByteView message, ByteView signature) const noexcept
{
    if (signature.size() != 64) return false;
    if (m_impl->scheme == Scheme::EcdsaP256Sha256) return verifyP256(m_impl->pkey.get(), message, signature.first<64>());
    Signature64 fixed{};
    std::ranges::copy(signature, fixed.begin());
    return verifyEd25519(m_impl->raw, message, fixed);
}

struct PrivateKey::Impl {
    Impl(EvpPkeyPtr k, PublicKey p) : pkey(std::move(k)), publicKey(std::move(p)) {}
    EvpPkeyPtr pkey;
    PublicKey publicKey;
};

Result<PrivateKey> PrivateKeyAccess::adopt(void* evpKey)
{
    EvpPkeyPtr key(static_cast<EVP_PKEY*>(evpKey));
    if (!key) return opensslFail(ErrorCode::Malformed, "the private key cannot be read");
    if (EVP_PKEY_is_a(key.get(), "ED25519")) {
        std::array<std::uint8_t, 32> raw{};
        std::size_t size = raw.size();
        if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1 || size != raw.size()) {
            return opensslFail(ErrorCode::Malformed, "the private key cannot be read");
        }
        auto pub = PublicKey::fromEd25519(Ed25519Key::fromBytes(raw));
        return PrivateKey(std::make_shared<PrivateKey::Impl>(std::move(key), std::move(pub)));
    }
    std::array<char, 64> group{};
    std::size_t groupSize = 0;
    if (!EVP_PKEY_is_a(key.get(), "EC") || EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &groupSize) != 1 ||
        std::string_view(group.data(), groupSize) != "prime256v1") {
        ERR_clear_error();
        return fail(ErrorCode::Refused, "keys of this algorithm do not sign records; use P-256 or Ed25519", "scheme_not_supported");
    }
    // From the coordinates, since the file may hold a compressed point; the pair check then shows that both halves belong together.
    const auto coordinate = [&](const char* name) -> Result<Big32> {
        BIGNUM* bn = nullptr;
        const bool got = EVP_PKEY_get_bn_param(key.get(), name, &bn) == 1;
        const OpenSslPtr<BIGNUM, BN_free> owner(bn);
        Big32 out{};
        if (!got || BN_bn2binpad(bn, out.data(), 32) != 32) return opensslFail(ErrorCode::Malformed, "the private key cannot be read");
        return out;
    };
    JC_TRY(const auto x, coordinate(OSSL_PKEY_PARAM_EC_PUB_X));
    JC_TRY(const auto y, coordinate(OSSL_PKEY_PARAM_EC_PUB_Y));
    Bytes spki(kP256Prefix.begin(), kP256Prefix.end());
    append(spki, ByteView(x));
    append(spki, ByteView(y));
    const EvpPkeyCtxPtr ctx(EVP_PKEY_CTX_new(key.get(), nullptr));
    if (!ctx || EVP_PKEY_pairwise_check(ctx.get()) != 1) {
        return opensslFail(ErrorCode::Malformed, "the public half of the key does not belong to the private one");
    }
    JC_TRY(auto pub, PublicKey::fromSpki(spki));
    return PrivateKey(std::make_shared<PrivateKey::Impl>(std::move(key), std::move(pub)));
}

Result<PrivateKey> PrivateKey::generate(Scheme scheme)
{
    if (scheme == Scheme::Ed25519) return PrivateKeyAccess::adopt(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (scheme == Scheme::EcdsaP256Sha256) return PrivateKeyAccess::adopt(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    return fail(ErrorCode::Refused, "this signature scheme is not supported yet", "scheme_not_supported");
}

Result<PrivateKey> PrivateKey::fromEd25519Seed(std::span<const std::uint8_t, 32> seed)
{
    return PrivateKeyAccess::adopt(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
}

const PublicKey& PrivateKey::publicKey() const noexcept
{
    return m_impl->publicKey;
}
Scheme PrivateKey::scheme() const noexcept
{
    return m_impl->publicKey.scheme();
}
void* PrivateKey::nativeHandle() const noexcept
{
    return m_impl->pkey.get();
}

Result<Bytes> PrivateKey::sign(ByteView message) const
{
    Bytes out(64);
    if (scheme() == Scheme::Ed25519) {
        const EvpMdCtxPtr ctx(EVP_MD_CTX_new());
        std::size_t size = out.size();
        if (!ctx || EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, m_impl->pkey.get()) != 1 ||
            EVP_DigestSign(ctx.get(), out.data(), &size, message.data(), message.size()) != 1 || size != out.size()) {
            return opensslFail(ErrorCode::Internal, "cannot sign");
        }
        return out;
    }
    const Sha256Digest digest = sha256(message);
    const EvpPkeyCtxPtr ctx(EVP_PKEY_CTX_new(m_impl->pkey.get(), nullptr));
    std::array<std::uint8_t, 80> der{};
    std::size_t size = der.size();
    if (!ctx || EVP_PKEY_sign_init(ctx.get()) != 1 ||
        EVP_PKEY_sign(ctx.get(), der.data(), &size, digest.bytes().data(), digest.bytes().size()) != 1) {
        return opensslFail(ErrorCode::Internal, "cannot sign");
    }
    const unsigned char* p = der.data();
    const OpenSslPtr<ECDSA_SIG, ECDSA_SIG_free> parsed(d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(size)));
    if (!parsed || BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out.data(), 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out.data() + 32, 32) != 32) {
        return opensslFail(ErrorCode::Internal, "cannot sign");
    }
    const std::span<std::uint8_t, 32> s(out.data() + 32, 32);
    if (compare(s, kHalfOrder) > 0) { // s and n − s verify alike; only the low one is ours
        unsigned borrow = 0;
        for (std::size_t i = 32; i-- > 0;) {
            const unsigned v = 0x100U + kOrder[i] - s[i] - borrow;
            s[i] = static_cast<std::uint8_t>(v & 0xffU);
            borrow = v < 0x100U ? 1 : 0;
        }
    }
    return out;
}

} // namespace jc::crypto
