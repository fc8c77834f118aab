// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside intake: opening one file so that nothing but its content can be read, reading it once into all digests and the copy, and telling
// whether it changed meanwhile. No other room includes this.
#include "intake/intake.h"

#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <variant>

namespace jc::intake::detail {

inline constexpr std::size_t kSmallBuffer = 256U << 10U; ///< one per worker
inline constexpr std::size_t kRingBlock = 1U << 20U;
inline constexpr std::size_t kRingBlocks = 4;
inline constexpr std::uint64_t kBigFile = 4U << 20U; ///< above it a thread per algorithm can pay off

/// Where a test puts itself between the steps; empty in the programs.
struct Seam {
    std::function<void(const std::filesystem::path&)> afterOpen;
    std::function<void(const std::filesystem::path&, std::uint64_t bytesRead)> afterBlock;
    std::function<void(const std::filesystem::path&)> afterRead; ///< all bytes read, nothing compared yet
};

/// Why a file was not taken. Cancelled is told by `cancelled`, not as an outcome of the file.
struct Refusal {
    Outcome outcome = Outcome::Unreadable;
    std::string detail;
    bool cancelled = false;
};
using MaybeRefusal = std::optional<Refusal>;

/// What happens to all the bytes that all workers read.
class Tally {
public:
    Tally(ProgressSink& sink, std::uint64_t bytesTotal, std::uint64_t itemsTotal)
        : m_sink(sink), m_bytesTotal(bytesTotal), m_itemsTotal(itemsTotal)
    {
    }
    void addBytes(std::uint64_t n);
    /// One item is finished, of which `counted` bytes were told by addBytes; the rest of its expected size is counted now.
    void finishItem(std::uint64_t expected, std::uint64_t counted);
    [[nodiscard]] std::uint64_t bytesLeft() const noexcept;

private:
    void tell();
    ProgressSink& m_sink;
    std::uint64_t m_bytesTotal;
    std::uint64_t m_itemsTotal;
    std::atomic<std::uint64_t> m_bytes{0};
    std::atomic<std::uint64_t> m_items{0};
};

/// An open regular file and what the system said of it before the first byte was read.
class Source {
public:
    /// followLink: the last component may be a link (a path that a person named). Devices, pipes and sockets are never opened.
    [[nodiscard]] static std::variant<Source, Refusal> open(const std::filesystem::path& path, bool followLink);
    [[nodiscard]] int fd() const noexcept { return m_fd.get(); }
    [[nodiscard]] const struct stat& before() const noexcept { return m_before; }
    [[nodiscard]] std::uint64_t size() const noexcept { return static_cast<std::uint64_t>(m_before.st_size); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return m_path; }
    /// Same inode, size, mtime and ctime as before, through the handle and through the path. nullopt = unchanged.
    [[nodiscard]] MaybeRefusal changed() const;

private:
    Source(Fd fd, const struct stat& before, std::filesystem::path path, bool followLink)
        : m_fd(std::move(fd)), m_before(before), m_path(std::move(path)), m_followLink(followLink)
    {
    }
    Fd m_fd;
    struct stat m_before;
    std::filesystem::path m_path;
    bool m_followLink;
};

/// What one thread needs to read any number of files.
class Reader {
public:
    Reader(const crypto::DigestSet& set, Tally& tally, const Seam& seam, std::stop_token stop);

    struct Content {
        std::vector<crypto::DigestValue> digests;
        std::string_view mediaType;
        std::uint64_t counted = 0; ///< bytes told to the tally, also of a refused file
    };
    /// Reads from `from` (the source or its clone), writes every byte to copyFd (−1 = nowhere), and fills `content`.
    /// `parallel`: a thread per algorithm. The file's size must be what Source saw.
    [[nodiscard]] MaybeRefusal read(const Source& source, int from, int copyFd, bool parallel, Content& content);

private:
    [[nodiscard]] MaybeRefusal readAlone(const Source& source, int from, int copyFd, Content& content);
    [[nodiscard]] MaybeRefusal readParallel(const Source& source, int from, int copyFd, Content& content);
    template <class Next, class Give>
    [[nodiscard]] MaybeRefusal pump(const Source& source, int from, int copyFd, Content& content, const Next& next, const Give& give);

    crypto::DigestSet m_set;
    Tally& m_tally;
    const Seam& m_seam;
    std::stop_token m_stop;
    crypto::MultiHasher m_hasher;
    std::unique_ptr<std::uint8_t[]> m_buffer;
};

/// takeIn() with a seam.
[[nodiscard]] Result<std::vector<Item>> takeIn(const std::vector<Candidate>& candidates, const Options& options, VaultSession* vault,
                                               const Clock& clock, ProgressSink& progress, std::stop_token stop, const Seam& seam);
[[nodiscard]] Result<Item> digestFile(const std::filesystem::path& path, const crypto::DigestSet& digests, ProgressSink& progress,
                                      std::stop_token stop, const Seam& seam);

} // namespace jc::intake::detail
