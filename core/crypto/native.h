// SPDX-License-Identifier: Apache-2.0
#pragma once
// Private to crypto: how its files hand key objects to each other.
#include "crypto/certificate.h"

namespace jc::crypto {

struct PrivateKeyAccess {
    /// Takes ownership of an EVP_PKEY, also on failure. Errors: Refused ("scheme_not_supported") for other key types; Malformed when the
    /// public half does not belong to the private one.
    [[nodiscard]] static Result<PrivateKey> adopt(void* evpKey);
};

/// PBES1 and PBES2 parameters of an X509_ALGOR: iterations bounded, scheme known. An input must not choose how long we compute.
/// Errors: Identity ("kdf_not_supported"), Malformed.
struct PasswordScheme {
    bool legacy = false; ///< needs OpenSSL's legacy provider (RC2, RC4, DES)
};
[[nodiscard]] Result<PasswordScheme> inspectPasswordScheme(const void* x509Algor);
inline constexpr std::int64_t kMaxIterations = 5'000'000;

/// OSSL_LIB_CTX* with the legacy and default providers, loaded at first use; nullptr where the machine has no legacy provider.
[[nodiscard]] void* legacyContext();

/// A PIN as OpenSSL wants it (with a NUL behind it), wiped when it goes. Errors: Identity for one with a NUL inside or over 512 bytes.
class PinCopy {
public:
    [[nodiscard]] static Result<PinCopy> make(std::string_view pin);
    PinCopy(PinCopy&&) noexcept = default;
    PinCopy& operator=(PinCopy&&) = delete;
    PinCopy(const PinCopy&) = delete;
    PinCopy& operator=(const PinCopy&) = delete;
    ~PinCopy();
    [[nodiscard]] const char* c_str() const noexcept { return m_text.data(); }
    [[nodiscard]] int size() const noexcept { return static_cast<int>(m_text.size()) - 1; }
    [[nodiscard]] bool empty() const noexcept { return m_text.size() <= 1; }

private:
    PinCopy() = default;
    std::vector<char> m_text; // a vector keeps its buffer when moved, so nothing is left behind in the source
};

/// Creates a file of mode 0600, durably and in one step; an existing one stays as it is. Errors: Refused ("exists"), CannotWrite, NoSpace.
[[nodiscard]] Result<void> writeSecretFile(const std::filesystem::path& path, ByteView data);

} // namespace jc::crypto
