// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the program prints. Standard output is collected and written once, so that a full disk or a closed pipe is noticed; notes go to
// standard error at once.
#include "json.h"
#include "texts.h"

namespace jc::cli {

inline constexpr int kExitDone = 0, kExitBad = 1, kExitUndetermined = 2, kExitRefused = 3, kExitUsage = 64, kExitMalformed = 65,
                     kExitMissing = 66, kExitUnavailable = 69, kExitInternal = 70, kExitCannotWrite = 73, kExitWaiting = 75,
                     kExitIdentity = 77, kExitStopped = 130;
[[nodiscard]] int exitCode(ErrorCode code) noexcept;

class Console {
public:
    Console(Language language, bool json) : m_language(language), m_json(json) {}
    [[nodiscard]] bool json() const noexcept { return m_json; }
    [[nodiscard]] Language language() const noexcept { return m_language; }
    [[nodiscard]] std::string say(const Text& text) const { return std::string(text.in(m_language)); }
    [[nodiscard]] std::string say(const Text& text, std::initializer_list<std::string_view> values) const
    {
        return fill(text.in(m_language), values);
    }

    /// One line for people; nothing in JSON mode.
    void line(std::string_view s = {});
    /// "label   value", labels aligned.
    void field(const Text& label, std::string_view value);
    /// Standard error, at once, in both modes.
    void note(std::string_view s) const;
    /// The one document; nothing without --json.
    void document(const Json& json);
    /// Text as it is, in both modes (help, bench lines).
    void raw(std::string_view s) { m_out += s; }

    /// The sentence of a reason, else the plain detail.
    [[nodiscard]] std::string what(std::string_view scope, std::string_view reason, std::string_view detail) const;
    [[nodiscard]] std::string next(std::string_view scope, std::string_view reason) const; ///< "" when unknown
    /// For JSON "message" and one-line lists: the sentence and the detail.
    [[nodiscard]] std::string message(std::string_view scope, std::string_view reason, std::string_view detail) const;
    /// Reports an error in the right form and gives its exit code. Replaces what was collected.
    [[nodiscard]] int fail(const Error& error);
    /// Writes everything collected. False when it could not be written whole.
    [[nodiscard]] bool flush();

private:
    Language m_language;
    bool m_json;
    std::string m_out;
};

/// stable reason of an error: its own, else its code's name.
[[nodiscard]] std::string_view reasonOf(const Error& error) noexcept;
/// {"code","reason","message"}
[[nodiscard]] Json errorJson(const Console& console, ErrorCode code, std::string_view reason, std::string_view detail);
/// Adds "path", and "pathBytes" when the path is not UTF-8.
void setPath(Json& to, const std::filesystem::path& path);
/// Absolute and lexically normal; the path itself when that fails.
[[nodiscard]] std::filesystem::path absolutePath(const std::filesystem::path& path);
/// For JSON members other than "path": valid UTF-8.
[[nodiscard]] std::string pathText(const std::filesystem::path& path);
/// For the terminal: no control characters.
[[nodiscard]] std::string shown(const std::filesystem::path& path);
/// "2026-11-23 03:33:24 +08:00 (2026-11-22T19:33:24Z)"
[[nodiscard]] std::string shownTime(UnixMs t);
/// Filled with spaces to so many terminal cells (Chinese characters take two); at least one space.
[[nodiscard]] std::string padded(std::string_view s, std::size_t cells);
/// In groups of four.
[[nodiscard]] std::string grouped(std::string_view hex);

} // namespace jc::cli
