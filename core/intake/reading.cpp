// SPDX-License-Identifier: Apache-2.0
#include "intake/reading.h"

#include "intake/media_type.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace jc::intake::detail {
namespace {

std::string sayErrno(int err)
{
    return std::generic_category().message(err);
}

Refusal refusal(Outcome outcome, std::string detail)
{
    return {outcome, std::move(detail), false};
}
Refusal cancelled()
{
    return {Outcome::Unreadable, "cancelled", true};
}

bool later(const timespec& a, const timespec& b) noexcept
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}
bool same(const timespec& a, const timespec& b) noexcept
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

const char* kindOf(mode_t mode) noexcept
{
    if (S_ISFIFO(mode)) return "a named pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

MaybeRefusal notRegular(mode_t mode)
{
    if (S_ISREG(mode)) return std::nullopt;
    if (S_ISLNK(mode)) return refusal(Outcome::Symlink, "a link inside a folder is not followed; name its target instead");
    if (S_ISDIR(mode)) return refusal(Outcome::Unreadable, "this is a folder");
    return refusal(Outcome::SpecialFile, std::string(kindOf(mode)) + " has no fixed content");
}

Refusal openFailed(int err)
{
    switch (err) {
    case ENOENT:
    case ENOTDIR:
        return refusal(Outcome::Vanished, "the file is no longer there");
    case ELOOP:
        return refusal(Outcome::SymlinkLoop, "the link leads only to itself");
    case ENXIO:
        return refusal(Outcome::SpecialFile, "this has no fixed content");
    case EWOULDBLOCK:
        return refusal(Outcome::Unreadable, "another program holds the file");
    default:
        return refusal(Outcome::Unreadable, sayErrno(err));
    }
}

int openOnce(const char* path, int flags) noexcept
{
    // Looking at evidence should not move its access time. Only the owner may ask for that; others read as usual.
    int fd = ::open(path, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM) fd = ::open(path, flags);
    return fd;
}

/// A write in the same tick of the file system's clock as the last one would leave both times as they are. So a file is read only after
/// that tick.
void waitForNextTick(int fd, struct stat& st) noexcept
{
    for (int i = 0; i < 10; ++i) {
        timespec now{};
        if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 || later(now, st.st_ctim)) return;
        if (st.st_ctim.tv_sec > now.tv_sec + 1) return; // another machine's clock, ahead of ours: waiting would not help
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (::fstat(fd, &st) != 0) return;
    }
}

ssize_t readSome(int fd, std::uint8_t* to, std::size_t n) noexcept
{
    for (;;) {
        const ssize_t got = ::read(fd, to, n);
        if (got >= 0) return got;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return -1;
        // Some FUSE file systems take O_NONBLOCK seriously for ordinary files.
        const int flags = ::fcntl(fd, F_GETFL);
        if (flags < 0 || (flags & O_NONBLOCK) == 0 || ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
            errno = EAGAIN;
            return -1;
        }
    }
}

MaybeRefusal writeBlock(int fd, ByteView data, std::uint64_t offset)
{
    while (!data.empty()) {
        const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const int err = n < 0 ? errno : EIO;
            const bool full = err == ENOSPC || err == EDQUOT || err == EFBIG;
            return refusal(full ? Outcome::NoSpace : Outcome::VaultError, "the sealed copy cannot be written: " + sayErrno(err));
        }
        data = data.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return std::nullopt;
}

bool allZero(ByteView data) noexcept
{
    return data.empty() || (data[0] == 0 && std::memcmp(data.data(), data.data() + 1, data.size() - 1) == 0);
}

/// One writer, several readers, each of which sees every block in order. Only the slowest reader holds the writer back.
class Ring {
public:
    explicit Ring(std::size_t readers)
        : m_taken(readers, 0), m_lengths(kRingBlocks, 0), m_memory(new std::uint8_t[kRingBlocks * kRingBlock])
    {
    }

