// SPDX-License-Identifier: Apache-2.0
#include "timestamp/request.h"

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <mutex>
#include <thread>

namespace jc::timestamp {
namespace {

struct Url {
    bool tls = false;
    std::string host;
    int port = 0;
    std::string path; ///< with query
};

Result<Url> parseUrl(std::string_view text)
{
    const auto bad = [] {
        return fail(ErrorCode::Refused, "the address of the time-stamp authority is not a http:// or https:// address", "bad_url");
    };
    const auto plain = [](unsigned char c) { return c > 0x20 && c < 0x7f; }; // no space, no line break that would end the header
    if (text.size() > 2048 || !std::all_of(text.begin(), text.end(), plain)) return bad();
    Url url;
    if (text.starts_with("https://"))
        url.tls = true;
    else if (!text.starts_with("http://"))
        return bad();
    text.remove_prefix(url.tls ? 8 : 7);
    text = text.substr(0, text.find('#'));
    const std::size_t pathAt = std::min(text.find_first_of("/?"), text.size());
    std::string_view authority = text.substr(0, pathAt);
    url.path = text.substr(pathAt);
    if (!url.path.starts_with('/')) url.path.insert(0, "/");
    std::string_view port;
    bool hasPort = false;
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) return bad();
        url.host = authority.substr(1, close - 1);
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority[0] != ':') return bad();
        hasPort = !authority.empty();
        if (hasPort) port = authority.substr(1);
    } else {
        const std::size_t colon = authority.find(':');
        url.host = authority.substr(0, colon);
        hasPort = colon != std::string_view::npos;
        if (hasPort) port = authority.substr(colon + 1);
    }
    url.port = url.tls ? 443 : 80;
    if (hasPort) {
        const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), url.port);
        if (port.empty() || ec != std::errc{} || end != port.data() + port.size() || url.port < 1 || url.port > 65535) return bad();
    }
    if (url.host.empty() || url.host.find('@') != std::string::npos) return bad(); // no passwords in addresses
    return url;
}

/// A peer that closes early must cost an error, not the process: SIGPIPE is kept from this thread, and one that came of it is taken away.
class NoSigpipe {
public:
    NoSigpipe()
    {
        sigemptyset(&m_pipe);
        sigaddset(&m_pipe, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        m_wasPending = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &m_pipe, &m_before);
    }
    ~NoSigpipe()
    {
        const timespec none{};
        if (!m_wasPending)
            while (sigtimedwait(&m_pipe, nullptr, &none) == SIGPIPE) {
            }
        pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
    }
    NoSigpipe(const NoSigpipe&) = delete;
    NoSigpipe& operator=(const NoSigpipe&) = delete;

private:
    sigset_t m_pipe{}, m_before{};
    bool m_wasPending = false;
};

/// Ends the whole exchange at its deadline; the library's own limits are per read, which a dripping server never reaches.
class Deadline {
public:
    Deadline(httplib::ClientImpl& client, std::chrono::milliseconds limit)
        : m_thread([this, &client, limit] {
              std::unique_lock lock(m_mutex);
              const auto until = std::chrono::steady_clock::now() + limit;
              while (!m_done.wait_until(lock, until, [this] { return m_over; })) {
                  m_expired = true;
                  client.stop();
                  // Again shortly: at the first call there may have been no connection yet.
                  if (m_done.wait_for(lock, std::chrono::milliseconds(50), [this] { return m_over; })) return;
              }
          })
    {
    }
    ~Deadline()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_over = true;
        }
        m_done.notify_all();
        m_thread.join();
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    [[nodiscard]] bool expired()
    {
        const std::lock_guard lock(m_mutex);
        return m_expired;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_done;
    bool m_over = false;
    bool m_expired = false;
    std::thread m_thread; // last: it uses the members above
};

