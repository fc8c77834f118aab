// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include "crypto/openssl_support.h"

#include <gcrypt.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace jc::crypto {
namespace {

using MdCtxPtr = OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

// Only a broken OpenSSL installation or exhausted memory gets here, never an input. A wrong digest must not be returned instead.
[[noreturn]] void digestUnavailable(const char* what)
{
    std::fprintf(stderr, "judicial-chain: the cryptographic library cannot compute %s\n", what);
    std::abort();
}

// A library context of its own: the machine's openssl.cnf (a FIPS policy, say) must not decide which digests a court can check.
EVP_MD* fetched(DigestAlgorithm a)
{
    static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
    static EVP_MD* const sha256Md = EVP_MD_fetch(context, "SHA2-256", nullptr);
    static EVP_MD* const sha512Md = EVP_MD_fetch(context, "SHA2-512", nullptr);
    switch (a) {
    case DigestAlgorithm::Sha256:
        return sha256Md;
    case DigestAlgorithm::Sm3:
        return nullptr; // libgcrypt's, below
    case DigestAlgorithm::Sha512:
        return sha512Md;
    }
    return nullptr;
}

} // namespace

std::string_view name(DigestAlgorithm a) noexcept
{
    switch (a) {
    case DigestAlgorithm::Sha256:
        return "sha256";
    case DigestAlgorithm::Sm3:
        return "sm3";
    case DigestAlgorithm::Sha512:
        return "sha512";
    }
    return "unknown";
}

std::size_t digestSize(DigestAlgorithm a) noexcept
{
    switch (a) {
    case DigestAlgorithm::Sha256:
    case DigestAlgorithm::Sm3:
        return 32;
    case DigestAlgorithm::Sha512:
        return 64;
    }
    return 0;
}

namespace {

struct GcryptClose {
    void operator()(gcry_md_hd_t h) const noexcept { gcry_md_close(h); }
};
using GcryptPtr = std::unique_ptr<std::remove_pointer_t<gcry_md_hd_t>, GcryptClose>;

/// SM3 comes from libgcrypt, whose code is the fastest in Debian 12 (docs/decisions/0003-sm3-from-libgcrypt.md).
GcryptPtr openSm3()
{
    static const bool ready = [] {
        if (!gcry_check_version("1.9.0")) return false;
        gcry_control(GCRYCTL_DISABLE_SECMEM, 0); // digests of evidence are no secrets
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
        return true;
    }();
    gcry_md_hd_t h = nullptr;
    if (!ready || gcry_md_open(&h, GCRY_MD_SM3, 0) != 0) digestUnavailable("SM3");
    return GcryptPtr(h);
}

} // namespace

struct StreamHasher::Impl {
    explicit Impl(DigestAlgorithm a) : algorithm(a)
    {
        if (a == DigestAlgorithm::Sm3) {
            sm3 = openSm3();
            return;
        }
        md = fetched(a);
        ctx.reset(EVP_MD_CTX_new());
        if (!md || !ctx) digestUnavailable("this digest");
        restart();
    }
    void restart() noexcept
    {
        if (sm3)
            gcry_md_reset(sm3.get());
        else if (EVP_DigestInit_ex2(ctx.get(), md, nullptr) != 1)
            digestUnavailable("this digest");
    }
    DigestAlgorithm algorithm;
    EVP_MD* md = nullptr; // fetched once per process, never freed
    MdCtxPtr ctx;
    GcryptPtr sm3;
};

StreamHasher::StreamHasher(DigestAlgorithm a) : m_impl(std::make_unique<Impl>(a)) {}
StreamHasher::StreamHasher(StreamHasher&&) noexcept = default;
StreamHasher& StreamHasher::operator=(StreamHasher&&) noexcept = default;
StreamHasher::~StreamHasher() = default;

void StreamHasher::update(ByteView data) noexcept
{
    if (m_impl->sm3)
        gcry_md_write(m_impl->sm3.get(), data.data(), data.size());
    else if (EVP_DigestUpdate(m_impl->ctx.get(), data.data(), data.size()) != 1)
        digestUnavailable("this digest");
}

Bytes StreamHasher::finish()
{
    Bytes out(digestSize(m_impl->algorithm));
    if (m_impl->sm3) {
        const unsigned char* value = gcry_md_read(m_impl->sm3.get(), GCRY_MD_SM3);
        if (!value) digestUnavailable("SM3");
        std::copy_n(value, out.size(), out.begin());
        return out;
    }
    unsigned size = 0;
    if (EVP_DigestFinal_ex(m_impl->ctx.get(), out.data(), &size) != 1 || size != out.size()) digestUnavailable("this digest");
    return out;
}

void StreamHasher::reset() noexcept
{
    m_impl->restart();
}
DigestAlgorithm StreamHasher::algorithm() const noexcept
{
    return m_impl->algorithm;
}

struct MultiHasher::Impl {
    explicit Impl(DigestSet set)
    {
        hashers.reserve(3);
        hashers.emplace_back(DigestAlgorithm::Sha256);
        if (set.sm3) hashers.emplace_back(DigestAlgorithm::Sm3);
        if (set.sha512) hashers.emplace_back(DigestAlgorithm::Sha512);
    }
    std::vector<StreamHasher> hashers; // ascending algorithm number
};

MultiHasher::MultiHasher(DigestSet set) : m_impl(std::make_unique<Impl>(set)) {}
MultiHasher::MultiHasher(MultiHasher&&) noexcept = default;
MultiHasher& MultiHasher::operator=(MultiHasher&&) noexcept = default;
MultiHasher::~MultiHasher() = default;

void MultiHasher::update(ByteView data) noexcept
{
    for (auto& h : m_impl->hashers)
        h.update(data);
}

std::vector<DigestValue> MultiHasher::finish()
{
    std::vector<DigestValue> out;
    out.reserve(m_impl->hashers.size());
    for (auto& h : m_impl->hashers)
        out.push_back({h.algorithm(), h.finish()});
    return out;
}

void MultiHasher::reset() noexcept
{
    for (auto& h : m_impl->hashers)
        h.reset();
}

} // namespace jc::crypto
