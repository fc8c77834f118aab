// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a court's log and cosigner keys have signed: origin → (size, root), durable before a signature leaves the process (formats.md §2).
// Lies outside ledger/ and outside backups, so that a restored ledger cannot make a key sign a second history.
#include "base/file.h"
#include "merkle/tree.h"

#include <optional>

namespace jc::ledger {

struct SignedHead {
    std::uint64_t size = 0;
    merkle::RootHash root;
    friend bool operator==(const SignedHead&, const SignedHead&) = default;
};

/// One file of two checksummed slots, written in turn and synced. Thread-safe use: one owner.
class SignerState {
public:
    /// Creates the file (0600) when missing. Errors: Damaged when neither slot is whole or the origin differs; CannotWrite.
    [[nodiscard]] static Result<SignerState> open(const std::filesystem::path& file, const std::string& origin);
    /// For reading only: nullopt when the file does not exist.
    [[nodiscard]] static Result<std::optional<SignedHead>> peek(const std::filesystem::path& file, const std::string& origin);
    [[nodiscard]] const SignedHead& head() const noexcept { return m_head; }
    [[nodiscard]] bool fresh() const noexcept { return m_fresh; } ///< nothing was ever signed through this file
    /// Compare-and-swap: expected must be head(). Never goes back. Errors: Conflict via Refused, CannotWrite, NoSpace.
    [[nodiscard]] Result<void> advance(const SignedHead& expected, const SignedHead& next);

private:
    SignerState(Fd fd, std::string origin) : m_fd(std::move(fd)), m_origin(std::move(origin)) {}
    Fd m_fd;
    std::string m_origin;
    SignedHead m_head;
    std::uint64_t m_sequence = 0;
    bool m_fresh = true;
};

} // namespace jc::ledger
