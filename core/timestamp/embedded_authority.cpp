// SPDX-License-Identifier: Apache-2.0
// The court's own authority. The token is written here, byte by byte, so that it is DER throughout (certificates and attributes in order)
// and so that signingTime and genTime come from one clock.
#include "timestamp/request.h"

#include "base/file.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <charconv>
#include <mutex>

namespace jc::timestamp {
namespace {

using namespace internal;

/// Serial numbers, never the same twice for one file. A block is reserved on disk before its first number is used; what a crash leaves
/// unused is skipped. A block also starts no lower than the machine's time × 2^20, so a counter file that was lost or came back from a
/// backup repeats nothing.
class SerialCounter {
public:
    static Result<std::unique_ptr<SerialCounter>> open(std::filesystem::path path)
    {
        std::unique_ptr<SerialCounter> counter(new SerialCounter(std::move(path)));
        JC_TRY(const std::uint64_t stored, counter->stored()); // a damaged file is found at start, not at the first filing
        (void)stored;
        return counter;
    }
    Result<std::uint64_t> next()
    {
        const std::lock_guard lock(m_mutex);
        if (m_next == m_end) JC_CHECK(reserve());
        return m_next++;
    }

private:
    static constexpr std::uint64_t kBlock = 1000;
    static constexpr std::uint64_t kLimit = 1ULL << 63U;
    explicit SerialCounter(std::filesystem::path path) : m_path(std::move(path)) {}

    Result<std::uint64_t> stored() const
    {
        const auto data = readFile(m_path, 64);
        if (!data && data.error().code == ErrorCode::NotFound) return std::uint64_t{1};
        if (!data) return tl::unexpected<Error>(data.error());
        const std::string_view text = asText(*data);
        std::uint64_t v = 0;
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), v);
        const bool whole = ec == std::errc{} && end + 1 == text.data() + text.size() && *end == '\n';
        if (!whole || v == 0 || v >= kLimit)
            return fail(ErrorCode::Damaged, "the counter of time-stamp serial numbers is damaged", "serial_damaged");
        return v;
    }
    Result<void> reserve()
    {
        // Another process with the same file gets another block.
        std::filesystem::path lockPath = m_path;
        lockPath += ".lock";
        JC_TRY(const FileLock lock, FileLock::acquire(lockPath, 5000, "time-stamp serial numbers"));
        JC_TRY(std::uint64_t first, stored());
        const UnixMs now = systemClock().now();
        if (now > 0 && now < (UnixMs{1} << 43U)) first = std::max(first, static_cast<std::uint64_t>(now) << 20U);
        first = std::max(first, m_end);
        if (first >= kLimit - kBlock) return fail(ErrorCode::Refused, "the time-stamp serial numbers are used up", "serial_exhausted");
        JC_CHECK(writeFileAtomic(m_path, asBytes(std::to_string(first + kBlock) + "\n"), 0600, true));
        m_next = first;
        m_end = first + kBlock;
        return {};
    }

    std::filesystem::path m_path;
    std::mutex m_mutex;
    std::uint64_t m_next = 0, m_end = 0;
};

class EmbeddedAuthority final : public Authority {
public:
    EmbeddedAuthority(EmbeddedAuthorityOptions options, Bytes policy, std::unique_ptr<SerialCounter> serials)
        : m_options(std::move(options)), m_policy(std::move(policy)), m_serials(std::move(serials)),
          m_name(m_options.certificate.commonName())
    {
        if (!m_options.clock) m_options.clock = &systemClock();
        const ByteView leaf = m_options.certificate.der();
        std::vector<Bytes> certificates{toBytes(leaf)};
        for (const crypto::Certificate& c : m_options.chain)
            if (!equal(c.der(), leaf)) certificates.push_back(toBytes(c.der()));
        m_certificates = der::setOf(der::contextConstructed(0), std::move(certificates));
        const IssuerSerial sid = issuerSerial(leaf);
        m_sid = der::tlv(der::kSequence, {sid.issuer, der::tlv(der::kInteger, sid.serial)});
        const Bytes sha256Id = der::tlv(der::kSequence, der::tlv(der::kOid, asBytes(kOidSha256)));
        m_sha256 = sha256Id;
        // SHA-256 is the default of ESSCertIDv2 and therefore not written.
        const Bytes id = der::tlv(der::kSequence, der::tlv(der::kOctetString, crypto::sha256(leaf).bytes()));
        m_ess = attribute(kOidSigningCertificateV2, der::tlv(der::kSequence, der::tlv(der::kSequence, id)));
        m_contentType = attribute(kOidContentType, der::tlv(der::kOid, asBytes(kOidTstInfo)));
    }

