// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"
#include "record/codec.h"

namespace jc::record {
namespace {
using std::string_view_literals::operator""sv;
// The trailing NUL is part of each label; the sv literal keeps it.
constexpr std::string_view kRecordLabel = "judicial-chain/record/v1\0"sv;
constexpr std::string_view kCharterLabel = "judicial-chain/charter/v1\0"sv;
static_assert(kRecordLabel.size() == 25 && kCharterLabel.size() == 26);
} // namespace

Bytes recordSigningInput(const LedgerId& ledger, crypto::Scheme scheme, const SignerId& signer, ByteView record)
{
    Bytes out;
    out.reserve(kRecordLabel.size() + 32 + 1 + 32 + 4 + record.size());
    append(out, kRecordLabel);
    append(out, ledger.bytes());
    out.push_back(static_cast<std::uint8_t>(scheme));
    append(out, signer.bytes());
    appendU32(out, static_cast<std::uint32_t>(record.size()));
    append(out, record);
    return out;
}

Result<SignedRecord> signRecord(const Record& record, const LedgerId& ledger, const SignerId& signer, const crypto::PrivateKey& key)
{
    SignedRecord out;
    out.record = encode(record);
    // Nobody may put a name to bytes that every ledger would refuse.
    if (auto checked = decodeRecord(out.record); !checked) {
        return fail(ErrorCode::InvalidArgument, "This record cannot be signed: " + checked.error().detail);
    }
    out.scheme = key.scheme();
    out.signer = signer;
    JC_TRY(out.signature, key.sign(recordSigningInput(ledger, out.scheme, signer, out.record)));
    return out;
}

bool verifyRecord(const SignedRecord& record, const LedgerId& ledger, const crypto::PublicKey& key)
{
    return key.scheme() == record.scheme &&
           key.verify(recordSigningInput(ledger, record.scheme, record.signer, record.record), record.signature);
}

Bytes charterSigningInput(ByteView core)
{
    Bytes out;
    out.reserve(kCharterLabel.size() + core.size());
    append(out, kCharterLabel);
    append(out, core);
    return out;
}

LedgerId ledgerId(ByteView core)
{
    return crypto::sha256(core).as<LedgerId>();
}

std::string logOrigin(const CharterCore& core, const LedgerId& id)
{
    return core.name + "/" + toHex(id.bytes().first<8>());
}
std::string cosignerName(const std::string& origin, const std::string& courtKey)
{
    return origin + "/cosigner/" + courtKey;
}
std::string custodyOrigin(const std::string& origin, const std::string& courtKey)
{
    return origin + "/custody/" + courtKey;
}
std::string witnessName(const std::string& ledgerName, const std::string& courtKey)
{
    return ledgerName + "/witness/" + courtKey;
}

Result<merkle::RootHash> cardsRoot(const std::vector<CourtCard>& cards)
{
    merkle::CompactTree tree;
    const std::string* last = nullptr;
    for (const auto& card : cards) {
        if (last != nullptr && !(*last < card.courtKey)) {
            return fail(ErrorCode::InvalidArgument, "Court cards must be in ascending order of court key, each court once.");
        }
        last = &card.courtKey;
        tree.append(merkle::hashLeaf(encode(card)));
    }
    return tree.root();
}

bool isValidLedgerName(std::string_view name) noexcept
{
    if (name.empty() || name.size() > 63) return false;
    for (const char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-')) return false;
    }
    return true;
}
} // namespace jc::record