    /// The next block to fill; waits until every reader is done with it.
    [[nodiscard]] std::span<std::uint8_t> next()
    {
        std::unique_lock lock(m_mutex);
        m_freed.wait(lock, [&] { return m_given - *std::min_element(m_taken.begin(), m_taken.end()) < kRingBlocks; });
        return {m_memory.get() + (m_given % kRingBlocks) * kRingBlock, kRingBlock};
    }
    void give(std::size_t length)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_lengths[m_given % kRingBlocks] = length;
            ++m_given;
        }
        m_filled.notify_all();
    }
    void end() noexcept
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ended = true;
        }
        m_filled.notify_all();
    }
    void abandon() noexcept
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ended = m_abandoned = true;
        }
        m_filled.notify_all();
    }
    /// Feeds one hasher until the end.
    void serve(std::size_t reader, crypto::StreamHasher& hasher)
    {
        for (;;) {
            ByteView block;
            {
                std::unique_lock lock(m_mutex);
                m_filled.wait(lock, [&] { return m_ended || m_taken[reader] < m_given; });
                if (m_abandoned || m_taken[reader] == m_given) return;
                const std::size_t slot = m_taken[reader] % kRingBlocks;
                block = {m_memory.get() + slot * kRingBlock, m_lengths[slot]};
            }
            hasher.update(block);
            {
                const std::lock_guard lock(m_mutex);
                ++m_taken[reader];
            }
            m_freed.notify_one();
        }
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_filled;
    std::condition_variable m_freed;
    std::uint64_t m_given = 0;
    std::vector<std::uint64_t> m_taken;
    std::vector<std::size_t> m_lengths;
    std::unique_ptr<std::uint8_t[]> m_memory;
    bool m_ended = false;
    bool m_abandoned = false;
};

} // namespace

void Tally::tell()
{
    const auto bytes = std::min(m_bytes.load(std::memory_order_relaxed), m_bytesTotal);
    m_sink.update("hashing", bytes, m_bytesTotal, m_items.load(std::memory_order_relaxed), m_itemsTotal);
}
void Tally::addBytes(std::uint64_t n)
{
    m_bytes.fetch_add(n, std::memory_order_relaxed);
    tell();
}
void Tally::finishItem(std::uint64_t expected, std::uint64_t counted)
{
    if (counted < expected) m_bytes.fetch_add(expected - counted, std::memory_order_relaxed);
    m_items.fetch_add(1, std::memory_order_relaxed);
    tell();
}
std::uint64_t Tally::bytesLeft() const noexcept
{
    const auto done = m_bytes.load(std::memory_order_relaxed);
    return done < m_bytesTotal ? m_bytesTotal - done : 0;
}

std::variant<Source, Refusal> Source::open(const std::filesystem::path& path, bool followLink)
{
    struct stat st{};
    // Opening a device or a pipe can already have an effect, so the look comes first; the flags cover what slips in between.
    if ((followLink ? ::stat(path.c_str(), &st) : ::lstat(path.c_str(), &st)) != 0) return openFailed(errno);
    if (auto no = notRegular(st.st_mode)) return *no;
    Fd fd(openOnce(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (followLink ? 0 : O_NOFOLLOW)));
    if (!fd) {
        if (errno == ELOOP && !followLink) return refusal(Outcome::Changed, "the file was replaced by a link");
        return openFailed(errno);
    }
    if (::fstat(fd.get(), &st) != 0) return openFailed(errno);
    if (auto no = notRegular(st.st_mode)) return *no;
    waitForNextTick(fd.get(), st);
    // Advice only; a file system may decline. One small read needs none.
    if (static_cast<std::uint64_t>(st.st_size) > kSmallBuffer) ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return Source(std::move(fd), st, path, followLink);
}

MaybeRefusal Source::changed() const
{
    struct stat now{};
    if (::fstat(m_fd.get(), &now) != 0) return refusal(Outcome::Unreadable, sayErrno(errno));
    if (now.st_size != m_before.st_size) return refusal(Outcome::Changed, "its size changed while it was read");
    if (!same(now.st_mtim, m_before.st_mtim)) return refusal(Outcome::Changed, "it was written to while it was read");
    struct stat named{};
    if ((m_followLink ? ::stat(m_path.c_str(), &named) : ::lstat(m_path.c_str(), &named)) != 0) {
        return refusal(Outcome::Changed, "it was moved or deleted while it was read");
    }
    if (named.st_dev != m_before.st_dev || named.st_ino != m_before.st_ino) {
        return refusal(Outcome::Changed, "another file took its place while it was read");
    }
    // After the path, because a rename over the file moves its ctime too and deserves its own words.
    if (!same(now.st_ctim, m_before.st_ctim)) return refusal(Outcome::Changed, "its state changed while it was read");
    return std::nullopt;
}

Reader::Reader(const crypto::DigestSet& set, Tally& tally, const Seam& seam, std::stop_token stop)
    : m_set(set), m_tally(tally), m_seam(seam), m_stop(std::move(stop)), m_hasher(set), m_buffer(new std::uint8_t[kSmallBuffer])
{
}

MaybeRefusal Reader::read(const Source& source, int from, int copyFd, bool parallel, Content& content)
{
    content = {};
    return parallel ? readParallel(source, from, copyFd, content) : readAlone(source, from, copyFd, content);
}

