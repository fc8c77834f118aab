// SPDX-License-Identifier: Apache-2.0
#pragma once
// Case numbers (案号, 法〔2015〕137号 and 法〔2018〕335号), court keys and evidence numbers (统一证据编号, docs/formats/numbers.md). Pure.
#include "base/bytes.h"
#include "base/clock.h"

#include <optional>

namespace jc::record {

struct CaseNumber {
    int year = 0;
    std::string court;     ///< 法院代字 "辽06", "最高法"
    std::string special;   ///< 专门审判代字 "知", mostly empty
    std::string type;      ///< 类型代字 "民初"
    std::string serial;    ///< "123"
    bool oldStyle = false; ///< before 2016: (2015)海行民初字第5号; then only text is normalised
    std::string text;      ///< full-width brackets, normalised: the stored form
    friend bool operator==(const CaseNumber&, const CaseNumber&) = default;
};
/// Accepts half- and full-width brackets and digits, spaces around. Errors: Malformed with a hint that says what to type instead.
[[nodiscard]] Result<CaseNumber> parseCaseNumber(std::string_view text);
/// 法院代字 → 6-character court key by the division codes ("辽06" → "210600", "辽" → "210000", "最高法" → "000000"); nullopt when unknown.
[[nodiscard]] std::optional<std::string> courtKeyOf(std::string_view courtCode);
[[nodiscard]] bool isValidCourtKey(std::string_view key) noexcept; ///< 6 of [0-9A-Z]

/// First 4 characters of the Crockford base32 of L.
[[nodiscard]] std::string ledgerTag(const LedgerId& id);
struct EvidenceNumber {
    std::string court; ///< court key
    std::string tag;
    int year = 0;              ///< of ledger time, UTC+8
    std::uint64_t index = 0;   ///< entry index, from 0
    std::uint64_t ordinal = 0; ///< item, from 1
    friend bool operator==(const EvidenceNumber&, const EvidenceNumber&) = default;
};
/// "JC210600-7QZK-2026-18204-3-72": two check digits by ISO 7064 MOD 97-10 over the upper-case characters without hyphens.
[[nodiscard]] std::string toString(const EvidenceNumber& n);
/// Accepts lower case, spaces around, full-width hyphens; the check digits must hold. Errors: Malformed (says which part, or that a digit
/// was mistyped).
[[nodiscard]] Result<EvidenceNumber> parseEvidenceNumber(std::string_view text);

} // namespace jc::record
