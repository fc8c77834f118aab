// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <sys/socket.h>

#include <chrono>

namespace jc::timestamp::test {
namespace {

constexpr std::string_view kReply = "application/timestamp-reply";

class HttpAuthorityTest : public testing::Test {
protected:
    TempDir dir;
    SetClock clock{kNow};
    Pki pki;
    std::unique_ptr<Authority> embedded = openAuthority(pki, dir / "serial", &clock);
    Sha256Digest imprint = digestOf("evidence");

    Result<Bytes> ask(const std::string& url, int timeoutMs = 5000, std::string policy = {})
    {
        const auto http = makeHttpAuthority({.url = url, .timeoutMs = timeoutMs, .policyOid = std::move(policy)});
        EXPECT_EQ(http->name(), url);
        return http->stamp(crypto::DigestAlgorithm::Sha256, imprint.bytes());
    }
    std::string reasonOf(const Result<Bytes>& r)
    {
        if (r) return "stamped";
        EXPECT_EQ(r.error().code, ErrorCode::Unavailable);
        return r.error().reason;
    }
    LoopbackServer::Reply answering(std::string status, std::string type)
    {
        return [this, status, type](int socket, const std::string&, const Bytes& body) {
            LoopbackServer::sendResponse(socket, status, type, answer(*embedded, body).value());
        };
    }
};

TEST_F(HttpAuthorityTest, TokenComesBack)
{
    std::string head;
    LoopbackServer server([&](int socket, const std::string& h, const Bytes& body) {
        head = h;
        LoopbackServer::sendResponse(socket, "200 OK", kReply, answer(*embedded, body).value());
    });
    const auto token = ask(server.url("/a/b?c=d"));
    ASSERT_TRUE(token) << token.error().detail;
    EXPECT_EQ(checkToken(*token, imprint.bytes(), pki.anchors()).outcome, TokenOutcome::Valid);
    EXPECT_TRUE(head.starts_with("POST /a/b?c=d HTTP/1.1\r\n")) << head;
    EXPECT_NE(head.find("Content-Type: application/timestamp-query\r\n"), std::string::npos) << head;
}

TEST_F(HttpAuthorityTest, AnySuccessStatusAndSpellingOfTheType)
{
    for (const char* status : {"200 OK", "201 Created", "202 Accepted"})
        for (const char* type : {"application/timestamp-reply", "Application/Timestamp-Reply; charset=binary"}) {
            LoopbackServer server(answering(status, type));
            const auto token = ask(server.url());
            EXPECT_TRUE(token) << status << " " << type << " " << token.error().detail;
        }
}

TEST_F(HttpAuthorityTest, OtherStatusIsUnavailable)
{
    for (const char* status : {"199 Odd", "301 Moved", "400 Bad Request", "404 Not Found", "500 Oops", "503 Busy"}) {
        LoopbackServer server(answering(status, "application/timestamp-reply"));
        EXPECT_EQ(reasonOf(ask(server.url())), "http_status") << status;
    }
}

TEST_F(HttpAuthorityTest, RedirectsAreNotFollowed)
{
    std::atomic<int> asked{0};
    LoopbackServer target([&](int, const std::string&, const Bytes&) { ++asked; });
    LoopbackServer server([&](int socket, const std::string&, const Bytes&) {
        LoopbackServer::send(socket,
                             "HTTP/1.1 302 Found\r\nLocation: " + target.url() + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    EXPECT_EQ(reasonOf(ask(server.url())), "http_status");
    EXPECT_EQ(asked, 0);
}

TEST_F(HttpAuthorityTest, ContentTypeIsChecked)
{
    for (const char* type : {"", "text/html", "application/timestamp-reply-not", "application/timestamp-query"}) {
        LoopbackServer server(answering("200 OK", type));
        EXPECT_EQ(reasonOf(ask(server.url())), "wrong_content_type") << type;
    }
}

TEST_F(HttpAuthorityTest, LongAnswersAreCutOff)
{
    LoopbackServer declared(
        [](int socket, const std::string&, const Bytes&) { LoopbackServer::sendResponse(socket, "200 OK", kReply, Bytes(65'537, 0x30)); });
    EXPECT_EQ(reasonOf(ask(declared.url())), "answer_too_long");
    LoopbackServer endless([&endless](int socket, const std::string&, const Bytes&) {
        LoopbackServer::send(socket, "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nConnection: close\r\n\r\n");
        const std::string block(8192, 'x');
        for (int i = 0; i < 1000 && !endless.stopping(); ++i)
            LoopbackServer::send(socket, block);
    });
    EXPECT_EQ(reasonOf(ask(endless.url())), "answer_too_long");
    LoopbackServer chunked([&chunked](int socket, const std::string&, const Bytes&) {
        LoopbackServer::send(socket, "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nTransfer-Encoding: chunked\r\n\r\n");
        const std::string block = "2000\r\n" + std::string(8192, 'x') + "\r\n";
        for (int i = 0; i < 1000 && !chunked.stopping(); ++i)
            LoopbackServer::send(socket, block);
    });
    EXPECT_EQ(reasonOf(ask(chunked.url())), "answer_too_long");
}

double secondsOf(const std::function<void()>& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST_F(HttpAuthorityTest, AHangingServerCostsTheTimeoutOnly)
{
    const auto waitForStop = [](const LoopbackServer& s) {
        while (!s.stopping())
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    };
    LoopbackServer silent([&](int, const std::string&, const Bytes&) { waitForStop(silent); });
    LoopbackServer halfway([&](int socket, const std::string&, const Bytes&) {
        LoopbackServer::send(socket, "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: 500\r\n\r\n123");
        waitForStop(halfway);
    });
    LoopbackServer dripping([&](int socket, const std::string&, const Bytes&) { // each read succeeds in time, the whole never ends
        LoopbackServer::send(socket, "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: 60000\r\n\r\n");
        while (!dripping.stopping()) {
            LoopbackServer::send(socket, "x");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    LoopbackServer drippingHead([&](int socket, const std::string&, const Bytes&) {
        LoopbackServer::send(socket, "HTTP/1.1 200 OK\r\n");
        while (!drippingHead.stopping()) {
            LoopbackServer::send(socket, "X-Y: z\r\n");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    for (const LoopbackServer* s : {&silent, &halfway, &dripping, &drippingHead}) {
        std::string reason;
        EXPECT_LT(secondsOf([&] { reason = reasonOf(ask(s->url(), 300)); }), 3.0);
        EXPECT_TRUE(reason == "timeout" || reason == "unreachable") << reason;
    }
}

TEST_F(HttpAuthorityTest, AServerThatHangsUpCostsNothingElse)
{
    LoopbackServer deaf(
        [](int socket, const std::string&, const Bytes&) {
            const linger reset{1, 0};
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        },
        false);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(reasonOf(ask(deaf.url())), "unreachable");
    int port = 0;
    {
        const LoopbackServer gone([](int, const std::string&, const Bytes&) {});
        port = gone.port();
    }
    EXPECT_EQ(reasonOf(ask("http://127.0.0.1:" + std::to_string(port) + "/")), "unreachable");
    LoopbackServer garbage([](int socket, const std::string&, const Bytes&) { LoopbackServer::send(socket, "220 mail ready\r\n\r\n"); });
    EXPECT_EQ(reasonOf(ask(garbage.url())), "unreachable");
    LoopbackServer plain([](int socket, const std::string&, const Bytes&) { LoopbackServer::send(socket, "HTTP/1.1 400 Bad\r\n\r\n"); },
                         false);
    EXPECT_EQ(reasonOf(ask("https://127.0.0.1:" + std::to_string(plain.port()) + "/")), "unreachable"); // TLS to a server without
}

TEST_F(HttpAuthorityTest, TlsNeedsATrustedServer)
{
    const auto make = [&](const std::string& name) {
        return run("cd " + quoted(dir.path()) +
                   " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 -subj /CN=" + name +
                   " -addext subjectAltName=IP:127.0.0.1 -keyout " + name + ".key -out " + name + ".pem");
    };
    ASSERT_EQ(make("server").code, 0);
    ASSERT_EQ(make("other").code, 0);
    httplib::SSLServer server((dir / "server.pem").c_str(), (dir / "server.key").c_str());
    ASSERT_TRUE(server.is_valid());
    server.Post("/tsa", [&](const httplib::Request& request, httplib::Response& response) {
        const Bytes reply = answer(*embedded, asBytes(request.body)).value();
        response.set_content(std::string(asText(reply)), "application/timestamp-reply");
    });
    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread thread([&] { server.listen_after_bind(); });
    const auto askTls = [&](const std::filesystem::path& roots) {
        const auto http = makeHttpAuthority({.url = "https://127.0.0.1:" + std::to_string(port) + "/tsa", .caFile = roots});
        return http->stamp(crypto::DigestAlgorithm::Sha256, imprint.bytes());
    };
    const auto token = askTls(dir / "server.pem");
    const std::string other = reasonOf(askTls(dir / "other.pem")), system = reasonOf(askTls({})),
                      missing = reasonOf(askTls(dir / "missing.pem"));
    server.stop();
    thread.join();
    ASSERT_TRUE(token) << token.error().detail;
    EXPECT_EQ(checkToken(*token, imprint.bytes(), pki.anchors()).outcome, TokenOutcome::Valid);
    EXPECT_EQ(other, "unreachable");
    EXPECT_EQ(system, "unreachable");
    EXPECT_EQ(missing, "unreachable");
}

TEST_F(HttpAuthorityTest, AnAnswerToAnotherRequestIsNotTaken)
{
    const Request other = makeRequest(crypto::DigestAlgorithm::Sha256, imprint.bytes()).value();
    LoopbackServer replaying([&](int socket, const std::string&, const Bytes&) {
        LoopbackServer::sendResponse(socket, "200 OK", kReply, answer(*embedded, other.der).value());
    });
    EXPECT_EQ(reasonOf(ask(replaying.url())), "wrong_nonce");
    LoopbackServer nonsense(
        [](int socket, const std::string&, const Bytes&) { LoopbackServer::sendResponse(socket, "200 OK", kReply, Bytes{1, 2, 3}); });
    EXPECT_EQ(reasonOf(ask(nonsense.url())), "bad_response");
    LoopbackServer empty([](int socket, const std::string&, const Bytes&) { LoopbackServer::sendResponse(socket, "200 OK", kReply, {}); });
    EXPECT_EQ(reasonOf(ask(empty.url())), "bad_response");
    LoopbackServer good(answering("200 OK", "application/timestamp-reply"));
    EXPECT_EQ(reasonOf(ask(good.url(), 5000, "1.2.3")), "wrong_policy");
    EXPECT_TRUE(ask(good.url(), 5000, "1.3.6.1.4.1.99999.1.1"));
}

TEST_F(HttpAuthorityTest, ARefusalIsNotRetried)
{
    LoopbackServer refusing([&](int socket, const std::string&, const Bytes&) {
        LoopbackServer::sendResponse(socket, "200 OK", kReply, answer(*embedded, Bytes{0x30, 0x00}).value()); // badDataFormat
    });
    const auto r = ask(refusing.url());
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, ErrorCode::Refused);
    EXPECT_EQ(r.error().reason, "tsa_refused");
    clock.set(kNow + 4000 * kDay); // the authority's certificate has ended: "time not available"
    LoopbackServer late(answering("200 OK", "application/timestamp-reply"));
    EXPECT_EQ(reasonOf(ask(late.url())), "tsa_unavailable");
}

TEST_F(HttpAuthorityTest, BadAddressesAreRefused)
{
    for (const char* url :
         {"", "tsa.example.org", "ftp://x/", "http://", "http:///x", "http://h:0/", "http://h:65536/", "http://h:x/", "http://h:/",
          "http://[::1/", "http://[::1]x/", "http://u:p@h/", "http://u@h/", "http://h/a b", "http://h/\r\nX: y"}) {
        const auto r = ask(url);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, ErrorCode::Refused) << url;
        EXPECT_EQ(r.error().reason, "bad_url") << url;
    }
    const auto http = makeHttpAuthority({.url = "http://127.0.0.1:9/"});
    EXPECT_EQ(http->stamp(crypto::DigestAlgorithm::Sha256, Bytes(3)).error().code, ErrorCode::Refused);
}

} // namespace
} // namespace jc::timestamp::test
