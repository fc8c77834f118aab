// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "record/numbers.h"
#include "service/layout.h"
#include "service/use_cases.h"

namespace jc::service {
namespace {
Result<CaseItem> itemInfo(Workspace& w, const archive::Filing& f, const archive::Item& i)
{
    auto d = record::decodeItemDescriptor(i.descriptor);
    if (!d) return fail(ErrorCode::Damaged, "a stored item cannot be read any more; run `jchain audit --deep`", "archive_row_changed");
    CaseItem c;
    c.path = i.sourcePath;
    c.caseNumber = f.caseNumber;
    c.name = d->name;
    c.size = i.size;
    c.filedAt = f.created;
    c.number = evidenceNumber(w, f, i.ordinal);
    c.state = !f.refused.empty()  ? ItemState::Refused
              : f.index           ? ItemState::Anchored
              : !f.tokens.empty() ? ItemState::Timestamped
                                  : ItemState::Queued;
    if (!f.refused.empty()) {
        c.error = f.refused;
        c.errorCode = ErrorCode::Refused;
    }
    for (const auto& v : d->digests) {
        auto& to = v.algorithm == crypto::DigestAlgorithm::Sha256 ? c.sha256
                   : v.algorithm == crypto::DigestAlgorithm::Sm3  ? c.sm3
                                                                  : c.sha512;
        to = toHex(v.value);
    }
    if (!i.receiptPath.empty() && f.index) c.receipt = i.receiptPath;
    return c;
}
struct Found {
    archive::Filing filing;
    archive::Item item;
};
Result<Found> findByNumber(Workspace& w, std::string_view text)
{
    JC_TRY(const auto n, record::parseEvidenceNumber(text));
    if (n.court != w.config().courtKey || n.tag != record::ledgerTag(w.ledger().id()))
        return fail(ErrorCode::NotFound, "this evidence number belongs to another court's ledger", "other_ledger");
    JC_TRY(auto f, w.archive().filingByIndex(n.index));
    if (!f || evidenceNumber(w, *f, n.ordinal) != record::toString(n))
        return fail(ErrorCode::NotFound, "no evidence of this number is on file here", "number_unknown");
    JC_TRY(auto i, w.archive().item(f->id, n.ordinal));
    if (!i) return fail(ErrorCode::NotFound, "no evidence of this number is on file here", "number_unknown");
    return Found{std::move(*f), std::move(*i)};
}
} // namespace

Result<std::vector<CaseItem>> caseItems(Workspace& w, std::string_view caseNumber)
{
    JC_TRY(const auto n, record::parseCaseNumber(caseNumber));
    JC_TRY(const auto row, w.archive().findCase(n.text));
    if (!row)
        return fail(ErrorCode::NotFound, "there is no case " + n.text + " here; `jchain case list` shows those there are", "case_unknown");
    JC_TRY(const auto items, w.archive().caseItems(row->id));
    std::vector<CaseItem> out;
    std::map<Uuid, archive::Filing> filings;
    for (const auto& i : items) {
        auto it = filings.find(i.filing);
        if (it == filings.end()) {
            JC_TRY(auto f, w.archive().filing(i.filing));
            it = filings.emplace(i.filing, std::move(f)).first;
        }
        JC_TRY(auto c, itemInfo(w, it->second, i));
        out.push_back(std::move(c));
    }
    return out;
}

Result<std::vector<CaseItem>> itemsByDigest(Workspace& w, std::string_view hex)
{
    JC_TRY(const Bytes raw, fromHex(hex));
    std::vector<CaseItem> out;
    if (raw.size() != 32 && raw.size() != 64)
        return fail(ErrorCode::Malformed, "a digest has 64 hexadecimal digits (SHA-256 or SM3) or 128 (SHA-512)", "digest_length");
    std::vector<archive::Item> hits;
    if (raw.size() == 32) {
        JC_TRY(const auto d, Sha256Digest::parse(raw));
        JC_TRY(hits, w.archive().itemsByDigest(d));
    }
    if (hits.empty()) {
        // SM3 and SHA-512 stand in the descriptors only.
        JC_TRY(const auto filings, w.archive().allFilings());
        for (const auto& f : filings) {
            JC_TRY(const auto items, w.archive().items(f.id));
            for (const auto& i : items)
                if (const auto d = record::decodeItemDescriptor(i.descriptor))
                    for (const auto& v : d->digests)
                        if (v.value == raw) hits.push_back(i);
        }
    }
    for (const auto& i : hits) {
        JC_TRY(const auto f, w.archive().filing(i.filing));
        JC_TRY(auto c, itemInfo(w, f, i));
        out.push_back(std::move(c));
    }
    return out;
}

Result<CaseItem> itemByNumber(Workspace& w, std::string_view number)
{
    JC_TRY(const auto hit, findByNumber(w, number));
    return itemInfo(w, hit.filing, hit.item);
}

Result<std::string> receiptText(Workspace& w, std::string_view number)
{
    JC_TRY(const auto hit, findByNumber(w, number));
    JC_TRY(const auto part, filingPart(hit.filing));
    JC_TRY(const auto items, w.archive().items(hit.filing.id));
    const ItemProofs proofs(hit.filing, items);
    return receipt::serializeWith(evidenceNumber(w, hit.filing, hit.item.ordinal), proofs.part(hit.item),
                                  receipt::serializeFilingPart(part));
}

Result<std::vector<ExportedReceipt>> exportReceipts(Workspace& w, std::string_view numberOrCase, bool isCase,
                                                    const std::filesystem::path& dir)
{
    std::vector<Found> wanted;
    if (isCase) {
        JC_TRY(const auto n, record::parseCaseNumber(numberOrCase));
        JC_TRY(const auto row, w.archive().findCase(n.text));
        if (!row) return fail(ErrorCode::NotFound, "there is no case " + n.text + " here", "case_unknown");
        JC_TRY(const auto items, w.archive().caseItems(row->id));
        for (const auto& i : items) {
            JC_TRY(auto f, w.archive().filing(i.filing));
            wanted.push_back({std::move(f), i});
        }
    } else {
        JC_TRY(auto hit, findByNumber(w, numberOrCase));
        wanted.push_back(std::move(hit));
    }
    JC_CHECK(makeDirectories(dir));
    removeDeadTemporaries(dir);
    std::vector<ExportedReceipt> out;
    std::vector<record::CustodyEvent> events;
    std::map<Uuid, std::pair<ItemProofs, std::string>> shared;
    for (const auto& [f, i] : wanted) {
        ExportedReceipt e;
        e.number = evidenceNumber(w, f, i.ordinal);
        if (!f.index) {
            e.error = f.refused.empty() ? "not_anchored" : f.refused;
            out.push_back(std::move(e));
            continue;
        }
        auto it = shared.find(f.id);
        if (it == shared.end()) {
            JC_TRY(const auto part, filingPart(f));
            JC_TRY(const auto items, w.archive().items(f.id));
            it = shared.emplace(f.id, std::pair(ItemProofs(f, items), receipt::serializeFilingPart(part))).first;
        }
        const std::string text = receipt::serializeWith(e.number, it->second.first.part(i), it->second.second);
        const std::string raw = std::filesystem::path(i.sourcePath).filename().string();
        std::error_code ec;
        for (unsigned n = 1;; ++n) {
            e.file = std::filesystem::absolute(dir, ec).lexically_normal() / receiptFileName(raw, i.sha256.hex(), n);
            if (!std::filesystem::exists(std::filesystem::symlink_status(e.file, ec))) break;
            const auto there = readFile(e.file, receipt::kMaxReceipt);
            const auto view =
                there ? receipt::parseReceiptView(asText(*there)) : Result<receipt::ReceiptView>(fail(ErrorCode::Malformed, ""));
            if (view && view->number == e.number) break;
        }
        JC_CHECK(writeFileAtomic(e.file, asBytes(text)));
        auto event = w.makeEvent(record::EventKind::Exported);
        event.filing = f.id;
        event.ordinal = static_cast<std::uint32_t>(i.ordinal);
        event.number = e.number;
        event.caseNumber = f.caseNumber;
        event.detail = "receipt";
        events.push_back(std::move(event));
        out.push_back(std::move(e));
    }
    JC_CHECK(w.recordEvents(std::move(events)));
    return out;
}
} // namespace jc::service
