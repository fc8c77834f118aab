// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the rows of `jchain bench` share: a folder that goes away, programs without a shell, alternating repeats and their medians.
#include "context.h"

#include <functional>

namespace jc::cli::bench {

inline constexpr int kRepeats = 5;

/// A folder under the system's place for temporary files, removed with everything in it.
class Scratch {
public:
    [[nodiscard]] static Result<Scratch> make();
    Scratch(Scratch&& o) noexcept : m_dir(std::exchange(o.m_dir, {})) {}
    Scratch& operator=(Scratch&&) = delete;
    ~Scratch();
    [[nodiscard]] const std::filesystem::path& dir() const noexcept { return m_dir; }

private:
    explicit Scratch(std::filesystem::path dir) : m_dir(std::move(dir)) {}
    std::filesystem::path m_dir;
};

/// Starts a program by its argument list (found in PATH), output thrown away, and waits. Errors: Unavailable ("no_peer") when it cannot be
/// started or does not end with 0.
[[nodiscard]] Result<void> runProgramQuietly(const std::vector<std::string>& arguments);
/// This very program.
[[nodiscard]] std::string ownProgram();

/// Pseudo-random bytes, the same for the same seed.
[[nodiscard]] Bytes noise(std::size_t size, std::uint64_t seed);
[[nodiscard]] double secondsSince(std::chrono::steady_clock::time_point begin);

/// Gives units of work per second of one repeat.
using Measure = std::function<Result<double>(int repeat)>;
struct Row {
    std::string row, unit;
    double ours = 0;
    std::optional<double> peer;
    std::string peerName; ///< "" = none
    int repeats = 0;
};
/// Ours and the peer's take turns, so that other load on the machine meets both; medians.
[[nodiscard]] Result<Row> compare(std::string row, std::string unit, const Measure& ours, std::string peerName, const Measure& peer,
                                  const std::stop_token& stop);

struct RowSpec {
    std::string_view name, alias; ///< alias: its number in the table of goals
    Result<Row> (*run)(Context& c);
};
[[nodiscard]] std::span<const RowSpec> rows();

} // namespace jc::cli::bench
