// SPDX-License-Identifier: Apache-2.0
// Private keys in PEM files, and what key files and PKCS#12 files share.
#include "base/file.h"
#include "base/uuid.h"
#include "crypto/native.h"
#include "crypto/openssl_support.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace jc::crypto {
namespace {

using BioPtr = OpenSslPtr<BIO, BIO_free>;
using PbeParamPtr = OpenSslPtr<PBEPARAM, PBEPARAM_free>;
using Pbe2ParamPtr = OpenSslPtr<PBE2PARAM, PBE2PARAM_free>;
using Pbkdf2ParamPtr = OpenSslPtr<PBKDF2PARAM, PBKDF2PARAM_free>;

constexpr std::size_t kMaxKeyFile = 64 * 1024;

struct Wipe { // secrets do not stay behind in freed memory
    explicit Wipe(Bytes& b) : bytes(b) {}
    Wipe(const Wipe&) = delete;
    Wipe& operator=(const Wipe&) = delete;
    ~Wipe() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
    Bytes& bytes;
};

struct PemBlock { // what PEM_read_bio allocates
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    PemBlock() = default;
    PemBlock(const PemBlock&) = delete;
    PemBlock& operator=(const PemBlock&) = delete;
    ~PemBlock()
    {
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, static_cast<std::size_t>(size));
    }
};

Result<void> checkIterations(const ASN1_INTEGER* iterations)
{
    std::int64_t n = 0;
    if (!iterations || ASN1_INTEGER_get_int64(&n, iterations) != 1 || n < 1 || n > kMaxIterations) {
        ERR_clear_error();
        return fail(ErrorCode::Identity, "the key file asks for more password iterations than allowed", "kdf_not_supported");
    }
    return {};
}

bool isLegacyCipher(int nid)
{
    switch (nid) {
    case NID_pbe_WithSHA1And128BitRC4:
    case NID_pbe_WithSHA1And40BitRC4:
    case NID_pbe_WithSHA1And128BitRC2_CBC:
    case NID_pbe_WithSHA1And40BitRC2_CBC:
    case NID_pbeWithMD2AndDES_CBC:
    case NID_pbeWithMD5AndDES_CBC:
    case NID_pbeWithSHA1AndDES_CBC:
    case NID_pbeWithMD2AndRC2_CBC:
    case NID_pbeWithMD5AndRC2_CBC:
    case NID_pbeWithSHA1AndRC2_CBC:
    case NID_rc2_cbc:
    case NID_rc2_40_cbc:
    case NID_rc2_64_cbc:
    case NID_rc4:
    case NID_rc4_40:
    case NID_des_cbc:
        return true;
    default:
        return false;
    }
}

Error wrongPin(std::string_view detail)
{
    ERR_clear_error();
    return Error{ErrorCode::Identity, std::string(detail), "wrong_pin", std::source_location::current(), {}};
}

} // namespace

Result<PinCopy> PinCopy::make(std::string_view pin)
{
    if (pin.size() > 512 || pin.find('\0') != std::string_view::npos)
        return fail(ErrorCode::Identity, "the PIN is not usable", "wrong_pin");
    PinCopy copy;
    copy.m_text.reserve(pin.size() + 1);
    copy.m_text.assign(pin.begin(), pin.end());
    copy.m_text.push_back('\0');
    return copy;
}

PinCopy::~PinCopy()
{
    OPENSSL_cleanse(m_text.data(), m_text.size());
}

Result<PasswordScheme> inspectPasswordScheme(const void* x509Algor)
{
    const auto* algorithm = static_cast<const X509_ALGOR*>(x509Algor);
    if (!algorithm) return fail(ErrorCode::Malformed, "the key file has no encryption parameters");
    const ASN1_OBJECT* oid = nullptr;
    X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
    const int nid = OBJ_obj2nid(oid);
    if (nid != NID_pbes2) {
        const PbeParamPtr p(static_cast<PBEPARAM*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter)));
        if (!p) return opensslFail(ErrorCode::Malformed, "the key file's encryption parameters cannot be read");
        JC_CHECK(checkIterations(p->iter));
        return PasswordScheme{isLegacyCipher(nid)};
    }
    const Pbe2ParamPtr p(static_cast<PBE2PARAM*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter)));
    if (!p) return opensslFail(ErrorCode::Malformed, "the key file's encryption parameters cannot be read");
    X509_ALGOR_get0(&oid, nullptr, nullptr, p->keyfunc);
    if (OBJ_obj2nid(oid) != NID_id_pbkdf2) {
        return fail(ErrorCode::Identity, "the key file derives its key in an unsupported way; only PBKDF2 is", "kdf_not_supported");
    }
    const Pbkdf2ParamPtr kdf(static_cast<PBKDF2PARAM*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), p->keyfunc->parameter)));
    if (!kdf) return opensslFail(ErrorCode::Malformed, "the key file's encryption parameters cannot be read");
    JC_CHECK(checkIterations(kdf->iter));
    X509_ALGOR_get0(&oid, nullptr, nullptr, p->encryption);
    return PasswordScheme{isLegacyCipher(OBJ_obj2nid(oid))};
}

void* legacyContext()
{
    // A context of its own, so that the old ciphers exist for old key files and nowhere else in the process.
    static OSSL_LIB_CTX* const context = [] {
        OSSL_LIB_CTX* c = OSSL_LIB_CTX_new();
        if (c && OSSL_PROVIDER_load(c, "legacy") && OSSL_PROVIDER_load(c, "default")) return c;
        ERR_clear_error();
        OSSL_LIB_CTX_free(c);
        return static_cast<OSSL_LIB_CTX*>(nullptr);
    }();
    return context;
}