bool isReplyType(std::string_view value)
{
    value = value.substr(0, value.find(';'));
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
        value.remove_suffix(1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
        value.remove_prefix(1);
    constexpr std::string_view kType = "application/timestamp-reply";
    return std::equal(value.begin(), value.end(), kType.begin(), kType.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

class HttpAuthority final : public Authority {
public:
    explicit HttpAuthority(HttpAuthorityOptions options) : m_options(std::move(options)) {}

    [[nodiscard]] std::string name() const override { return m_options.url; }

    [[nodiscard]] Result<Bytes> stamp(crypto::DigestAlgorithm algorithm, ByteView imprint) override
    {
        auto request = makeRequest(algorithm, imprint);
        if (!request) return fail(ErrorCode::Refused, request.error().detail, "bad_imprint");
        JC_TRY(const Url url, parseUrl(m_options.url));
        JC_TRY(const Bytes response, post(url, request->der));
        auto token = acceptResponse(*request, response, m_options.policyOid);
        if (token || token.error().code != ErrorCode::Malformed) return token;
        // An answer that does not fit says nothing about the request; another time or another authority may do.
        Error error = std::move(token).error();
        error.code = ErrorCode::Unavailable;
        if (error.reason.empty()) error.reason = "bad_response";
        return tl::unexpected<Error>(std::move(error));
    }

private:
    Result<Bytes> post(const Url& url, ByteView body) const
    {
        try {
            const NoSigpipe guard;
            const std::chrono::milliseconds limit(std::clamp(m_options.timeoutMs, 1, 600'000));
            std::unique_ptr<httplib::ClientImpl> client;
            if (url.tls)
                client = std::make_unique<httplib::SSLClient>(url.host, url.port);
            else
                client = std::make_unique<httplib::ClientImpl>(url.host, url.port);
            if (!m_options.caFile.empty()) client->set_ca_cert_path(m_options.caFile.string());
            client->enable_server_certificate_verification(true);
            client->set_connection_timeout(limit);
            client->set_read_timeout(limit);
            client->set_write_timeout(limit);
            client->set_decompress(false); // no request for compression, so no bomb
            client->set_follow_location(false);
            client->set_keep_alive(false);

            Bytes answer;
            bool tooMuch = false, wrongType = false;
            httplib::Request request;
            request.method = "POST";
            request.path = url.path;
            request.body.assign(asText(body));
            request.set_header("Content-Type", "application/timestamp-query");
            request.set_header("Accept", "application/timestamp-reply");
            request.response_handler = [&](const httplib::Response& r) {
                const bool success = r.status >= 200 && r.status <= 299;
                wrongType = success && !isReplyType(r.get_header_value("Content-Type"));
                return success && !wrongType;
            };
            request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
                tooMuch = size > internal::kMaxResponse - answer.size();
                if (!tooMuch) append(answer, std::string_view(data, size));
                return !tooMuch;
            };
            httplib::Response response;
            httplib::Error error = httplib::Error::Unknown;
            Deadline deadline(*client, limit);
            const bool sent = client->send(request, response, error);

            const auto unavailable = [](std::string detail, const char* reason) {
                return fail(ErrorCode::Unavailable, std::move(detail), reason);
            };
            if (tooMuch) return unavailable("the answer of the time-stamp authority is too long", "answer_too_long");
            if (wrongType) return unavailable("the time-stamp authority answered with another content type", "wrong_content_type");
            if (response.status != -1 && (response.status < 200 || response.status > 299))
                return unavailable("the time-stamp authority answered with HTTP status " + std::to_string(response.status), "http_status");
            if (deadline.expired()) return unavailable("the time-stamp authority did not answer in time", "timeout");
            if (!sent) return unavailable("the time-stamp authority could not be reached: " + httplib::to_string(error), "unreachable");
            return answer;
        } catch (const std::exception&) {
            return fail(ErrorCode::Unavailable, "the time-stamp authority could not be asked", "unreachable");
        }
    }

    HttpAuthorityOptions m_options;
};

} // namespace

std::unique_ptr<Authority> makeHttpAuthority(HttpAuthorityOptions options)
{
    return std::make_unique<HttpAuthority>(std::move(options));
}

} // namespace jc::timestamp
