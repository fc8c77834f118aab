// SPDX-License-Identifier: Apache-2.0
#pragma once
// A disk below SQLite that fails when told to. install() makes it SQLite's default for this process.
#include <cstdint>

namespace jc::test {

enum class Fault : std::uint8_t {
    NoSpace,    ///< the write fails whole
    ShortWrite, ///< half of it reaches the file, then the disk is full
    IoError,    ///< EIO of a write, a sync or a truncation
};
class FaultyDisk {
public:
    static void install();
    /// The n-th write, sync or truncation from now fails, counted from 1; with `lasting` all after it too.
    static void arm(std::uint64_t n, Fault fault, bool lasting);
    static void disarm();
    [[nodiscard]] static bool fired(); ///< since arm()
};

} // namespace jc::test
