// SPDX-License-Identifier: Apache-2.0
#pragma once
// The sealed, content-addressed vault: vault/objects/<first 2 hex>/<sha256 hex>, mode 0400. Content never leaves the court through it.
#include "base/file.h"
#include "base/progress.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>

namespace jc::intake {

class VaultSession;
class Vault {
public:
    /// Creates folders as needed (0700), removes temporary files of dead sessions. Errors: CannotWrite, NoSpace.
    [[nodiscard]] static Result<Vault> open(const std::filesystem::path& dir);
    /// For reading only; creates nothing, and begin() is Refused.
    [[nodiscard]] static Vault openReadOnly(const std::filesystem::path& dir);
    /// Free space is checked first: bytesNeeded plus a margin must be available. Errors: NoSpace, CannotWrite.
    [[nodiscard]] Result<std::unique_ptr<VaultSession>> begin(std::uint64_t bytesNeeded);
    [[nodiscard]] std::filesystem::path objectPath(const Sha256Digest& digest) const;
    [[nodiscard]] bool has(const Sha256Digest& digest) const;

private:
    std::filesystem::path m_dir;
    bool m_readOnly = true;
};

/// The copies of one filing. Nothing is visible under objects/ with wrong content after a crash that anyone would trust: an existing object
/// is re-hashed before it is reused, and replaced if it is damaged. Destroyed without commit() = everything written is removed. addCopy may
/// be called from several threads.
class VaultSession {
public:
    virtual ~VaultSession() = default;
    /// A temporary file to write or reflink into.
    struct Copy {
        Fd fd;
        std::filesystem::path path;
    };
    [[nodiscard]] virtual Result<Copy> createCopy() = 0;
    /// Whether `bytes` more would fit now; asked before each file once the disk was full.
    [[nodiscard]] virtual bool hasRoom(std::uint64_t bytes) const noexcept
    {
        (void)bytes;
        return true;
    }
    /// Lets addCopy() give up re-hashing an existing object (Cancelled). Call before any thread adds copies.
    virtual void cancelWith(std::stop_token stop) { (void)stop; }
    /// The copy is complete and has this digest; it becomes vault/objects/… at commit (an equal, intact object already there is kept, the
    /// copy dropped).
    [[nodiscard]] virtual Result<void> addCopy(Copy copy, const Sha256Digest& digest, std::uint64_t size) = 0;
    virtual void discard(Copy copy) noexcept = 0;
    /// Makes all copies durable: one syncfs for many files, fdatasync for few. After it returns everything survives power loss.
    /// Once, after the last addCopy. On error nothing of this session stays under objects/ and the session is of no more use.
    /// Errors: NoSpace, CannotWrite, Unavailable (another filing has been committing for a long time).
    [[nodiscard]] virtual Result<void> commit() = 0;
};

} // namespace jc::intake