    [[nodiscard]] Result<Bytes> stamp(crypto::DigestAlgorithm algorithm, ByteView imprint) override
    {
        return issue(algorithm, imprint, std::nullopt, true);
    }
    [[nodiscard]] std::string name() const override { return m_name; }
    [[nodiscard]] ByteView policy() const noexcept { return m_policy; }

    [[nodiscard]] Result<Bytes> issue(crypto::DigestAlgorithm algorithm, ByteView imprint, std::optional<ByteView> nonce, bool certificates)
    {
        const UnixMs now = m_options.clock->now();
        if (now < m_options.certificate.notBefore() || now > m_options.certificate.notAfter())
            return fail(ErrorCode::Refused, "the certificate of the time-stamp authority is not valid now", "tsa_certificate_expired");
        auto message = writeImprint(algorithm, imprint);
        if (!message) return fail(ErrorCode::Refused, message.error().detail, "bad_imprint");
        const auto genTime = der::generalizedTime(now);
        const auto signingTime = der::cmsTime(now);
        if (!genTime || !signingTime) return fail(ErrorCode::Refused, "the clock is out of range", "clock");
        JC_TRY(const std::uint64_t serial, m_serials->next());

        const Bytes accuracy = der::tlv(der::kSequence, der::unsignedInteger(1)); // one second
        const Bytes info = der::tlv(der::kSequence, {der::unsignedInteger(1), der::tlv(der::kOid, m_policy), *message,
                                                     der::unsignedInteger(serial), der::tlv(der::kGeneralizedTime, asBytes(*genTime)),
                                                     accuracy, nonce ? der::tlv(der::kInteger, *nonce) : Bytes{}});
        Bytes attributes =
            der::setOf(der::kSet, {m_contentType, attribute(kOidSigningTime, *signingTime),
                                   attribute(kOidMessageDigest, der::tlv(der::kOctetString, crypto::sha256(info).bytes())), m_ess});
        JC_TRY(const Bytes signature, sign(attributes));
        attributes[0] = der::contextConstructed(0);

        const Bytes ecdsa = der::tlv(der::kSequence, der::tlv(der::kOid, asBytes(kOidEcdsaSha256)));
        const Bytes signer =
            der::tlv(der::kSequence, {der::unsignedInteger(1), m_sid, m_sha256, attributes, ecdsa, der::tlv(der::kOctetString, signature)});
        const Bytes content = der::tlv(der::kSequence, {der::tlv(der::kOid, asBytes(kOidTstInfo)),
                                                        der::tlv(der::contextConstructed(0), der::tlv(der::kOctetString, info))});
        const Bytes data = der::tlv(der::kSequence, {der::unsignedInteger(3), der::tlv(der::kSet, m_sha256), content,
                                                     certificates ? ByteView(m_certificates) : ByteView(), der::tlv(der::kSet, signer)});
        Bytes token = der::tlv(der::kSequence, {der::tlv(der::kOid, asBytes(kOidSignedData)), der::tlv(der::contextConstructed(0), data)});
        if (token.size() > kMaxToken) return fail(ErrorCode::Refused, "the token would be too long", "token_too_long");
        return token;
    }

private:
    static Bytes attribute(std::string_view type, ByteView value)
    {
        return der::tlv(der::kSequence, {der::tlv(der::kOid, asBytes(type)), der::tlv(der::kSet, value)});
    }
    Result<Bytes> sign(ByteView message) const
    {
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        auto* key = static_cast<EVP_PKEY*>(m_options.key.nativeHandle());
        std::array<std::uint8_t, 160> signature{}; // P-256 needs at most 72
        std::size_t size = signature.size();
        if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
            EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
            ERR_clear_error();
            return fail(ErrorCode::Unavailable, "the key of the time-stamp authority did not sign", "tsa_key");
        }
        return Bytes(signature.begin(), signature.begin() + static_cast<std::ptrdiff_t>(size));
    }

    EmbeddedAuthorityOptions m_options;
    Bytes m_policy;
    std::unique_ptr<SerialCounter> m_serials;
    std::string m_name;
    Bytes m_certificates, m_sid, m_sha256, m_ess, m_contentType;
};

} // namespace

