// SPDX-License-Identifier: Apache-2.0
#include "intake/intake.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <unordered_set>

namespace jc::intake {
namespace fs = std::filesystem;
namespace {

std::string sayErrno(int err)
{
    return std::generic_category().message(err);
}

/// Absolute and lexically normal. "a/../b" through a link is another file than "b": then the parent is resolved by the system instead.
fs::path normalised(const fs::path& named)
{
    std::error_code ec;
    const fs::path absolute = fs::absolute(named, ec);
    fs::path normal = (ec ? named : absolute).lexically_normal();
    if (!normal.has_filename() && normal.has_relative_path()) normal = normal.parent_path(); // "box/" → "box"
    const bool climbs = std::any_of(named.begin(), named.end(), [](const fs::path& part) { return part == ".."; });
    if (!climbs) return normal;
    struct stat asNamed{};
    struct stat asNormal{};
    if (::stat(named.c_str(), &asNamed) != 0) return normal;
    if (::stat(normal.c_str(), &asNormal) == 0 && asNamed.st_dev == asNormal.st_dev && asNamed.st_ino == asNormal.st_ino) return normal;
    const fs::path resolved = fs::canonical(named, ec);
    return ec ? normal : resolved;
}

class Walker {
public:
    explicit Walker(std::stop_token stop) : m_stop(std::move(stop)) {}

    void add(const fs::path& named)
    {
        if (named.empty()) {
            m_found.push_back({named, "", Outcome::NotFound, 0, "the name is empty"});
            return;
        }
        const fs::path path = normalised(named);
        struct stat st{};
        if (::stat(path.c_str(), &st) != 0) {
            addUnreachable(path, errno);
            return;
        }
        const std::size_t first = m_found.size();
        if (S_ISDIR(st.st_mode)) {
            std::string name = path.filename().native();
            expand(path, name.empty() ? "/" : std::move(name));
        } else {
            addEntry(path, "", st);
        }
        std::sort(m_found.begin() + static_cast<std::ptrdiff_t>(first), m_found.end(),
                  [](const Candidate& a, const Candidate& b) { return a.path.native() < b.path.native(); });
    }

    void addFailed(const fs::path& path, const char* why) { m_found.push_back({path, "", Outcome::Unreadable, 0, why}); }

    std::vector<Candidate> take(bool several)
    {
        if (several) dropSecondNamings(); // one folder alone cannot name a path twice
        return std::move(m_found);
    }

private:
    void dropSecondNamings()
    {
        std::unordered_set<std::string_view> seen; // views into m_found, which does not move before they are done
        seen.reserve(m_found.size());
        std::vector<bool> second(m_found.size());
        for (std::size_t i = 0; i < m_found.size(); ++i)
            second[i] = !seen.insert(m_found[i].path.native()).second;
        seen.clear();
        std::size_t kept = 0;
        for (std::size_t i = 0; i < m_found.size(); ++i) {
            if (second[i]) continue;
            if (kept != i) m_found[kept] = std::move(m_found[i]);
            ++kept;
        }
        m_found.resize(kept);
    }

    void addUnreachable(const fs::path& path, int err)
    {
        struct stat link{};
        switch (err) {
        case ELOOP:
            m_found.push_back({path, "", Outcome::SymlinkLoop, 0, "the link leads only to itself"});
            break;
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG: {
            const bool dangling = ::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
            m_found.push_back({path, "", Outcome::NotFound, 0, dangling ? "the link's target does not exist" : sayErrno(err)});
            break;
        }
        default:
            m_found.push_back({path, "", Outcome::Unreadable, 0, sayErrno(err)});
            break;
        }
    }

    void addEntry(const fs::path& path, const std::string& folder, const struct stat& st)
    {
        if (S_ISREG(st.st_mode)) {
            m_found.push_back({path, folder, Outcome::Taken, static_cast<std::uint64_t>(st.st_size), {}});
        } else if (S_ISLNK(st.st_mode)) {
            struct stat target{};
            const bool loop = ::stat(path.c_str(), &target) != 0 && errno == ELOOP;
            m_found.push_back({path, folder, loop ? Outcome::SymlinkLoop : Outcome::Symlink, 0,
                               loop ? "the link leads only to itself" : "a link inside a folder is not followed; name its target instead"});
        } else {
            const char* what = S_ISFIFO(st.st_mode) ? "a named pipe" : S_ISSOCK(st.st_mode) ? "a socket" : "a device";
            m_found.push_back({path, folder, Outcome::SpecialFile, 0, std::string(what) + " has no fixed content"});
        }
    }

    /// Depth without recursion, so that a deep tree cannot exhaust the stack.
    void expand(const fs::path& top, std::string topName)
    {
        struct Pending {
            fs::path path;
            std::string folder;
            bool named;
        };
        std::vector<Pending> pending;
        pending.push_back({top, std::move(topName), true});
        while (!pending.empty() && !m_stop.stop_requested()) {
            const Pending here = std::move(pending.back());
            pending.pop_back();
            // Only the named folder may be a link; below it a folder that became a link meanwhile is refused.
            Fd fd(::open(here.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (here.named ? 0 : O_NOFOLLOW)));
            DIR* dir = fd ? ::fdopendir(fd.get()) : nullptr;
            if (dir == nullptr) {
                const int err = errno;
                const bool gone = err == ENOENT || err == ENOTDIR || err == ELOOP;
                m_found.push_back({here.path, here.named ? "" : here.folder, gone ? Outcome::Vanished : Outcome::Unreadable, 0,
                                   "the folder cannot be listed: " + sayErrno(err)});
                continue;
            }
            const int dirFd = fd.release();
            for (;;) {
                errno = 0;
                const dirent* entry = ::readdir(dir);
                if (entry == nullptr) {
                    if (errno != 0) {
                        m_found.push_back({here.path, here.named ? "" : here.folder, Outcome::Unreadable, 0,
                                           "the folder cannot be listed: " + sayErrno(errno)});
                    }
                    break;
                }
                const std::string name(entry->d_name);
                if (name == "." || name == "..") continue;
                if (m_stop.stop_requested()) break;
                const fs::path path = here.path / name;
                struct stat st{};
                if (::fstatat(dirFd, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
                    const int err = errno;
                    m_found.push_back({path, here.folder, err == ENOENT ? Outcome::Vanished : Outcome::Unreadable, 0, sayErrno(err)});
                } else if (S_ISDIR(st.st_mode)) {
                    pending.push_back({path, here.folder == "/" ? "/" + name : here.folder + "/" + name, false});
                } else {
                    addEntry(path, here.folder, st);
                }
            }
            ::closedir(dir);
        }
    }

    std::stop_token m_stop;
    std::vector<Candidate> m_found;
};

} // namespace

std::vector<Candidate> walk(const std::vector<fs::path>& named, std::stop_token stop)
{
    Walker walker(stop);
    for (const auto& path : named) {
        if (stop.stop_requested()) break;
        try {
            walker.add(path);
        } catch (const std::exception& e) {
            // Only memory can be short here; what was found stays valid and the rest is reported, not lost.
            walker.addFailed(path, e.what());
        }
    }
    return walker.take(named.size() > 1);
}

} // namespace jc::intake
