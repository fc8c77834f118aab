// SPDX-License-Identifier: Apache-2.0
#pragma once
// Internal to timestamp/: TimeStampReq, and the parts of TimeStampResp that both sides need.
#include "timestamp/token_internal.h"

namespace jc::timestamp::internal {

/// PKIFailureInfo bits (RFC 3161 §2.4.2).
enum class Failure : std::uint8_t {
    BadAlgorithm = 0,
    BadRequest = 2,
    BadDataFormat = 5,
    TimeNotAvailable = 14,
    UnacceptedPolicy = 15,
    UnacceptedExtension = 16,
    AddInfoNotAvailable = 17,
    SystemFailure = 25
};

struct ParsedRequest { ///< views of the request's bytes
    Imprint imprint;
    ByteView policy;               ///< content octets; empty = any
    std::optional<ByteView> nonce; ///< content octets of the INTEGER
    bool certReq = false;
    bool extensions = false;
};
/// Strict; ≤ 16 KiB. Errors: Malformed.
[[nodiscard]] Result<ParsedRequest> parseRequest(ByteView der);

/// TimeStampResp with status granted.
[[nodiscard]] Bytes grantedResponse(ByteView token);
[[nodiscard]] Bytes rejectionResponse(Failure failure, std::string_view text);

} // namespace jc::timestamp::internal
