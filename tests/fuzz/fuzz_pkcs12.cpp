// SPDX-License-Identifier: Apache-2.0
// Key files. u8 kind, then the material:
//   0, 1: changes {u16 offset, u8 value}… to the contents of a key file made here (plain, encrypted), under an integrity code made anew,
//         so that the parts behind the code are reached; no private key has to lie in the corpus
//   2:    changes to the finished file
//   else: the bytes as they are, as PKCS#12 and as PEM
// An identity that comes out must be whole.
#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <cstdlib>

using namespace jc;
using namespace jc::crypto;

namespace {

struct Bases {
    Bytes plain;
    Bytes encrypted;
    Bytes file;
};

Bytes contents(const PKCS12* p12)
{
    STACK_OF(PKCS7)* safes = PKCS12_unpack_authsafes(p12);
    unsigned char* der = nullptr;
    const int size = ASN1_item_i2d(reinterpret_cast<const ASN1_VALUE*>(safes), &der, ASN1_ITEM_rptr(PKCS12_AUTHSAFES));
    Bytes out(der, der + size);
    OPENSSL_free(der);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return out;
}

Bytes encode(PKCS12* p12)
{
    unsigned char* der = nullptr;
    const int size = i2d_PKCS12(p12, &der);
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

const Bases& bases()
{
    static const Bases made = [] {
        const std::array<std::uint8_t, 32> seed{1};
        const auto key = PrivateKey::fromEd25519Seed(seed).value();
        CertificateRequest r;
        r.commonName = "fuzz";
        r.notAfter = 4'000'000'000'000;
        const auto c = issueCertificate(r, key.publicKey(), std::nullopt, key).value();
        Bases b;
        for (const bool sealed : {false, true}) {
            const int pbe = sealed ? NID_aes_128_cbc : -1;
            PKCS12* p12 = PKCS12_create("x", "n", static_cast<EVP_PKEY*>(key.nativeHandle()), static_cast<X509*>(c.nativeHandle()), nullptr,
                                        pbe, pbe, 1, 1, 0);
            (sealed ? b.encrypted : b.plain) = contents(p12);
            b.file = encode(p12);
            PKCS12_free(p12);
        }
        return b;
    }();
    return made;
}

Bytes changed(Bytes base, ByteView changes)
{
    for (; changes.size() >= 3; changes = changes.subspan(3)) {
        const std::size_t at = static_cast<std::size_t>(changes[0]) * 256 + changes[1];
        base[at % base.size()] = changes[2];
    }
    return base;
}

Bytes withNewCode(const Bytes& safesDer)
{
    const unsigned char* p = safesDer.data();
    auto* safes = reinterpret_cast<STACK_OF(PKCS7)*>(
        ASN1_item_d2i(nullptr, &p, static_cast<long>(safesDer.size()), ASN1_ITEM_rptr(PKCS12_AUTHSAFES)));
    Bytes out;
    if (PKCS12* p12 = safes ? PKCS12_add_safes(safes, 0) : nullptr) {
        if (PKCS12_set_mac(p12, "x", 1, nullptr, 0, 1, EVP_sha256()) == 1) out = encode(p12);
        PKCS12_free(p12);
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    ERR_clear_error();
    return out;
}

void checkWhole(const PrivateKey& key, const PublicKey& pub)
{
    const auto signature = key.sign(asBytes("m"));
    if (!signature || !pub.verify(asBytes("m"), *signature)) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    const ByteView rest(data + 1, size - 1);
    Bytes der;
    switch (data[0]) {
    case 0:
        der = withNewCode(changed(bases().plain, rest));
        break;
    case 1:
        der = withNewCode(changed(bases().encrypted, rest));
        break;
    case 2:
        der = changed(bases().file, rest);
        break;
    default:
        der.assign(rest.begin(), rest.end());
        if (const auto key = PrivateKey::fromPem(asText(rest), "x")) checkWhole(*key, key->publicKey());
    }
    const auto identity = parsePkcs12(der, "x");
    if (identity) {
        const auto pub = identity->certificate.publicKey();
        if (!pub) std::abort();
        checkWhole(identity->key, *pub);
    } else if (size == 1 && data[0] <= 2) {
        std::abort(); // unchanged, each of the three is good
    }
    return 0;
}
