// SPDX-License-Identifier: Apache-2.0
#include "intake/vault.h"

#include "base/uuid.h"
#include "crypto/digest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <vector>

namespace jc::intake {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMargin = 64U << 20U; ///< left free for the archive and the ledger beside the vault
constexpr std::size_t kSyncOneByOne = 16;     ///< up to here fdatasync of each copy is cheaper than one syncfs
constexpr std::size_t kReadBuffer = 256U << 10U;
constexpr auto kLockWait = std::chrono::seconds(120);
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kObjectMode = 0400;

tl::unexpected<Error> writeFailure(int err, std::string_view what)
{
    return tl::unexpected(errnoError(err, true, what));
}

fs::path objectsDir(const fs::path& dir)
{
    return dir / "objects";
}
fs::path tmpDir(const fs::path& dir)
{
    return dir / "tmp";
}

Result<std::uint64_t> freeBytes(const fs::path& dir)
{
    struct statvfs s{};
    if (::statvfs(dir.c_str(), &s) != 0) return writeFailure(errno, "cannot ask for the free space of the vault");
    return static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize;
}

Result<Fd> openDir(const fs::path& dir)
{
    Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return writeFailure(errno, "cannot open a folder of the vault");
    return fd;
}

/// Locks a folder for as long as the descriptor lives. Other holders only ever hold it briefly.
Result<Fd> lockDir(const fs::path& dir)
{
    JC_TRY(Fd fd, openDir(dir));
    const auto until = std::chrono::steady_clock::now() + kLockWait;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return writeFailure(errno, "cannot lock the vault");
        if (std::chrono::steady_clock::now() >= until)
            return fail(ErrorCode::Unavailable, "another filing is still writing to the vault", "locked");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return fd;
}

/// A session's folder is dead when nobody holds its lock file. Called under the lock of tmp/.
void removeDeadSessions(const fs::path& tmp) noexcept
{
    std::error_code ec;
    for (fs::directory_iterator it(tmp, ec), end; !ec && it != end; it.increment(ec)) {
        std::error_code ignored; // what cannot be removed now is tried again at the next start
        const fs::path lockPath = it->path() / "lock";
        const Fd lock(::open(lockPath.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) continue;
        fs::remove_all(it->path(), ignored);
    }
}

/// What an object was when it was found intact.
struct Verified {
    dev_t device;
    ino_t inode;
    timespec changed;
    off_t size;
    [[nodiscard]] bool matches(const struct stat& st) const noexcept
    {
        return st.st_dev == device && st.st_ino == inode && st.st_size == size && st.st_ctim.tv_sec == changed.tv_sec &&
               st.st_ctim.tv_nsec == changed.tv_nsec;
    }
};

/// Reads an existing object again. nullopt = missing or not what its name says. Errors: Cancelled.
Result<std::optional<Verified>> verifyObject(const fs::path& path, const Sha256Digest& digest, std::uint64_t size,
                                             const std::stop_token& stop)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat st{};
    if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode) || static_cast<std::uint64_t>(st.st_size) != size) return std::nullopt;
    crypto::StreamHasher hasher(crypto::DigestAlgorithm::Sha256);
    const std::unique_ptr<std::uint8_t[]> buffer(new std::uint8_t[kReadBuffer]);
    for (;;) {
        if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped while an earlier copy was checked");
        const ssize_t n = ::read(fd.get(), buffer.get(), kReadBuffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return std::nullopt;
        if (n == 0) break;
        hasher.update({buffer.get(), static_cast<std::size_t>(n)});
    }
    if (!equal(hasher.finish(), digest.bytes())) return std::nullopt;
    return Verified{st.st_dev, st.st_ino, st.st_ctim, st.st_size};
}

