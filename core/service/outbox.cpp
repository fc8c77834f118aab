// SPDX-License-Identifier: Apache-2.0
// Completing filings: ledger and time-stamp authority at once, each result durable, then receipts.
#include "base/text.h"
#include "ledger/signer_state.h"
#include "record/numbers.h"
#include "service/layout.h"
#include "service/use_cases.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace jc::service {
namespace {

std::vector<merkle::LeafHash> leavesOf(const std::vector<archive::Item>& items)
{
    std::vector<merkle::LeafHash> out;
    out.reserve(items.size());
    for (const auto& i : items)
        out.push_back(merkle::hashLeaf(i.descriptor));
    return out;
}
std::vector<timestamp::TreeItem> treeItemsOf(const std::vector<archive::Item>& items)
{
    std::vector<timestamp::TreeItem> out;
    out.reserve(items.size());
    for (const auto& i : items) {
        timestamp::TreeItem t{i.sha256, {}};
        if (const auto d = record::decodeItemDescriptor(i.descriptor)) t.salt = d->salt;
        out.push_back(t);
    }
    return out;
}

std::vector<crypto::Certificate> tsaAnchors(Workspace& w)
{
    std::vector<crypto::Certificate> out;
    const auto members = w.ledger().members();
    if (const auto* card = members->court(w.config().courtKey))
        for (const auto& der : card->tsaAnchors)
            if (auto c = crypto::Certificate::fromDer(der)) out.push_back(std::move(*c));
    return out;
}

struct Token {
    receipt::TokenPart part;
    UnixMs time = 0;
};
/// This computer's clock is further behind the ledger than the ledger tolerates.
bool clockIsBack(Workspace& w)
{
    const auto last = w.ledger().entry(w.ledger().size() - 1);
    const auto entry = last ? record::decodeLedgerEntry(*last) : Result<record::LedgerEntry>(tl::unexpected(last.error()));
    return entry && w.clock().now() < entry->ledgerTime - ledger::kMaxClockBackMs;
}

/// Asks each authority in order of trust; a token that does not verify counts as no token.
Result<Token> askForToken(Workspace& w, const Sha256Digest& imprint, const std::vector<crypto::Certificate>& anchors)
{
    Error last{ErrorCode::Unavailable, "no time-stamping authority is set up", "no_authority", std::source_location::current(), {}};
    bool own = w.config().embeddedAuthority; // the first one then
    for (auto& a : w.authorities()) {
        // It stamps with this computer's clock, so it is silent while that one is known to be wrong.
        if (std::exchange(own, false) && clockIsBack(w)) {
            last = Error{ErrorCode::Unavailable,
                         "this computer's clock has gone back by more than five minutes",
                         "clock_back",
                         std::source_location::current(),
                         {}};
            continue;
        }
        auto token = a->stamp(crypto::DigestAlgorithm::Sha256, imprint.bytes());
        if (!token) {
            last = token.error();
            continue;
        }
        const auto check = timestamp::checkToken(*token, imprint.bytes(), anchors);
        if (check.outcome != timestamp::TokenOutcome::Valid) {
            last = Error{ErrorCode::Unavailable,
                         "the time-stamping authority " + a->name() + " gave a token that does not hold",
                         std::string(timestamp::toString(check.outcome)),
                         std::source_location::current(),
                         {}};
            continue;
        }
        return Token{{*token, tokenChain(*token, anchors)}, check.info.genTime};
    }
    return tl::unexpected(last);
}
/// Lets the time pass, or less of it when asked to stop.
void waitOrStop(std::chrono::milliseconds time, const std::stop_token& stop)
{
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, time, [] { return false; });
}
Result<Token> tokenUntil(Workspace& w, const Sha256Digest& imprint, std::chrono::steady_clock::time_point deadline,
                         const std::stop_token& stop)
{
    const auto anchors = tsaAnchors(w);
    auto pause = std::chrono::milliseconds(200);
    for (;;) {
        auto t = askForToken(w, imprint, anchors);
        if (t || stop.stop_requested() || w.authorities().empty() || std::chrono::steady_clock::now() + pause >= deadline) return t;
        waitOrStop(pause, stop);
        pause = std::min(pause * 2, std::chrono::milliseconds(2000));
    }
}

