// SPDX-License-Identifier: Apache-2.0
#pragma once
// The port behind which a ledger stands: embedded in this process, or (its own issue) a consortium of courts.
#include "base/progress.h"
#include "record/control_state.h"

#include <chrono>

namespace jc::ledger {

struct Submission {
    SignerId signer;
    Uuid id{}; ///< (signer, record id) names a record; submitting the same bytes again is the same submission
};
struct Anchored {
    std::uint64_t index = 0;
    Bytes entry;                        ///< LedgerEntry bytes
    std::vector<merkle::NodeHash> path; ///< to the checkpoint's size
    std::string checkpoint;             ///< signed note with the quorum's cosignatures
    std::uint64_t checkpointSize = 0;
};

/// Thread-safe.
class Ledger {
public:
    virtual ~Ledger() = default;
    /// Idempotent. Errors: Malformed; Refused with the result code's name as reason; Unavailable ("clock_back", "read_only" is Refused).
    [[nodiscard]] virtual Result<Submission> submit(const record::SignedRecord& record) = 0;
    /// Errors: Refused (the state machine said no), Unavailable (not within the timeout, or stopped by an I/O fault), NotFound (never
    /// submitted here), Cancelled.
    [[nodiscard]] virtual Result<Anchored> await(const Submission& submission, std::chrono::milliseconds timeout, std::stop_token stop) = 0;

    [[nodiscard]] virtual LedgerId id() const = 0;
    [[nodiscard]] virtual std::string origin() const = 0;
    [[nodiscard]] virtual std::string checkpoint() = 0; ///< newest signed note
    [[nodiscard]] virtual std::shared_ptr<const record::ControlState> members() = 0;
    [[nodiscard]] virtual std::uint64_t size() = 0; ///< of the newest checkpoint
    [[nodiscard]] virtual Result<Bytes> entry(std::uint64_t index) = 0;
    /// Inclusion of `index` at the newest checkpoint, together with it.
    [[nodiscard]] virtual Result<Anchored> proof(std::uint64_t index) = 0;
    [[nodiscard]] virtual Result<std::vector<merkle::NodeHash>> inclusion(std::uint64_t index, std::uint64_t size) = 0;
    [[nodiscard]] virtual Result<std::vector<merkle::NodeHash>> consistency(std::uint64_t oldSize, std::uint64_t newSize) = 0;
    /// Index of the entry of (signer, id), if anchored.
    [[nodiscard]] virtual Result<std::optional<std::uint64_t>> find(const Submission& submission) = 0;
    /// Control entries after the charter, in order: (index, entry bytes).
    [[nodiscard]] virtual Result<std::vector<std::pair<std::uint64_t, Bytes>>> controlEntries() = 0;
    /// Founders' cards, canonical, ascending court key.
    [[nodiscard]] virtual std::vector<Bytes> cards() = 0;
};

} // namespace jc::ledger
