// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <stop_token>
#include <string_view>

namespace jc {
/// Told of long work. Called from worker threads, often; the implementation throttles (≤ 10 Hz) and must be thread-safe.
class ProgressSink {
public:
    virtual ~ProgressSink() = default;
    /// stage: stable word ("hashing", "sealing", "signing", "anchoring", "receipts"); total 0 = unknown.
    virtual void update(std::string_view stage, std::uint64_t bytesDone, std::uint64_t bytesTotal, std::uint64_t itemsDone,
                        std::uint64_t itemsTotal) = 0;
};
[[nodiscard]] inline ProgressSink& noProgress()
{
    struct Null final : ProgressSink {
        void update(std::string_view, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t) override {}
    };
    static Null n;
    return n;
}
} // namespace jc
