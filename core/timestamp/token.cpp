// SPDX-License-Identifier: Apache-2.0
#include "timestamp/token_internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace jc::timestamp {
namespace internal {
namespace {

Hash hashOf(ByteView oid) noexcept
{
    if (is(oid, kOidSha256)) return Hash::Sha256;
    if (is(oid, kOidSha384)) return Hash::Sha384;
    if (is(oid, kOidSha512)) return Hash::Sha512;
    return Hash::None;
}

const EVP_MD* evp(Hash h) noexcept
{
    switch (h) {
    case Hash::Sha1:
        return EVP_sha1();
    case Hash::Sha256:
        return EVP_sha256();
    case Hash::Sha384:
        return EVP_sha384();
    case Hash::Sha512:
        return EVP_sha512();
    case Hash::None:
        break;
    }
    return nullptr;
}

bool digestIs(Hash h, ByteView data, ByteView expected) noexcept
{
    if (h == Hash::Sha256) return equal(crypto::sha256(data).bytes(), expected);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> md{};
    unsigned size = 0;
    const EVP_MD* algorithm = evp(h);
    if (!algorithm || EVP_Digest(data.data(), data.size(), md.data(), &size, algorithm, nullptr) != 1) {
        ERR_clear_error();
        return false;
    }
    return equal(ByteView(md).first(size), expected);
}

/// Exactly one value of an attribute's SET.
der::Reader onlyValue(der::Reader& values, std::uint8_t tag, const char* what)
{
    der::Reader value = values.enter(tag, what);
    values.end(what);
    return value;
}

/// SigningCertificate and SigningCertificateV2 (RFC 5035); the first identifier is the signer's.
EssId readEss(der::Reader& values, bool v2)
{
    constexpr const char* kWhat = "the signing-certificate attribute is malformed";
    der::Reader attribute = onlyValue(values, der::kSequence, kWhat);
    der::Reader ids = attribute.enter(der::kSequence, kWhat);
    der::Reader first = ids.enter(der::kSequence, kWhat);
    EssId id;
    id.hash = v2 ? Hash::Sha256 : Hash::Sha1;
    if (v2 && first.nextIs(der::kSequence)) {
        const der::AlgorithmId a = first.algorithm(kWhat);
        id.hash = hashOf(a.oid);
        if (id.hash == Hash::None || !a.plain()) first.fault().set("the signing-certificate attribute uses an unknown digest");
    }
    id.certificateHash = first.expect(der::kOctetString, kWhat).content;
    if (first.more()) {
        der::Reader both = first.enter(der::kSequence, kWhat);
        der::Reader names = both.enter(der::kSequence, kWhat);
        der::Reader directory = names.enter(der::contextConstructed(4), kWhat);
        id.issuer = directory.expect(der::kSequence, kWhat).whole;
        directory.end(kWhat);
        names.end(kWhat);
        id.serial = both.integer(kWhat);
        both.end(kWhat);
    }
    first.end(kWhat);
    while (ids.more())
        ids.expect(der::kSequence, kWhat);     // certificates of the chain; judged by the path instead
    attribute.optional(der::kSequence, kWhat); // policies
    attribute.end(kWhat);
    return id;
}

void readTstInfo(ByteView content, Token& t, der::Fault& fault)
{
    der::Reader outer(content, fault);
    der::Reader r = outer.enter(der::kSequence, "TSTInfo is not a sequence");
    outer.end("bytes behind TSTInfo");
    if (r.smallInteger(1, "TSTInfo has an unknown version") != 1) fault.set("TSTInfo has an unknown version");
    t.info.policyOid = der::oidText(r.oid("the policy is malformed"));
    if (t.info.policyOid.empty()) fault.set("the policy is malformed");
    const Imprint imprint = readImprint(r);
    if (!imprint.algorithm)
        fault.set("the imprint uses an unknown digest");
    else
        t.info.imprintAlgorithm = *imprint.algorithm;
    t.info.imprint = toBytes(imprint.value);
    const ByteView serial = r.integer("the serial number is malformed");
    if (serial.size() > 21) fault.set("the serial number is too long"); // RFC 3161: up to 160 bits, and a sign octet
    t.info.serialHex = toHex(serial);
    if (const auto time = der::parseGeneralizedTime(r.expect(der::kGeneralizedTime, "genTime is missing").content))
        t.info.genTime = *time;
    else
        fault.set("genTime is malformed");
    if (r.nextIs(der::kSequence)) {
        constexpr const char* kWhat = "the accuracy is malformed";
        der::Reader a = r.enter(der::kSequence, kWhat);
        std::uint64_t seconds = 0, millis = 0, micros = 0;
        if (a.nextIs(der::kInteger)) seconds = a.smallInteger(1'000'000'000, kWhat);
        if (a.nextIs(der::contextPrimitive(0))) millis = a.smallInteger(999, kWhat, der::contextPrimitive(0));
        if (a.nextIs(der::contextPrimitive(1))) micros = a.smallInteger(999, kWhat, der::contextPrimitive(1));
        a.end(kWhat);
        t.info.accuracyMs = seconds * 1000 + millis + (micros > 0 ? 1 : 0); // never promises more than it says
    }
    if (r.nextIs(der::kBoolean)) r.boolean("ordering is malformed");
    if (r.nextIs(der::kInteger)) {
        t.nonce = r.integer("the nonce is malformed");
        if (t.nonce->size() > 64) fault.set("the nonce is too long");
    }
    if (r.nextIs(der::contextConstructed(0))) { // the authority's name: hint only, the certificate decides
        der::Reader name = r.enter(der::contextConstructed(0), "the authority's name is malformed");
        name.any("the authority's name is malformed");
        name.end("the authority's name is malformed");
    }
    if (r.nextIs(der::contextConstructed(1))) {
        constexpr const char* kWhat = "an extension is malformed";
        der::Reader extensions = r.enter(der::contextConstructed(1), kWhat);
        if (!extensions.more()) fault.set(kWhat);
        while (extensions.more()) {
            der::Reader e = extensions.enter(der::kSequence, kWhat);
            e.oid(kWhat);
            if (e.nextIs(der::kBoolean) && e.boolean(kWhat)) fault.set("a critical extension is not known");
            e.expect(der::kOctetString, kWhat);
            e.end(kWhat);
        }
    }
    r.end("bytes behind the last field of TSTInfo");
}

void readSignedAttributes(der::Tlv attributes, Token& t, der::Fault& fault)
{
    constexpr const char* kWhat = "the signed attributes are malformed";
    t.signedAttributes = attributes.whole;
    der::Reader all(attributes.content, fault);
    bool contentType = false;
    while (all.more()) {
        der::Reader attribute = all.enter(der::kSequence, kWhat);
        const ByteView type = attribute.oid(kWhat);
        der::Reader values = attribute.enter(der::kSet, kWhat);
        attribute.end(kWhat);
        if (fault) return;
        if (is(type, kOidContentType)) {
            if (contentType || !is(values.oid(kWhat), kOidTstInfo)) fault.set("the content type is not that of a time stamp");
            values.end(kWhat);
            contentType = true;
        } else if (is(type, kOidMessageDigest)) {
            if (!t.messageDigest.empty()) fault.set("the message digest stands twice");
            t.messageDigest = values.expect(der::kOctetString, kWhat).content;
            values.end(kWhat);
        } else if (is(type, kOidSigningCertificate) || is(type, kOidSigningCertificateV2)) {
            const bool v2 = is(type, kOidSigningCertificateV2);
            EssId& id = v2 ? t.essV2 : t.essV1;
            if (id.hash != Hash::None) fault.set("the signing-certificate attribute stands twice");
            id = readEss(values, v2);
        }
    }
    if (!contentType || t.messageDigest.empty()) fault.set("a required signed attribute is missing");
    if (t.essV1.hash == Hash::None && t.essV2.hash == Hash::None) fault.set("the signing-certificate attribute is missing");
}

void readSigner(der::Reader r, Token& t, der::Fault& fault)
{
    constexpr const char* kWhat = "the signer information is malformed";
    const std::uint64_t version = r.smallInteger(3, kWhat);
    if (version == 1) {
        der::Reader sid = r.enter(der::kSequence, kWhat);
        t.issuer = sid.expect(der::kSequence, kWhat).whole;
        t.serial = sid.integer(kWhat);
        sid.end(kWhat);
    } else if (version == 3) {
        t.keyId = r.expect(der::contextPrimitive(0), kWhat).content;
        if (t.keyId.empty()) fault.set(kWhat);
    } else {
        fault.set(kWhat);
    }
    const der::AlgorithmId digest = r.algorithm(kWhat);
    t.hash = hashOf(digest.oid);
    if (t.hash == Hash::None || !digest.plain()) fault.set("the signer's digest algorithm is not supported");
    const der::Tlv attributes = r.expect(der::contextConstructed(0), "the signed attributes are missing");
    if (!fault) readSignedAttributes(attributes, t, fault);

    const der::AlgorithmId signature = r.algorithm(kWhat);
    const auto implied = [&](std::string_view s256, std::string_view s384, std::string_view s512) {
        return is(signature.oid, s256)   ? Hash::Sha256
               : is(signature.oid, s384) ? Hash::Sha384
               : is(signature.oid, s512) ? Hash::Sha512
                                         : Hash::None;
    };
    const Hash ecdsa = implied(kOidEcdsaSha256, kOidEcdsaSha384, kOidEcdsaSha512);
    const Hash rsa = is(signature.oid, kOidRsa) ? t.hash : implied(kOidRsaSha256, kOidRsaSha384, kOidRsaSha512);
    t.key = ecdsa != Hash::None ? KeyKind::Ec : KeyKind::Rsa;
    if (!signature.plain() || (ecdsa == Hash::None && rsa == Hash::None))
        fault.set("the signature algorithm is not supported");
    else if ((t.key == KeyKind::Ec ? ecdsa : rsa) != t.hash)
        fault.set("signature and digest algorithm do not fit");
    t.signature = r.expect(der::kOctetString, kWhat).content;
    r.optional(der::contextConstructed(1), kWhat); // unsigned attributes prove nothing here
    r.end(kWhat);
}

} // namespace

Imprint readImprint(der::Reader& reader)
{
    constexpr const char* kWhat = "the message imprint is malformed";
    der::Reader r = reader.enter(der::kSequence, kWhat);
    const der::AlgorithmId a = r.algorithm(kWhat);
    Imprint i;
    i.value = r.expect(der::kOctetString, kWhat).content;
    r.end(kWhat);
    if (!a.plain()) reader.fault().set(kWhat);
    if (is(a.oid, kOidSha256))
        i.algorithm = crypto::DigestAlgorithm::Sha256;
    else if (is(a.oid, kOidSm3))
        i.algorithm = crypto::DigestAlgorithm::Sm3;
    else if (is(a.oid, kOidSha512))
        i.algorithm = crypto::DigestAlgorithm::Sha512;
    if (i.value.empty() || i.value.size() > 64 || (i.algorithm && i.value.size() != crypto::digestSize(*i.algorithm)))
        reader.fault().set("the imprint's length does not fit its algorithm");
    return i;
}

Result<Bytes> writeImprint(crypto::DigestAlgorithm algorithm, ByteView imprint)
{
    std::string_view oid;
    switch (algorithm) {
    case crypto::DigestAlgorithm::Sha256:
        oid = kOidSha256;
        break;
    case crypto::DigestAlgorithm::Sm3:
        oid = kOidSm3;
        break;
    case crypto::DigestAlgorithm::Sha512:
        oid = kOidSha512;
        break;
    }
    if (oid.empty() || imprint.size() != crypto::digestSize(algorithm))
        return fail(ErrorCode::InvalidArgument, "the imprint's length does not fit its algorithm");
    const Bytes id = der::tlv(der::kSequence, {der::tlv(der::kOid, asBytes(oid)), der::tlv(der::kNull, ByteView())});
    return der::tlv(der::kSequence, {id, der::tlv(der::kOctetString, imprint)});
}

IssuerSerial issuerSerial(ByteView certificate) noexcept
{
    der::Fault fault;
    der::Reader outer(certificate, fault);
    der::Reader signedPart = outer.enter(der::kSequence, "certificate");
    der::Reader r = signedPart.enter(der::kSequence, "certificate");
    r.optional(der::contextConstructed(0), "certificate");
    IssuerSerial out;
    out.serial = r.integer("certificate");
    r.expect(der::kSequence, "certificate");
    out.issuer = r.expect(der::kSequence, "certificate").whole;
    return fault ? IssuerSerial{} : out;
}

bool matches(const EssId& id, ByteView certificate) noexcept
{
    if (!digestIs(id.hash, certificate, id.certificateHash)) return false;
    if (id.issuer.empty()) return true;
    const IssuerSerial is = issuerSerial(certificate);
    return equal(is.issuer, id.issuer) && equal(is.serial, id.serial);
}

Result<Token> takeApart(ByteView token)
{
    if (token.size() > kMaxToken) return fail(ErrorCode::Malformed, "a time-stamp token must not exceed 64 KiB");
    der::Fault fault;
    Token t;
    der::Reader outer(token, fault);
    der::Reader info = outer.enter(der::kSequence, "not a time-stamp token");
    outer.end("bytes behind the token");
    if (!is(info.oid("not a time-stamp token"), kOidSignedData)) fault.set("not a time-stamp token");
    der::Reader explicitTag = info.enter(der::contextConstructed(0), "not a time-stamp token");
    info.end("not a time-stamp token");
    der::Reader r = explicitTag.enter(der::kSequence, "not a time-stamp token");
    explicitTag.end("not a time-stamp token");

    constexpr const char* kWhat = "the signed data are malformed";
    const std::uint64_t version = r.smallInteger(5, kWhat); // 3, or higher with other certificate and revocation forms (RFC 5652 §5.1)
    if (version < 1 || version == 2) fault.set(kWhat);
    der::Reader digests = r.enter(der::kSet, kWhat);
    std::array<bool, 5> announced{}; // by Hash; None takes what is not known
    while (digests.more())
        announced[static_cast<std::size_t>(hashOf(digests.algorithm(kWhat).oid))] = true;
    der::Reader content = r.enter(der::kSequence, kWhat);
    if (!is(content.oid(kWhat), kOidTstInfo)) fault.set("the signed content is not a time stamp");
    der::Reader wrapped = content.enter(der::contextConstructed(0), kWhat);
    content.end(kWhat);
    t.tstInfo = wrapped.expect(der::kOctetString, kWhat).content;
    wrapped.end(kWhat);
    // Order within the SET is not checked: common authorities write it unsorted, and it is not signed.
    if (r.nextIs(der::contextConstructed(0))) {
        der::Reader certificates = r.enter(der::contextConstructed(0), kWhat);
        while (certificates.more()) {
            t.certificates.push_back(certificates.expect(der::kSequence, "a certificate is malformed").whole);
            if (t.certificates.size() > kMaxCertificates) fault.set("too many certificates");
        }
    }
    r.optional(der::contextConstructed(1), kWhat); // revocation lists, added before a renewal
    der::Reader signers = r.enter(der::kSet, kWhat);
    readSigner(signers.enter(der::kSequence, "the signer is missing"), t, fault);
    if (!announced[static_cast<std::size_t>(t.hash)]) fault.set("the signer's digest algorithm is not announced");
    signers.end("more than one signer");
    r.end(kWhat);
    if (!fault) readTstInfo(t.tstInfo, t, fault);
    if (fault) return fail(ErrorCode::Malformed, fault.why);
    t.info.digest = crypto::sha256(token);
    return t;
}

} // namespace internal

Result<TokenInfo> parseToken(ByteView der)
{
    JC_TRY(internal::Token t, internal::takeApart(der));
    return std::move(t.info);
}

Result<std::vector<crypto::Certificate>> tokenCertificates(ByteView der)
{
    JC_TRY(const internal::Token t, internal::takeApart(der));
    std::vector<crypto::Certificate> out;
    out.reserve(t.certificates.size());
    for (const ByteView c : t.certificates) {
        JC_TRY(crypto::Certificate certificate, crypto::Certificate::fromDer(c));
        out.push_back(std::move(certificate));
    }
    return out;
}

std::string_view toString(TokenOutcome o) noexcept
{
    switch (o) {
    case TokenOutcome::Valid:
        return "valid";
    case TokenOutcome::ImprintDiffers:
        return "imprint_differs";
    case TokenOutcome::BadSignature:
        return "bad_signature";
    case TokenOutcome::NoAnchor:
        return "no_anchor";
    case TokenOutcome::CertificateExpired:
        return "certificate_expired";
    case TokenOutcome::CertificateNotYetValid:
        return "certificate_not_yet_valid";
    case TokenOutcome::NotATimestampCertificate:
        return "not_a_timestamp_certificate";
    case TokenOutcome::Unparsable:
        return "unparsable";
    }
    return "unparsable";
}

namespace {

/// What of a signer's certificate every check needs, worked out once.
struct Signer {
    crypto::Certificate certificate;
    std::string name;
    bool mayStamp = false;
};

Result<std::shared_ptr<const Signer>> makeSigner(ByteView der)
{
    JC_TRY(crypto::Certificate certificate, crypto::Certificate::fromDer(der));
    std::string name = certificate.commonName();
    bool mayStamp = certificate.hasTimestampingEku();
    const std::uint32_t usage = X509_get_key_usage(static_cast<X509*>(certificate.nativeHandle())); // all ones when the extension is absent
    if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) mayStamp = false;
    return std::make_shared<const Signer>(Signer{std::move(certificate), std::move(name), mayStamp});
}

/// Signature over the signed attributes, and their digest of the content.
bool signatureHolds(const internal::Token& t, const Signer& signer)
{
    using internal::KeyKind;
    if (!internal::digestIs(t.hash, t.tstInfo, t.messageDigest)) return false;
    EVP_PKEY* key = X509_get0_pubkey(static_cast<X509*>(signer.certificate.nativeHandle()));
    constexpr int kEnoughBits = 112; // of security: RSA-2048, P-224 and up
    const bool fits =
        key != nullptr && EVP_PKEY_is_a(key, t.key == KeyKind::Ec ? "EC" : "RSA") == 1 && EVP_PKEY_get_security_bits(key) >= kEnoughBits;
    bool ok = false;
    if (fits) {
        Bytes message = toBytes(t.signedAttributes);
        message[0] = der::kSet; // RFC 5652 §5.4: signed under the tag of SET OF
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        ok = context && EVP_DigestVerifyInit(context.get(), nullptr, internal::evp(t.hash), nullptr, key) == 1 &&
             EVP_DigestVerify(context.get(), t.signature.data(), t.signature.size(), message.data(), message.size()) == 1;
    }
    ERR_clear_error();
    return ok;
}

bool isNamedBySid(const internal::Token& t, ByteView der)
{
    if (t.keyId.empty()) {
        const internal::IssuerSerial is = internal::issuerSerial(der);
        return !is.issuer.empty() && equal(is.issuer, t.issuer) && equal(is.serial, t.serial);
    }
    const auto certificate = crypto::Certificate::fromDer(der);
    if (!certificate) return false;
    const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(static_cast<X509*>(certificate->nativeHandle()));
    return id != nullptr && ASN1_STRING_length(id) >= 0 &&
           equal(ByteView(ASN1_STRING_get0_data(id), static_cast<std::size_t>(ASN1_STRING_length(id))), t.keyId);
}

bool isNamedByEss(const internal::Token& t, ByteView der)
{
    using internal::Hash;
    return (t.essV2.hash == Hash::None || internal::matches(t.essV2, der)) &&
           (t.essV1.hash == Hash::None || internal::matches(t.essV1, der));
}

Sha256Digest setId(std::span<const crypto::Certificate> anchors)
{
    Bytes ids;
    ids.reserve(anchors.size() * SignerId::kSize);
    for (const crypto::Certificate& a : anchors)
        append(ids, a.id().bytes());
    return crypto::sha256(ids);
}

struct Window {
    Sha256Digest anchors;
    UnixMs from = 0, to = 0;
};

/// The stretch around `at` in which no certificate that counts at `at` begins or ends; a path found at `at` holds in all of it.
Window windowAround(UnixMs at, const crypto::Certificate& leaf, std::span<const crypto::Certificate> intermediates,
                    std::span<const crypto::Certificate> anchors)
{
    Window w{{}, leaf.notBefore(), leaf.notAfter()};
    for (const auto set : {intermediates, anchors}) {
        for (const crypto::Certificate& c : set) {
            if (at < c.notBefore() || at > c.notAfter() + 999) continue; // its last second counts whole
            w.from = std::max(w.from, c.notBefore());
            w.to = std::min(w.to, c.notAfter());
        }
    }
    return w;
}

} // namespace

