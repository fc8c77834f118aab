// SPDX-License-Identifier: Apache-2.0
#include "service/http_source.h"

#include <httplib.h>

namespace jc::service {
verdict::LogSource httpLogSource(const std::string& baseUrl)
{
    constexpr std::size_t kMost = 64 * 1024 * 1024;
    const auto slash = baseUrl.find('/', baseUrl.find("://") + 3);
    const std::string host = baseUrl.substr(0, slash);
    std::string prefix = slash == std::string::npos ? "" : baseUrl.substr(slash);
    while (!prefix.empty() && prefix.back() == '/')
        prefix.pop_back();
    const auto client = std::make_shared<httplib::Client>(host);
    client->set_connection_timeout(10);
    client->set_read_timeout(10);
    client->set_keep_alive(true);
    return [client, prefix](const std::string& path) -> Result<Bytes> {
        Bytes body;
        const auto r = client->Get((prefix + "/" + path).c_str(), [&](const char* data, std::size_t n) {
            if (body.size() + n > kMost) return false;
            append(body, std::string_view(data, n));
            return true;
        });
        if (!r) return fail(ErrorCode::Unavailable, "the log's server cannot be reached, or its answer is too large", "log_unreachable");
        if (r->status == 404) return fail(ErrorCode::NotFound, "the log does not serve " + path);
        if (r->status != 200)
            return fail(ErrorCode::Unavailable, "the log's server answered " + std::to_string(r->status), "log_unreachable");
        return body;
    };
}
} // namespace jc::service
