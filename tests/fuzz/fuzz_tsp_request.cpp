// SPDX-License-Identifier: Apache-2.0
#include "timestamp/timestamp.h"

#include <cstdlib>
#include <unistd.h>

namespace {
struct FixedClock final : jc::Clock {
    [[nodiscard]] jc::UnixMs now() const override { return 1'772'352'000'000; }
};

std::unique_ptr<jc::timestamp::Authority> makeAuthority(const jc::Clock& clock)
{
    using namespace jc;
    const auto key = crypto::PrivateKey::generate(crypto::Scheme::EcdsaP256Sha256).value();
    crypto::CertificateRequest request;
    request.commonName = "Fuzz TSA";
    request.notBefore = clock.now() - 86'400'000;
    request.notAfter = clock.now() + 86'400'000;
    request.timestamping = true;
    auto certificate = crypto::issueCertificate(request, key.publicKey(), std::nullopt, key).value();
    std::string dir = (std::filesystem::temp_directory_path() / "jc-fuzz-XXXXXX").string();
    if (!mkdtemp(dir.data())) std::abort();
    return timestamp::openEmbeddedAuthority(
               {.certificate = std::move(certificate), .key = key, .serialFile = std::filesystem::path(dir) / "serial", .clock = &clock})
        .value();
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const FixedClock clock;
    static const auto authority = makeAuthority(clock);
    // Every request gets an answer in the protocol, whatever it is.
    if (!jc::timestamp::answer(*authority, jc::ByteView(data, size))) std::abort();
    return 0;
}
