// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cerrno>
#include <cstring>
#include <system_error>

namespace jc {
std::string_view toString(ErrorCode code) noexcept
{
    switch (code) {
    case ErrorCode::InvalidArgument:
        return "invalid_argument";
    case ErrorCode::Malformed:
        return "malformed";
    case ErrorCode::NotFound:
        return "not_found";
    case ErrorCode::Unreadable:
        return "unreadable";
    case ErrorCode::Changed:
        return "changed_while_read";
    case ErrorCode::Refused:
        return "refused";
    case ErrorCode::Unavailable:
        return "unavailable";
    case ErrorCode::NoSpace:
        return "no_space";
    case ErrorCode::CannotWrite:
        return "cannot_write";
    case ErrorCode::Waiting:
        return "waiting";
    case ErrorCode::Identity:
        return "identity";
    case ErrorCode::Damaged:
        return "damaged";
    case ErrorCode::Cancelled:
        return "cancelled";
    case ErrorCode::Internal:
        return "internal";
    }
    return "internal";
}
Error errnoError(int err, bool writing, std::string_view what, std::source_location at)
{
    ErrorCode code = writing ? ErrorCode::CannotWrite : ErrorCode::Unreadable;
    switch (err) {
    case ENOENT:
    case ENOTDIR:
        code = ErrorCode::NotFound;
        break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        code = ErrorCode::NoSpace;
        break;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        code = ErrorCode::Unavailable;
        break;
    default:
        break;
    }
    return Error{code, std::string(what) + ": " + std::generic_category().message(err), {}, at, {}};
}
} // namespace jc