/// The signer's Enrolment entry with its path to this checkpoint; none for administrators on the card.
Result<std::optional<receipt::EnrolmentPart>> enrolmentPart(Workspace& w, const SignerId& signer, std::uint64_t size)
{
    const auto members = w.ledger().members();
    const auto* staff = members->staff(signer);
    if (!staff || staff->enrolledAt == 0) return std::optional<receipt::EnrolmentPart>{};
    JC_TRY(const auto control, w.ledger().controlEntries());
    const std::size_t position = staff->enrolledAt - 1; // the charter is 0 and not in the list
    if (position >= control.size())
        return fail(ErrorCode::Damaged, "the enrolment of the signer is missing from the ledger", "control_chain_broken");
    receipt::EnrolmentPart p;
    p.index = control[position].first;
    p.entry = control[position].second;
    JC_TRY(p.path, w.ledger().inclusion(p.index, size));
    return std::optional(std::move(p));
}

Result<void> applyAnchored(Workspace& w, archive::Filing& f, const ledger::Anchored& a)
{
    JC_TRY(const auto entry, record::decodeLedgerEntry(a.entry));
    f.index = a.index;
    f.ledgerTime = entry.ledgerTime;
    f.entry = a.entry;
    note::TlogProof proof;
    proof.index = a.index;
    proof.path = a.path;
    proof.checkpoint = a.checkpoint;
    f.proof = proof.serialize();
    JC_TRY(f.enrolment, enrolmentPart(w, f.signedRecord.signer, a.checkpointSize));
    f.waits.ledger = false;
    return {};
}

// A token that came after the filing was anchored is anchored itself (formats.md §4). Its signed record is stored with the token, so that
// whatever happens next it reaches the ledger, once; an empty value is one that did.
std::string renewalKey(const Uuid& filing)
{
    return "renewal/" + jc::toString(filing);
}
Result<Bytes> signRenewal(Workspace& w, const archive::Filing& f)
{
    record::Record r;
    r.authorTime = w.clock().now();
    r.id = makeUuidV7(r.authorTime);
    r.body = record::Renewal{*f.index, merkle::hashLeaf(f.entry), crypto::sha256(f.tokens.back().token)};
    JC_TRY(const auto s, record::signRecord(r, w.ledger().id(), w.serviceKey().publicKey().id(), w.serviceKey()));
    return record::encode(s);
}
/// True when there was one to anchor and it is anchored now.
Result<bool> anchorRenewal(Workspace& w, const archive::Filing& f, std::chrono::milliseconds wait, const std::stop_token& stop)
{
    JC_TRY(const auto stored, w.archive().value(renewalKey(f.id)));
    if (!stored || stored->empty()) return false;
    JC_TRY(const auto record, record::decodeSignedRecord(*stored));
    JC_TRY(const auto sub, w.ledger().submit(record));
    JC_TRY(const auto done, w.ledger().await(sub, wait, stop));
    return true;
}

/// Reasons of a refusal that time heals.
bool isPassing(const std::string& reason)
{
    return reason == "read_only" || reason == "id_in_future";
}

bool isReceiptOf(const std::filesystem::path& file, const std::string& number)
{
    const auto text = readFile(file, receipt::kMaxReceipt);
    if (!text) return false;
    const auto view = receipt::parseReceiptView(asText(*text));
    return view && view->number == number;
}

