// SPDX-License-Identifier: Apache-2.0
#pragma once
// For the rooms that use OpenSSL (crypto, timestamp): ownership and errors. Names no OpenSSL type, so that it may be included anywhere.
#include "base/error.h"

#include <memory>

namespace jc::crypto {

/// Frees an OpenSSL object with the function that belongs to it: OpenSslPtr<EVP_PKEY, EVP_PKEY_free>.
template <auto Free> struct OpenSslDeleter {
    template <class T> void operator()(T* p) const noexcept { Free(p); }
};
template <class T, auto Free> using OpenSslPtr = std::unique_ptr<T, OpenSslDeleter<Free>>;

/// Drains this thread's OpenSSL error queue into one Error. It is an error even when the queue is empty.
/// Takes the library's reasons only, never the data attached to them (which may hold paths or input).
[[nodiscard]] Error opensslError(ErrorCode code, std::string_view what, std::source_location at = std::source_location::current());
[[nodiscard]] tl::unexpected<Error> opensslFail(ErrorCode code, std::string_view what,
                                                std::source_location at = std::source_location::current());

} // namespace jc::crypto
