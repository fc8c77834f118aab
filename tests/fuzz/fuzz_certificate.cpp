// SPDX-License-Identifier: Apache-2.0
// Any bytes as a certificate, alone and as PEM: every reader on what was accepted, and no path to an authority that did not sign it.
#include "crypto/certificate.h"

#include "base/text.h"

#include <cstdlib>

using namespace jc;
using namespace jc::crypto;

namespace {

const Certificate& authority()
{
    static const Certificate own = [] {
        const auto key = PrivateKey::generate(Scheme::Ed25519).value();
        CertificateRequest r;
        r.commonName = "root";
        r.notAfter = 4'000'000'000'000;
        r.ca = true;
        return issueCertificate(r, key.publicKey(), std::nullopt, key).value();
    }();
    return own;
}

void use(const Certificate& c, ByteView input, bool whole)
{
    const auto require = [](bool ok) {
        if (!ok) std::abort();
    };
    if (whole) require(equal(c.der(), input));
    require(isValidUtf8(c.subject()) && isValidUtf8(c.issuer()) && isValidUtf8(c.commonName()) && isValidUtf8(c.organization()));
    static_cast<void>(c.hasTimestampingEku());
    if (const auto key = c.publicKey()) require(equal(key->spki(), c.spki()));
    const auto again = Certificate::fromPemChain(c.pem());
    require(again && again->size() == 1 && again->front().id() == c.id());
    const std::vector<Certificate> self = {c};
    const std::vector<Certificate> anchors = {authority()};
    require(checkPath(c, self, anchors, c.notBefore()) != PathOutcome::Valid); // the authority's key is fresh: it signed nothing
    static_cast<void>(checkPath(c, {}, self, c.notBefore()));
    static_cast<void>(c.selfSigned());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView input(data, size);
    if (const auto c = Certificate::fromDer(input)) use(*c, input, true);
    if (const auto chain = Certificate::fromPemChain(asText(input))) {
        for (const auto& c : *chain)
            use(c, input, false);
    }
    return 0;
}
