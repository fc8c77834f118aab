// SPDX-License-Identifier: Apache-2.0
#include "stopping.h"

#include "base/file.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <termios.h>
#include <thread>
#include <unistd.h>

namespace jc::cli {
namespace {

// What a handler may touch: lock-free atomics, a pipe, and settings that were complete before it could see them.
std::atomic<int> g_signals{0};
std::atomic<int> g_pipe{-1};
std::atomic<const termios*> g_terminal{nullptr};

extern "C" void onSignal(int)
{
    const int savedErrno = errno;
    if (g_signals.fetch_add(1) > 0) {
        if (const termios* t = g_terminal.load()) (void)tcsetattr(STDIN_FILENO, TCSANOW, t);
        ::_exit(130); // lint-ok: the second Ctrl-C ends the program at once; handlers may call nothing else
    }
    const char byte = 's';
    if (const int fd = g_pipe.load(); fd >= 0) (void)!::write(fd, &byte, 1);
    errno = savedErrno;
}

void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    (void)sigaction(signal, &action, nullptr); // no SA_RESTART: a PIN prompt must notice
}

} // namespace

struct Stopping::Impl {
    Fd readEnd, writeEnd;
    std::stop_source source;
    std::thread watcher;
};

Stopping::Stopping() : m_impl(new Impl)
{
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) == 0) {
        m_impl->readEnd = Fd(ends[0]);
        m_impl->writeEnd = Fd(ends[1]);
        g_pipe.store(ends[1]);
    }
    handle(SIGPIPE, SIG_IGN);
    // A program started in the background with signals ignored stays deaf to them.
    for (const int s : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction old = {};
        if (sigaction(s, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) continue;
        handle(s, onSignal);
    }
}

Stopping::~Stopping()
{
    if (m_impl->watcher.joinable()) {
        const char byte = 'q';
        (void)!::write(m_impl->writeEnd.get(), &byte, 1);
        m_impl->watcher.join();
    }
    g_pipe.store(-1);
    delete m_impl;
}

std::stop_token Stopping::token()
{
    if (asked()) m_impl->source.request_stop();
    if (!m_impl->watcher.joinable() && m_impl->readEnd) {
        m_impl->watcher = std::thread([impl = m_impl] {
            char byte = 0;
            ssize_t n = 0;
            do
                n = ::read(impl->readEnd.get(), &byte, 1);
            while (n < 0 && errno == EINTR);
            if (n == 1 && byte == 's') impl->source.request_stop();
        });
    }
    return m_impl->source.get_token();
}

bool Stopping::asked() const noexcept
{
    return g_signals.load() > 0;
}
void Stopping::restoreTerminalOnEnd(const termios* settings) noexcept
{
    g_terminal.store(settings);
}

} // namespace jc::cli