struct PathCache::Impl {
    struct Known {
        std::shared_ptr<const Signer> signer;
        std::vector<Window> windows;
    };
    static constexpr std::size_t kMaxLeaves = 256;
    static constexpr std::size_t kMaxWindows = 16;
    std::shared_mutex mutex;
    std::map<Sha256Digest, Known> known;

    std::shared_ptr<const Signer> signer(const Sha256Digest& leaf)
    {
        const std::shared_lock lock(mutex);
        const auto it = known.find(leaf);
        return it == known.end() ? nullptr : it->second.signer;
    }
    bool holds(const Sha256Digest& leaf, const Sha256Digest& anchors, UnixMs at)
    {
        const std::shared_lock lock(mutex);
        const auto it = known.find(leaf);
        if (it == known.end()) return false;
        return std::any_of(it->second.windows.begin(), it->second.windows.end(),
                           [&](const Window& w) { return w.anchors == anchors && w.from <= at && at <= w.to; });
    }
    void remember(const Sha256Digest& leaf, std::shared_ptr<const Signer> who, const Window& w)
    {
        const std::unique_lock lock(mutex);
        if (known.size() >= kMaxLeaves && known.find(leaf) == known.end()) known.clear(); // a flood costs time, not memory
        Known& k = known[leaf];
        k.signer = std::move(who);
        if (k.windows.size() >= kMaxWindows) k.windows.clear();
        k.windows.push_back(w);
    }
};
PathCache::PathCache() : m_impl(std::make_unique<Impl>()) {}
PathCache::~PathCache() = default;

