// SPDX-License-Identifier: Apache-2.0
#include "progress_line.h"

#include "base/file.h"
#include "base/text.h"

#include <cstdlib>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace jc::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};

std::string clockTime(std::uint64_t seconds)
{
    const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60);
}

} // namespace

ProgressLine::ProgressLine(Language language) : m_language(language)
{
    const char* kind = std::getenv("TERM");
    m_terminal = ::isatty(STDERR_FILENO) == 1 && !(kind && std::string_view(kind) == "dumb");
}

void ProgressLine::update(std::string_view stage, std::uint64_t bytesDone, std::uint64_t bytesTotal, std::uint64_t itemsDone,
                          std::uint64_t itemsTotal)
{
    if (!m_terminal) return;
    const std::lock_guard lock(m_mutex);
    const Time now = std::chrono::steady_clock::now();
    if (stage != m_stage) {
        m_stage = stage;
        m_begin = now;
        m_last = {};
    }
    if (now - m_last < kInterval) return;
    m_last = now;
    const double seconds = std::chrono::duration<double>(now - m_begin).count();
    const std::uint64_t done = bytesTotal ? bytesDone : itemsDone, total = bytesTotal ? bytesTotal : itemsTotal;
    std::string out(stageText(stage).in(m_language));
    if (total)
        out += " " +
               std::to_string(static_cast<std::uint64_t>(static_cast<double>(std::min(done, total)) * 100.0 / static_cast<double>(total))) +
               " %";
    if (itemsTotal) out += " · " + std::to_string(itemsDone) + "/" + std::to_string(itemsTotal);
    if (bytesDone && seconds > 0.5)
        out += " · " + std::to_string(static_cast<std::uint64_t>(static_cast<double>(bytesDone) / seconds / 1e6)) + " MB/s";
    if (total && done && done < total && seconds > 1.0)
        out += " · " + clockTime(static_cast<std::uint64_t>(seconds / static_cast<double>(done) * static_cast<double>(total - done)));
    winsize size{};
    // Each byte of UTF-8 is at most one cell, so a cut by bytes never wraps.
    const std::size_t width = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
    const std::string line = "\r\x1b[K" + std::string(cutUtf8(out, width));
    if (writeAll(STDERR_FILENO, asBytes(line), "standard error")) m_drawn = true;
}

void ProgressLine::clear()
{
    const std::lock_guard lock(m_mutex);
    if (m_drawn) (void)writeAll(STDERR_FILENO, asBytes(std::string_view("\r\x1b[K")), "standard error");
    m_drawn = false;
}

} // namespace jc::cli
