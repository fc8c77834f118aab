// SPDX-License-Identifier: Apache-2.0
#pragma once
// Files: RAII descriptors, whole reads with a limit, atomic durable writes, advisory locks. POSIX; paths are raw bytes.
#include "base/bytes.h"

#include <filesystem>
#include <functional>
#include <string>

namespace jc {

class Fd { ///< owns a file descriptor
public:
    Fd() = default;
    explicit Fd(int fd) noexcept : m_fd(fd) {}
    Fd(Fd&& o) noexcept : m_fd(o.release()) {}
    Fd& operator=(Fd&& o) noexcept
    {
        if (this != &o) reset(o.release());
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(-1); }
    [[nodiscard]] int get() const noexcept { return m_fd; }
    [[nodiscard]] explicit operator bool() const noexcept { return m_fd >= 0; }
    [[nodiscard]] int release() noexcept
    {
        const int f = m_fd;
        m_fd = -1;
        return f;
    }
    void reset(int fd) noexcept;

private:
    int m_fd = -1;
};

/// Reads a regular file whole. Errors: NotFound, Unreadable, Malformed when larger than `limit`.
[[nodiscard]] Result<Bytes> readFile(const std::filesystem::path& path, std::size_t limit);

/// Writes to a temporary file beside it, syncs (unless !durable), renames over, syncs the directory. Never leaves a half file.
/// mode: permission bits. Errors: NoSpace, CannotWrite.
[[nodiscard]] Result<void> writeFileAtomic(const std::filesystem::path& path, ByteView data, unsigned mode = 0644, bool durable = true);

[[nodiscard]] Result<void> writeAll(int fd, ByteView data, std::string_view what);
[[nodiscard]] Result<void> syncDirectory(const std::filesystem::path& dir);
/// mkdir -p with mode for the last one. Errors: CannotWrite, NoSpace.
[[nodiscard]] Result<void> makeDirectories(const std::filesystem::path& dir, unsigned mode = 0755);

/// Exclusive advisory lock (flock) on a file that says who holds it. Errors: Unavailable naming the holder after waitMs; CannotWrite.
class FileLock {
public:
    [[nodiscard]] static Result<FileLock> acquire(const std::filesystem::path& path, int waitMs, const std::string& holder);

private:
    explicit FileLock(Fd fd) : m_fd(std::move(fd)) {}
    Fd m_fd;
};
/// nfs, cifs, fuse.sshfs and the like: SQLite and locks are not safe there.
[[nodiscard]] bool isNetworkFileSystem(const std::filesystem::path& path);

} // namespace jc