namespace {

TokenOutcome judgePath(const internal::Token& t, const Sha256Digest& leafId, std::shared_ptr<const Signer> signer,
                       std::span<const crypto::Certificate> anchors, std::span<const crypto::Certificate> extra, PathCache* cache)
{
    const UnixMs at = t.info.genTime;
    const Sha256Digest anchorsId = cache ? setId(anchors) : Sha256Digest{};
    if (cache && cache->impl().holds(leafId, anchorsId, at)) return TokenOutcome::Valid;
    std::vector<crypto::Certificate> intermediates(extra.begin(), extra.end());
    for (const ByteView c : t.certificates)
        if (auto parsed = crypto::Certificate::fromDer(c)) intermediates.push_back(std::move(*parsed)); // an odd one cannot help, nor harm
    switch (crypto::checkPath(signer->certificate, intermediates, anchors, at)) {
    case crypto::PathOutcome::Valid:
        break;
    case crypto::PathOutcome::Expired:
        return TokenOutcome::CertificateExpired;
    case crypto::PathOutcome::NotYetValid:
        return TokenOutcome::CertificateNotYetValid;
    case crypto::PathOutcome::NoAnchor:
    case crypto::PathOutcome::BadSignature:
    case crypto::PathOutcome::NotAllowed:
        return TokenOutcome::NoAnchor;
    }
    if (cache) {
        Window w = windowAround(at, signer->certificate, intermediates, anchors);
        w.anchors = anchorsId;
        cache->impl().remember(leafId, std::move(signer), w);
    }
    return TokenOutcome::Valid;
}

TokenOutcome judge(const internal::Token& t, ByteView expectedImprint, std::span<const crypto::Certificate> anchors,
                   std::span<const crypto::Certificate> extra, PathCache* cache, std::string& authority)
{
    std::vector<ByteView> candidates = t.certificates;
    for (const crypto::Certificate& c : extra)
        candidates.push_back(c.der());
    const auto leaf = std::find_if(candidates.begin(), candidates.end(), [&](ByteView c) { return isNamedByEss(t, c); });
    if (leaf == candidates.end()) {
        const bool swapped = std::any_of(candidates.begin(), candidates.end(), [&](ByteView c) { return isNamedBySid(t, c); });
        return swapped ? TokenOutcome::BadSignature : TokenOutcome::NoAnchor; // the certificate is another one, or is not at hand
    }
    const Sha256Digest leafId = crypto::sha256(*leaf);
    std::shared_ptr<const Signer> signer = cache ? cache->impl().signer(leafId) : nullptr;
    if (!signer) {
        auto made = makeSigner(*leaf);
        if (!made) return TokenOutcome::Unparsable;
        signer = std::move(*made);
    }
    authority = signer->name;
    if (!isNamedBySid(t, *leaf) || !signatureHolds(t, *signer)) return TokenOutcome::BadSignature;
    if (!signer->mayStamp) return TokenOutcome::NotATimestampCertificate;
    if (const TokenOutcome path = judgePath(t, leafId, signer, anchors, extra, cache); path != TokenOutcome::Valid) return path;
    // Last on purpose: only an authentic token can contradict a file.
    return equal(t.info.imprint, expectedImprint) ? TokenOutcome::Valid : TokenOutcome::ImprintDiffers;
}

} // namespace

TokenCheck checkToken(ByteView der, ByteView expectedImprint, std::span<const crypto::Certificate> anchors,
                      std::span<const crypto::Certificate> extra, PathCache* cache)
{
    TokenCheck result;
    result.outcome = TokenOutcome::Unparsable;
    auto token = internal::takeApart(der);
    if (!token) return result;
    result.outcome = judge(*token, expectedImprint, anchors, extra, cache, result.authority);
    result.info = std::move(token->info);
    return result;
}

} // namespace jc::timestamp
