// SPDX-License-Identifier: Apache-2.0
#pragma once
// The verdict: five checks, each with a reason, and one word (formats.md §8; architecture §2.5). Pure over its inputs. Table:
// docs/reference/verdicts.md
#include "receipt/receipt.h"
#include "verdict/trusted_ledger.h"

#include <array>

namespace jc::verdict {

enum class CheckId : std::uint8_t { Identity, Content, Time, Ledger, Provenance }; ///< 存证主体 哈希一致 时间在先 账本完整 上链前来源
enum class Outcome : std::uint8_t { Pass, Fail, Undetermined, NotApplicable, Listed };
enum class Word : std::uint8_t { Consistent, Inconsistent, Undetermined }; ///< 核验一致 核验不一致 无法核验
enum class Cause : std::uint8_t { None, File, Receipt, Ledger, Identity, Time, Trust, Nothing };
[[nodiscard]] std::string_view toString(CheckId) noexcept; ///< "identity" …
[[nodiscard]] std::string_view toString(Outcome) noexcept; ///< "pass" … "not_applicable" …
[[nodiscard]] std::string_view toString(Word) noexcept;    ///< "consistent" …
[[nodiscard]] std::string_view toString(Cause) noexcept;   ///< "" for None

struct CheckResult {
    CheckId id{};
    Outcome outcome = Outcome::Undetermined;
    std::string reason; ///< stable lower_snake code, one table in docs/reference/verdicts.md
    std::string detail; ///< facts for the sentence: digests, names, times; plain text
};

/// What was measured of the file at hand. digests: at least those that the descriptor has, else content is undetermined for the missing
/// ones.
struct FileFacts {
    std::string name; ///< raw bytes of the last path component
    std::uint64_t size = 0;
    std::vector<crypto::DigestValue> digests;
};
struct Context {
    UnixMs now{}; ///< for freshness notes only: never turns a proven past into a failure
};
struct Verdict {
    Word word = Word::Undetermined;
    Cause cause = Cause::Nothing;
    std::array<CheckResult, 5> checks;
    std::vector<std::string> notes;   ///< reason codes that change nothing: "name_differs", "certificate_expired_since",
                                      ///< "revocations_known_to_size", "revoked_later", "no_token_yet", …
    std::string number;               ///< recomputed evidence number; empty if not provable
    std::optional<UnixMs> anchoredAt; ///< existed by: (f+1)-th smallest cosignature time
    std::optional<UnixMs> tokenTime;
    std::optional<UnixMs> notBefore;  ///< ledger time of the entry
    std::vector<std::string> signers; ///< court keys whose cosignature counted
    std::string signerName;           ///< common name of the filer's certificate
    std::string tokenAuthority;
    std::uint64_t trustSize = 0;
    UnixMs trustTime = 0;
    std::optional<record::ItemDescriptor> descriptor; ///< once authenticated or at least parsed
};

/// Remembers what was already proved: checkpoints, certificate paths, whole filing parts. Thread-safe, bounded. One per TrustedLedger.
class Cache {
public:
    Cache();
    ~Cache();
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;
    struct Impl;
    Impl& impl() noexcept { return *m_impl; }

private:
    std::unique_ptr<Impl> m_impl;
};

/// file null = receipt alone: identity, time and ledger are answered, content is not_applicable and the word is undetermined (cause
/// nothing).
[[nodiscard]] Verdict judge(const FileFacts* file, const receipt::Receipt& receipt, const TrustedLedger& trust, const Context& context,
                            Cache* cache = nullptr);
/// The same from raw .jcr text, reusing everything a filing shares (≥ 50,000/s per core for items of an already verified filing). Errors:
/// Malformed.
[[nodiscard]] Result<Verdict> judgeText(const FileFacts* file, std::string_view receiptJson, const TrustedLedger& trust,
                                        const Context& context, Cache& cache);
/// No receipt, no file, or nothing at all: an honest empty verdict.
[[nodiscard]] Verdict nothingVerified(std::string reason);
/// The word and cause that five outcomes make; exposed for the table test.
[[nodiscard]] std::pair<Word, Cause> conclude(const std::array<CheckResult, 5>& checks);

} // namespace jc::verdict
