// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the tests of crypto share: a folder of its own per test, the openssl command, bytes of a reproducible random source.
#include "crypto/certificate.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>

namespace jc::crypto::test {

class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "jc-crypto-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) std::abort();
        m_path = pattern;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder()
    {
        std::error_code ec;
        std::filesystem::remove_all(m_path, ec);
    }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return m_path / name; }
    [[nodiscard]] std::string text() const { return m_path.string(); }

private:
    std::filesystem::path m_path;
};

struct CommandResult {
    int status = -1;
    std::string output; ///< both streams
};
/// Runs `openssl <arguments>` in `folder`.
inline CommandResult openssl(const TemporaryFolder& folder, const std::string& arguments)
{
    const std::string command = "cd '" + folder.text() + "' && openssl " + arguments + " 2>&1 </dev/null";
    CommandResult out;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (!pipe) return out;
    std::array<char, 4096> buffer{};
    for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        out.output.append(buffer.data(), n);
    const int status = ::pclose(pipe);
    out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

inline void writeText(const std::filesystem::path& path, std::string_view text, unsigned mode = 0600)
{
    std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
}
inline std::string readText(const std::filesystem::path& path)
{
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

inline Bytes randomBytes(std::mt19937_64& source, std::size_t size)
{
    Bytes out(size);
    for (auto& b : out)
        b = static_cast<std::uint8_t>(source());
    return out;
}

constexpr UnixMs kDay = 86'400'000;
constexpr UnixMs kNow = 1'790'000'000'000; // some day of 2026

/// An authority, an intermediate and a person, as a court has them.
struct Pki {
    PrivateKey rootKey;
    Certificate root;
    PrivateKey middleKey;
    Certificate middle;
    PrivateKey leafKey;
    Certificate leaf;
};
inline CertificateRequest request(std::string name, bool ca = false)
{
    CertificateRequest r;
    r.commonName = std::move(name);
    r.organization = "盛京市中级人民法院";
    r.notBefore = kNow - kDay;
    r.notAfter = kNow + 365 * kDay;
    r.ca = ca;
    return r;
}
inline Pki makePki(Scheme scheme = Scheme::EcdsaP256Sha256)
{
    auto rootKey = PrivateKey::generate(scheme).value();
    auto middleKey = PrivateKey::generate(scheme).value();
    auto leafKey = PrivateKey::generate(scheme).value();
    auto root = issueCertificate(request("根证书", true), rootKey.publicKey(), std::nullopt, rootKey).value();
    auto middle = issueCertificate(request("法院证书", true), middleKey.publicKey(), root, rootKey).value();
    auto leaf = issueCertificate(request("张伟"), leafKey.publicKey(), middle, middleKey).value();
    return {std::move(rootKey), std::move(root), std::move(middleKey), std::move(middle), std::move(leafKey), std::move(leaf)};
}

} // namespace jc::crypto::test
