// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ctrl-C: the first asks the running work to stop cleanly, the second ends the program. SIGTERM and SIGHUP count as Ctrl-C.
#include <stop_token>

struct termios;

namespace jc::cli {

class Stopping {
public:
    /// Installs the handlers and ignores SIGPIPE, so that a closed pipe is a write error. One per process.
    Stopping();
    ~Stopping();
    Stopping(const Stopping&) = delete;
    Stopping& operator=(const Stopping&) = delete;
    /// Starts the thread that hands a signal on to the token.
    [[nodiscard]] std::stop_token token();
    [[nodiscard]] bool asked() const noexcept;
    /// Until the next call, a program ended by a signal first gives the terminal these settings back. nullptr = nothing to give back.
    static void restoreTerminalOnEnd(const termios* settings) noexcept;

private:
    struct Impl;
    Impl* m_impl;
};

} // namespace jc::cli
