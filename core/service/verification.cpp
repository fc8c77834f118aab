// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "record/numbers.h"
#include "service/layout.h"
#include "service/use_cases.h"

#include <algorithm>
#include <unordered_map>

namespace jc::service {
namespace {

struct LoadedReceipt {
    std::filesystem::path file;
    std::string text;
    std::optional<record::ItemDescriptor> descriptor; ///< as it stands there, not authenticated
    std::optional<Error> error;
    bool used = false;
};
LoadedReceipt loadReceipt(const std::filesystem::path& file)
{
    LoadedReceipt r;
    r.file = file;
    auto bytes = readFile(file, receipt::kMaxReceipt);
    if (!bytes) {
        r.error = bytes.error();
        return r;
    }
    r.text = std::string(asText(*bytes));
    auto view = receipt::parseReceiptView(r.text);
    if (!view) {
        r.error = view.error();
        return r;
    }
    if (auto d = record::decodeItemDescriptor(view->item.descriptor))
        r.descriptor = std::move(*d);
    else
        r.error = d.error();
    return r;
}
const Bytes* digestIn(const std::vector<crypto::DigestValue>& digests, crypto::DigestAlgorithm a)
{
    for (const auto& d : digests)
        if (d.algorithm == a) return &d.value;
    return nullptr;
}
class Run {
public:
    Run(Workspace* w, const VerifyRequest& request, const Clock& clock, ProgressSink& progress, std::stop_token stop)
        : m_w(w), m_request(request), m_clock(clock), m_progress(progress), m_stop(std::move(stop))
    {
    }
    Result<VerifyReport> run();

private:
    Result<void> loadTrust();
    void loadReceipts();
    void verifyFile(const intake::Candidate& c);
    void verifyReceiptAlone(const std::filesystem::path& file);
    void verifyNumber();
    void verifyDigest();
    LoadedReceipt* findReceipt(const std::filesystem::path& file, const std::vector<crypto::DigestValue>& digests, LoadedReceipt& scratch);
    std::optional<std::string> fromArchive(const std::filesystem::path& file, const std::vector<crypto::DigestValue>& digests);
    void judge(VerifyResult& r, const verdict::FileFacts* facts, const std::string& receiptText);
    void add(VerifyResult r);
    Result<void> recordResults();

