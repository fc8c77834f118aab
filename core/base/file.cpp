// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

namespace jc {
void Fd::reset(int fd) noexcept
{
    if (m_fd >= 0) ::close(m_fd);
    m_fd = fd;
}

Result<Bytes> readFile(const std::filesystem::path& path, std::size_t limit)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) return tl::unexpected(errnoError(errno, false, "cannot open the file"));
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0) return tl::unexpected(errnoError(errno, false, "cannot read the file"));
    if (!S_ISREG(st.st_mode)) return fail(ErrorCode::Unreadable, "not a regular file", "special_file");
    if (static_cast<std::uint64_t>(st.st_size) > limit)
        return fail(ErrorCode::Malformed, "the file is larger than this format allows", "too_large");
    Bytes out(static_cast<std::size_t>(st.st_size));
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t n = ::read(fd.get(), out.data() + done, out.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return tl::unexpected(errnoError(errno, false, "cannot read the file"));
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    out.resize(done);
    return out;
}

Result<void> writeAll(int fd, ByteView data, std::string_view what)
{
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return tl::unexpected(errnoError(errno, true, what));
        data = data.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<void> syncDirectory(const std::filesystem::path& dir)
{
    const Fd fd(::open(dir.empty() ? "." : dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return tl::unexpected(errnoError(errno, true, "cannot write the folder to disk"));
    return {};
}

Result<void> writeFileAtomic(const std::filesystem::path& path, ByteView data, unsigned mode, bool durable)
{
    static std::atomic<unsigned> counter{0};
    // Hidden and short, so that a 255-byte final name still has room for its temporary twin.
    const auto dir = path.parent_path();
    std::filesystem::path tmp;
    Fd fd;
    do {
        // A dead process of the same number may have left one; in a container that is usual.
        tmp = dir / (".jc-tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1)));
        fd = Fd(::open(tmp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    } while (!fd && errno == EEXIST);
    if (!fd) return tl::unexpected(errnoError(errno, true, "cannot create a file here"));
    const auto undo = [&](Error e) -> Result<void> {
        ::unlink(tmp.c_str());
        return tl::unexpected(std::move(e));
    };
    if (auto w = writeAll(fd.get(), data, "cannot write the file"); !w) return undo(w.error());
    if (durable && ::fdatasync(fd.get()) != 0) return undo(errnoError(errno, true, "cannot write the file to disk"));
    if (const int raw = fd.release(); ::close(raw) != 0) return undo(errnoError(errno, true, "cannot write the file"));
    if (::rename(tmp.c_str(), path.c_str()) != 0) return undo(errnoError(errno, true, "cannot put the file in place"));
    if (durable) return syncDirectory(dir);
    return {};
}

Result<void> makeDirectories(const std::filesystem::path& dir, unsigned mode)
{
    std::error_code ec;
    const bool existed = std::filesystem::is_directory(dir, ec);
    if (existed) return {};
    std::filesystem::create_directories(dir, ec);
    if (ec) return tl::unexpected(errnoError(ec.value(), true, "cannot create the folder"));
    if (::chmod(dir.c_str(), mode) != 0) return tl::unexpected(errnoError(errno, true, "cannot set the folder's permissions"));
    return {};
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path, int waitMs, const std::string& holder)
{
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!fd) return tl::unexpected(errnoError(errno, true, "cannot open the workspace's lock"));
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(waitMs);
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return tl::unexpected(errnoError(errno, true, "cannot lock the workspace"));
        if (std::chrono::steady_clock::now() >= until) {
            char who[256] = {};
            const ssize_t n = ::pread(fd.get(), who, sizeof who - 1, 0);
            return fail(ErrorCode::Unavailable,
                        "another program is writing to this workspace" +
                            (n > 0 ? " (" + std::string(who, static_cast<std::size_t>(n)) + ")" : std::string()) +
                            "; wait until it has finished, then try again",
                        "locked");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), holder.data(), holder.size(), 0) < 0) { /* the name is a courtesy; the lock holds */
    }
    return FileLock(std::move(fd));
}

bool isNetworkFileSystem(const std::filesystem::path& path)
{
    struct statfs s{};
    if (::statfs(path.c_str(), &s) != 0) return false;
    switch (static_cast<std::uint32_t>(s.f_type)) {
    case 0x6969U:     // NFS
    case 0xFF534D42U: // CIFS
    case 0xFE534D42U: // SMB2
    case 0x517BU:     // SMB
    case 0x5346414FU: // AFS
    case 0x73757245U: // CODA
    case 0x01021997U: // 9P
    case 0x00C36400U: // CEPH
    case 0x65735546U: // FUSE
        return true;
    default:
        return false;
    }
}
} // namespace jc