Result<void> writeSecretFile(const std::filesystem::path& path, ByteView data)
{
    struct stat st{};
    const auto exists = [] { return fail(ErrorCode::Refused, "a file of this name exists and is not overwritten", "exists"); };
    if (::lstat(path.c_str(), &st) == 0) return exists();
    Uuid random{};
    fillRandom(random);
    const auto dir = path.parent_path();
    const auto tmp = dir / (".jc-key-" + toHex(random));
    Fd fd(::open(tmp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return tl::unexpected(errnoError(errno, true, "cannot create a file here"));
    const auto undo = [&](Error e) -> Result<void> {
        ::unlink(tmp.c_str());
        return tl::unexpected(std::move(e));
    };
    if (auto w = writeAll(fd.get(), data, "cannot write the file"); !w) return undo(w.error());
    if (::fsync(fd.get()) != 0) return undo(errnoError(errno, true, "cannot write the file to disk"));
    if (const int raw = fd.release(); ::close(raw) != 0) return undo(errnoError(errno, true, "cannot write the file"));
    // Fails where the name exists by now; file systems without this flag (EINVAL) have hard links, which fail likewise.
    if (::renameat2(AT_FDCWD, tmp.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EINVAL && ::link(tmp.c_str(), path.c_str()) == 0) {
            ::unlink(tmp.c_str());
        } else {
            const int err = errno;
            ::unlink(tmp.c_str());
            if (err == EEXIST) return exists();
            return tl::unexpected(errnoError(err, true, "cannot put the file in place"));
        }
    }
    return syncDirectory(dir);
}

Result<PrivateKey> PrivateKey::fromPem(std::string_view pem, std::string_view pin)
{
    if (pem.size() > kMaxKeyFile) return fail(ErrorCode::Malformed, "the key file is too large", "too_large");
    const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    PemBlock block;
    if (!bio || PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.size) != 1) {
        return opensslFail(ErrorCode::Malformed, "not a PEM key file");
    }
    PemBlock second;
    if (PEM_read_bio(bio.get(), &second.name, &second.header, &second.data, &second.size) == 1) {
        return fail(ErrorCode::Malformed, "a key file must hold one key and nothing else");
    }
    const bool clean = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    const std::string_view type(block.name);
    if (!clean || *block.header != '\0' || (type != PEM_STRING_PKCS8INF && type != PEM_STRING_PKCS8)) {
        return fail(ErrorCode::Malformed, "not a PKCS#8 private key in PEM");
    }
    const unsigned char* p = block.data;
    const unsigned char* const end = block.data + block.size;
    OpenSslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info;
    if (type == PEM_STRING_PKCS8INF) {
        info.reset(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &p, block.size));
        if (!info || p != end) return opensslFail(ErrorCode::Malformed, "not a PKCS#8 private key");
    } else {
        const OpenSslPtr<X509_SIG, X509_SIG_free> sealed(d2i_X509_SIG(nullptr, &p, block.size));
        if (!sealed || p != end) return opensslFail(ErrorCode::Malformed, "not an encrypted PKCS#8 private key");
        const X509_ALGOR* algorithm = nullptr;
        X509_SIG_get0(sealed.get(), &algorithm, nullptr);
        JC_TRY(const auto scheme, inspectPasswordScheme(algorithm));
        JC_TRY(const auto copy, PinCopy::make(pin));
        if (copy.empty()) return tl::unexpected(wrongPin("the key file is encrypted and needs a PIN"));
        auto* const context = static_cast<OSSL_LIB_CTX*>(scheme.legacy ? legacyContext() : nullptr);
        if (scheme.legacy && !context) {
            return fail(ErrorCode::Identity, "the key file uses an old cipher that this machine does not offer", "legacy_cipher");
        }
        info.reset(PKCS8_decrypt_ex(sealed.get(), copy.c_str(), copy.size(), context, nullptr));
        if (!info) return tl::unexpected(wrongPin("the PIN does not open the key file"));
    }
    EVP_PKEY* const key = EVP_PKCS82PKEY(info.get());
    if (!key) return opensslFail(ErrorCode::Malformed, "the private key cannot be read");
    return PrivateKeyAccess::adopt(key);
}

Result<PrivateKey> PrivateKey::loadPem(const std::filesystem::path& path, std::string_view pin)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) return tl::unexpected(errnoError(errno, false, "cannot open the key file"));
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0) return tl::unexpected(errnoError(errno, false, "cannot read the key file"));
    if (!S_ISREG(st.st_mode)) return fail(ErrorCode::Unreadable, "not a regular file", "special_file");
    if ((st.st_mode & 077U) != 0) {
        return fail(ErrorCode::Identity, "others may read this key file; take their permissions away (chmod 600)", "key_file_open");
    }
    if (static_cast<std::uint64_t>(st.st_size) > kMaxKeyFile) return fail(ErrorCode::Malformed, "the key file is too large", "too_large");
    Bytes data(static_cast<std::size_t>(st.st_size));
    const Wipe wipe(data);
    std::size_t done = 0;
    while (done < data.size()) {
        const ssize_t n = ::read(fd.get(), data.data() + done, data.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return tl::unexpected(errnoError(errno, false, "cannot read the key file"));
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return fromPem(asText(ByteView(data).first(done)), pin);
}

Result<void> PrivateKey::savePem(const std::filesystem::path& path) const
{
    const BioPtr bio(BIO_new(BIO_s_secmem()));
    if (!bio ||
        PEM_write_bio_PKCS8PrivateKey(bio.get(), static_cast<EVP_PKEY*>(nativeHandle()), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return opensslFail(ErrorCode::Internal, "cannot write the key");
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    const Result<void> written = writeSecretFile(path, asBytes({text, static_cast<std::size_t>(size)}));
    OPENSSL_cleanse(text, static_cast<std::size_t>(size));
    return written;
}

} // namespace jc::crypto
