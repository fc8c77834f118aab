// SPDX-License-Identifier: Apache-2.0
#include "bench_measure.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace jc::cli::bench {

Result<Scratch> Scratch::make()
{
    std::error_code ec;
    auto base = std::filesystem::temp_directory_path(ec);
    if (ec) return fail(ErrorCode::CannotWrite, "there is no folder for temporary files");
    std::string pattern = (base / "jchain-bench-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) return tl::unexpected(errnoError(errno, true, "a temporary folder"));
    return Scratch(pattern);
}

Scratch::~Scratch()
{
    if (m_dir.empty()) return;
    std::error_code ec;
    std::filesystem::remove_all(m_dir, ec);
}

Result<void> runProgramQuietly(const std::vector<std::string>& arguments)
{
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const auto& a : arguments)
        argv.push_back(const_cast<char*>(a.c_str())); // the interface is C's; nothing is written
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return fail(ErrorCode::Unavailable, arguments.front() + " cannot be started", "no_peer");
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return fail(ErrorCode::Internal, "a program that was started is lost");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return fail(ErrorCode::Unavailable, arguments.front() + " failed", "no_peer");
    return {};
}

std::string ownProgram()
{
    std::error_code ec;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", ec);
    return ec ? "jchain" : path.string();
}

Bytes noise(std::size_t size, std::uint64_t seed)
{
    Bytes out(size);
    std::uint64_t x = seed * 0x9E3779B97F4A7C15ULL + 1;
    for (std::size_t i = 0; i < size; i += 8) {
        // xorshift: only has to be hard to compress and the same each time
        x ^= x << 13U;
        x ^= x >> 7U;
        x ^= x << 17U;
        std::memcpy(out.data() + i, &x, std::min<std::size_t>(8, size - i));
    }
    return out;
}

double secondsSince(std::chrono::steady_clock::time_point begin)
{
    return std::max(1e-9, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}

namespace {

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    const std::size_t n = values.size();
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

} // namespace

Result<Row> compare(std::string row, std::string unit, const Measure& ours, std::string peerName, const Measure& peer,
                    const std::stop_token& stop)
{
    std::vector<double> own, others;
    for (int i = 0; i < kRepeats; ++i) {
        if (stop.stop_requested()) return fail(ErrorCode::Cancelled, {});
        JC_TRY(const double a, ours(i));
        own.push_back(a);
        if (!peer) continue;
        JC_TRY(const double b, peer(i));
        others.push_back(b);
    }
    Row r{std::move(row), std::move(unit), median(std::move(own)), std::nullopt, std::move(peerName), kRepeats};
    if (!others.empty()) r.peer = median(std::move(others));
    return r;
}

} // namespace jc::cli::bench