class Session final : public VaultSession {
public:
    Session(fs::path dir, fs::path own, Fd lock, Fd root)
        : m_dir(std::move(dir)), m_own(std::move(own)), m_lock(std::move(lock)), m_root(std::move(root))
    {
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() override
    {
        std::error_code ignored; // a folder that stays is removed by the next open()
        fs::remove_all(m_own, ignored);
    }

    Result<Copy> createCopy() override
    {
        Copy copy;
        copy.path = m_own / std::to_string(m_counter.fetch_add(1, std::memory_order_relaxed));
        // The creator may write through this descriptor; nobody may open the file for writing again.
        copy.fd = Fd(::open(copy.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kObjectMode));
        if (!copy.fd) return writeFailure(errno, "cannot create a sealed copy");
        return copy;
    }

    Result<void> addCopy(Copy copy, const Sha256Digest& digest, std::uint64_t size) override
    {
        try {
            auto added = add(copy, digest, size);
            if (!added) discard(std::move(copy));
            return added;
        } catch (const std::exception& e) {
            discard(std::move(copy));
            return fail(ErrorCode::Internal, e.what());
        }
    }

    void discard(Copy copy) noexcept override
    {
        copy.fd.reset(-1);
        ::unlink(copy.path.c_str()); // what stays is removed with the session's folder
    }

    bool hasRoom(std::uint64_t bytes) const noexcept override
    {
        struct statvfs s{};
        if (::statvfs(m_own.c_str(), &s) != 0) return false;
        return static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize > bytes;
    }

    void cancelWith(std::stop_token stop) override { m_stop = std::move(stop); }

    Result<void> commit() override
    {
        const std::lock_guard guard(m_mutex);
        if (m_finished) return fail(ErrorCode::InvalidArgument, "this filing's copies were committed already");
        m_finished = true;
        try {
            auto done = place();
            if (!done) rollBack();
            return done;
        } catch (const std::exception& e) {
            rollBack();
            return fail(ErrorCode::Internal, e.what());
        }
    }

private:
    struct Held {
        Fd fd; ///< kept only while there are few
        fs::path path;
        Sha256Digest digest;
        std::optional<Verified> existing; ///< then there is no copy
    };

    [[nodiscard]] fs::path fanDir(const Sha256Digest& digest) const { return objectsDir(m_dir) / digest.hex().substr(0, 2); }
    [[nodiscard]] fs::path objectPath(const Sha256Digest& digest) const { return fanDir(digest) / digest.hex(); }

    Result<void> add(Copy& copy, const Sha256Digest& digest, std::uint64_t size)
    {
        struct stat st{};
        if (::fstat(copy.fd.get(), &st) != 0) return writeFailure(errno, "cannot look at a sealed copy");
        if (static_cast<std::uint64_t>(st.st_size) != size)
            return fail(ErrorCode::CannotWrite, "a sealed copy has not the size of its file");
        {
            const std::lock_guard guard(m_mutex);
            if (m_finished) return fail(ErrorCode::InvalidArgument, "this filing's copies were committed already");
            if (!m_digests.insert(digest).second) { // the same content twice in one filing
                copy.fd.reset(-1);
                ::unlink(copy.path.c_str());
                return {};
            }
        }
        // Outside the lock, so that several threads can check at once. A copy that is not needed goes before it has cost any writing to
        // disk.
        auto existing = verifyObject(objectPath(digest), digest, size, m_stop);
        if (existing && *existing) {
            copy.fd.reset(-1);
            ::unlink(copy.path.c_str());
        }
        const std::lock_guard guard(m_mutex);
        if (!existing) {
            m_digests.erase(digest);
            return tl::unexpected(std::move(existing).error());
        }
        if (m_held.size() >= kSyncOneByOne) {
            // On some file systems a write error is told only at the first close.
            if (copy.fd && ::close(copy.fd.release()) != 0) {
                m_digests.erase(digest);
                return writeFailure(errno, "cannot write a sealed copy");
            }
            if (m_held.size() == kSyncOneByOne) {
                for (auto& held : m_held)
                    held.fd.reset(-1);
            }
        }
        m_held.push_back({std::move(copy.fd), copy.path, digest, *existing});
        return {};
    }

    Result<void> place()
    {
        if (m_held.empty()) return {};
        const bool few = m_held.size() <= kSyncOneByOne;
        if (few) {
            // Before it gets its name, so that not even a power cut shows an unfinished object.
            for (const auto& held : m_held) {
                if (held.fd && ::fdatasync(held.fd.get()) != 0) return writeFailure(errno, "cannot write a sealed copy to disk");
            }
        }
        JC_TRY(const Fd objects, lockDir(objectsDir(m_dir)));
        std::set<fs::path> touched;
        for (auto& held : m_held) {
            JC_CHECK(placeOne(held, few));
            if (few) touched.insert(fanDir(held.digest));
        }
        if (few) {
            for (const auto& dir : touched)
                JC_CHECK(syncDirectory(dir));
            if (!m_newFans.empty() && ::fsync(objects.get()) != 0) return writeFailure(errno, "cannot write the vault to disk");
        } else if (::syncfs(m_root.get()) != 0) { // opened before the first copy, so an error since then is told here
            return writeFailure(errno, "cannot write the sealed copies to disk");
        }
        return {};
    }

    Result<void> placeOne(Held& held, bool few)
    {
        const fs::path target = objectPath(held.digest);
        struct stat st{};
        const bool exists = ::lstat(target.c_str(), &st) == 0;
        if (held.existing) {
            if (!exists || !held.existing->matches(st)) {
                return fail(ErrorCode::CannotWrite, "an earlier copy of the same file changed while it was used again; file it once more");
            }
            // An earlier filing may have been killed between its rename and its sync.
            if (few) {
                const Fd fd(::open(target.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
                if (!fd || ::fdatasync(fd.get()) != 0) return writeFailure(errno, "cannot write an earlier copy to disk");
            }
            return {};
        }
        const fs::path fan = target.parent_path();
        bool& known = m_knownFans[held.digest.bytes()[0]];
        if (!known) {
            if (::mkdir(fan.c_str(), kFolderMode) == 0) {
                m_newFans.push_back(fan);
            } else if (errno != EEXIST) {
                return writeFailure(errno, "cannot create a folder of the vault");
            }
            known = true;
        }
        if (::rename(held.path.c_str(), target.c_str()) != 0) return writeFailure(errno, "cannot put a sealed copy in place");
        if (!exists) m_placed.push_back(target); // what replaced another object stays, whatever happens to this filing
        return {};
    }

    void rollBack() noexcept
    {
        for (const auto& path : m_placed)
            ::unlink(path.c_str());
        for (const auto& path : m_newFans)
            ::rmdir(path.c_str()); // fails where another filing has put something in
    }

    fs::path m_dir;
    fs::path m_own; ///< tmp/<pid-random>
    Fd m_lock;
    Fd m_root;
    std::stop_token m_stop;
    std::atomic<std::uint64_t> m_counter{0};
    std::mutex m_mutex;
    std::vector<Held> m_held;
    std::unordered_set<Sha256Digest, Hash32Hasher> m_digests;
    std::vector<fs::path> m_placed;
    std::vector<fs::path> m_newFans;
    std::array<bool, 256> m_knownFans{}; ///< by the first byte of the digest
    bool m_finished = false;
};

} // namespace

Result<Vault> Vault::open(const fs::path& dir)
{
    try {
        JC_CHECK(makeDirectories(dir, kFolderMode));
        JC_CHECK(makeDirectories(objectsDir(dir), kFolderMode));
        JC_CHECK(makeDirectories(tmpDir(dir), kFolderMode));
        JC_TRY(const Fd lock, lockDir(tmpDir(dir)));
        removeDeadSessions(tmpDir(dir));
        Vault vault;
        vault.m_dir = dir;
        vault.m_readOnly = false;
        return vault;
    } catch (const std::exception& e) {
        return fail(ErrorCode::Internal, e.what());
    }
}

Vault Vault::openReadOnly(const fs::path& dir)
{
    Vault vault;
    vault.m_dir = dir;
    return vault;
}

Result<std::unique_ptr<VaultSession>> Vault::begin(std::uint64_t bytesNeeded)
{
    if (m_readOnly) return fail(ErrorCode::Refused, "this vault was opened for reading only");
    try {
        JC_TRY(const std::uint64_t available, freeBytes(m_dir));
        const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() - kMargin;
        if (bytesNeeded > limit || available < bytesNeeded + kMargin) {
            return fail(ErrorCode::NoSpace, "the sealed copies need " + std::to_string(bytesNeeded) +
                                                " bytes and 64 MiB to spare; the disk has " + std::to_string(available) + " bytes free");
        }
        std::array<std::uint8_t, 8> random{};
        fillRandom(random);
        const fs::path own = tmpDir(m_dir) / (std::to_string(::getpid()) + "-" + toHex(random));
        JC_TRY(Fd root, openDir(m_dir));
        // Under the same lock as the cleaning, so that nobody sees the folder before its own lock is held.
        JC_TRY(const Fd birth, lockDir(tmpDir(m_dir)));
        if (::mkdir(own.c_str(), kFolderMode) != 0) return writeFailure(errno, "cannot create a folder of the vault");
        Fd lock(::open((own / "lock").c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
            const int err = errno;
            std::error_code ignored;
            fs::remove_all(own, ignored);
            return writeFailure(err, "cannot create a lock in the vault");
        }
        return std::make_unique<Session>(m_dir, own, std::move(lock), std::move(root));
    } catch (const std::exception& e) {
        return fail(ErrorCode::Internal, e.what());
    }
}

fs::path Vault::objectPath(const Sha256Digest& digest) const
{
    const std::string hex = digest.hex();
    return objectsDir(m_dir) / hex.substr(0, 2) / hex;
}

bool Vault::has(const Sha256Digest& digest) const
{
    struct stat st{};
    return ::lstat(objectPath(digest).c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

} // namespace jc::intake
