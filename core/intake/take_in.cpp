// SPDX-License-Identifier: Apache-2.0
#include "intake/intake.h"
#include "intake/reading.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <numeric>
#include <system_error>
#include <thread>

namespace jc::intake {
namespace {

using detail::MaybeRefusal;
using detail::Reader;
using detail::Refusal;
using detail::Seam;
using detail::Source;
using detail::Tally;

constexpr std::uint64_t kCloneFrom = 1U << 20U; ///< below it copying is cheaper than the file system's bookkeeping of a clone
constexpr unsigned kMaxThreads = 16;            ///< 16 × 256 KiB of buffers; more disks than that are not fed by one client
constexpr unsigned kMinThreads = 4;             ///< a cold disk wants several reads in flight even on two cores

Refusal fromVault(const Error& e)
{
    return {e.code == ErrorCode::NoSpace ? Outcome::NoSpace : Outcome::VaultError, e.detail, e.code == ErrorCode::Cancelled};
}

UnixMs toMs(const timespec& t) noexcept
{
    return static_cast<UnixMs>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

/// A copy that is discarded unless it was handed over.
class CopyGuard {
public:
    explicit CopyGuard(VaultSession* vault) noexcept : m_vault(vault) {}
    CopyGuard(const CopyGuard&) = delete;
    CopyGuard& operator=(const CopyGuard&) = delete;
    ~CopyGuard()
    {
        if (m_open) m_vault->discard(std::move(m_copy));
    }
    [[nodiscard]] Result<void> create()
    {
        if (m_vault == nullptr) return {};
        JC_TRY(m_copy, m_vault->createCopy());
        m_open = true;
        return {};
    }
    [[nodiscard]] int fd() const noexcept { return m_open ? m_copy.fd.get() : -1; }
    [[nodiscard]] Result<void> handOver(const Sha256Digest& digest, std::uint64_t size)
    {
        m_open = false;
        return m_vault->addCopy(std::move(m_copy), digest, size);
    }

private:
    VaultSession* m_vault;
    VaultSession::Copy m_copy;
    bool m_open = false;
};

class Job {
public:
    Job(const std::vector<Candidate>& candidates, const Options& options, VaultSession* vault, const Clock& clock, ProgressSink& progress,
        std::stop_token stop, const Seam& seam)
        : m_candidates(candidates), m_options(options), m_vault(vault), m_clock(clock), m_stop(std::move(stop)), m_seam(seam),
          m_items(candidates.size()), m_tally(progress, totalBytes(candidates), candidates.size())
    {
        m_threads = options.threads != 0 ? options.threads : std::thread::hardware_concurrency();
        m_threads = std::clamp(m_threads, 1U, kMaxThreads);
    }

    Result<std::vector<Item>> run()
    {
        if (m_vault != nullptr) m_vault->cancelWith(m_stop);
        planOrder();
        // Cores decide how work is shared; a few more threads than cores only keep a disk busy.
        unsigned workers = m_options.threads != 0 ? m_threads : std::min(std::max(m_threads, kMinThreads), kMaxThreads);
        if (workers > m_order.size()) workers = static_cast<unsigned>(std::max<std::size_t>(m_order.size(), 1));
        {
            std::vector<std::jthread> pool;
            pool.reserve(workers);
            try {
                for (unsigned i = 1; i < workers; ++i)
                    pool.emplace_back([this] { work(); });
            } catch (const std::system_error&) { // fewer threads then; this one always works
            }
            work();
        }
        if (m_failed) return fail(ErrorCode::Internal, "reading the files was stopped by a lack of memory or a bug");
        if (m_stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped before all files were read");
        return std::move(m_items);
    }

private:
    static std::uint64_t totalBytes(const std::vector<Candidate>& candidates)
    {
        return std::accumulate(candidates.begin(), candidates.end(), std::uint64_t{0},
                               [](std::uint64_t sum, const Candidate& c) { return sum + (c.outcome == Outcome::Taken ? c.sizeHint : 0); });
    }

    /// The largest first, so that no large one is left alone at the end; the small ones as they come, which is how they lie on the disk.
    void planOrder()
    {
        m_order.resize(m_candidates.size());
        std::iota(m_order.begin(), m_order.end(), std::size_t{0});
        const auto small = std::stable_partition(m_order.begin(), m_order.end(),
                                                 [&](std::size_t i) { return m_candidates[i].sizeHint > detail::kBigFile; });
        std::stable_sort(m_order.begin(), small,
                         [&](std::size_t a, std::size_t b) { return m_candidates[a].sizeHint > m_candidates[b].sizeHint; });
    }

    void work() noexcept
    {
        try {
            Reader reader(m_options.digests, m_tally, m_seam, m_stop);
            for (;;) {
                const std::size_t next = m_next.fetch_add(1, std::memory_order_relaxed);
                if (next >= m_order.size() || m_stop.stop_requested() || m_failed) return;
                const std::size_t index = m_order[next];
                takeOne(reader, m_candidates[index], m_items[index]);
            }
        } catch (...) {
            m_failed = true;
        }
    }

    void takeOne(Reader& reader, const Candidate& candidate, Item& item)
    {
        item.path = candidate.path;
        item.folder = candidate.folder;
        item.nameRaw = candidate.path.filename().native();
        item.outcome = candidate.outcome;
        item.detail = candidate.detail;
        item.mediaType = "application/octet-stream";
        Reader::Content content;
        if (candidate.outcome == Outcome::Taken) {
            if (auto no = readOne(reader, candidate, item, content)) {
                item.outcome = no->outcome;
                item.detail = std::move(no->detail);
                item.digests.clear();
            }
        }
        item.intakeTime = m_clock.now();
        m_tally.finishItem(candidate.outcome == Outcome::Taken ? candidate.sizeHint : 0, content.counted);
    }

    MaybeRefusal readOne(Reader& reader, const Candidate& candidate, Item& item, Reader::Content& content)
    {
        auto opened = Source::open(candidate.path, candidate.folder.empty());
        if (auto* no = std::get_if<Refusal>(&opened)) return std::move(*no);
        const Source& source = std::get<Source>(opened);
        item.size = source.size();
        item.modifiedTime = toMs(source.before().st_mtim);
        item.device = source.before().st_dev;
        item.inode = source.before().st_ino;
        if (m_seam.afterOpen) m_seam.afterOpen(candidate.path);
        const bool empty = item.size == 0;
        if (m_diskFull && m_vault != nullptr && !m_vault->hasRoom(item.size))
            return Refusal{Outcome::NoSpace, "the disk of the sealed copies is full"};

        CopyGuard copy(m_vault);
        if (auto created = copy.create(); !created) return vaultFailed(fromVault(created.error()));
        const bool cloned = cloneInto(copy.fd(), source);
        const bool parallel = shareOut(item.size);
        auto no = reader.read(source, cloned ? copy.fd() : source.fd(), cloned ? -1 : copy.fd(), parallel, content);
        if (parallel) m_parallel = false;
        if (no) return vaultFailed(std::move(*no));
        if (m_seam.afterRead) m_seam.afterRead(candidate.path);
        if (auto changed = source.changed()) return changed;
        if (empty && !m_options.allowEmpty) return Refusal{Outcome::Empty, "the file has 0 bytes and no reason was given"};
        item.digests = std::move(content.digests);
        item.mediaType = content.mediaType;
        if (m_vault != nullptr) {
            const auto digest = Sha256Digest::parse(item.digests.front().value); // SHA-256 is always the first
            if (!digest) return Refusal{Outcome::VaultError, digest.error().detail};
            if (auto added = copy.handOver(*digest, item.size); !added) return vaultFailed(fromVault(added.error()));
        }
        return std::nullopt;
    }

    std::vector<std::size_t> m_order;
    const std::vector<Candidate>& m_candidates;
    const Options& m_options;
    VaultSession* m_vault;
    const Clock& m_clock;
    std::stop_token m_stop;
    const Seam& m_seam;
    std::vector<Item> m_items;
    Tally m_tally;
    unsigned m_threads = 1;
    std::atomic<std::size_t> m_next{0};
    std::atomic<bool> m_failed{false};
    std::atomic<bool> m_diskFull{false};
    std::atomic<bool> m_parallel{false};

    MaybeRefusal vaultFailed(Refusal no)
    {
        if (no.outcome == Outcome::NoSpace) m_diskFull = true;
        return no;
    }

    /// A clone is a frozen view of the file at no cost, where the file system has it; then the clone itself is what is hashed.
    static bool cloneInto(int copyFd, const Source& source) noexcept
    {
        return copyFd >= 0 && source.size() >= kCloneFrom && ::ioctl(copyFd, FICLONE, source.fd()) == 0;
    }

    /// One file at a time gets a thread per algorithm, and only if the other cores would soon have nothing else to do.
    bool shareOut(std::uint64_t size)
    {
        if (size <= detail::kBigFile || m_threads < 2) return false;
        const std::uint64_t left = m_tally.bytesLeft();
        const std::uint64_t others = left > size ? left - size : 0;
        if (others / (m_threads - 1) >= size) return false;
        return !m_parallel.exchange(true);
    }
};

} // namespace

std::string_view toString(Outcome o) noexcept
{
    switch (o) {
    case Outcome::Taken:
        return "taken";
    case Outcome::Empty:
        return "empty";
    case Outcome::NotFound:
        return "not_found";
    case Outcome::Vanished:
        return "vanished";
    case Outcome::Unreadable:
        return "unreadable";
    case Outcome::Changed:
        return "changed_while_read";
    case Outcome::SpecialFile:
        return "special_file";
    case Outcome::Symlink:
        return "symlink";
    case Outcome::SymlinkLoop:
        return "symlink_loop";
    case Outcome::NoSpace:
        return "no_space";
    case Outcome::VaultError:
        return "vault_error";
    }
    return "unreadable";
}

Result<std::vector<Item>> takeIn(const std::vector<Candidate>& candidates, const Options& options, VaultSession* vault, const Clock& clock,
                                 ProgressSink& progress, std::stop_token stop)
{
    return detail::takeIn(candidates, options, vault, clock, progress, std::move(stop), Seam{});
}

Result<Item> digestFile(const std::filesystem::path& path, const crypto::DigestSet& digests, ProgressSink& progress, std::stop_token stop)
{
    return detail::digestFile(path, digests, progress, std::move(stop), Seam{});
}

namespace detail {

Result<std::vector<Item>> takeIn(const std::vector<Candidate>& candidates, const Options& options, VaultSession* vault, const Clock& clock,
                                 ProgressSink& progress, std::stop_token stop, const Seam& seam)
{
    try {
        return Job(candidates, options, vault, clock, progress, std::move(stop), seam).run();
    } catch (const std::exception& e) {
        return fail(ErrorCode::Internal, e.what());
    }
}

Result<Item> digestFile(const std::filesystem::path& path, const crypto::DigestSet& digests, ProgressSink& progress, std::stop_token stop,
                        const Seam& seam)
{
    try {
        // Named by a person, so links are followed; its folder is not listed, so the walk has nothing to do.
        struct stat st{};
        const std::uint64_t size = ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) ? static_cast<std::uint64_t>(st.st_size) : 0;
        const std::vector<Candidate> one{{path, "", Outcome::Taken, size, {}}};
        Options options;
        options.digests = digests;
        options.allowEmpty = true;
        options.threads = std::max(std::thread::hardware_concurrency(), 2U);
        JC_TRY(auto items, takeIn(one, options, nullptr, systemClock(), progress, std::move(stop), seam));
        Item item = std::move(items.front());
        const std::string reason(toString(item.outcome));
        switch (item.outcome) {
        case Outcome::Taken:
            return item;
        case Outcome::Vanished:
        case Outcome::NotFound:
            return fail(ErrorCode::NotFound, item.detail, "not_found");
        case Outcome::Changed:
            return fail(ErrorCode::Changed, item.detail, reason);
        default:
            return fail(ErrorCode::Unreadable, item.detail, reason);
        }
    } catch (const std::exception& e) {
        return fail(ErrorCode::Internal, e.what());
    }
}

} // namespace detail
} // namespace jc::intake
