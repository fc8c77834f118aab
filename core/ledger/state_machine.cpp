// SPDX-License-Identifier: Apache-2.0
#include "ledger/state_machine.h"

namespace jc::ledger {
using record::ResultCode;
namespace {
/// Entries of the block being applied, which storage does not know yet.
struct BlockLookup {
    std::map<std::pair<Uuid, SignerId>, std::pair<std::uint64_t, Bytes>> records;
    std::vector<merkle::LeafHash> leaves;
    std::uint64_t first = 0;
};

Result<ResultCode> judge(const LedgerState& state, const PreparedRecord& r, UnixMs ledgerTime, EntryLookup& lookup,
                         const BlockLookup* block)
{
    const auto code = state.control->authorise(r.record, r.signedRecord.scheme, r.signedRecord.signer, ledgerTime);
    if (code != ResultCode::Ok) return code;
    if (const auto* renewal = std::get_if<record::Renewal>(&r.record.body)) {
        const std::uint64_t i = renewal->entryIndex;
        merkle::LeafHash leaf;
        if (i >= state.tree.size()) return ResultCode::UnknownEntry;
        if (block && i >= block->first) {
            leaf = block->leaves[i - block->first];
        } else {
            JC_TRY(leaf, lookup.leafHash(i));
        }
        if (leaf != renewal->entryHash) return ResultCode::EntryDiffers;
    }
    bool valid = false;
    if (r.signatureValid) {
        valid = *r.signatureValid;
    } else if (const auto* key = state.control->keyOf(r.signedRecord.signer)) {
        valid = record::verifyRecord(r.signedRecord, state.control->ledger(), *key);
    }
    return valid ? ResultCode::Ok : ResultCode::BadSignature;
}

/// Ok + existed when the same record stands there already; IdConflict when another one has its name; nullopt when the name is free.
Result<std::optional<TxResult>> findExisting(const PreparedRecord& r, EntryLookup& lookup, const BlockLookup* block)
{
    std::uint64_t index = 0;
    Bytes bytes;
    bool found = false;
    if (block) {
        if (const auto it = block->records.find({r.record.id, r.signedRecord.signer}); it != block->records.end()) {
            index = it->second.first;
            bytes = it->second.second;
            found = true;
        }
    }
    if (!found) {
        JC_TRY(const auto at, lookup.find(r.signedRecord.signer, r.record.id));
        if (!at) return std::optional<TxResult>{};
        index = *at;
        JC_TRY(bytes, lookup.recordBytes(index));
    }
    if (bytes != r.signedRecord.record) return std::optional(TxResult{ResultCode::IdConflict, 0, false});
    return std::optional(TxResult{ResultCode::Ok, index, true});
}
} // namespace

Result<PreparedRecord> prepareRecord(record::SignedRecord s)
{
    PreparedRecord p;
    JC_TRY(p.record, record::decodeRecord(s.record));
    p.signedRecord = std::move(s);
    return p;
}
Result<PreparedRecord> prepareRecord(ByteView bytes)
{
    JC_TRY(auto s, record::decodeSignedRecord(bytes));
    return prepareRecord(std::move(s));
}

Result<Genesis> genesis(const std::vector<Bytes>& cards, const record::CharterEntry& charter, UnixMs ledgerTime)
{
    JC_TRY(auto control, record::ControlState::fromCharter(cards, charter));
    Genesis g;
    record::LedgerEntry e;
    e.body = charter;
    e.ledgerTime = ledgerTime;
    e.height = 1;
    g.entry.body = record::encode(e);
    if (g.entry.body.size() > record::kMaxControlEntry) return fail(ErrorCode::Malformed, "the charter is too large", "charter_malformed");
    g.entry.leaf = merkle::hashLeaf(g.entry.body);
    g.entry.control = true;
    g.state.control = std::make_shared<const record::ControlState>(std::move(control));
    g.state.tree.append(g.entry.leaf);
    g.state.controlHead = record::nextControlHead({}, g.entry.leaf);
    g.state.controlCount = 1;
    g.state.height = 1;
    g.state.lastTime = ledgerTime;
    return g;
}

Result<std::vector<TxResult>> applyBlock(LedgerState& state, std::vector<PreparedRecord>& records, std::uint64_t height, UnixMs ledgerTime,
                                         EntryLookup& lookup, std::vector<NewEntry>& out)
{
    if (height != state.height + 1 || ledgerTime <= state.lastTime)
        return fail(ErrorCode::InvalidArgument, "blocks must follow each other in height and time");
    std::vector<TxResult> results;
    results.reserve(records.size());
    std::shared_ptr<record::ControlState> own; // copied once a block, at its first control entry
    BlockLookup block;
    block.first = state.tree.size();
    for (auto& r : records) {
        JC_TRY(const auto existing, findExisting(r, lookup, &block));
        if (existing) {
            results.push_back(*existing);
            continue;
        }
        JC_TRY(const auto code, judge(state, r, ledgerTime, lookup, &block));
        if (code != ResultCode::Ok) {
            results.push_back({code, 0, false});
            continue;
        }
        const bool control = record::isControl(r.record.body);
        record::LedgerEntry e;
        e.body = r.signedRecord;
        e.ledgerTime = ledgerTime;
        e.height = height;
        e.epoch = state.epoch;
        e.controlHead = state.controlHead;
        NewEntry n;
        n.body = record::encode(e);
        if (n.body.size() > record::kMaxEntry) {
            results.push_back({ResultCode::TooLarge, 0, false});
            continue;
        }
        n.leaf = merkle::hashLeaf(n.body);
        n.signer = r.signedRecord.signer;
        n.id = r.record.id;
        n.control = control;
        n.hasRecord = true;
        const std::uint64_t index = state.tree.size();
        if (control) {
            if (!own) state.control = own = std::make_shared<record::ControlState>(*state.control);
            own->apply(r.record, r.signedRecord.signer, ledgerTime, state.controlCount);
            state.controlHead = record::nextControlHead(state.controlHead, n.leaf);
            ++state.controlCount;
        }
        state.tree.append(n.leaf);
        block.leaves.push_back(n.leaf);
        block.records.emplace(std::pair(n.id, n.signer), std::pair(index, r.signedRecord.record));
        results.push_back({ResultCode::Ok, index, false});
        out.push_back(std::move(n));
    }
    state.height = height;
    state.lastTime = ledgerTime;
    return results;
}

Result<ResultCode> checkRecord(const LedgerState& state, const PreparedRecord& r, UnixMs ledgerTime, EntryLookup& lookup)
{
    JC_TRY(const auto existing, findExisting(r, lookup, nullptr));
    if (existing) return existing->code;
    return judge(state, r, ledgerTime, lookup, nullptr);
}
} // namespace jc::ledger
