// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "record/numbers.h"
#include "service/layout.h"
#include "service/use_cases.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace jc::service {
std::string_view toString(ItemState s) noexcept
{
    switch (s) {
    case ItemState::Fixed:
        return "fixed";
    case ItemState::Timestamped:
        return "timestamped";
    case ItemState::Queued:
        return "queued";
    case ItemState::Anchored:
        return "anchored";
    case ItemState::Skipped:
        return "skipped";
    case ItemState::Refused:
        return "refused";
    }
    return "skipped";
}
namespace {

ErrorCode codeOf(intake::Outcome o)
{
    using enum intake::Outcome;
    switch (o) {
    case Taken:
        return ErrorCode::Internal;
    case Empty:
        return ErrorCode::Refused;
    case NotFound:
    case Vanished:
        return ErrorCode::NotFound;
    case Unreadable:
    case SpecialFile:
    case Symlink:
    case SymlinkLoop:
        return ErrorCode::Unreadable;
    case Changed:
        return ErrorCode::Changed;
    case NoSpace:
        return ErrorCode::NoSpace;
    case VaultError:
        return ErrorCode::CannotWrite;
    }
    return ErrorCode::Internal;
}

const Bytes* digestOf(const std::vector<crypto::DigestValue>& digests, crypto::DigestAlgorithm a)
{
    for (const auto& d : digests)
        if (d.algorithm == a) return &d.value;
    return nullptr;
}
void fillDigests(FiledItem& to, const std::vector<crypto::DigestValue>& digests)
{
    if (const auto* d = digestOf(digests, crypto::DigestAlgorithm::Sha256)) to.sha256 = toHex(*d);
    if (const auto* d = digestOf(digests, crypto::DigestAlgorithm::Sm3)) to.sm3 = toHex(*d);
    if (const auto* d = digestOf(digests, crypto::DigestAlgorithm::Sha512)) to.sha512 = toHex(*d);
}

struct Form {
    Bytes body;
    Sha256Digest digest;
    std::uint32_t fields = 0;
};
/// The twelve points of the 上链前 form (docs/reference/form.md); other keys are refused, so that a mistyped one is not lost.
Result<Form> readForm(const std::filesystem::path& file)
{
    static constexpr std::array<std::string_view, 12> kPoints = {"maker", "made_at", "device",      "clock_offset", "place",   "collectors",
                                                                 "tool",  "method",  "clean_check", "holder",       "witness", "storage"};
    Form f;
    JC_TRY(f.body, readFile(file, 64 * 1024));
    const auto j = nlohmann::json::parse(f.body.begin(), f.body.end(), nullptr, false);
    if (!j.is_object()) return fail(ErrorCode::Malformed, "the form is not a JSON object", "form_malformed");
    for (const auto& [k, v] : j.items()) {
        if (std::find(kPoints.begin(), kPoints.end(), k) == kPoints.end())
            return fail(ErrorCode::Malformed, "the form has an unknown point: " + printable(k), "form_malformed");
        const bool text = v.is_string(),
                   list = v.is_array() && std::all_of(v.begin(), v.end(), [](const auto& x) { return x.is_string(); });
        if (!text && !list)
            return fail(ErrorCode::Malformed, "a point of the form must be text or a list of texts: " + k, "form_malformed");
        if (text ? !v.template get_ref<const std::string&>().empty() : !v.empty()) ++f.fields;
    }
    f.digest = crypto::sha256(f.body);
    return f;
}

/// Items of interrupted filings, by where they came from.
struct Resumed {
    std::map<std::string, std::pair<archive::Filing, archive::Item>> bySource;
};
constexpr const char* kUnacknowledged = "unacknowledged"; ///< ids of filings, 16 bytes each
Result<std::vector<Uuid>> unacknowledged(Workspace& w)
{
    JC_TRY(const auto stored, w.archive().value(kUnacknowledged));
    std::vector<Uuid> out;
    if (!stored) return out;
    for (std::size_t at = 0; at + 16 <= stored->size(); at += 16) {
        Uuid id{};
        std::copy_n(stored->begin() + static_cast<std::ptrdiff_t>(at), id.size(), id.begin());
        out.push_back(id);
    }
    return out;
}
Result<Resumed> resumePending(Workspace& w, const FilingRequest& request, const std::string& caseNumber, ProgressSink& progress,
                              const std::stop_token& stop)
{
    Resumed r;
    const auto redirect = [&](archive::Filing& f) {
        if (f.caseNumber != caseNumber || !request.receiptsDir || !f.waits.receipts) return;
        std::error_code ec;
        f.receiptsDir = std::filesystem::absolute(*request.receiptsDir, ec).lexically_normal().string();
    };
    std::vector<archive::Filing> interrupted;
    const auto keep = [&](const archive::Filing& f) {
        if (f.caseNumber == caseNumber && f.refused.empty()) interrupted.push_back(f);
    };
    JC_CHECK(completePending(w, request.wait, progress, stop, redirect, keep));
    // Finished, but whoever asked for it may never have learnt so.
    JC_TRY(const auto unseen, unacknowledged(w));
    for (const auto& id : unseen) {
        const auto f = w.archive().filing(id);
        const bool known = std::ranges::any_of(interrupted, [&](const archive::Filing& i) { return i.id == id; });
        if (f && !known && !f->waits.any()) keep(*f);
    }
    for (const auto& f : interrupted) {
        JC_TRY(auto items, w.archive().items(f.id));
        for (auto& i : items)
            r.bySource[i.sourcePath] = {f, i};
    }
    return r;
}

/// What a filing still waits for: "ledger", "timestamp", "receipts" or "".
const char* waitingFor(const archive::Filing& f)
{
    return f.waits.ledger ? "ledger" : f.waits.token ? "timestamp" : f.waits.receipts ? "receipts" : "";
}

void fillFromFiling(Workspace& w, FiledItem& to, const archive::Filing& f, std::uint64_t ordinal, const std::string& receiptPath)
{
    to.state = !f.refused.empty()  ? ItemState::Refused
               : f.index           ? ItemState::Anchored
               : !f.tokens.empty() ? ItemState::Timestamped
                                   : ItemState::Queued;
    to.number = evidenceNumber(w, f, ordinal);
    if (f.index && !f.waits.receipts && !receiptPath.empty()) to.receipt = receiptPath;
    if (!f.refused.empty()) {
        to.error = f.refused;
        to.errorDetail = "the ledger refused the filing";
        to.errorCode = ErrorCode::Refused;
    }
}
} // namespace