    Workspace* m_w;
    const VerifyRequest& m_request;
    const Clock& m_clock;
    ProgressSink& m_progress;
    std::stop_token m_stop;
    std::shared_ptr<const verdict::TrustedLedger> m_trust;
    std::string m_trustProblem;
    verdict::Cache m_cache;
    std::vector<LoadedReceipt> m_receipts;
    std::unordered_multimap<std::string, std::size_t> m_byDigest;
    std::size_t m_files = 0;
    VerifyReport m_report;
};

Result<void> Run::loadTrust()
{
    receipt::TrustSet set;
    if (m_request.trust) {
        auto t = readTrustFile(*m_request.trust);
        if (!t) return tl::unexpected(std::move(t).error());
        set = std::move(*t);
        m_report.trustSource = m_request.trust->string();
    } else if (m_w && m_request.online) {
        JC_TRY(set, m_w->makeTrustSet());
        m_report.trustSource = "ledger";
    } else if (m_w) {
        const auto file = Layout{m_w->directory()}.trust();
        JC_TRY(set, readTrustFile(file));
        m_report.trustSource = file.string();
    } else {
        m_trustProblem = "no_trust_set";
        return {};
    }
    const auto outcome = verdict::TrustedLedger::verify(set);
    if (!outcome.ledger) {
        m_trustProblem = verdict::toString(outcome.problem);
        return {};
    }
    if (m_w && m_request.online && !m_request.trust) {
        // The newest state must continue what this workspace has pinned.
        if (const auto pinned = readTrustFile(Layout{m_w->directory()}.trust())) {
            const auto old = verdict::TrustedLedger::verify(*pinned);
            if (old.ledger) {
                const auto path = m_w->ledger().consistency(old.ledger->size(), outcome.ledger->size());
                if (!path || merkle::checkConsistency(old.ledger->size(), old.ledger->root(), outcome.ledger->size(),
                                                      outcome.ledger->root(), *path) != merkle::ProofOutcome::Proven) {
                    m_trustProblem = "not_a_continuation";
                    return {};
                }
            }
        }
    }
    m_trust = outcome.ledger;
    m_report.trustLedger = m_trust->origin();
    m_report.trustSize = m_trust->size();
    m_report.trustTime = m_trust->time();
    return {};
}

void Run::loadReceipts()
{
    for (const auto& named : m_request.receipts) {
        std::error_code ec;
        if (std::filesystem::is_directory(named, ec)) {
            for (const auto& c : intake::walk({named}, m_stop))
                if (c.outcome == intake::Outcome::Taken && c.path.extension() == ".jcr") m_receipts.push_back(loadReceipt(c.path));
        } else {
            m_receipts.push_back(loadReceipt(named));
        }
    }
    for (std::size_t i = 0; i < m_receipts.size(); ++i)
        if (m_receipts[i].descriptor)
            if (const auto* d = digestIn(m_receipts[i].descriptor->digests, crypto::DigestAlgorithm::Sha256))
                m_byDigest.emplace(toHex(*d), i);
}

std::optional<std::string> Run::fromArchive(const std::filesystem::path& file, const std::vector<crypto::DigestValue>& digests)
{
    if (!m_w) return std::nullopt;
    const auto textOf = [&](const archive::Item& i) -> std::optional<std::string> {
        const auto f = m_w->archive().filing(i.filing);
        if (!f || !f->index) return std::nullopt;
        auto text = receiptText(*m_w, evidenceNumber(*m_w, *f, i.ordinal));
        if (!text) return std::nullopt;
        return std::move(*text);
    };
    if (const auto* d = digestIn(digests, crypto::DigestAlgorithm::Sha256)) {
        const auto digest = Sha256Digest::parse(*d);
        const auto items = m_w->archive().itemsByDigest(*digest);
        if (items)
            for (const auto& i : *items)
                if (auto t = textOf(i)) return t;
    }
    // Not on file by content: perhaps a filed file that was changed since. It is known by where it came from.
    const auto items = m_w->archive().itemsBySource(file.string());
    if (items)
        for (auto i = items->rbegin(); i != items->rend(); ++i)
            if (auto t = textOf(*i)) return t;
    return std::nullopt;
}

/// Explicit receipts: by digest, then the only one there is, then by name. Else <file>.jcr beside it, else this court's archive.
LoadedReceipt* Run::findReceipt(const std::filesystem::path& file, const std::vector<crypto::DigestValue>& digests, LoadedReceipt& scratch)
{
    if (!m_receipts.empty()) {
        if (const auto* d = digestIn(digests, crypto::DigestAlgorithm::Sha256)) {
            LoadedReceipt* best = nullptr;
            const auto [from, to] = m_byDigest.equal_range(toHex(*d));
            for (auto it = from; it != to; ++it) {
                LoadedReceipt& r = m_receipts[it->second];
                if (!best || (best->used && !r.used)) best = &r;
            }
            if (best) return best;
        }
        if (m_files == 1 && m_receipts.size() == 1) return &m_receipts.front();
        const std::string name = toNfc(file.filename().string());
        for (auto& r : m_receipts)
            if (!r.used && r.descriptor && r.descriptor->name == name) return &r;
        return nullptr;
    }
    auto beside = file;
    beside += ".jcr";
    std::error_code ec;
    if (std::filesystem::exists(beside, ec)) {
        scratch = loadReceipt(beside);
        return &scratch;
    }
    if (auto text = fromArchive(file, digests)) {
        scratch.text = std::move(*text);
        if (auto view = receipt::parseReceiptView(scratch.text))
            if (auto d = record::decodeItemDescriptor(view->item.descriptor)) scratch.descriptor = std::move(*d);
        return &scratch;
    }
    return nullptr;
}

void Run::judge(VerifyResult& r, const verdict::FileFacts* facts, const std::string& receiptText)
{
    if (!m_trust) {
        r.verdict = verdict::nothingVerified(m_trustProblem);
        r.verdict->cause = verdict::Cause::Trust;
        return;
    }
    auto v = verdict::judgeText(facts, receiptText, *m_trust, {m_clock.now()}, m_cache);
    if (v) {
        r.verdict = std::move(*v);
    } else {
        r.error = "receipt_malformed";
        r.errorDetail = v.error().detail;
        r.errorCode = v.error().code;
    }
}

void Run::add(VerifyResult r)
{
    if (r.verdict) {
        switch (r.verdict->word) {
        case verdict::Word::Consistent:
            ++m_report.consistent;
            break;
        case verdict::Word::Inconsistent:
            ++m_report.inconsistent;
            break;
        case verdict::Word::Undetermined:
            ++m_report.undetermined;
            break;
        }
    } else {
        ++m_report.errors;
    }
    m_report.results.push_back(std::move(r));
}

void Run::verifyFile(const intake::Candidate& c)
{
    VerifyResult r;
    r.path = c.path;
    const auto refuse = [&](intake::Outcome o, std::string detail) {
        r.error = std::string(intake::toString(o));
        r.errorDetail = std::move(detail);
        r.errorCode = o == intake::Outcome::NotFound || o == intake::Outcome::Vanished ? ErrorCode::NotFound : ErrorCode::Unreadable;
        add(std::move(r));
    };
    if (c.outcome != intake::Outcome::Taken) return refuse(c.outcome, {});
    auto item = intake::digestFile(c.path, {true, false}, m_progress, m_stop);
    LoadedReceipt scratch;
    LoadedReceipt* receipt = item ? findReceipt(c.path, item->digests, scratch) : nullptr;
    if (item && receipt && receipt->descriptor && digestIn(receipt->descriptor->digests, crypto::DigestAlgorithm::Sha512))
        item = intake::digestFile(c.path, {true, true}, m_progress, m_stop);
    if (!item) {
        r.error = item.error().reason.empty() ? std::string(toString(item.error().code)) : item.error().reason;
        r.errorDetail = item.error().detail;
        r.errorCode = item.error().code;
        return add(std::move(r));
    }
    r.digests = item->digests;
    r.size = item->size;
    if (!receipt) {
        r.verdict = verdict::nothingVerified(m_trust ? "no_receipt" : m_trustProblem);
        return add(std::move(r));
    }
    receipt->used = true;
    r.receipt = receipt->file;
    if (receipt->error) {
        r.error = receipt->error->code == ErrorCode::Malformed ? "receipt_malformed" : "receipt_unreadable";
        r.errorDetail = receipt->error->detail;
        r.errorCode = receipt->error->code;
        return add(std::move(r));
    }
    const verdict::FileFacts facts{c.path.filename().string(), item->size, item->digests};
    judge(r, &facts, receipt->text);
    add(std::move(r));
}

void Run::verifyReceiptAlone(const std::filesystem::path& file)
{
    VerifyResult r;
    r.path = file;
    r.receipt = file;
    const auto loaded = loadReceipt(file);
    if (loaded.error) {
        r.error = loaded.error->code == ErrorCode::Malformed ? "receipt_malformed" : std::string(toString(loaded.error->code));
        r.errorDetail = loaded.error->detail;
        r.errorCode = loaded.error->code;
    } else {
        judge(r, nullptr, loaded.text);
    }
    add(std::move(r));
}

void Run::verifyNumber()
{
    VerifyResult r;
    auto text = receiptText(*m_w, m_request.number);
    if (!text) {
        r.error = text.error().reason.empty() ? std::string(toString(text.error().code)) : text.error().reason;
        r.errorDetail = text.error().detail;
        r.errorCode = text.error().code;
        return add(std::move(r));
    }
    // The sealed copy stands in for the file when no file was named.
    std::optional<intake::Item> item;
    if (auto view = receipt::parseReceiptView(*text))
        if (auto d = record::decodeItemDescriptor(view->item.descriptor))
            if (const auto* sha = digestIn(d->digests, crypto::DigestAlgorithm::Sha256)) {
                const auto object = m_w->vault().objectPath(*Sha256Digest::parse(*sha));
                auto measured = intake::digestFile(object, {true, digestIn(d->digests, crypto::DigestAlgorithm::Sha512) != nullptr},
                                                   m_progress, m_stop);
                if (measured) {
                    item = std::move(*measured);
                    item->nameRaw = d->nameRaw.empty() ? d->name : std::string(asText(d->nameRaw));
                    r.path = object;
                }
            }
    if (item) {
        r.digests = item->digests;
        r.size = item->size;
        const verdict::FileFacts facts{item->nameRaw, item->size, item->digests};
        judge(r, &facts, *text);
    } else {
        judge(r, nullptr, *text);
    }
    add(std::move(r));
}

void Run::verifyDigest()
{
    const auto hits = itemsByDigest(*m_w, m_request.digest);
    VerifyResult r;
    if (!hits) {
        r.error = hits.error().reason;
        r.errorDetail = hits.error().detail;
        r.errorCode = hits.error().code;
        return add(std::move(r));
    }
    for (const auto& h : *hits) {
        if (h.number.empty()) continue;
        auto text = receiptText(*m_w, h.number);
        if (!text) continue;
        VerifyResult hit;
        hit.path = h.path;
        // The digest stands for the file: what it was computed from is the asker's word.
        const auto raw = fromHex(m_request.digest);
        verdict::FileFacts facts{h.name, h.size, {}};
        if (raw->size() == 64)
            facts.digests = {{crypto::DigestAlgorithm::Sha512, *raw}};
        else
            facts.digests = {{toHex(*raw) == h.sm3 ? crypto::DigestAlgorithm::Sm3 : crypto::DigestAlgorithm::Sha256, *raw}};
        hit.digests = facts.digests;
        judge(hit, &facts, *text);
        add(std::move(hit));
    }
    if (m_report.results.empty()) {
        r.verdict = verdict::nothingVerified("digest_not_on_file");
        add(std::move(r));
    }
}

Result<void> Run::recordResults()
{
    if (!m_w || !m_w->writable()) return {};
    std::vector<record::CustodyEvent> events;
    for (const auto& r : m_report.results) {
        if (!r.verdict || r.verdict->number.empty()) continue;
        const auto n = record::parseEvidenceNumber(r.verdict->number);
        if (!n || n->court != m_w->config().courtKey) continue;
        JC_TRY(const auto f, m_w->archive().filingByIndex(n->index));
        if (!f || evidenceNumber(*m_w, *f, n->ordinal) != r.verdict->number) continue;
        auto e = m_w->makeEvent(r.verdict->word == verdict::Word::Inconsistent ? record::EventKind::Mismatch : record::EventKind::Verified);
        e.filing = f->id;
        e.ordinal = static_cast<std::uint32_t>(n->ordinal);
        e.number = r.verdict->number;
        e.caseNumber = f->caseNumber;
        e.outcome = r.verdict->word == verdict::Word::Consistent ? 1U : r.verdict->word == verdict::Word::Inconsistent ? 2U : 3U;
        for (const auto& c : r.verdict->checks)
            if (c.outcome == verdict::Outcome::Fail || c.outcome == verdict::Outcome::Undetermined) {
                e.detail = c.reason;
                break;
            }
        if (r.verdict->descriptor)
            if (const auto* d = digestIn(r.verdict->descriptor->digests, crypto::DigestAlgorithm::Sha256)) e.beforeDigest = *d;
        if (const auto* d = digestIn(r.digests, crypto::DigestAlgorithm::Sha256)) e.afterDigest = *d;
        events.push_back(std::move(e));
    }
    return m_w->recordEvents(std::move(events));
}

Result<VerifyReport> Run::run()
{
    if (m_w && m_w->writable() && m_w->namesPerson()) {
        // Before anything is judged: a wrong PIN must not cost a verdict.
        JC_TRY(const Person* person, m_w->person());
        JC_CHECK(m_w->archive().addCertificate(person->identity.certificate.der()));
    }
    JC_CHECK(loadTrust());
    loadReceipts();
    if ((!m_request.number.empty() || !m_request.digest.empty()) && !m_w)
        return fail(ErrorCode::InvalidArgument, "looking up a number or a digest needs a workspace; give --workspace", "workspace_needed");
    if (!m_request.number.empty() && m_request.paths.empty()) verifyNumber();
    if (!m_request.digest.empty()) verifyDigest();
    std::vector<intake::Candidate> files;
    std::vector<std::filesystem::path> alone;
    const bool numberWithFile = !m_request.number.empty() && !m_request.paths.empty();
    if (numberWithFile) {
        JC_TRY(auto text, receiptText(*m_w, m_request.number));
        LoadedReceipt r;
        r.text = std::move(text);
        if (auto view = receipt::parseReceiptView(r.text))
            if (auto d = record::decodeItemDescriptor(view->item.descriptor)) r.descriptor = std::move(*d);
        m_receipts.push_back(std::move(r));
    }
    for (const auto& p : m_request.paths) {
        std::error_code ec;
        const bool folder = std::filesystem::is_directory(p, ec);
        for (auto& c : intake::walk({p}, m_stop)) {
            // A receipt named directly is checked for itself; one lying in a folder belongs to the file beside it.
            const bool isReceipt = c.path.extension() == ".jcr" && c.outcome == intake::Outcome::Taken;
            if (isReceipt && !folder)
                alone.push_back(c.path);
            else if (!isReceipt)
                files.push_back(std::move(c));
        }
    }
    m_files = files.size();
    if (m_request.paths.empty() && m_request.number.empty() && m_request.digest.empty())
        for (const auto& r : m_receipts)
            alone.push_back(r.file);
    for (const auto& f : files) {
        if (m_stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped");
        verifyFile(f);
    }
    for (const auto& f : alone)
        verifyReceiptAlone(f);
    if (m_report.results.empty()) {
        VerifyResult r;
        r.verdict = verdict::nothingVerified("no_file");
        if (!m_request.paths.empty()) r.path = m_request.paths.front();
        add(std::move(r));
    }
    JC_CHECK(recordResults());
    return std::move(m_report);
}
} // namespace

Result<VerifyReport> verifyEvidence(Workspace* w, const VerifyRequest& request, const Clock& clock, ProgressSink& progress,
                                    std::stop_token stop)
{
    return Run(w, request, clock, progress, std::move(stop)).run();
}
} // namespace jc::service
