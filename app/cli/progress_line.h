// SPDX-License-Identifier: Apache-2.0
#pragma once
// One line on a terminal: stage, percent, speed, files, time left. At most ten times a second; nothing at all where standard error is no
// terminal.
#include "base/progress.h"
#include "texts.h"

#include <chrono>
#include <mutex>

namespace jc::cli {

class ProgressLine final : public ProgressSink {
public:
    explicit ProgressLine(Language language);
    ~ProgressLine() override { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    void update(std::string_view stage, std::uint64_t bytesDone, std::uint64_t bytesTotal, std::uint64_t itemsDone,
                std::uint64_t itemsTotal) override;
    void clear(); ///< before anything else is written to the terminal

private:
    using Time = std::chrono::steady_clock::time_point;
    std::mutex m_mutex;
    Language m_language;
    bool m_terminal = false, m_drawn = false;
    std::string m_stage;
    Time m_begin{}, m_last{};
};

} // namespace jc::cli