Result<std::unique_ptr<Authority>> openEmbeddedAuthority(EmbeddedAuthorityOptions options)
{
    const auto identity = [](const char* detail) { return fail(ErrorCode::Identity, detail, "tsa_identity"); };
    if (options.key.scheme() != crypto::Scheme::EcdsaP256Sha256) return identity("the time-stamp key must be P-256");
    if (!equal(options.certificate.spki(), options.key.publicKey().spki()))
        return identity("the time-stamp certificate belongs to another key");
    if (!options.certificate.hasTimestampingEku())
        return identity("the certificate is not one for time stamps (critical, sole extended key usage)");
    if (options.chain.size() + 1 > kMaxCertificates) return identity("the chain of the time-stamp certificate is too long");
    const crypto::Certificate& root = options.chain.empty() ? options.certificate : options.chain.back();
    if (!root.selfSigned()) return identity("the chain of the time-stamp certificate does not end in a self-signed root");
    switch (crypto::checkPath(options.certificate, options.chain, std::span(&root, 1), options.certificate.notBefore())) {
    case crypto::PathOutcome::Valid:
    case crypto::PathOutcome::Expired: // times are judged when a token is asked for
    case crypto::PathOutcome::NotYetValid:
        break;
    case crypto::PathOutcome::NoAnchor:
    case crypto::PathOutcome::BadSignature:
    case crypto::PathOutcome::NotAllowed:
        return identity("the chain does not lead from the time-stamp certificate to its root");
    }
    auto policy = der::oidFromText(options.policyOid);
    if (!policy) return tl::unexpected<Error>(std::move(policy).error());
    JC_TRY(std::unique_ptr<SerialCounter> serials, SerialCounter::open(options.serialFile));
    return std::make_unique<EmbeddedAuthority>(std::move(options), std::move(*policy), std::move(serials));
}

Result<Bytes> answer(Authority& embedded, ByteView requestDer)
{
    auto* authority = dynamic_cast<EmbeddedAuthority*>(&embedded);
    if (!authority) return fail(ErrorCode::InvalidArgument, "only the embedded authority answers requests");
    const auto request = parseRequest(requestDer);
    if (!request) return rejectionResponse(Failure::BadDataFormat, request.error().detail);
    if (request->extensions) return rejectionResponse(Failure::UnacceptedExtension, "extensions are not supported");
    if (!request->imprint.algorithm) return rejectionResponse(Failure::BadAlgorithm, "digest algorithms are SHA-256, SHA-512 and SM3");
    if (!request->policy.empty() && !equal(request->policy, authority->policy()))
        return rejectionResponse(Failure::UnacceptedPolicy, "this authority has one policy only");
    const auto token = authority->issue(*request->imprint.algorithm, request->imprint.value, request->nonce, request->certReq);
    if (!token && token.error().code == ErrorCode::Refused) return rejectionResponse(Failure::TimeNotAvailable, token.error().detail);
    if (!token) return rejectionResponse(Failure::SystemFailure, "the authority cannot sign now");
    return grantedResponse(*token);
}

} // namespace jc::timestamp