template <class Next, class Give>
MaybeRefusal Reader::pump(const Source& source, int from, int copyFd, Content& content, const Next& next, const Give& give)
{
    constexpr std::uint64_t kFlushEvery = 32U << 20U;
    const std::uint64_t size = source.size();
    const bool sparse = static_cast<std::uint64_t>(source.before().st_blocks) * 512 < size;
    std::uint64_t offset = 0;
    std::uint64_t flushed = 0;
    for (bool end = false; !end;) {
        if (m_stop.stop_requested()) return cancelled();
        const std::span<std::uint8_t> block = next();
        std::size_t filled = 0;
        while (filled < block.size()) {
            const std::size_t wanted = block.size() - filled;
            const ssize_t got = readSome(from, block.data() + filled, wanted);
            if (got < 0) return refusal(Outcome::Unreadable, "reading failed: " + sayErrno(errno));
            filled += static_cast<std::size_t>(got);
            if (got == 0 || (static_cast<std::size_t>(got) < wanted && offset + filled == size)) {
                end = true;
                break;
            }
        }
        if (offset + filled > size) return refusal(Outcome::Changed, "it grew while it was read");
        if (end && offset + filled < size) return refusal(Outcome::Changed, "it shrank while it was read");
        const ByteView bytes(block.data(), filled);
        if (offset == 0) content.mediaType = mediaType(bytes, source.path().filename().native());
        if (filled > 0) give(filled);
        if (copyFd >= 0) {
            // Holes of a sparse file stay holes in the copy; the length is set at the end.
            if (!(sparse && allZero(bytes))) {
                if (auto no = writeBlock(copyFd, bytes, offset)) return no;
            }
            if (offset + filled - flushed >= kFlushEvery) {
                // Starts writing to disk without waiting, so that the commit of a large film does not have to do all of it at once.
                ::sync_file_range(copyFd, static_cast<off_t>(flushed), static_cast<off_t>(offset + filled - flushed),
                                  SYNC_FILE_RANGE_WRITE);
                flushed = offset + filled;
            }
        }
        offset += filled;
        content.counted += filled;
        m_tally.addBytes(filled);
        if (m_seam.afterBlock) m_seam.afterBlock(source.path(), offset);
    }
    if (copyFd >= 0 && sparse && ::ftruncate(copyFd, static_cast<off_t>(size)) != 0) {
        const int err = errno;
        return refusal(err == ENOSPC || err == EFBIG ? Outcome::NoSpace : Outcome::VaultError,
                       "the sealed copy cannot be written: " + sayErrno(err));
    }
    return std::nullopt;
}

MaybeRefusal Reader::readAlone(const Source& source, int from, int copyFd, Content& content)
{
    m_hasher.reset();
    const std::span<std::uint8_t> buffer(m_buffer.get(), kSmallBuffer);
    auto no = pump(source, from, copyFd, content, [&] { return buffer; }, [&](std::size_t n) { m_hasher.update(buffer.first(n)); });
    if (!no) content.digests = m_hasher.finish();
    return no;
}

MaybeRefusal Reader::readParallel(const Source& source, int from, int copyFd, Content& content)
{
    std::vector<crypto::StreamHasher> hashers;
    hashers.emplace_back(crypto::DigestAlgorithm::Sha256);
    if (m_set.sm3) hashers.emplace_back(crypto::DigestAlgorithm::Sm3);
    if (m_set.sha512) hashers.emplace_back(crypto::DigestAlgorithm::Sha512);
    Ring ring(hashers.size());
    // Ends the hashers before the ring goes away, whatever happens in between.
    struct Threads {
        explicit Threads(Ring& r) : ring(r) {}
        ~Threads()
        {
            ring.abandon();
            join();
        }
        Threads(const Threads&) = delete;
        Threads& operator=(const Threads&) = delete;
        void join()
        {
            for (auto& t : list) {
                if (t.joinable()) t.join();
            }
        }
        Ring& ring;
        std::vector<std::thread> list;
    } threads(ring);
    threads.list.reserve(hashers.size());
    try {
        for (std::size_t i = 0; i < hashers.size(); ++i)
            threads.list.emplace_back([&ring, &hashers, i] { ring.serve(i, hashers[i]); });
    } catch (const std::system_error&) {
        // No more threads to be had: the same work on this one. Nothing was read yet.
        ring.abandon();
        threads.join();
        return readAlone(source, from, copyFd, content);
    }
    std::span<std::uint8_t> block;
    auto no = pump(
        source, from, copyFd, content,
        [&] {
            block = ring.next();
            return block;
        },
        [&](std::size_t n) { ring.give(n); });
    if (no) return no;
    ring.end();
    threads.join();
    for (auto& h : hashers)
        content.digests.push_back({h.algorithm(), h.finish()});
    return std::nullopt;
}

} // namespace jc::intake::detail
