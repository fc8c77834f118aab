// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/text.h"
#include "crypto/native.h"
#include "crypto/openssl_support.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace jc::crypto {
namespace {

using Pkcs12Ptr = OpenSslPtr<PKCS12, PKCS12_free>;
using X509Ptr = OpenSslPtr<X509, X509_free>;
void freeBags(STACK_OF(PKCS12_SAFEBAG) * bags)
{
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
using BagsPtr = OpenSslPtr<STACK_OF(PKCS12_SAFEBAG), freeBags>;
void freeSafes(STACK_OF(PKCS7) * safes)
{
    sk_PKCS7_pop_free(safes, PKCS7_free);
}
using SafesPtr = OpenSslPtr<STACK_OF(PKCS7), freeSafes>;
void freeStackOnly(STACK_OF(X509) * s)
{
    sk_X509_free(s);
}
using StackPtr = OpenSslPtr<STACK_OF(X509), freeStackOnly>;

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr std::size_t kMaxCertificates = 64;
constexpr int kMaxNesting = 4;
constexpr int kIterations = 100'000;

Error wrongPin()
{
    ERR_clear_error();
    return Error{ErrorCode::Identity, "the PIN does not open the key file", "wrong_pin", std::source_location::current(), {}};
}

// Own walk instead of PKCS12_parse: it bounds the iterations before each key derivation, keeps old ciphers out of the process's
// default context, refuses a second key, and tells a wrong PIN from a damaged file.
class Reader {
public:
    explicit Reader(const PinCopy& pin) : m_pin(pin) {}

    Result<Identity> read(PKCS12* p12)
    {
        JC_CHECK(checkMac(p12));
        const SafesPtr safes(PKCS12_unpack_authsafes(p12));
        if (!safes) return opensslFail(ErrorCode::Malformed, "not a PKCS#12 file");
        for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i)
            JC_CHECK(readSafe(sk_PKCS7_value(safes.get(), i)));
        return assemble();
    }

private:
    Result<void> checkMac(PKCS12* p12)
    {
        if (PKCS12_mac_present(p12) != 1) return fail(ErrorCode::Malformed, "the PKCS#12 file has no integrity code");
        const ASN1_INTEGER* count = nullptr;
        PKCS12_get0_mac(nullptr, nullptr, nullptr, &count, p12);
        std::int64_t n = 1; // the format's default
        if (count && (ASN1_INTEGER_get_int64(&n, count) != 1 || n < 1 || n > kMaxIterations)) {
            ERR_clear_error();
            return fail(ErrorCode::Identity, "the key file asks for more password iterations than allowed", "kdf_not_supported");
        }
        m_text = m_pin.c_str();
        m_size = m_pin.size();
        if (PKCS12_verify_mac(p12, m_text, m_size) == 1) return {};
        if (m_pin.empty()) { // programs disagree on how "no password" is written down
            m_text = nullptr;
            m_size = 0;
            if (PKCS12_verify_mac(p12, m_text, m_size) == 1) return {};
        }
        return tl::unexpected(wrongPin());
    }

    // The library context in which an encrypted part can be opened; nullptr = the default one.
    static Result<OSSL_LIB_CTX*> contextFor(const X509_ALGOR* algorithm)
    {
        JC_TRY(const auto scheme, inspectPasswordScheme(algorithm));
        if (!scheme.legacy) return nullptr;
        auto* const context = static_cast<OSSL_LIB_CTX*>(legacyContext());
        if (!context) {
            return fail(ErrorCode::Identity,
                        "the key file uses an old cipher (RC2 or the like) that this machine does not offer; export it again with AES-256",
                        "legacy_cipher");
        }
        return context;
    }

    Result<void> readSafe(PKCS7* safe)
    {
        if (PKCS7_type_is_data(safe)) {
            const BagsPtr bags(safe->d.data ? PKCS12_unpack_p7data(safe) : nullptr);
            if (!bags) return opensslFail(ErrorCode::Malformed, "a part of the PKCS#12 file cannot be read");
            return readBags(bags.get(), 0);
        }
        if (!PKCS7_type_is_encrypted(safe))
            return fail(ErrorCode::Identity, "the key file is protected by a certificate instead of a PIN", "kdf_not_supported");
        const auto* encrypted = safe->d.encrypted;
        if (!encrypted || !encrypted->enc_data || !encrypted->enc_data->algorithm || !encrypted->enc_data->enc_data) {
            return fail(ErrorCode::Malformed, "a part of the PKCS#12 file cannot be read");
        }
        JC_TRY(OSSL_LIB_CTX* const context, contextFor(encrypted->enc_data->algorithm));
        const BagsPtr bags(static_cast<STACK_OF(PKCS12_SAFEBAG)*>(
            PKCS12_item_decrypt_d2i_ex(encrypted->enc_data->algorithm, ASN1_ITEM_rptr(PKCS12_SAFEBAGS), m_text, m_size,
                                       encrypted->enc_data->enc_data, 1, context, nullptr)));
        if (!bags) return opensslFail(ErrorCode::Identity, "a part of the key file cannot be opened with this PIN");
        return readBags(bags.get(), 0);
    }

    Result<void> readBags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth)
    {
        if (depth > kMaxNesting) return fail(ErrorCode::Malformed, "the PKCS#12 file is nested too deeply");
        for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
            const PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags, i);
            switch (PKCS12_SAFEBAG_get_nid(bag)) {
            case NID_keyBag:
                JC_CHECK(readKey(PKCS12_SAFEBAG_get0_p8inf(bag)));
                break;
            case NID_pkcs8ShroudedKeyBag:
                JC_CHECK(readSealedKey(PKCS12_SAFEBAG_get0_pkcs8(bag)));
                break;
            case NID_certBag:
                JC_CHECK(readCertificate(bag));
                break;
            case NID_safeContentsBag:
                JC_CHECK(readBags(PKCS12_SAFEBAG_get0_safes(bag), depth + 1));
                break;
            default:
                break; // revocation lists and secrets of other programs
            }
        }
        return {};
    }

    Result<void> readKey(const PKCS8_PRIV_KEY_INFO* info)
    {
        if (m_key) return fail(ErrorCode::Identity, "the key file holds more than one private key");
        EVP_PKEY* const raw = info ? EVP_PKCS82PKEY(info) : nullptr;
        if (!raw) return opensslFail(ErrorCode::Identity, "the private key in the file cannot be used");
        auto key = PrivateKeyAccess::adopt(raw);
        if (!key) return fail(ErrorCode::Identity, key.error().detail, key.error().reason);
        m_key = std::move(*key);
        return {};
    }

    Result<void> readSealedKey(const X509_SIG* sealed)
    {
        if (!sealed) return fail(ErrorCode::Malformed, "a part of the PKCS#12 file cannot be read");
        const X509_ALGOR* algorithm = nullptr;
        X509_SIG_get0(sealed, &algorithm, nullptr);
        JC_TRY(OSSL_LIB_CTX* const context, contextFor(algorithm));
        const OpenSslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(PKCS8_decrypt_ex(sealed, m_text, m_size, context, nullptr));
        if (!info) return opensslFail(ErrorCode::Identity, "the private key cannot be opened with this PIN");
        return readKey(info.get());
    }

    Result<void> readCertificate(const PKCS12_SAFEBAG* bag)
    {
        if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return {};
        if (m_certificates.size() == kMaxCertificates) return fail(ErrorCode::Malformed, "too many certificates");
        const X509Ptr x(PKCS12_SAFEBAG_get1_cert(bag));
        unsigned char* der = nullptr;
        const int size = x ? i2d_X509(x.get(), &der) : -1;
        if (size < 0) return opensslFail(ErrorCode::Malformed, "a certificate in the file cannot be read");
        auto certificate = Certificate::fromDer({der, static_cast<std::size_t>(size)});
        OPENSSL_free(der);
        JC_TRY(auto parsed, std::move(certificate));
        m_certificates.push_back(std::move(parsed));
        return {};
    }

    Result<Identity> assemble()
    {
        if (!m_key) return fail(ErrorCode::Identity, "the key file holds no private key", "no_key");
        const auto own =
            std::ranges::find_if(m_certificates, [&](const Certificate& c) { return equal(c.spki(), m_key->publicKey().spki()); });
        if (own == m_certificates.end())
            return fail(ErrorCode::Identity, "no certificate in the file belongs to its private key", "key_mismatch");
        Identity out{std::move(*m_key), *own, {}};
        m_certificates.erase(own);
        // Bags come in any order: follow the issuers, then add what is left.
        const auto issuerOf = [&](const Certificate& c) {
            return std::ranges::find_if(m_certificates, [&](const Certificate& i) {
                return X509_check_issued(static_cast<X509*>(i.nativeHandle()), static_cast<X509*>(c.nativeHandle())) == X509_V_OK;
            });
        };
        for (auto next = issuerOf(out.certificate); next != m_certificates.end(); next = issuerOf(out.chain.back())) {
            out.chain.push_back(*next);
            m_certificates.erase(next);
        }
        out.chain.insert(out.chain.end(), m_certificates.begin(), m_certificates.end());
        return out;
    }

    const PinCopy& m_pin;
    const char* m_text = nullptr;
    int m_size = 0;
    std::optional<PrivateKey> m_key;
    std::vector<Certificate> m_certificates;
};

} // namespace