/// Writes one receipt per item, in parallel; a file of that name that is not this item's receipt is never touched.
Result<std::vector<std::string>> writeReceipts(Workspace& w, const archive::Filing& f, const std::vector<archive::Item>& items,
                                               ProgressSink& progress)
{
    const std::filesystem::path dir(f.receiptsDir);
    JC_CHECK(makeDirectories(dir));
    removeDeadTemporaries(dir);
    JC_TRY(const auto part, filingPart(f));
    const std::string shared = receipt::serializeFilingPart(part);
    const ItemProofs proofs(f, items);
    // Names are given out in order, so that the same filing always gets the same ones.
    std::vector<std::string> paths(items.size());
    std::vector<std::string> numbers(items.size());
    {
        std::map<std::string, unsigned> next;
        for (std::size_t i = 0; i < items.size(); ++i) {
            numbers[i] = evidenceNumber(w, f, items[i].ordinal);
            const auto mayWrite = [&](const std::filesystem::path& file) {
                struct stat st{};
                return ::lstat(file.c_str(), &st) != 0 || (S_ISREG(st.st_mode) && isReceiptOf(file, numbers[i]));
            };
            if (!items[i].receiptPath.empty() && mayWrite(items[i].receiptPath)) {
                paths[i] = items[i].receiptPath; // rewritten in place when a token arrives late
                continue;
            }
            const std::string raw = std::filesystem::path(items[i].sourcePath).filename().string();
            const std::string hex = items[i].sha256.hex();
            for (unsigned& n = next[receiptFileName(raw, hex, 1)];;) {
                const auto candidate = dir / receiptFileName(raw, hex, ++n);
                if (mayWrite(candidate)) {
                    paths[i] = candidate.string();
                    break;
                }
            }
        }
    }
    const bool few = items.size() <= 16;
    std::atomic<std::size_t> next{0}, done{0};
    std::mutex errorMutex;
    std::optional<Error> error;
    const auto work = [&] {
        for (;;) {
            const std::size_t i = next.fetch_add(1);
            if (i >= items.size()) return;
            const std::string text = receipt::serializeWith(numbers[i], proofs.part(items[i]), shared);
            if (auto r = writeFileAtomic(paths[i], asBytes(text), 0644, few); !r) {
                const std::lock_guard l(errorMutex);
                if (!error) error = r.error();
                return;
            }
            progress.update("receipts", 0, 0, done.fetch_add(1) + 1, items.size());
        }
    };
    std::vector<std::jthread> pool;
    const unsigned threads = few ? 0 : std::max(1U, std::thread::hardware_concurrency()) - 1;
    for (unsigned t = 0; t < threads; ++t)
        pool.emplace_back(work);
    work();
    pool.clear();
    if (error) return tl::unexpected(*error);
    // Many small files: one flush of the file system instead of one for each.
    if (!few) {
        const Fd folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!folder || ::syncfs(folder.get()) != 0) return tl::unexpected(errnoError(errno, true, "cannot write the receipts to disk"));
    }
    return paths;
}
} // namespace

std::vector<Bytes> tokenChain(ByteView token, const std::vector<crypto::Certificate>& anchors)
{
    auto inside = timestamp::tokenCertificates(token);
    if (!inside || inside->empty()) return {};
    std::vector<crypto::Certificate> pool = *inside;
    pool.insert(pool.end(), anchors.begin(), anchors.end());
    const auto leaf = std::find_if(inside->begin(), inside->end(), [](const crypto::Certificate& c) { return c.hasTimestampingEku(); });
    if (leaf == inside->end()) return {};
    std::vector<Bytes> chain;
    crypto::Certificate at = *leaf;
    for (int depth = 0; depth < 8 && !at.selfSigned(); ++depth) {
        const auto up = std::find_if(pool.begin(), pool.end(),
                                     [&](const crypto::Certificate& c) { return c.subject() == at.issuer() && c.id() != at.id(); });
        if (up == pool.end()) return {};
        at = *up;
        chain.push_back(toBytes(at.der()));
    }
    return chain;
}

std::string evidenceNumber(Workspace& w, const archive::Filing& f, std::uint64_t ordinal)
{
    if (!f.index) return {};
    return record::toString(
        record::EvidenceNumber{w.config().courtKey, record::ledgerTag(w.ledger().id()), yearUtc8(f.ledgerTime), *f.index, ordinal});
}

Result<receipt::FilingPart> filingPart(const archive::Filing& f)
{
    if (!f.index) return fail(ErrorCode::Waiting, "this filing waits to be anchored; its receipts follow", "not_anchored");
    receipt::FilingPart p;
    p.entry = f.entry;
    p.proof = f.proof;
    p.certificates = f.certificates;
    p.enrolment = f.enrolment;
    p.tokens = f.tokens;
    return p;
}

