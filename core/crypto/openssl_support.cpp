// SPDX-License-Identifier: Apache-2.0
#include "crypto/openssl_support.h"

#include <openssl/err.h>

namespace jc::crypto {

Error opensslError(ErrorCode code, std::string_view what, std::source_location at)
{
    std::string detail(what);
    int shown = 0;
    while (const unsigned long e = ERR_get_error()) {
        const char* reason = ERR_reason_error_string(e);
        if (!reason || shown == 3) continue; // the first three name the cause; the rest only says who passed it on
        detail += shown++ == 0 ? " (" : ", ";
        detail += reason;
    }
    if (shown > 0) detail += ')';
    return Error{code, std::move(detail), {}, at, {}};
}

tl::unexpected<Error> opensslFail(ErrorCode code, std::string_view what, std::source_location at)
{
    return tl::unexpected<Error>(opensslError(code, what, at));
}

} // namespace jc::crypto