Result<Identity> parsePkcs12(ByteView der, std::string_view pin)
{
    if (der.empty() || der.size() > kMaxFile) return fail(ErrorCode::Malformed, "not a PKCS#12 file");
    const unsigned char* p = der.data();
    const Pkcs12Ptr p12(d2i_PKCS12(nullptr, &p, static_cast<long>(der.size())));
    if (!p12 || p != der.data() + der.size()) return opensslFail(ErrorCode::Malformed, "not a PKCS#12 file");
    JC_TRY(const auto copy, PinCopy::make(pin));
    return Reader(copy).read(p12.get());
}

Result<Identity> loadPkcs12(const std::filesystem::path& path, std::string_view pin)
{
    JC_TRY(Bytes data, readFile(path, kMaxFile));
    auto identity = parsePkcs12(data, pin);
    OPENSSL_cleanse(data.data(), data.size()); // the key may stand in it unencrypted
    return identity;
}

Result<void> savePkcs12(const std::filesystem::path& path, const Identity& identity, std::string_view pin, std::string_view friendlyName)
{
    if (pin.empty() || !isValidUtf8(pin)) return fail(ErrorCode::InvalidArgument, "a key file needs a PIN in UTF-8");
    if (friendlyName.size() > 256 || !isValidUtf8(friendlyName) || friendlyName.find('\0') != std::string_view::npos) {
        return fail(ErrorCode::InvalidArgument, "the name of the key is not usable");
    }
    if (!equal(identity.certificate.spki(), identity.key.publicKey().spki())) {
        return fail(ErrorCode::Identity, "the certificate does not belong to the key", "key_mismatch");
    }
    JC_TRY(const auto copy, PinCopy::make(pin));
    const StackPtr chain(sk_X509_new_null());
    for (const auto& c : identity.chain) {
        if (!chain || sk_X509_push(chain.get(), static_cast<X509*>(c.nativeHandle())) <= 0)
            return opensslFail(ErrorCode::Internal, "cannot write the key file");
    }
    const std::string label(friendlyName);
    const Pkcs12Ptr p12(PKCS12_create(
        copy.c_str(), label.empty() ? nullptr : label.c_str(), static_cast<EVP_PKEY*>(identity.key.nativeHandle()),
        static_cast<X509*>(identity.certificate.nativeHandle()), chain.get(), NID_aes_256_cbc, NID_aes_256_cbc, kIterations, -1, 0));
    if (!p12 || PKCS12_set_mac(p12.get(), copy.c_str(), copy.size(), nullptr, 0, kIterations, EVP_sha256()) != 1) {
        return opensslFail(ErrorCode::Internal, "cannot write the key file");
    }
    unsigned char* der = nullptr;
    const int size = i2d_PKCS12(p12.get(), &der);
    if (size < 0) return opensslFail(ErrorCode::Internal, "cannot write the key file");
    const Result<void> written = writeSecretFile(path, {der, static_cast<std::size_t>(size)});
    OPENSSL_clear_free(der, static_cast<std::size_t>(size));
    return written;
}

} // namespace jc::crypto
