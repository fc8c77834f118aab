// SPDX-License-Identifier: Apache-2.0
#pragma once
// Digests: one-shot SHA-256 for hashes inside the system, and a streaming hasher that feeds several algorithms from one read.
#include "base/bytes.h"

#include <initializer_list>
#include <memory>

namespace jc::crypto {

/// Numbers are wire values of ItemDescriptor.Digest.algorithm; never reused. docs/formats/judicial-chain-v1.proto
enum class DigestAlgorithm : std::uint8_t { Sha256 = 1, Sm3 = 2, Sha512 = 3 };
[[nodiscard]] std::string_view name(DigestAlgorithm a) noexcept; ///< "sha256", "sm3", "sha512"
[[nodiscard]] std::size_t digestSize(DigestAlgorithm a) noexcept;

/// SHA-256 over the concatenation of parts. No allocation, any thread; tuned for short inputs (Merkle nodes).
[[nodiscard]] Sha256Digest sha256(ByteView data) noexcept;
[[nodiscard]] Sha256Digest sha256(std::initializer_list<ByteView> parts) noexcept;

struct DigestValue {
    DigestAlgorithm algorithm{};
    Bytes value;
    friend bool operator==(const DigestValue&, const DigestValue&) = default;
};

/// Which digests a filing takes. SHA-256 always; SM3 by default; SHA-512 on request.
struct DigestSet {
    bool sm3 = true;
    bool sha512 = false;
};

/// Streaming, single-threaded: update() in order, then finish() once. Movable, reusable after reset().
class MultiHasher {
public:
    explicit MultiHasher(DigestSet set);
    MultiHasher(MultiHasher&&) noexcept;
    MultiHasher& operator=(MultiHasher&&) noexcept;
    ~MultiHasher();
    void update(ByteView data) noexcept;
    /// Values in ascending algorithm number.
    [[nodiscard]] std::vector<DigestValue> finish();
    void reset() noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// A single streaming algorithm, so that a pipeline can run each on its own thread.
class StreamHasher {
public:
    explicit StreamHasher(DigestAlgorithm a);
    StreamHasher(StreamHasher&&) noexcept;
    StreamHasher& operator=(StreamHasher&&) noexcept;
    ~StreamHasher();
    void update(ByteView data) noexcept;
    [[nodiscard]] Bytes finish();
    void reset() noexcept;
    [[nodiscard]] DigestAlgorithm algorithm() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace jc::crypto
