// SPDX-License-Identifier: Apache-2.0
#pragma once
// A small PKI, a settable clock, tokens forged part by part, and a loopback server, for the tests of timestamp/.
#include "timestamp/evidence_record.h"
#include "timestamp/timestamp.h"

#include <atomic>
#include <functional>
#include <thread>

namespace jc::timestamp::test {

inline constexpr UnixMs kDay = 86'400'000;
/// 2026-03-01T08:00:00Z; the test PKI lives from a year before to ten years after.
inline constexpr UnixMs kNow = 1'772'352'000'000;

class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return m_path / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

class SetClock final : public Clock {
public:
    explicit SetClock(UnixMs t) : m_now(t) {}
    [[nodiscard]] UnixMs now() const override { return m_now; }
    void set(UnixMs t) { m_now = t; }

private:
    std::atomic<UnixMs> m_now;
};

struct Issued {
    crypto::PrivateKey key;
    crypto::Certificate certificate;
};
[[nodiscard]] Issued issue(const std::string& name, bool ca, bool timestamping, const Issued* issuer, UnixMs from = kNow - 365 * kDay,
                           UnixMs to = kNow + 3650 * kDay);

/// Root → TSA certificate.
struct Pki {
    explicit Pki(const std::string& name = "Test TSA", UnixMs tsaFrom = kNow - 365 * kDay, UnixMs tsaTo = kNow + 3650 * kDay);
    Issued root;
    Issued tsa;
    [[nodiscard]] std::vector<crypto::Certificate> anchors() const { return {root.certificate}; }
};

[[nodiscard]] std::unique_ptr<Authority> openAuthority(const Pki& pki, const std::filesystem::path& serialFile, const Clock* clock);

/// Every part of a token can be replaced before it is signed; the defaults make a valid one.
struct Forge {
    explicit Forge(const Pki& pki, ByteView imprint);
    const Pki* pki;
    Bytes tstInfo;                 ///< whole SEQUENCE
    Bytes contentTypeOid;          ///< content octets of eContentType
    std::vector<Bytes> attributes; ///< messageDigest is added at build()
    bool addMessageDigest = true;
    std::vector<Bytes> certificates;
    Bytes sid;
    Bytes signerVersion;
    Bytes unsignedTail;       ///< behind the signature in SignerInfo
    Bytes behindCertificates; ///< crls
    bool secondSigner = false;
    const crypto::PrivateKey* key = nullptr; ///< null = pki's
    [[nodiscard]] Bytes build() const;
};
/// TSTInfo with the given pieces, for Forge::tstInfo.
[[nodiscard]] Bytes makeTstInfo(ByteView imprint, std::string_view genTime, ByteView behindGenTime = {}, ByteView version = {});
[[nodiscard]] Bytes attribute(std::string_view oid, ByteView value);

struct Ran {
    int code = -1;
    std::string output; ///< stdout and stderr
};
[[nodiscard]] Ran run(const std::string& command);
[[nodiscard]] std::string quoted(const std::filesystem::path& p);
void writeFile(const std::filesystem::path& p, ByteView data);
[[nodiscard]] Bytes slurp(const std::filesystem::path& p);
[[nodiscard]] Sha256Digest digestOf(std::string_view text);

/// Accepts connections on 127.0.0.1 one after another, reads one request each, and lets `reply` write to the socket.
class LoopbackServer {
public:
    using Reply = std::function<void(int socket, const std::string& head, const Bytes& body)>;
    explicit LoopbackServer(Reply reply, bool readRequest = true);
    ~LoopbackServer();
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;
    [[nodiscard]] std::string url(std::string_view path = "/tsa") const;
    [[nodiscard]] int port() const { return m_port; }
    /// True once the server is being taken down: slow replies look at it.
    [[nodiscard]] bool stopping() const { return m_stop; }
    static void send(int socket, std::string_view data);
    static void sendResponse(int socket, std::string_view status, std::string_view type, ByteView body);

private:
    void serve();
    Reply m_reply;
    bool m_read;
    int m_listener = -1;
    int m_port = 0;
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};

} // namespace jc::timestamp::test
