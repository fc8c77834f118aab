// SPDX-License-Identifier: Apache-2.0
// Audits of one's own workspace, and of published logs; exporting the log.
#include "ledger/signer_state.h"
#include "record/numbers.h"
#include "service/http_source.h"
#include "service/layout.h"
#include "service/use_cases.h"

#include <algorithm>

namespace jc::service {
namespace {
using ledger::AuditFinding;

class ArchiveAudit {
public:
    ArchiveAudit(Workspace& w, WorkspaceAudit& out, ProgressSink& progress, std::stop_token stop)
        : m_w(w), m_out(out), m_progress(progress), m_stop(std::move(stop))
    {
    }
    Result<void> run(bool deep);

private:
    void find(std::string what, std::string where, std::string detail)
    {
        m_out.archive.push_back({std::move(what), std::move(where), std::move(detail)});
    }
    Result<void> custody();
    Result<void> filings(bool deep);
    void item(const archive::Filing& f, const archive::Item& i, const std::string& name);
    void object(const archive::Filing& f, const archive::Item& i, const std::string& name);
    void receiptFile(const archive::Item& i, const std::string& name);

    Workspace& m_w;
    WorkspaceAudit& m_out;
    ProgressSink& m_progress;
    std::stop_token m_stop;
    std::shared_ptr<const verdict::TrustedLedger> m_trust;
    verdict::Cache m_cache;
    std::unique_ptr<ledger::EmbeddedLedger> m_ledger; ///< seen no earlier than the archive, which never is ahead of it
};

Result<void> ArchiveAudit::custody()
{
    auto& db = m_w.archive().database();
    ledger::LogTablesAudit log(db, std::string(archive::kCustodyPrefix), "custody event", m_out.archive);
    JC_CHECK(log.loadStoredTiles());
    const auto members = m_w.ledger().members();
    const auto origin = record::custodyOrigin(m_w.ledger().origin(), m_w.config().courtKey);
    std::optional<note::VerifierKey> key;
    if (const auto* card = members->court(m_w.config().courtKey))
        if (auto k = note::VerifierKey::make(origin, note::SignatureType::Ed25519, card->custodyKey)) key = std::move(*k);
    JC_TRY(const auto notes, m_w.archive().custody().checkpoints());
    std::uint64_t newest = 0;
    for (const auto& text : notes) {
        const auto n = note::SignedNote::parse(text);
        const auto cp = n ? note::Checkpoint::parse(n->text) : Result<note::Checkpoint>(tl::unexpected(n.error()));
        if (!cp || cp->origin != origin || !key || n->signatures.size() != 1 ||
            !note::verifySignature(n->text, *key, n->signatures.front())) {
            find("checkpoint_changed", cp ? "custody checkpoint " + std::to_string(cp->size) : "custody checkpoints",
                 "a stored checkpoint of the custody log was changed");
            continue;
        }
        newest = std::max(newest, cp->size);
        log.addHead(cp->size, "custody checkpoint " + std::to_string(cp->size), cp->root);
    }
    std::uint64_t subjects = 0;
    JC_TRY(auto q, db.prepare("SELECT ordinal FROM custody_subjects WHERE filing=? AND idx=?"));
    const auto onEvent = [&](std::uint64_t index, ByteView body, const merkle::LeafHash&) {
        const std::string where = "custody event " + std::to_string(index);
        const auto e = record::decodeCustodyEvent(body);
        if (!e) return find("entry_changed", where, "the event cannot be read any more");
        if (!e->filing) return;
        ++subjects;
        const auto row = q.bind(1, ByteView(*e->filing)).bind(2, index).step();
        if (!row || !*row || q.integer(0) != static_cast<std::int64_t>(e->ordinal))
            find("index_changed", where, "the index of custody events does not fit this event");
        q.reset();
    };
    JC_CHECK(log.scan(onEvent, m_progress, m_stop));
    log.compareTiles();
    log.compareHeads();
    m_out.custodyEvents = log.entries();
    if (log.entries() > newest)
        find("entry_added", "custody event " + std::to_string(newest), "events after the newest signed checkpoint of the custody log");
    JC_TRY(auto count, db.prepare("SELECT count(*) FROM custody_subjects"));
    JC_TRY(const bool row, count.step());
    if (!row || static_cast<std::uint64_t>(count.integer(0)) != subjects)
        find("index_changed", "custody_subjects", "the index of custody events has rows that belong to no event");
    return {};
}

void ArchiveAudit::object(const archive::Filing& f, const archive::Item& i, const std::string& name)
{
    if (!f.sealed) return;
    ++m_out.objects;
    const auto path = m_w.vault().objectPath(i.sha256);
    const auto measured = intake::digestFile(path, {false, false}, noProgress(), m_stop);
    if (!measured)
        find(measured.error().code == ErrorCode::NotFound ? "object_missing" : "object_unreadable", name,
             "the sealed copy of this item: " + measured.error().detail);
    else if (measured->digests.front().value != toBytes(i.sha256.bytes()) || measured->size != i.size)
        find("object_changed", name, "the sealed copy of this item was changed");
}

void ArchiveAudit::receiptFile(const archive::Item& i, const std::string& name)
{
    if (i.receiptPath.empty()) return;
    // A receipt that its owner moved away is nobody's damage; one that is there must still hold.
    const auto text = readFile(i.receiptPath, receipt::kMaxReceipt);
    if (!text) return;
    ++m_out.receipts;
    if (!m_trust) return;
    const auto v = verdict::judgeText(nullptr, asText(*text), *m_trust, {m_w.clock().now()}, m_cache);
    const bool holds = v && v->checks[static_cast<std::size_t>(verdict::CheckId::Ledger)].outcome == verdict::Outcome::Pass;
    // Another item's whole receipt under this name: the owner filed anew into the same folder, and nothing is damaged.
    if (holds && !v->number.empty()) return;
    find("receipt_changed", name, "the receipt file of this item was changed: " + std::filesystem::path(i.receiptPath).filename().string());
}

void ArchiveAudit::item(const archive::Filing& f, const archive::Item& i, const std::string& name)
{
    ++m_out.items;
    const auto d = record::decodeItemDescriptor(i.descriptor);
    if (!d) return find("item_changed", name, "the item's descriptor cannot be read any more");
    const auto sha =
        std::find_if(d->digests.begin(), d->digests.end(), [](const auto& v) { return v.algorithm == crypto::DigestAlgorithm::Sha256; });
    if (sha == d->digests.end() || sha->value != toBytes(i.sha256.bytes()) || d->size != i.size || d->caseNumber != f.caseNumber)
        find("item_changed", name, "digest, size or case in the table differ from the signed descriptor");
}

Result<void> ArchiveAudit::filings(bool deep)
{
    JC_TRY(const auto all, m_w.archive().allFilings());
    std::uint64_t done = 0, itemsOfFilings = 0;
    for (const auto& f : all) {
        if (m_stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped");
        const std::string where = "filing " + jc::toString(f.id);
        JC_TRY(const auto items, m_w.archive().items(f.id));
        itemsOfFilings += items.size();
        std::vector<merkle::LeafHash> leaves;
        std::vector<timestamp::TreeItem> tree;
        for (std::size_t k = 0; k < items.size(); ++k) {
            const auto number = evidenceNumber(m_w, f, items[k].ordinal);
            const std::string name = number.empty() ? where + " item " + std::to_string(items[k].ordinal) : number;
            if (items[k].ordinal != k + 1)
                find("item_missing", where + " item " + std::to_string(k + 1), "the item is missing from the table");
            item(f, items[k], name);
            leaves.push_back(merkle::hashLeaf(items[k].descriptor));
            timestamp::TreeItem t{items[k].sha256, {}};
            if (const auto d = record::decodeItemDescriptor(items[k].descriptor)) t.salt = d->salt;
            tree.push_back(t);
            if (deep) {
                object(f, items[k], name);
                receiptFile(items[k], name);
            }
            m_progress.update("auditing", 0, 0, ++done, 0);
        }
        const auto r = record::decodeRecord(f.signedRecord.record);
        const auto* body = r ? std::get_if<record::Filing>(&r->body) : nullptr;
        if (!body || r->id != f.id) {
            find("filing_changed", where, "the signed record in the table is not that of this filing");
            continue;
        }
        if (items.empty() || body->itemCount != items.size() || body->itemCount != f.itemCount ||
            merkle::FullTree(std::move(leaves)).root() != body->itemRoot)
            find("items_differ", where, "the items in the table do not give the root that was signed");
        else if (timestamp::BatchTree(std::move(tree)).imprint() != f.imprint)
            find("filing_changed", where, "the time-stamp imprint in the table does not follow from the items");
        if (!f.index) continue;
        const auto entry = m_ledger->entry(*f.index);
        const auto decoded = entry ? record::decodeLedgerEntry(*entry) : Result<record::LedgerEntry>(tl::unexpected(entry.error()));
        const auto* s = decoded ? std::get_if<record::SignedRecord>(&decoded->body) : nullptr;
        if (!entry || *entry != f.entry || !s || s->record != f.signedRecord.record || decoded->ledgerTime != f.ledgerTime)
            find("filing_changed", where, "the filing's ledger entry in the table is not the one in the ledger");
        if (!items.empty() && m_trust) {
            receipt::Receipt receipt;
            receipt.number = evidenceNumber(m_w, f, 1);
            const auto part = filingPart(f);
            if (part) {
                receipt.filing = *part;
                receipt.item = ItemProofs(f, items).part(items.front());
                const auto v = verdict::judge(nullptr, receipt, *m_trust, {m_w.clock().now()}, &m_cache);
                for (const auto id : {verdict::CheckId::Ledger, verdict::CheckId::Time})
                    if (v.checks[static_cast<std::size_t>(id)].outcome != verdict::Outcome::Pass)
                        find("filing_changed", where,
                             "the stored parts of its receipts no longer hold: " + v.checks[static_cast<std::size_t>(id)].reason);
            }
        }
    }
    JC_TRY(auto q, m_w.archive().database().prepare("SELECT count(*) FROM items"));
    JC_TRY(const bool row, q.step());
    if (!row || static_cast<std::uint64_t>(q.integer(0)) != itemsOfFilings)
        find("item_added", "items", "there are items that belong to no filing");
    return {};
}

Result<void> ArchiveAudit::run(bool deep)
{
    const auto part = [&](Result<void> r, const char* name) -> Result<void> {
        if (r || r.error().code == ErrorCode::Cancelled) return r;
        find("database_damaged", name, r.error().detail);
        return {};
    };
    // One view of all tables, also while another program writes.
    JC_CHECK(m_w.archive().database().exec("BEGIN"));
    JC_CHECK(part(m_w.archive().countFilingsAndItems().map([](const auto&) {}), "archive"));
    ledger::EmbeddedOptions lo;
    lo.databaseFile = Layout{m_w.directory()}.ledger();
    JC_TRY(m_ledger, ledger::EmbeddedLedger::open(lo));
    if (const auto t = m_w.makeTrustSet()) m_trust = verdict::TrustedLedger::verify(*t).ledger;
    JC_CHECK(
        part(ledger::auditSchema(m_w.archive().database(), archive::archiveMigrations(), archive::kArchiveApplicationId, m_out.archive),
             "archive schema"));
    if (deep) JC_CHECK(part(custody(), "custody log"));
    return part(filings(deep), "filings");
}
} // namespace

namespace {
/// An archive that refuses to open is read table by table.
Result<void> auditClosedArchive(const Layout& at, WorkspaceAudit& out, const Error& why, ProgressSink& progress,
                                const std::stop_token& stop)
{
    const auto tell = [&](const Error& e) {
        out.archive.push_back({e.reason.empty() ? "database_damaged" : e.reason, "archive", e.detail});
    };
    auto db = store::Database::open(at.archive(), store::OpenMode::ReadOnly);
    if (db) {
        const auto look = [&]() -> Result<void> {
            JC_CHECK(db->exec("BEGIN"));
            JC_CHECK(ledger::auditSchema(*db, archive::archiveMigrations(), archive::kArchiveApplicationId, out.archive));
            ledger::LogTablesAudit log(*db, std::string(archive::kCustodyPrefix), "custody event", out.archive);
            JC_CHECK(log.loadStoredTiles());
            JC_TRY(auto q, db->prepare("SELECT size, note FROM custody_checkpoints ORDER BY size"));
            for (;;) {
                JC_TRY(const bool row, q.step());
                if (!row) break;
                const auto n = note::SignedNote::parse(q.text(1));
                const auto cp = n ? note::Checkpoint::parse(n->text) : Result<note::Checkpoint>(tl::unexpected(n.error()));
                if (cp) log.addHead(cp->size, "custody checkpoint " + std::to_string(cp->size), cp->root);
            }
            JC_CHECK(log.scan([](std::uint64_t, ByteView, const merkle::LeafHash&) {}, progress, stop));
            log.compareTiles();
            log.compareHeads();
            return {};
        };
        if (const auto looked = look(); !looked) {
            if (looked.error().code == ErrorCode::Cancelled) return looked;
            tell(looked.error());
        }
    }
    if (out.archive.empty()) tell(why);
    return {};
}
} // namespace

Result<WorkspaceAudit> auditWorkspace(const std::filesystem::path& dir, bool deep, ProgressSink& progress, std::stop_token stop)
{
    WorkspaceAudit out;
    std::error_code ec;
    const Layout at{std::filesystem::absolute(dir, ec).lexically_normal()};
    JC_TRY(const auto config, readConfig(at.config()));

    // What is known outside the database: what the keys signed, and what the trust set pins.
    std::vector<std::pair<std::uint64_t, merkle::RootHash>> pinned;
    if (const auto t = readTrustFile(at.trust())) {
        const auto proven = verdict::TrustedLedger::verify(*t);
        if (proven.ledger) {
            pinned.emplace_back(proven.ledger->size(), proven.ledger->root());
            const auto head = ledger::SignerState::peek(at.signerState(), proven.ledger->origin());
            if (head && *head) pinned.emplace_back((*head)->size, (*head)->root);
            if (!head) out.archive.push_back({"signer_state_damaged", "signer/state", head.error().detail});
        } else {
            out.archive.push_back({"trust_set_changed", "trust.jct", "the trust set does not prove itself: " + proven.detail});
        }
    } else if (t.error().code == ErrorCode::Malformed) {
        out.archive.push_back({"trust_set_changed", "trust.jct", t.error().detail});
    }
    for (const auto& file : {at.ledger(), at.archive()})
        if (const auto size = std::filesystem::file_size(file, ec); (!ec && size == 0) || ec == std::errc::no_such_file_or_directory)
            (file == at.ledger() ? out.ledger.findings : out.archive)
                .push_back({"database_damaged", file.filename().string(), "the database file is missing or empty"});
    if (!out.sound()) return out;
    if (deep) {
        JC_TRY(out.ledger, ledger::deepAudit(at.ledger(), pinned, progress, stop));
    }
    OpenOptions o;
    o.directory = dir;
    auto w = Workspace::open(std::move(o));
    if (!w) {
        // Ledger or archive refused to open; what is wrong is what the findings say.
        if (w.error().code != ErrorCode::Damaged && w.error().code != ErrorCode::Malformed) return tl::unexpected(std::move(w).error());
        ledger::EmbeddedOptions lo;
        lo.databaseFile = at.ledger();
        if (ledger::EmbeddedLedger::open(lo)) {
            JC_CHECK(auditClosedArchive(at, out, w.error(), progress, stop));
        } else if (out.ledger.findings.empty())
            out.ledger.findings.push_back({w.error().reason.empty() ? "database_damaged" : w.error().reason, "ledger", w.error().detail});
        return out;
    }
    JC_CHECK(ArchiveAudit(**w, out, progress, stop).run(deep));
    return out;
}

Result<verdict::LogAudit> auditPublishedLog(const std::string& location, const std::optional<std::filesystem::path>& trust,
                                            ProgressSink& progress, std::stop_token stop)
{
    std::shared_ptr<const verdict::TrustedLedger> proven;
    if (trust) {
        JC_TRY(const auto set, readTrustFile(*trust));
        const auto outcome = verdict::TrustedLedger::verify(set);
        if (!outcome.ledger)
            return fail(ErrorCode::Refused, "the trust set does not prove itself: " + outcome.detail,
                        std::string(verdict::toString(outcome.problem)));
        proven = outcome.ledger;
    }
    verdict::LogSource source;
    if (location.starts_with("http://") || location.starts_with("https://")) {
        source = httpLogSource(location);
    } else {
        const std::filesystem::path dir(location);
        source = [dir](const std::string& path) { return readFile(dir / path, 64 * 1024 * 1024); };
    }
    return verdict::auditLog(source, proven.get(), progress, stop);
}

Result<std::uint64_t> exportLog(Workspace& w, const std::filesystem::path& dir, ProgressSink& progress, std::stop_token stop)
{
    JC_TRY(const auto size, ledger::exportTiles(w.ledger(), dir, progress, stop));
    const auto members = w.ledger().members();
    JC_TRY(const auto policy, ledger::makePolicy(*members));
    JC_CHECK(writeFileAtomic(dir / "policy", asBytes(policy.text())));
    // Several common clients demand a URL on every witness line and exactly one log line. Nothing is fetched from it to verify.
    JC_TRY(auto single, ledger::makePolicy(*members, w.config().courtKey));
    for (auto& witness : single.witnesses)
        witness.url = "https://" + members->core().name + "/" + witness.name;
    JC_TRY(const auto portable, single.portableText());
    JC_CHECK(writeFileAtomic(dir / "policy-single", asBytes(portable)));
    JC_CHECK(exportTrust(w, dir / "trust.jct"));
    return size;
}
} // namespace jc::service