ItemProofs::ItemProofs(const archive::Filing& filing, const std::vector<archive::Item>& items)
    : m_tree(leavesOf(items)), m_batch(treeItemsOf(items)), m_tokens(!filing.tokens.empty())
{
}
receipt::ItemPart ItemProofs::part(const archive::Item& item) const
{
    receipt::ItemPart p;
    p.descriptor = item.descriptor;
    p.ordinal = item.ordinal;
    p.path = m_tree.inclusionPath(item.ordinal - 1);
    if (m_tokens) p.siblings = m_batch.siblings(item.ordinal - 1);
    return p;
}

std::string receiptFileName(std::string_view rawName, std::string_view sha256Hex, unsigned copy)
{
    std::string name = toNfc(rawName);
    std::string clean;
    for (const char c : name)
        clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/' ? '_' : c;
    // U+0080–U+009F are control characters as well; in UTF-8 they are C2 80 … C2 9F.
    for (std::size_t i = 0; i + 1 < clean.size(); ++i)
        if (static_cast<unsigned char>(clean[i]) == 0xC2 && static_cast<unsigned char>(clean[i + 1]) < 0xA0) clean.replace(i, 2, "_");
    if (clean.empty() || clean == "." || clean == "..") clean = "_";
    const std::string suffix = (copy > 1 ? " (" + std::to_string(copy) + ")" : std::string()) + ".jcr";
    constexpr std::size_t kMost = 240;
    if (clean.size() + suffix.size() > kMost) {
        const std::string mark = "~" + std::string(sha256Hex.substr(0, 8));
        clean = std::string(cutUtf8(clean, kMost - suffix.size() - mark.size())) + mark;
    }
    return clean + suffix;
}

namespace {
/// One filing on its way; every step's result is stored before the next step waits for anything.
class Completion {
public:
    Completion(Workspace& w, archive::Filing& f, ProgressSink& progress, std::stop_token stop)
        : m_w(w), m_f(f), m_progress(progress), m_stop(std::move(stop))
    {
    }
    Result<void> run(std::chrono::steady_clock::time_point deadline, bool askForTokens);

private:
    using Deadline = std::chrono::steady_clock::time_point;
    static std::chrono::milliseconds until(Deadline deadline)
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    }
    Result<ledger::Anchored> anchor(Deadline deadline);
    Result<void> takeAnchored(Result<ledger::Anchored> done);
    Result<void> takeToken(Result<Token> token, bool late);
    /// Writes the receipts that are due, and stores how far the filing has come.
    Result<void> finish(Deadline deadline);
    /// Writes the filing and the events so far, together with what `more` writes.
    Result<void> store(const std::function<Result<void>()>& more = {});
    void note(record::EventKind kind, std::string detail);
    void waitsBecauseOf(const Error& e, std::string_view otherwise);

    Workspace& m_w;
    archive::Filing& m_f;
    ProgressSink& m_progress;
    std::stop_token m_stop;
    std::vector<record::CustodyEvent> m_events;
};

void Completion::note(record::EventKind kind, std::string detail)
{
    auto e = m_w.makeEvent(kind);
    e.filing = m_f.id;
    e.caseNumber = m_f.caseNumber;
    e.detail = std::move(detail);
    m_events.push_back(std::move(e));
}
/// The first thing that went wrong is the one to tell.
void Completion::waitsBecauseOf(const Error& e, std::string_view otherwise)
{
    if (!m_f.lastError.empty()) return;
    m_f.lastError = e.reason.empty() ? std::string(otherwise) : e.reason;
    m_f.lastDetail = e.detail;
}
Result<void> Completion::store(const std::function<Result<void>()>& more)
{
    return m_w.archive().transact([&]() -> Result<void> {
        JC_CHECK(m_w.archive().updateFiling(m_f));
        if (more) JC_CHECK(more());
        return m_w.recordEvents(std::exchange(m_events, {}));
    });
}

