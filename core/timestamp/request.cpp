// SPDX-License-Identifier: Apache-2.0
#include "timestamp/request.h"

#include "base/text.h"
#include "base/uuid.h"

#include <algorithm>

namespace jc::timestamp {
namespace internal {

Result<ParsedRequest> parseRequest(ByteView request)
{
    constexpr const char* kWhat = "the time-stamp request is malformed";
    if (request.size() > kMaxRequest) return fail(ErrorCode::Malformed, "the time-stamp request is too long");
    der::Fault fault;
    der::Reader outer(request, fault);
    der::Reader r = outer.enter(der::kSequence, kWhat);
    outer.end(kWhat);
    ParsedRequest p;
    if (r.smallInteger(1, kWhat) != 1) fault.set(kWhat);
    p.imprint = readImprint(r);
    if (r.nextIs(der::kOid)) p.policy = r.oid(kWhat);
    if (r.nextIs(der::kInteger)) {
        p.nonce = r.integer(kWhat);
        if (p.nonce->size() > 64) fault.set(kWhat);
    }
    if (r.nextIs(der::kBoolean)) p.certReq = r.boolean(kWhat);
    p.extensions = r.optional(der::contextConstructed(0), kWhat).has_value();
    r.end(kWhat);
    if (fault) return fail(ErrorCode::Malformed, fault.why);
    return p;
}

Bytes grantedResponse(ByteView token)
{
    const Bytes status = der::tlv(der::kSequence, der::unsignedInteger(0));
    return der::tlv(der::kSequence, {status, token});
}

Bytes rejectionResponse(Failure failure, std::string_view text)
{
    constexpr std::uint64_t kRejection = 2;
    const unsigned bit = static_cast<unsigned>(failure);
    Bytes bits(2 + bit / 8, 0); // named bits: nothing behind the last one set (X.690 §11.2.2)
    bits[0] = static_cast<std::uint8_t>(7 - bit % 8);
    bits[1 + bit / 8] = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    const Bytes words = der::tlv(der::kSequence, der::tlv(der::kUtf8String, asBytes(text)));
    const Bytes status = der::tlv(der::kSequence, {der::unsignedInteger(kRejection), words, der::tlv(der::kBitString, bits)});
    return der::tlv(der::kSequence, status);
}

namespace {

/// failInfo as bits, RFC numbering; 0 when absent.
std::uint32_t readFailInfo(ByteView bits) noexcept
{
    std::uint32_t out = 0;
    for (std::size_t i = 0; bits.size() > 1 && i < 32 && i / 8 + 1 < bits.size(); ++i)
        if ((bits[1 + i / 8] & (0x80U >> (i % 8))) != 0) out |= 1U << i;
    return out;
}

Error refusal(std::uint64_t status, std::uint32_t failInfo, const std::string& text)
{
    const auto has = [failInfo](Failure f) { return (failInfo & (1U << static_cast<unsigned>(f))) != 0; };
    std::string detail = "the time-stamp authority refused (status " + std::to_string(status) + ")";
    if (!text.empty()) detail += ": " + text;
    if (has(Failure::TimeNotAvailable) || has(Failure::SystemFailure)) // its own trouble, not the request's
        return Error{ErrorCode::Unavailable, std::move(detail), "tsa_unavailable"};
    return Error{ErrorCode::Refused, std::move(detail), "tsa_refused"};
}

} // namespace
} // namespace internal

Result<Request> makeRequest(crypto::DigestAlgorithm algorithm, ByteView imprint)
{
    Request request;
    std::array<std::uint8_t, 8> random{};
    while (request.nonce == 0) {
        fillRandom(random);
        request.nonce = readU64(random);
    }
    JC_TRY(const Bytes message, internal::writeImprint(algorithm, imprint));
    constexpr std::uint8_t kTrue = 0xff;
    request.der = der::tlv(der::kSequence, {der::unsignedInteger(1), message, der::unsignedInteger(request.nonce),
                                            der::tlv(der::kBoolean, ByteView(&kTrue, 1))});
    return request;
}

Result<Bytes> acceptResponse(const Request& request, ByteView response, std::string_view expectedPolicyOid)
{
    using namespace internal;
    constexpr const char* kWhat = "the time-stamp response is malformed";
    if (response.size() > kMaxResponse) return fail(ErrorCode::Malformed, "the time-stamp response must not exceed 64 KiB");
    der::Fault fault;
    der::Reader outer(response, fault);
    der::Reader r = outer.enter(der::kSequence, kWhat);
    outer.end("bytes behind the time-stamp response");
    der::Reader info = r.enter(der::kSequence, kWhat);
    const std::uint64_t status = info.smallInteger(255, kWhat);
    std::string text;
    if (info.nextIs(der::kSequence)) {
        der::Reader words = info.enter(der::kSequence, kWhat);
        while (words.more()) {
            const der::Tlv word = words.expect(der::kUtf8String, kWhat);
            if (text.size() < 512)
                text += (text.empty() ? "" : " ") + printable(asText(word.content.first(std::min<std::size_t>(word.content.size(), 256))));
        }
    }
    std::uint32_t failInfo = 0;
    if (info.nextIs(der::kBitString)) failInfo = readFailInfo(info.expect(der::kBitString, kWhat).content);
    info.end(kWhat);
    const auto wrapped = r.optional(der::kSequence, kWhat);
    r.end(kWhat);
    if (fault) return fail(ErrorCode::Malformed, fault.why);
    constexpr std::uint64_t kGrantedWithMods = 1;
    if (status > kGrantedWithMods) return tl::unexpected<Error>(refusal(status, failInfo, text));
    if (!wrapped) return fail(ErrorCode::Malformed, "the response says granted but holds no token");

    JC_TRY(const ParsedRequest asked, parseRequest(request.der));
    JC_TRY(const Token token, takeApart(wrapped->whole));
    if (!token.nonce || !asked.nonce || !equal(*token.nonce, *asked.nonce))
        return fail(ErrorCode::Malformed, "the token does not answer this request", "wrong_nonce");
    if (!asked.imprint.algorithm || token.info.imprintAlgorithm != *asked.imprint.algorithm ||
        !equal(token.info.imprint, asked.imprint.value))
        return fail(ErrorCode::Malformed, "the token is for other data", "wrong_imprint");
    if (!expectedPolicyOid.empty() && token.info.policyOid != expectedPolicyOid)
        return fail(ErrorCode::Malformed, "the token was issued under another policy", "wrong_policy");
    const auto names = [&token](ByteView c) {
        return (token.essV2.hash == Hash::None || matches(token.essV2, c)) && (token.essV1.hash == Hash::None || matches(token.essV1, c));
    };
    if (std::none_of(token.certificates.begin(), token.certificates.end(), names))
        return fail(ErrorCode::Malformed, "the token does not carry the certificate that was asked for", "certificate_missing");
    return toBytes(wrapped->whole);
}

} // namespace jc::timestamp
