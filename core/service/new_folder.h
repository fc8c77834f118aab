// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>

namespace jc::service {

/// Everything is made in a twin folder that is renamed at the end: a failure leaves nothing.
class NewFolder {
public:
    /// `mayHold`: a sub-folder that may already stand in the target and is taken over (the signer state). Errors: Refused ("exists"),
    /// CannotWrite.
    [[nodiscard]] static Result<NewFolder> begin(const std::filesystem::path& dir, const std::string& mayHold = {})
    {
        std::error_code ec;
        const auto target = std::filesystem::absolute(dir, ec).lexically_normal();
        if (std::filesystem::exists(target, ec)) {
            bool free = std::filesystem::is_directory(target, ec);
            if (free)
                for (const auto& e : std::filesystem::directory_iterator(target, ec))
                    free = free && !mayHold.empty() && e.path().filename() == mayHold;
            if (!free) return fail(ErrorCode::Refused, "the folder exists already and is not empty; choose another one", "exists");
        }
        auto clean = target;
        if (!clean.has_filename()) clean = clean.parent_path();
        auto tmp = clean;
        tmp += kMaking + std::to_string(::getpid());
        JC_CHECK(makeDirectories(clean.parent_path()));
        if (isNetworkFileSystem(clean.parent_path()))
            return fail(ErrorCode::Refused, "a workspace cannot lie on a network file system, where locks and databases are not safe",
                        "network_file_system");
        std::filesystem::remove_all(tmp, ec);
        removeDeadTwins(clean);
        JC_CHECK(makeDirectories(tmp, 0700));
        if (!mayHold.empty() && std::filesystem::exists(clean / mayHold, ec))
            std::filesystem::copy(clean / mayHold, tmp / mayHold, std::filesystem::copy_options::recursive, ec);
        if (ec) return tl::unexpected(errnoError(ec.value(), true, "cannot take over what stands in the folder"));
        return NewFolder(std::move(tmp), std::move(clean), mayHold);
    }
    NewFolder(NewFolder&& o) noexcept : m_tmp(std::move(o.m_tmp)), m_target(std::move(o.m_target)), m_taken(std::move(o.m_taken))
    {
        o.m_tmp.clear();
    }
    NewFolder& operator=(NewFolder&&) = delete;
    ~NewFolder()
    {
        std::error_code ec;
        if (!m_tmp.empty()) std::filesystem::remove_all(m_tmp, ec);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return m_tmp; }
    Result<void> finish()
    {
        JC_CHECK(syncDirectory(m_tmp));
        std::error_code ec;
        if (!m_taken.empty() && std::filesystem::exists(m_target / m_taken, ec)) {
            JC_CHECK(exchange());
        } else if (::rename(m_tmp.c_str(), m_target.c_str()) != 0) { // onto nothing or an empty folder; onto anything else it fails
            if (errno == ENOTEMPTY || errno == EEXIST) return existsNow();
            return tl::unexpected(errnoError(errno, true, "cannot put the new workspace in place"));
        }
        m_tmp.clear();
        return syncDirectory(m_target.parent_path());
    }

private:
    static constexpr const char* kMaking = ".making-";
    static Result<void> existsNow() { return fail(ErrorCode::Refused, "another program has just made something in this folder", "exists"); }
    /// Both folders change places in one step, so that what is taken over is in its place at every moment.
    Result<void> exchange()
    {
        std::error_code ec;
        const auto swap = [&] { return ::renameat2(AT_FDCWD, m_tmp.c_str(), AT_FDCWD, m_target.c_str(), RENAME_EXCHANGE) == 0; };
        if (swap()) {
            bool expected = true;
            for (const auto& e : std::filesystem::directory_iterator(m_tmp, ec))
                expected = expected && e.path().filename() == m_taken;
            if (!expected) return swap() ? existsNow() : tl::unexpected(errnoError(errno, true, "cannot put the new workspace in place"));
            std::filesystem::remove_all(m_tmp, ec);
            return {};
        }
        // A file system that cannot: as near to one step as it gets.
        std::filesystem::remove_all(m_target / m_taken, ec);
        if (::rename(m_tmp.c_str(), m_target.c_str()) != 0)
            return tl::unexpected(errnoError(errno, true, "cannot put the new workspace in place"));
        return {};
    }
    /// Twins of programs that were killed while they made the same folder.
    static void removeDeadTwins(const std::filesystem::path& target) noexcept
    {
        const std::string prefix = target.filename().string() + kMaking;
        std::error_code ec;
        for (std::filesystem::directory_iterator it(target.parent_path(), ec), end; !ec && it != end; it.increment(ec)) {
            const std::string name = it->path().filename().string();
            if (!name.starts_with(prefix)) continue;
            pid_t process = 0;
            const auto [to, bad] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), process);
            if (bad != std::errc{} || process <= 0 || to != name.data() + name.size()) continue;
            std::error_code ignored;
            if (::kill(process, 0) != 0 && errno == ESRCH) std::filesystem::remove_all(it->path(), ignored);
        }
    }
    NewFolder(std::filesystem::path tmp, std::filesystem::path target, std::string taken)
        : m_tmp(std::move(tmp)), m_target(std::move(target)), m_taken(std::move(taken))
    {
    }
    std::filesystem::path m_tmp, m_target;
    std::string m_taken;
};

} // namespace jc::service
