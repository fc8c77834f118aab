// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include "base/file.h"
#include "stopping.h"

#include <termios.h>
#include <unistd.h>

namespace jc::cli {
namespace {

std::optional<std::string> readLine()
{
    std::string out;
    char c = 0;
    for (;;) {
        // A signal ends the wait: whoever pressed Ctrl-C does not want to be asked any more.
        const ssize_t n = ::read(STDIN_FILENO, &c, 1);
        if (n < 0) return std::nullopt;
        if (n == 0 && out.empty()) return std::nullopt;
        if (n == 0 || c == '\n') return out;
        if (c != '\r' && out.size() < 1024) out += c;
    }
}

} // namespace

bool canAsk() noexcept
{
    return ::isatty(STDIN_FILENO) == 1;
}

std::optional<std::string> askSecret(std::string_view prompt)
{
    termios before{};
    if (!canAsk() || tcgetattr(STDIN_FILENO, &before) != 0) return std::nullopt;
    static termios restore; // outlives this call: a signal handler may read it
    restore = before;
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    Stopping::restoreTerminalOnEnd(&restore);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0) {
        Stopping::restoreTerminalOnEnd(nullptr);
        return std::nullopt;
    }
    (void)writeAll(STDERR_FILENO, asBytes(prompt), "standard error");
    auto answer = readLine();
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    Stopping::restoreTerminalOnEnd(nullptr);
    (void)writeAll(STDERR_FILENO, asBytes(std::string_view("\n")), "standard error");
    return answer;
}

std::optional<std::string> askLine(std::string_view prompt)
{
    if (!canAsk()) return std::nullopt;
    (void)writeAll(STDERR_FILENO, asBytes(prompt), "standard error");
    return readLine();
}

} // namespace jc::cli
