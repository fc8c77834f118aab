// SPDX-License-Identifier: Apache-2.0
#pragma once
// The deterministic state machine (formats.md §3–§6): records in, entries out. Sees no clock, no randomness, no configuration; "same log,
// same state".
#include "merkle/tree.h"
#include "record/control_state.h"

#include <functional>
#include <unordered_map>

namespace jc::ledger {

/// What the state machine must know of entries already in the log. Errors are those of storage.
class EntryLookup {
public:
    virtual ~EntryLookup() = default;
    /// Index of the entry made by (signer, record id), if any.
    [[nodiscard]] virtual Result<std::optional<std::uint64_t>> find(const SignerId& signer, const Uuid& id) = 0;
    [[nodiscard]] virtual Result<merkle::LeafHash> leafHash(std::uint64_t index) = 0;
    [[nodiscard]] virtual Result<Bytes> recordBytes(std::uint64_t index) = 0; ///< Record bytes inside entry `index`
};

/// A signed record decoded once. Verification of the signature may have been done before, on another thread.
struct PreparedRecord {
    record::SignedRecord signedRecord;
    record::Record record;
    std::optional<bool> signatureValid; ///< unknown: the state machine checks
};
/// Errors: Malformed.
[[nodiscard]] Result<PreparedRecord> prepareRecord(ByteView signedRecordBytes);
[[nodiscard]] Result<PreparedRecord> prepareRecord(record::SignedRecord signedRecord);

struct TxResult {
    record::ResultCode code{};
    std::uint64_t index = 0; ///< of the entry, when Ok
    bool existed = false;    ///< the same record was there already
};
struct NewEntry {
    Bytes body;
    merkle::LeafHash leaf;
    SignerId signer; ///< of record entries
    Uuid id{};
    bool control = false;
    bool hasRecord = false;
};

/// Everything that follows from the log so far, but for stored lookups. Cheap to copy: a block works on a copy and replaces it when
/// durable.
struct LedgerState {
    std::shared_ptr<const record::ControlState> control;
    merkle::CompactTree tree;
    record::ControlHead controlHead;
    std::size_t controlCount = 0; ///< control entries so far; position of the next one
    std::uint64_t height = 0;
    UnixMs lastTime = 0;
    std::uint32_t epoch = 0;
};

/// The state after the charter, and entry 0. Errors: Malformed (ControlState::fromCharter).
struct Genesis {
    LedgerState state;
    NewEntry entry;
};
[[nodiscard]] Result<Genesis> genesis(const std::vector<Bytes>& cards, const record::CharterEntry& charter, UnixMs ledgerTime);

/// Applies one block: every record gets a result; accepted ones become entries that share `ledgerTime` and `height`.
/// Pre: height = state.height + 1, ledgerTime > state.lastTime. Leaves `state` as after the block. Errors: those of lookup; then `state` is
/// unspecified.
[[nodiscard]] Result<std::vector<TxResult>> applyBlock(LedgerState& state, std::vector<PreparedRecord>& records, std::uint64_t height,
                                                       UnixMs ledgerTime, EntryLookup& lookup, std::vector<NewEntry>& out);

/// The judgement of one record against a state at a time, without applying it (CheckTx, and early refusals). Signature checked.
[[nodiscard]] Result<record::ResultCode> checkRecord(const LedgerState& state, const PreparedRecord& record, UnixMs ledgerTime,
                                                     EntryLookup& lookup);

} // namespace jc::ledger
