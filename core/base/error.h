// SPDX-License-Identifier: Apache-2.0
#pragma once
// Errors that cross a room's border. A failed verification is never an Error: it is a value (verdict, outcome).
#include <tl/expected.hpp>

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>

namespace jc {

/// Whose fault and what to do. The command line maps each to an exit code, the window to a sentence.
enum class ErrorCode : std::uint16_t {
    InvalidArgument = 1, ///< caller's mistake; exit 64
    Malformed,           ///< input is not of its format; exit 65
    NotFound,            ///< file or object missing; exit 66
    Unreadable,          ///< exists but cannot be read (permission, I/O error on read); exit 66
    Changed,             ///< a file changed while it was read; exit 66
    Refused,             ///< a rule, role or state forbids it; exit 3
    Unavailable,         ///< ledger, TSA or lock not reachable now; retryable; exit 69
    NoSpace,             ///< disk full; exit 73
    CannotWrite,         ///< read-only, no permission, write error; exit 73
    Waiting,             ///< kept safely, not yet done; exit 75
    Identity,            ///< wrong PIN, unusable key or certificate; exit 77
    Damaged,             ///< stored data contradicts itself; exit 1
    Cancelled,           ///< the user stopped it; nothing half done stays; exit 130
    Internal             ///< a bug or a failing library; exit 70
};

/// Stable lower_snake name of a code, for JSON and logs.
[[nodiscard]] std::string_view toString(ErrorCode code) noexcept;

struct Error {
    ErrorCode code;
    std::string detail;   ///< plain English sentence without path or class names where possible; shown as the second line
    std::string reason{}; ///< optional stable lower_snake reason for JSON ("changed_while_read"); empty = toString(code)
    std::source_location at = std::source_location::current();
    std::shared_ptr<const Error> cause{};
};

template <class T> using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string detail, std::string reason = {},
                                                std::source_location at = std::source_location::current())
{
    return tl::unexpected<Error>(Error{code, std::move(detail), std::move(reason), at, {}});
}
/// Maps errno of a file operation: ENOENT→NotFound, EACCES/EIO→Unreadable (or CannotWrite when `writing`), ENOSPC/EDQUOT→NoSpace, …
[[nodiscard]] Error errnoError(int err, bool writing, std::string_view what, std::source_location at = std::source_location::current());

} // namespace jc

#define JC_CONCAT_(a, b) a##b
#define JC_CONCAT(a, b) JC_CONCAT_(a, b)
/// JC_TRY(auto x, expr): on error returns it from the calling function, else binds the value.
#define JC_TRY(decl, expr) JC_TRY_(decl, expr, JC_CONCAT(jcTry_, __COUNTER__))
#define JC_TRY_(decl, expr, tmp)                                                                                                           \
    auto tmp = (expr);                                                                                                                     \
    if (!tmp) return tl::unexpected<::jc::Error>(std::move(tmp).error());                                                                  \
    decl = std::move(*tmp)
/// JC_CHECK(expr): the same for Result<void>.
#define JC_CHECK(expr) JC_CHECK_(expr, JC_CONCAT(jcCheck_, __COUNTER__))
#define JC_CHECK_(expr, tmp)                                                                                                               \
    do {                                                                                                                                   \
        if (auto tmp = (expr); !tmp) return tl::unexpected<::jc::Error>(std::move(tmp).error());                                           \
    } while (false)