Result<FilingReport> fileEvidence(Workspace& w, const FilingRequest& request, ProgressSink& progress, std::stop_token stop)
{
    FilingReport report;
    JC_TRY(const auto number, record::parseCaseNumber(request.caseNumber));
    if (w.ledger().writability() != ledger::Writability::Writable)
        return fail(ErrorCode::Refused,
                    "this ledger can only be read, because its keys have signed a newer state than it holds; put the newest backup back, "
                    "or begin a new ledger with `jchain init`",
                    "read_only");
    JC_TRY(const Person* person, w.require({record::Role::Clerk, record::Role::Department}, "filing"));
    const auto court = record::courtKeyOf(number.court);
    report.otherCourt = !court || *court != w.config().courtKey;
    std::optional<Form> form;
    if (request.form) {
        JC_TRY(auto f, readForm(*request.form));
        form = std::move(f);
    }

    const auto started = std::chrono::steady_clock::now();
    JC_TRY(auto resumed, resumePending(w, request, number.text, progress, stop));
    if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped; nothing new was filed");
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);

    auto candidates = intake::walk(request.paths, stop);
    std::vector<std::optional<FiledItem>> rows(candidates.size());
    std::vector<bool> rowWaits(candidates.size());
    std::vector<intake::Candidate> toRead;
    std::vector<std::size_t> rowOf;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const auto hit = resumed.bySource.find(candidates[i].path.string());
        if (hit != resumed.bySource.end() && candidates[i].outcome == intake::Outcome::Taken) {
            // Same file, untouched since: it belongs to the interrupted filing, which has just been completed.
            std::error_code ec;
            const auto& [f, item] = hit->second;
            const auto now = intake::digestFile(candidates[i].path, {false, false}, noProgress(), stop);
            if (now && item.sha256.hex() == toHex(now->digests.front().value)) {
                FiledItem row;
                row.path = candidates[i].path;
                row.size = item.size;
                row.resumed = true;
                JC_TRY(const auto fresh, w.archive().item(f.id, item.ordinal));
                if (const auto d = record::decodeItemDescriptor(item.descriptor)) fillDigests(row, d->digests);
                fillFromFiling(w, row, f, item.ordinal, fresh ? fresh->receiptPath : std::string());
                rows[i] = std::move(row);
                rowWaits[i] = f.waits.any();
                continue;
            }
        }
        toRead.push_back(candidates[i]);
        rowOf.push_back(i);
    }

    std::uint64_t bytes = 0;
    for (const auto& c : toRead)
        bytes += c.sizeHint;
    std::unique_ptr<intake::VaultSession> session;
    if (request.seal && !toRead.empty()) {
        JC_TRY(session, w.vault().begin(bytes));
    }
    intake::Options io;
    io.digests = {request.sm3, request.sha512};
    io.allowEmpty = !request.emptyReason.empty();
    JC_TRY(const auto taken, intake::takeIn(toRead, io, session.get(), w.clock(), progress, stop));

    archive::Filing filing;
    std::vector<archive::Item> items;
    std::vector<std::size_t> itemRow;
    std::vector<record::CustodyEvent> events;
    std::vector<merkle::LeafHash> leaves;
    std::vector<timestamp::TreeItem> treeItems;
    for (std::size_t k = 0; k < taken.size(); ++k) {
        const auto& t = taken[k];
        FiledItem row;
        row.path = t.path;
        row.size = t.size;
        if (t.outcome != intake::Outcome::Taken) {
            row.error = std::string(intake::toString(t.outcome));
            row.errorDetail = t.detail;
            row.errorCode = codeOf(t.outcome);
            if (t.outcome == intake::Outcome::Changed) {
                auto e = w.makeEvent(record::EventKind::FilingRefused);
                e.caseNumber = number.text;
                e.detail = row.error + ": " + std::string(cutUtf8(toNfc(t.path.string()), 2000));
                events.push_back(std::move(e));
            }
            rows[rowOf[k]] = std::move(row);
            continue;
        }
        record::ItemDescriptor d;
        fillRandom(d.salt);
        d.name = toNfc(t.nameRaw);
        if (d.name != t.nameRaw) d.nameRaw = toBytes(t.nameRaw);
        d.folder = toNfc(t.folder);
        if (d.folder != t.folder) d.folderRaw = toBytes(t.folder);
        d.size = t.size;
        d.digests = t.digests;
        d.mediaType = t.mediaType;
        d.intakeTime = t.intakeTime;
        d.modifiedTime = std::max<UnixMs>(t.modifiedTime, 0);
        d.caseNumber = number.text;
        d.purposeText = request.purposeText;
        if (t.size == 0) d.emptyReason = request.emptyReason;
        if (form) {
            d.formDigest = form->digest;
            d.formFields = form->fields;
        }
        archive::Item item;
        item.ordinal = items.size() + 1;
        item.descriptor = record::encode(d);
        if (item.descriptor.size() > record::kMaxDescriptor || (items.empty() && !record::decodeItemDescriptor(item.descriptor)))
            return fail(ErrorCode::InvalidArgument, "the purpose or the reason is too long or not plain text", "descriptor");
        JC_TRY(item.sha256, Sha256Digest::parse(*digestOf(t.digests, crypto::DigestAlgorithm::Sha256)));
        item.sourcePath = t.path.string();
        item.sourceInode = static_cast<std::int64_t>(t.inode);
        item.sourceDevice = static_cast<std::int64_t>(t.device);
        item.modifiedTime = t.modifiedTime;
        item.size = t.size;
        fillDigests(row, t.digests);
        JC_TRY(const bool known, w.archive().hasDigest(item.sha256));
        if (known) {
            JC_TRY(const auto earlier, w.archive().itemsByDigest(item.sha256));
            row.duplicate = true;
            if (!earlier.empty()) {
                JC_TRY(const auto f, w.archive().filing(earlier.front().filing));
                row.duplicateOf = evidenceNumber(w, f, earlier.front().ordinal);
                if (row.duplicateOf.empty()) row.duplicateOf = jc::toString(f.id);
                row.duplicateTime = f.created;
            }
        }
        leaves.push_back(merkle::hashLeaf(item.descriptor));
        treeItems.push_back({item.sha256, d.salt});
        items.push_back(std::move(item));
        itemRow.push_back(rowOf[k]);
        rows[rowOf[k]] = std::move(row);
    }

    if (!items.empty()) {
        if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped; nothing was filed");
        progress.update("signing", 0, 0, 0, 1);
        filing.created = w.clock().now();
        record::Record r;
        r.id = makeUuidV7(filing.created);
        r.authorTime = filing.created;
        record::Filing body;
        body.court = w.config().courtKey;
        body.itemCount = items.size();
        body.itemRoot = merkle::FullTree(std::move(leaves)).root();
        body.purpose = request.purpose;
        r.body = body;
        JC_TRY(filing.signedRecord, record::signRecord(r, w.ledger().id(), person->id, person->identity.key));
        filing.id = r.id;
        filing.imprint = timestamp::BatchTree(std::move(treeItems)).imprint();
        filing.itemCount = items.size();
        filing.caseNumber = number.text;
        filing.certificates.push_back(toBytes(person->identity.certificate.der()));
        for (const auto& c : person->identity.chain)
            if (!c.selfSigned()) filing.certificates.push_back(toBytes(c.der()));
        filing.waits = {true, true, true};
        std::error_code ec;
        filing.receiptsDir = (request.receiptsDir ? std::filesystem::absolute(*request.receiptsDir, ec).lexically_normal()
                                                  : Layout{w.directory()}.receipts())
                                 .string();
        filing.sealed = request.seal;
        // Content first, then the promise about it: what the archive speaks of is already safe.
        if (session) {
            progress.update("sealing", 0, 0, 0, 1);
            JC_CHECK(session->commit());
        }
        auto filed = w.makeEvent(record::EventKind::Filed);
        filed.filing = filing.id;
        filed.caseNumber = number.text;
        filed.detail = std::to_string(items.size()) + " items";
        filed.afterDigest = toBytes(body.itemRoot.bytes());
        events.push_back(std::move(filed));
        for (auto& i : items)
            i.filing = filing.id;
        JC_CHECK(w.archive().transact([&]() -> Result<void> {
            JC_TRY(auto known, w.archive().findCase(number.text));
            if (!known) {
                JC_TRY(known, w.archive().addCase(number.text, filing.created));
            }
            filing.caseId = known->id;
            if (form) JC_CHECK(w.archive().addForm(form->digest, form->body));
            JC_CHECK(w.archive().addCertificate(person->identity.certificate.der()));
            JC_CHECK(w.archive().addFiling(filing, items));
            if (request.acknowledges) {
                JC_TRY(auto ids, w.archive().value(kUnacknowledged));
                if (!ids) ids.emplace();
                append(*ids, filing.id);
                JC_CHECK(w.archive().setValue(kUnacknowledged, *ids));
            }
            return w.recordEvents(std::move(events));
        }));
        // The interrupted ones have had their part of the time; one good try is always left.
        const auto left = std::max(request.wait - spent, std::min(request.wait, std::chrono::milliseconds(1000)));
        JC_CHECK(completeFiling(w, filing, left, progress, stop));
        JC_TRY(const auto stored, w.archive().items(filing.id));
        for (std::size_t k = 0; k < items.size(); ++k) {
            fillFromFiling(w, *rows[itemRow[k]], filing, items[k].ordinal, stored[k].receiptPath);
            rowWaits[itemRow[k]] = filing.waits.any();
        }
        report.recordId = jc::toString(filing.id);
        report.index = filing.index;
        if (filing.index) report.entryHash = merkle::hashLeaf(filing.entry).hex();
        report.time = filing.index ? filing.ledgerTime : filing.created;
        report.state = !filing.refused.empty()  ? ItemState::Refused
                       : filing.index           ? ItemState::Anchored
                       : !filing.tokens.empty() ? ItemState::Timestamped
                                                : ItemState::Queued;
        report.waitingFor = waitingFor(filing);
        report.waitingReason = filing.lastError;
    } else {
        JC_CHECK(w.recordEvents(std::move(events)));
        // Nothing new: the report is about the interrupted filing that these files belong to.
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!rows[i] || !rows[i]->resumed) continue;
            const archive::Filing& f = resumed.bySource.at(candidates[i].path.string()).first;
            report.recordId = jc::toString(f.id);
            report.index = f.index;
            if (f.index) report.entryHash = merkle::hashLeaf(f.entry).hex();
            report.time = f.index ? f.ledgerTime : f.created;
            report.state = rows[i]->state;
            report.waitingFor = waitingFor(f);
            report.waitingReason = f.lastError;
            if (!report.waitingFor.empty()) break;
        }
    }

    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto& row = rows[i];
        if (!row) continue;
        if (!row->error.empty())
            ++report.failed;
        else if (row->state == ItemState::Skipped)
            ++report.skipped;
        else if (row->state == ItemState::Anchored && !rowWaits[i])
            ++report.filed;
        else
            ++report.waiting;
        report.items.push_back(std::move(*row));
    }
    return report;
}

Result<void> acknowledge(Workspace& w)
{
    JC_TRY(const auto ids, w.archive().value(kUnacknowledged));
    if (!ids || ids->empty()) return {};
    return w.archive().setValue(kUnacknowledged, {});
}
} // namespace jc::service