Result<ledger::Anchored> Completion::anchor(Deadline deadline)
{
    for (;;) {
        const auto sub = m_w.ledger().submit(m_f.signedRecord);
        auto done = sub ? m_w.ledger().await(*sub, until(deadline), m_stop) : Result<ledger::Anchored>(tl::unexpected(sub.error()));
        if (done || done.error().code != ErrorCode::Unavailable || m_stop.stop_requested() ||
            std::chrono::steady_clock::now() + std::chrono::milliseconds(500) >= deadline)
            return done;
        waitOrStop(std::chrono::milliseconds(200), m_stop);
    }
}
Result<void> Completion::takeAnchored(Result<ledger::Anchored> done)
{
    if (done) {
        JC_CHECK(applyAnchored(m_w, m_f, *done));
        note(record::EventKind::Anchored, "entry " + std::to_string(*m_f.index));
    } else if (done.error().code == ErrorCode::Refused && !isPassing(done.error().reason)) {
        m_f.refused = done.error().reason;
        m_f.waits = {};
        note(record::EventKind::FilingRefused, m_f.refused);
    } else {
        waitsBecauseOf(done.error(), toString(done.error().code));
    }
    return {};
}
Result<void> Completion::takeToken(Result<Token> token, bool late)
{
    if (!m_f.refused.empty()) return {};
    if (!token) {
        waitsBecauseOf(token.error(), "tsa_unavailable");
        return {};
    }
    m_f.tokens.push_back(std::move(token->part));
    m_f.tokenTime = token->time;
    m_f.waits.token = false;
    note(record::EventKind::Timestamped, "");
    if (!m_f.index) return {};
    m_f.waits.receipts = true; // those written without the token are written again
    if (!late) return {};
    JC_TRY(const Bytes renewal, signRenewal(m_w, m_f));
    return store([&] { return m_w.archive().setValue(renewalKey(m_f.id), renewal); });
}
Result<void> Completion::finish(Deadline deadline)
{
    if (!m_f.index || !m_f.waits.receipts) return store();
    JC_TRY(const auto items, m_w.archive().items(m_f.id));
    const auto written = writeReceipts(m_w, m_f, items, m_progress);
    if (!written) {
        waitsBecauseOf({ErrorCode::CannotWrite, written.error().detail, "receipts_not_written"}, {});
        return store();
    }
    const auto renewed = anchorRenewal(m_w, m_f, std::max(until(deadline), std::chrono::milliseconds(1000)), m_stop);
    if (!renewed) waitsBecauseOf(renewed.error(), toString(renewed.error().code));
    m_f.waits.receipts = !renewed && !(renewed.error().code == ErrorCode::Refused && !isPassing(renewed.error().reason));
    return store([&]() -> Result<void> {
        JC_CHECK(m_w.archive().setReceiptPaths(m_f.id, *written));
        return renewed && *renewed ? m_w.archive().setValue(renewalKey(m_f.id), {}) : Result<void>{};
    });
}

Result<void> Completion::run(Deadline deadline, bool askForTokens)
{
    m_f.lastError.clear();
    m_f.lastDetail.clear();
    bool late = m_f.index.has_value();
    std::future<Result<Token>> token;
    if (m_f.waits.token && askForTokens)
        token = std::async(std::launch::async, [&] { return tokenUntil(m_w, m_f.imprint, deadline, m_stop); });
    if (m_f.waits.ledger) {
        m_progress.update("anchoring", 0, 0, 0, 1);
        JC_CHECK(takeAnchored(anchor(deadline)));
    }
    if (token.valid()) {
        // An authority that lets one wait must hold neither the anchoring nor the receipts back.
        if (!late && m_f.index && token.wait_for(std::chrono::milliseconds(300)) != std::future_status::ready) {
            JC_CHECK(finish(deadline));
            late = true;
        }
        JC_CHECK(takeToken(token.get(), late));
    } else if (m_f.waits.token && m_f.refused.empty()) {
        waitsBecauseOf({ErrorCode::Unavailable, "no time-stamping authority answers now", "tsa_unavailable"}, {});
    }
    return finish(deadline);
}
} // namespace

