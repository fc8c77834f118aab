// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "timestamp/token_internal.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace jc::timestamp::test {

TempDir::TempDir()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "jc-timestamp-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
    m_path = pattern;
}
TempDir::~TempDir()
{
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

Issued issue(const std::string& name, bool ca, bool timestamping, const Issued* issuer, UnixMs from, UnixMs to)
{
    auto key = crypto::PrivateKey::generate(crypto::Scheme::EcdsaP256Sha256).value();
    crypto::CertificateRequest request;
    request.commonName = name;
    request.organization = "Test Court";
    request.notBefore = from;
    request.notAfter = to;
    request.ca = ca;
    request.timestamping = timestamping;
    auto certificate = crypto::issueCertificate(request, key.publicKey(), issuer ? std::optional(issuer->certificate) : std::nullopt,
                                                issuer ? issuer->key : key)
                           .value();
    return {std::move(key), std::move(certificate)};
}

Pki::Pki(const std::string& name, UnixMs tsaFrom, UnixMs tsaTo)
    : root(issue(name + " Root", true, false, nullptr)), tsa(issue(name, false, true, &root, tsaFrom, tsaTo))
{
}

std::unique_ptr<Authority> openAuthority(const Pki& pki, const std::filesystem::path& serialFile, const Clock* clock)
{
    return openEmbeddedAuthority(EmbeddedAuthorityOptions{.certificate = pki.tsa.certificate,
                                                          .key = pki.tsa.key,
                                                          .chain = {pki.root.certificate},
                                                          .serialFile = serialFile,
                                                          .clock = clock,
                                                          .policyOid = "1.3.6.1.4.1.99999.1.1"})
        .value();
}

using internal::kOidTstInfo;

Bytes attribute(std::string_view oid, ByteView value)
{
    return der::tlv(der::kSequence, {der::tlv(der::kOid, asBytes(oid)), der::tlv(der::kSet, value)});
}

Bytes makeTstInfo(ByteView imprint, std::string_view genTime, ByteView behindGenTime, ByteView version)
{
    const Bytes message = internal::writeImprint(crypto::DigestAlgorithm::Sha256, imprint).value();
    const Bytes one = der::unsignedInteger(1);
    return der::tlv(der::kSequence, {version.empty() ? ByteView(one) : version, der::tlv(der::kOid, der::oidFromText("1.2.3.4").value()),
                                     message, der::unsignedInteger(77), der::tlv(der::kGeneralizedTime, asBytes(genTime)), behindGenTime});
}

Forge::Forge(const Pki& p, ByteView imprint)
    : pki(&p), tstInfo(makeTstInfo(imprint, der::generalizedTime(kNow).value())), contentTypeOid(toBytes(kOidTstInfo)),
      certificates{toBytes(p.tsa.certificate.der()), toBytes(p.root.certificate.der())}, signerVersion(der::unsignedInteger(1))
{
    const internal::IssuerSerial is = internal::issuerSerial(p.tsa.certificate.der());
    sid = der::tlv(der::kSequence, {is.issuer, der::tlv(der::kInteger, is.serial)});
    attributes.push_back(attribute(internal::kOidContentType, der::tlv(der::kOid, asBytes(kOidTstInfo))));
    const Bytes id = der::tlv(der::kSequence, der::tlv(der::kOctetString, crypto::sha256(p.tsa.certificate.der()).bytes()));
    attributes.push_back(attribute(internal::kOidSigningCertificateV2, der::tlv(der::kSequence, der::tlv(der::kSequence, id))));
}

namespace {
Bytes derSignature(ByteView rs)
{
    const auto integer = [](ByteView v) {
        while (v.size() > 1 && v[0] == 0)
            v = v.subspan(1);
        Bytes b = toBytes(v);
        if ((b[0] & 0x80U) != 0) b.insert(b.begin(), 0);
        return der::tlv(der::kInteger, b);
    };
    return der::tlv(der::kSequence, {integer(rs.first(32)), integer(rs.subspan(32))});
}
} // namespace

Bytes Forge::build() const
{
    std::vector<Bytes> all = attributes;
    if (addMessageDigest)
        all.push_back(attribute(internal::kOidMessageDigest, der::tlv(der::kOctetString, crypto::sha256(tstInfo).bytes())));
    Bytes signedAttributes = der::setOf(der::kSet, all);
    const Bytes signature = derSignature((key ? *key : pki->tsa.key).sign(signedAttributes).value());
    signedAttributes[0] = der::contextConstructed(0);
    const Bytes sha256 = der::tlv(der::kSequence, der::tlv(der::kOid, asBytes(internal::kOidSha256)));
    const Bytes ecdsa = der::tlv(der::kSequence, der::tlv(der::kOid, asBytes(internal::kOidEcdsaSha256)));
    const Bytes signer = der::tlv(
        der::kSequence, {signerVersion, sid, sha256, signedAttributes, ecdsa, der::tlv(der::kOctetString, signature), unsignedTail});
    Bytes signers = signer;
    if (secondSigner) append(signers, ByteView(signer));
    Bytes certs;
    for (const Bytes& c : certificates)
        append(certs, ByteView(c));
    const Bytes content = der::tlv(
        der::kSequence, {der::tlv(der::kOid, contentTypeOid), der::tlv(der::contextConstructed(0), der::tlv(der::kOctetString, tstInfo))});
    const Bytes data = der::tlv(der::kSequence, {der::unsignedInteger(3), der::tlv(der::kSet, sha256), content,
                                                 certs.empty() ? Bytes{} : der::tlv(der::contextConstructed(0), certs), behindCertificates,
                                                 der::tlv(der::kSet, signers)});
    return der::tlv(der::kSequence, {der::tlv(der::kOid, asBytes(internal::kOidSignedData)), der::tlv(der::contextConstructed(0), data)});
}

Ran run(const std::string& command)
{
    Ran r;
    FILE* pipe = popen(("LC_ALL=C " + command + " 2>&1").c_str(), "r");
    if (!pipe) return r;
    char buffer[4096];
    while (const std::size_t n = fread(buffer, 1, sizeof buffer, pipe))
        r.output.append(buffer, n);
    const int status = pclose(pipe);
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return r;
}

std::string quoted(const std::filesystem::path& p)
{
    return "'" + p.string() + "'";
}

void writeFile(const std::filesystem::path& p, ByteView data)
{
    std::ofstream f(p, std::ios::binary);
    f.write(asText(data).data(), static_cast<std::streamsize>(data.size()));
    if (!f) throw std::runtime_error("cannot write " + p.string());
}

Bytes slurp(const std::filesystem::path& p)
{
    std::ifstream f(p, std::ios::binary);
    if (!f) throw std::runtime_error("cannot read " + p.string());
    return Bytes(std::istreambuf_iterator<char>(f), {});
}

Sha256Digest digestOf(std::string_view text)
{
    return crypto::sha256(asBytes(text));
}

LoopbackServer::LoopbackServer(Reply reply, bool readRequest) : m_reply(std::move(reply)), m_read(readRequest)
{
    m_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (m_listener < 0 || bind(m_listener, raw, size) != 0 || listen(m_listener, 8) != 0 || getsockname(m_listener, raw, &size) != 0)
        throw std::runtime_error("no loopback socket");
    m_port = ntohs(address.sin_port);
    m_thread = std::thread([this] { serve(); });
}

LoopbackServer::~LoopbackServer()
{
    m_stop = true;
    m_thread.join();
    close(m_listener);
}

std::string LoopbackServer::url(std::string_view path) const
{
    return "http://127.0.0.1:" + std::to_string(m_port) + std::string(path);
}

void LoopbackServer::send(int socket, std::string_view data)
{
    while (!data.empty()) {
        const ssize_t n = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
        if (n <= 0) return; // the client may hang up; that is what some tests are about
        data.remove_prefix(static_cast<std::size_t>(n));
    }
}

void LoopbackServer::sendResponse(int socket, std::string_view status, std::string_view type, ByteView body)
{
    std::string head = "HTTP/1.1 " + std::string(status) + "\r\n";
    if (!type.empty()) head += "Content-Type: " + std::string(type) + "\r\n";
    send(socket, head + "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n");
    send(socket, asText(body));
}

void LoopbackServer::serve()
{
    while (!m_stop) {
        pollfd waiting{m_listener, POLLIN, 0};
        if (poll(&waiting, 1, 20) != 1) continue;
        const int client = accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        std::string data;
        std::size_t headEnd = std::string::npos, wanted = 0;
        while (m_read && !m_stop) {
            pollfd readable{client, POLLIN, 0};
            if (poll(&readable, 1, 20) != 1) continue;
            char buffer[4096];
            const ssize_t n = recv(client, buffer, sizeof buffer, 0);
            if (n <= 0) break;
            data.append(buffer, static_cast<std::size_t>(n));
            if (headEnd == std::string::npos && (headEnd = data.find("\r\n\r\n")) != std::string::npos) {
                headEnd += 4;
                const std::size_t at = data.find("Content-Length: ");
                if (at != std::string::npos) wanted = std::strtoul(data.c_str() + at + 16, nullptr, 10);
            }
            if (headEnd != std::string::npos && data.size() >= headEnd + wanted) break;
        }
        const std::size_t split = std::min(headEnd, data.size());
        m_reply(client, data.substr(0, split), toBytes(std::string_view(data).substr(split)));
        close(client);
    }
}

} // namespace jc::timestamp::test
