// SPDX-License-Identifier: Apache-2.0
// Rows a1–a6 of the performance goals: hashing files, ours and the common tools side by side, each as a process of its own, alternating,
// medians. Prints one JSON line per row and peer: {"row","ours","peer","ratio","unit","repeats"}; ratio = ours/peer in the unit given.
// Peers not installed are left out.
#include "base/bytes.h"
#include "base/file.h"
#include "intake/intake.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace jc;

extern char** environ; // NOLINT(readability-redundant-declaration)

namespace {

struct Run {
    double seconds = 0;
    double megabytes = 0; ///< peak resident
};

/// Starts argv in `dir` with its output thrown away, and waits. nullopt = could not start or failed.
std::optional<Run> timed(const std::vector<std::string>& argv, const fs::path& dir)
{
    std::vector<char*> raw;
    raw.reserve(argv.size() + 1);
    for (const auto& a : argv)
        raw.push_back(const_cast<char*>(a.c_str()));
    raw.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, dir.c_str());
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    const auto start = std::chrono::steady_clock::now();
    pid_t child = 0;
    const int started = ::posix_spawnp(&child, raw[0], &actions, nullptr, raw.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (started != 0) return std::nullopt;
    int status = 0;
    rusage usage{};
    if (::wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return Run{took.count(), static_cast<double>(usage.ru_maxrss) / 1024.0};
}

double median(std::vector<double> v)
{
    std::sort(v.begin(), v.end());
    return v.size() % 2 != 0 ? v[v.size() / 2] : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
}

struct Data {
    fs::path dir;
    std::vector<std::string> names;
    double bytes = 0;
};

Data makeFiles(const fs::path& root, std::size_t count, std::size_t size)
{
    Data data;
    data.dir = root / std::to_string(count);
    fs::create_directories(data.dir);
    Bytes block(1U << 20U);
    std::uint64_t x = 88172645463325252ULL;
    const auto refill = [&] {
        for (std::size_t i = 0; i + 8 <= block.size(); i += 8) {
            x ^= x << 13U;
            x ^= x >> 7U;
            x ^= x << 17U;
            std::memcpy(block.data() + i, &x, 8);
        }
    };
    refill();
    for (std::size_t f = 0; f < count; ++f) {
        data.names.push_back(std::to_string(f));
        const Fd fd(::open((data.dir / data.names.back()).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        std::memcpy(block.data(), &f, sizeof f);
        for (std::size_t left = size; left > 0;) {
            const std::size_t n = std::min(left, block.size());
            if (!fd || !writeAll(fd.get(), ByteView(block).first(n), "bench data")) {
                std::cerr << "hash_bench: cannot write test data in " << data.dir << "\n";
                std::exit(73);
            }
            left -= n;
        }
    }
    ::sync(); // so that nothing is written back while the clock runs
    data.bytes = static_cast<double>(count) * static_cast<double>(size);
    return data;
}

void evict(const Data& data)
{
    for (const auto& name : data.names) {
        const Fd fd(::open((data.dir / name).c_str(), O_RDONLY | O_CLOEXEC));
        if (fd) ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
    }
}

struct Row {
    std::string id;
    std::vector<std::string> ours; ///< arguments of this program after --run
    std::vector<std::string> peer; ///< the names of the files are added
    std::string unit;              ///< "GB/s", "files/s" or "MiB"
    bool cold = false;
};

void measure(const Row& row, const Data& data, unsigned repeats)
{
    std::vector<std::string> ours{"/proc/self/exe", "--run"};
    std::array<char, 4096> self{};
    if (const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size() - 1); n > 0)
        ours[0] = std::string(self.data(), static_cast<std::size_t>(n));
    ours.insert(ours.end(), row.ours.begin(), row.ours.end());
    ours.push_back(data.dir.string());
    std::vector<std::string> peer = row.peer;
    peer.insert(peer.end(), data.names.begin(), data.names.end());
    std::vector<double> a;
    std::vector<double> b;
    const auto value = [&](const Run& run) {
        if (row.unit == "MiB") return run.megabytes;
        return (row.unit == "GB/s" ? data.bytes / 1e9 : static_cast<double>(data.names.size())) / run.seconds;
    };
    for (unsigned i = 0; i < repeats; ++i) {
        if (row.cold) evict(data);
        const auto mine = timed(ours, data.dir);
        if (!mine) {
            std::cerr << "hash_bench: " << row.id << " failed\n";
            std::exit(70);
        }
        if (row.cold) evict(data);
        const auto theirs = timed(peer, data.dir);
        if (!theirs) {
            std::cerr << "hash_bench: " << row.id << ": " << row.peer.front() << " is not installed, left out\n";
            return;
        }
        a.push_back(value(*mine));
        b.push_back(value(*theirs));
    }
    std::printf("{\"row\":\"%s\",\"ours\":%.3f,\"peer\":%.3f,\"ratio\":%.3f,\"unit\":\"%s\",\"repeats\":%u}\n", row.id.c_str(), median(a),
                median(b), median(a) / median(b), row.unit.c_str(), repeats);
    std::fflush(stdout);
}

/// The measured process: takes a folder in, as a filing or a verification does. args: sha256|both [seal] DIR
int run(const std::vector<std::string>& args)
{
    intake::Options options;
    options.digests.sm3 = args.front() == "both";
    const bool seal = args.size() == 3;
    const auto candidates = intake::walk({args.back()});
    std::unique_ptr<intake::VaultSession> session;
    const fs::path vaultDir = args.back() + ".vault";
    if (seal) {
        auto vault = intake::Vault::open(vaultDir);
        if (!vault) return 73;
        auto begun = vault->begin(0);
        if (!begun) return 73;
        session = std::move(*begun);
    }
    const auto items = intake::takeIn(candidates, options, session.get(), systemClock(), noProgress(), {});
    if (!items || items->empty()) return 70;
    for (const auto& item : *items) {
        if (item.outcome != intake::Outcome::Taken) return 66;
    }
    if (session && !session->commit()) return 73;
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() >= 3 && args[0] == "--run") return run({args.begin() + 1, args.end()});
    unsigned repeats = 5;
    std::size_t scale = 1;
    fs::path root = fs::temp_directory_path();
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < args.size(); ++i) {
        if (args[i] == "--quick") {
            scale = 8;
        } else if (args[i] == "--repeats" && i + 1 < args.size()) {
            repeats = static_cast<unsigned>(std::max(1, std::atoi(args[++i].c_str())));
        } else if (args[i] == "--dir" && i + 1 < args.size()) {
            root = args[++i];
        } else if (args[i].size() == 2 && args[i][0] == 'a') {
            rows.push_back(args[i]);
        } else {
            std::cerr << "usage: hash_bench [--quick] [--repeats N] [--dir DIR] [a1…a6]\n";
            return 64;
        }
    }
    const auto wanted = [&](const char* row) { return rows.empty() || std::find(rows.begin(), rows.end(), row) != rows.end(); };
    std::string pattern = (root / "jc-hash-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        std::cerr << "hash_bench: cannot create a folder in " << root << "\n";
        return 73;
    }
    root = pattern;

    if (wanted("a1") || wanted("a5") || wanted("a6")) {
        const Data big = makeFiles(root, 1, (std::size_t{4} << 30U) / scale);
        if (wanted("a1")) {
            measure({"a1-openssl", {"sha256"}, {"openssl", "dgst", "-sha256"}, "GB/s"}, big, repeats);
            measure({"a1-sha256sum", {"sha256"}, {"sha256sum"}, "GB/s"}, big, repeats);
        }
        if (wanted("a5")) measure({"a5-sm3-and-sha256", {"both"}, {"openssl", "dgst", "-sm3"}, "GB/s"}, big, repeats);
        if (wanted("a6")) measure({"a6-memory", {"both"}, {"openssl", "dgst", "-sha256"}, "MiB"}, big, 1);
        fs::remove_all(big.dir);
    }
    if (wanted("a2") || wanted("a4") || wanted("a6")) {
        const Data many = makeFiles(root, 20'000 / scale, 50'000);
        if (wanted("a2")) {
            measure({"a2-rhash", {"sha256"}, {"rhash", "--sha256"}, "files/s"}, many, repeats);
            measure({"a2-sha256sum", {"sha256"}, {"sha256sum"}, "files/s"}, many, repeats);
        }
        if (wanted("a4")) measure({"a4-cold", {"sha256"}, {"openssl", "dgst", "-sha256"}, "files/s", true}, many, repeats);
        if (wanted("a6")) measure({"a6-memory-many", {"both"}, {"openssl", "dgst", "-sha256"}, "MiB"}, many, 1);
        fs::remove_all(many.dir);
    }
    if (wanted("a3")) {
        const Data films = makeFiles(root, 200 / scale, 10'000'000);
        measure({"a3-openssl", {"sha256"}, {"openssl", "dgst", "-sha256"}, "GB/s"}, films, repeats);
        fs::remove_all(films.dir);
    }
    if (wanted("a5")) {
        // A filing as it is: both digests and durable sealed copies, against the slower digest alone. Each repeat is new content for the
        // vault.
        const Data small = makeFiles(root, 10'000 / scale, 10'000);
        measure({"a5-both-10kB", {"both"}, {"openssl", "dgst", "-sm3"}, "files/s"}, small, repeats);
        measure({"a5-both-sealed-10kB-new", {"both", "seal"}, {"openssl", "dgst", "-sm3"}, "files/s"}, small, 1);
        if (repeats > 1) measure({"a5-both-sealed-10kB-again", {"both", "seal"}, {"openssl", "dgst", "-sm3"}, "files/s"}, small, repeats);
    }
    fs::remove_all(root);
    return 0;
}