Result<void> completeFiling(Workspace& w, archive::Filing& f, std::chrono::milliseconds wait, ProgressSink& progress, std::stop_token stop,
                            bool askForTokens)
{
    return Completion(w, f, progress, std::move(stop)).run(std::chrono::steady_clock::now() + wait, askForTokens);
}

Result<void> completePending(Workspace& w, std::chrono::milliseconds wait, ProgressSink& progress, std::stop_token stop,
                             const std::function<void(archive::Filing&)>& before, const std::function<void(const archive::Filing&)>& after)
{
    JC_TRY(auto pending, w.archive().pendingFilings());
    const auto deadline = std::chrono::steady_clock::now() + wait;
    bool authoritiesAnswer = true;
    for (auto& f : pending) {
        if (stop.stop_requested()) break;
        if (before) before(f);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        JC_CHECK(completeFiling(w, f, std::max(left, std::chrono::milliseconds(1000)), progress, stop, authoritiesAnswer));
        // They were asked until the deadline; the others need not wait for the same silence.
        if (f.waits.token) authoritiesAnswer = false;
        if (after) after(f);
    }
    return {};
}

namespace {
Result<std::vector<PendingFiling>> pendingList(Workspace& w)
{
    JC_TRY(const auto rows, w.archive().pendingFilings());
    std::vector<PendingFiling> out;
    for (const auto& f : rows)
        out.push_back({jc::toString(f.id), f.caseNumber, f.itemCount, f.created, f.waits.ledger, f.waits.token, f.waits.receipts,
                       f.lastError, f.lastDetail});
    return out;
}
} // namespace

Result<std::vector<PendingFiling>> retryOutbox(Workspace& w, std::chrono::milliseconds wait, ProgressSink& progress, std::stop_token stop)
{
    JC_CHECK(completePending(w, wait, progress, stop));
    return pendingList(w);
}

Result<Status> status(Workspace& w)
{
    Status s;
    s.config = w.config();
    s.ledgerOrigin = w.ledger().origin();
    s.ledgerId = w.ledger().id().hex();
    s.ledgerSize = w.ledger().size();
    s.writability = std::string(ledger::toString(w.ledger().writability()));
    const Layout at{w.directory()};
    // Reading takes no keys, so what the keys have signed is looked up beside them.
    if (!w.writable()) {
        JC_TRY(const auto head, ledger::SignerState::peek(at.signerState(), s.ledgerOrigin));
        s.writability = !head ? "no_signer_state" : "writable";
        if (head && head->size > 0 && !w.ledger().entry(head->size - 1)) {
            // Behind, or another program has written since this one opened the ledger.
            ledger::EmbeddedOptions lo;
            lo.databaseFile = at.ledger();
            JC_TRY(const auto now, ledger::EmbeddedLedger::open(lo));
            if (!now->entry(head->size - 1)) s.writability = "behind_signed";
        }
    }
    JC_TRY(const auto last, w.ledger().entry(s.ledgerSize - 1));
    JC_TRY(const auto entry, record::decodeLedgerEntry(last));
    s.ledgerTime = entry.ledgerTime;
    JC_TRY(const auto note, note::SignedNote::parse(w.ledger().checkpoint()));
    for (const auto& sig : note.signatures)
        if (sig.payload.size() == 72)
            if (const auto t = note::cosignatureTime(sig)) s.checkpointTime = static_cast<UnixMs>(*t) * 1000;
    JC_TRY(const auto cases, w.archive().cases());
    s.cases = cases.size();
    JC_TRY(const auto counts, w.archive().countFilingsAndItems());
    s.filings = counts.first;
    s.items = counts.second;
    JC_TRY(s.pending, pendingList(w));
    s.custodyEvents = w.archive().custody().size();
    struct statvfs v{};
    if (::statvfs(w.directory().c_str(), &v) == 0) s.freeBytes = static_cast<std::uint64_t>(v.f_bavail) * v.f_frsize;
    return s;
}
} // namespace jc::service
