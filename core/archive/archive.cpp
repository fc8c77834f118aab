// SPDX-License-Identifier: Apache-2.0
#include "archive/archive.h"

namespace jc::archive {
namespace {
// Lists of byte strings and small structures are stored length-prefixed: u32 big-endian ‖ bytes.
void putBytes(Bytes& to, ByteView b)
{
    appendU32(to, static_cast<std::uint32_t>(b.size()));
    append(to, b);
}
Result<Bytes> takeBytes(ByteView& from)
{
    const auto bad = [] { return fail(ErrorCode::Damaged, "a stored list cannot be read any more", "archive_row_changed"); };
    if (from.size() < 4) return bad();
    const std::size_t n = readU32(from.first<4>());
    from = from.subspan(4);
    if (n > from.size()) return bad();
    Bytes out = toBytes(from.first(n));
    from = from.subspan(n);
    return out;
}
Bytes packList(const std::vector<Bytes>& list)
{
    Bytes b;
    for (const auto& x : list)
        putBytes(b, x);
    return b;
}
Result<std::vector<Bytes>> unpackList(ByteView b)
{
    std::vector<Bytes> out;
    while (!b.empty()) {
        JC_TRY(Bytes x, takeBytes(b));
        out.push_back(std::move(x));
    }
    return out;
}
Bytes packTokens(const std::vector<receipt::TokenPart>& tokens)
{
    Bytes b;
    for (const auto& t : tokens) {
        putBytes(b, t.token);
        putBytes(b, packList(t.chain));
    }
    return b;
}
Result<std::vector<receipt::TokenPart>> unpackTokens(ByteView b)
{
    std::vector<receipt::TokenPart> out;
    while (!b.empty()) {
        receipt::TokenPart t;
        JC_TRY(t.token, takeBytes(b));
        JC_TRY(const Bytes chain, takeBytes(b));
        JC_TRY(t.chain, unpackList(chain));
        out.push_back(std::move(t));
    }
    return out;
}
Bytes packEnrolment(const receipt::EnrolmentPart& e)
{
    Bytes b;
    appendU64(b, e.index);
    putBytes(b, e.entry);
    for (const auto& h : e.path)
        append(b, h.bytes());
    return b;
}
Result<receipt::EnrolmentPart> unpackEnrolment(ByteView b)
{
    const auto bad = [] { return fail(ErrorCode::Damaged, "a stored enrolment cannot be read any more", "archive_row_changed"); };
    if (b.size() < 8) return bad();
    receipt::EnrolmentPart e;
    e.index = readU64(b.first<8>());
    b = b.subspan(8);
    JC_TRY(e.entry, takeBytes(b));
    if (b.size() % 32 != 0) return bad();
    for (; !b.empty(); b = b.subspan(32))
        e.path.push_back(merkle::NodeHash::fromBytes(b.first<32>()));
    return e;
}

const char* kFilingColumns = "f.id, f.case_id, c.number, f.created, f.record, f.certificates, f.item_count, f.imprint, f.wait_ledger, "
                             "f.wait_token, f.wait_receipts, "
                             "f.receipts_dir, f.idx, f.ledger_time, f.entry, f.proof, f.enrolment, f.tokens, f.token_time, f.refused, "
                             "f.last_error, f.last_detail, f.sealed";

Result<Filing> readFiling(store::Statement& q)
{
    Filing f;
    const ByteView id = q.blob(0);
    if (id.size() != f.id.size()) return fail(ErrorCode::Damaged, "a stored filing cannot be read any more", "archive_row_changed");
    std::copy(id.begin(), id.end(), f.id.begin());
    f.caseId = q.integer(1);
    f.caseNumber = q.text(2);
    f.created = q.integer(3);
    auto record = record::decodeSignedRecord(q.blob(4));
    if (!record) return fail(ErrorCode::Damaged, "a stored record cannot be read any more", "archive_row_changed");
    f.signedRecord = std::move(*record);
    JC_TRY(f.certificates, unpackList(q.blob(5)));
    f.itemCount = static_cast<std::uint64_t>(q.integer(6));
    JC_TRY(f.imprint, Sha256Digest::parse(q.blob(7)));
    f.waits = {q.integer(8) != 0, q.integer(9) != 0, q.integer(10) != 0};
    f.receiptsDir = asText(q.blob(11));
    if (!q.isNull(12)) f.index = static_cast<std::uint64_t>(q.integer(12));
    f.ledgerTime = q.integer(13);
    f.entry = toBytes(q.blob(14));
    f.proof = q.text(15);
    if (!q.isNull(16)) {
        JC_TRY(f.enrolment, unpackEnrolment(q.blob(16)));
    }
    JC_TRY(f.tokens, unpackTokens(q.blob(17)));
    f.tokenTime = q.integer(18);
    f.refused = q.text(19);
    f.lastError = q.text(20);
    f.lastDetail = q.text(21);
    f.sealed = q.integer(22) != 0;
    return f;
}

const char* kItemColumns = "filing, ordinal, descriptor, sha256, source_path, source_inode, source_device, modified, size, receipt_path";
Result<Item> readItem(store::Statement& q)
{
    Item i;
    const ByteView id = q.blob(0);
    if (id.size() != i.filing.size()) return fail(ErrorCode::Damaged, "a stored item cannot be read any more", "archive_row_changed");
    std::copy(id.begin(), id.end(), i.filing.begin());
    i.ordinal = static_cast<std::uint64_t>(q.integer(1));
    i.descriptor = toBytes(q.blob(2));
    JC_TRY(i.sha256, Sha256Digest::parse(q.blob(3)));
    i.sourcePath = asText(q.blob(4));
    i.sourceInode = q.integer(5);
    i.sourceDevice = q.integer(6);
    i.modifiedTime = q.integer(7);
    i.size = static_cast<std::uint64_t>(q.integer(8));
    i.receiptPath = asText(q.blob(9));
    return i;
}
template <class Read>
auto readAll(store::Statement& q, Read read) -> Result<std::vector<typename std::invoke_result_t<Read, store::Statement&>::value_type>>
{
    std::vector<typename std::invoke_result_t<Read, store::Statement&>::value_type> out;
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) return out;
        JC_TRY(auto v, read(q));
        out.push_back(std::move(v));
    }
}
Result<CaseRow> readCase(store::Statement& q)
{
    return CaseRow{q.integer(0), std::string(q.text(1)), q.integer(2), static_cast<std::uint64_t>(q.integer(3)),
                   static_cast<std::uint64_t>(q.integer(4))};
}
const char* kCaseQuery = "SELECT c.id, c.number, c.created, coalesce(sum(f.item_count),0), coalesce(sum(CASE WHEN f.idx IS NULL THEN 0 "
                         "ELSE f.item_count END),0) "
                         "FROM cases c LEFT JOIN filings f ON f.case_id=c.id ";
} // namespace

std::span<const store::Migration> archiveMigrations()
{
    static const std::string v1 =
        "CREATE TABLE cases(id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;"
        "CREATE TABLE filings(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE CHECK(length(id)=16), case_id INTEGER NOT NULL REFERENCES "
        "cases(id), created INTEGER NOT NULL,"
        " record BLOB NOT NULL, certificates BLOB NOT NULL, item_count INTEGER NOT NULL, imprint BLOB NOT NULL CHECK(length(imprint)=32),"
        " wait_ledger INTEGER NOT NULL, wait_token INTEGER NOT NULL, wait_receipts INTEGER NOT NULL, receipts_dir BLOB NOT NULL, idx "
        "INTEGER UNIQUE,"
        " ledger_time INTEGER NOT NULL, entry BLOB NOT NULL, proof TEXT NOT NULL, enrolment BLOB, tokens BLOB NOT NULL, token_time INTEGER "
        "NOT NULL,"
        " refused TEXT NOT NULL, last_error TEXT NOT NULL, last_detail TEXT NOT NULL, sealed INTEGER NOT NULL) STRICT;"
        "CREATE INDEX filings_waiting ON filings(seq) WHERE wait_ledger OR wait_token OR wait_receipts;"
        "CREATE INDEX filings_case ON filings(case_id);"
        "CREATE TABLE items(filing BLOB NOT NULL, ordinal INTEGER NOT NULL, descriptor BLOB NOT NULL, sha256 BLOB NOT NULL "
        "CHECK(length(sha256)=32),"
        " source_path BLOB NOT NULL, source_inode INTEGER NOT NULL, source_device INTEGER NOT NULL, modified INTEGER NOT NULL, size "
        "INTEGER NOT NULL,"
        " receipt_path BLOB NOT NULL, PRIMARY KEY(filing, ordinal)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX items_sha256 ON items(sha256);"
        "CREATE TABLE certificates(id BLOB PRIMARY KEY CHECK(length(id)=32), der BLOB NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE forms(digest BLOB PRIMARY KEY CHECK(length(digest)=32), body BLOB NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE settings(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;" +
        custodySchema();
    static const store::Migration all[] = {{1, v1.c_str()}};
    return all;
}

Result<std::unique_ptr<Archive>> Archive::open(const std::filesystem::path& file, bool writable)
{
    JC_TRY(auto db, store::Database::open(file, writable ? store::OpenMode::ReadWriteCreate : store::OpenMode::ReadOnly, 32 * 1024));
    std::unique_ptr<Archive> a(new Archive(std::move(db)));
    JC_CHECK(writable ? a->m_db.migrate(archiveMigrations(), kArchiveApplicationId)
                      : a->m_db.checkVersion(archiveMigrations(), kArchiveApplicationId));
    if (!writable) JC_CHECK(a->m_db.exec("BEGIN")); // one view of all tables, also while another program writes
    JC_TRY(auto log, CustodyLog::open(a->m_db));
    if (!writable) JC_CHECK(a->m_db.exec("COMMIT"));
    a->m_custody.emplace(std::move(log));
    return a;
}

Result<void> Archive::transact(const std::function<Result<void>()>& f)
{
    if (m_depth > 0) return f();
    const auto run = [&]() -> Result<void> {
        JC_TRY(auto tx, store::Transaction::begin(m_db));
        ++m_depth;
        auto r = f();
        --m_depth;
        if (!r) return r;
        return tx.commit();
    };
    auto r = run();
    if (!r)
        if (auto again = m_custody->reload(); !again) return again;
    return r;
}

Result<CaseRow> Archive::addCase(const std::string& number, UnixMs created)
{
    JC_TRY(const auto known, findCase(number));
    if (known) return fail(ErrorCode::Refused, "this case exists already", "exists");
    JC_TRY(auto q, m_db.prepare("INSERT INTO cases(number, created) VALUES(?,?)"));
    JC_CHECK(q.bindText(1, number).bind(2, created).run());
    return CaseRow{m_db.lastInsertRowId(), number, created, 0, 0};
}
Result<std::optional<CaseRow>> Archive::findCase(const std::string& number)
{
    JC_TRY(auto q, m_db.prepare(std::string(kCaseQuery) + "WHERE c.number=? GROUP BY c.id"));
    q.bindText(1, number);
    JC_TRY(const bool row, q.step());
    if (!row) return std::optional<CaseRow>{};
    JC_TRY(auto c, readCase(q));
    return std::optional(std::move(c));
}
Result<std::vector<CaseRow>> Archive::cases()
{
    JC_TRY(auto q, m_db.prepare(std::string(kCaseQuery) + "GROUP BY c.id ORDER BY c.id"));
    return readAll(q, readCase);
}

Result<void> Archive::addFiling(const Filing& f, std::span<const Item> items)
{
    return transact([&]() -> Result<void> {
        JC_TRY(auto q,
               m_db.prepare("INSERT INTO filings(id, case_id, created, record, certificates, item_count, imprint, wait_ledger, wait_token, "
                            "wait_receipts, receipts_dir,"
                            " idx, ledger_time, entry, proof, enrolment, tokens, token_time, refused, last_error, last_detail, sealed)"
                            " VALUES(?,?,?,?,?,?,?,?,?,?,?,NULL,0,x'','',NULL,x'',0,'','','',?)"));
        q.bind(1, ByteView(f.id))
            .bind(2, f.caseId)
            .bind(3, f.created)
            .bind(4, ByteView(record::encode(f.signedRecord)))
            .bind(5, ByteView(packList(f.certificates)));
        q.bind(6, f.itemCount)
            .bind(7, ByteView(f.imprint.bytes()))
            .bind(8, static_cast<int>(f.waits.ledger))
            .bind(9, static_cast<int>(f.waits.token));
        JC_CHECK(
            q.bind(10, static_cast<int>(f.waits.receipts)).bind(11, asBytes(f.receiptsDir)).bind(12, static_cast<int>(f.sealed)).run());
        JC_TRY(auto i, m_db.prepare("INSERT INTO items(filing, ordinal, descriptor, sha256, source_path, source_inode, source_device, "
                                    "modified, size, receipt_path)"
                                    " VALUES(?,?,?,?,?,?,?,?,?,x'')"));
        for (const auto& item : items) {
            i.bind(1, ByteView(f.id)).bind(2, item.ordinal).bind(3, ByteView(item.descriptor)).bind(4, ByteView(item.sha256.bytes()));
            i.bind(5, asBytes(item.sourcePath)).bind(6, item.sourceInode).bind(7, item.sourceDevice).bind(8, item.modifiedTime);
            JC_CHECK(i.bind(9, item.size).run());
        }
        return {};
    });
}
Result<void> Archive::updateFiling(const Filing& f)
{
    return transact([&]() -> Result<void> {
        JC_TRY(auto q,
               m_db.prepare("UPDATE filings SET wait_ledger=?2, wait_token=?3, wait_receipts=?4, receipts_dir=?5, idx=?6, ledger_time=?7, "
                            "entry=?8, proof=?9,"
                            " enrolment=?10, tokens=?11, token_time=?12, refused=?13, last_error=?14, last_detail=?15 WHERE id=?1"));
        q.bind(1, ByteView(f.id))
            .bind(2, static_cast<int>(f.waits.ledger))
            .bind(3, static_cast<int>(f.waits.token))
            .bind(4, static_cast<int>(f.waits.receipts));
        q.bind(5, asBytes(f.receiptsDir));
        if (f.index)
            q.bind(6, *f.index);
        else
            q.bindNull(6);
        q.bind(7, f.ledgerTime).bind(8, ByteView(f.entry)).bindText(9, f.proof);
        if (f.enrolment)
            q.bind(10, ByteView(packEnrolment(*f.enrolment)));
        else
            q.bindNull(10);
        q.bind(11, ByteView(packTokens(f.tokens)))
            .bind(12, f.tokenTime)
            .bindText(13, f.refused)
            .bindText(14, f.lastError)
            .bindText(15, f.lastDetail);
        JC_CHECK(q.run());
        if (m_db.changedRows() != 1) return fail(ErrorCode::NotFound, "there is no such filing here");
        return {};
    });
}
Result<void> Archive::setReceiptPaths(const Uuid& filing, std::span<const std::string> paths)
{
    return transact([&]() -> Result<void> {
        JC_TRY(auto q, m_db.prepare("UPDATE items SET receipt_path=? WHERE filing=? AND ordinal=?"));
        for (std::size_t i = 0; i < paths.size(); ++i)
            if (!paths[i].empty()) JC_CHECK(q.bind(1, asBytes(paths[i])).bind(2, ByteView(filing)).bind(3, i + 1).run());
        return {};
    });
}
Result<Filing> Archive::filing(const Uuid& id)
{
    JC_TRY(auto q, m_db.prepare(std::string("SELECT ") + kFilingColumns + " FROM filings f JOIN cases c ON c.id=f.case_id WHERE f.id=?"));
    q.bind(1, ByteView(id));
    JC_TRY(const bool row, q.step());
    if (!row) return fail(ErrorCode::NotFound, "there is no such filing here");
    return readFiling(q);
}
Result<std::vector<Filing>> Archive::pendingFilings()
{
    JC_TRY(auto q,
           m_db.prepare(
               std::string("SELECT ") + kFilingColumns +
               " FROM filings f JOIN cases c ON c.id=f.case_id WHERE f.wait_ledger OR f.wait_token OR f.wait_receipts ORDER BY f.seq"));
    return readAll(q, readFiling);
}
Result<std::vector<Filing>> Archive::allFilings()
{
    JC_TRY(auto q, m_db.prepare(std::string("SELECT ") + kFilingColumns + " FROM filings f JOIN cases c ON c.id=f.case_id ORDER BY f.seq"));
    return readAll(q, readFiling);
}
Result<std::optional<Filing>> Archive::filingByIndex(std::uint64_t entryIndex)
{
    JC_TRY(auto q, m_db.prepare(std::string("SELECT ") + kFilingColumns + " FROM filings f JOIN cases c ON c.id=f.case_id WHERE f.idx=?"));
    q.bind(1, entryIndex);
    JC_TRY(const bool row, q.step());
    if (!row) return std::optional<Filing>{};
    JC_TRY(auto f, readFiling(q));
    return std::optional(std::move(f));
}
Result<std::vector<Item>> Archive::items(const Uuid& filing)
{
    JC_TRY(auto q, m_db.prepare(std::string("SELECT ") + kItemColumns + " FROM items WHERE filing=? ORDER BY ordinal"));
    q.bind(1, ByteView(filing));
    return readAll(q, readItem);
}
Result<std::optional<Item>> Archive::item(const Uuid& filing, std::uint64_t ordinal)
{
    JC_TRY(auto q, m_db.prepare(std::string("SELECT ") + kItemColumns + " FROM items WHERE filing=? AND ordinal=?"));
    q.bind(1, ByteView(filing)).bind(2, ordinal);
    JC_TRY(const bool row, q.step());
    if (!row) return std::optional<Item>{};
    JC_TRY(auto i, readItem(q));
    return std::optional(std::move(i));
}
Result<std::vector<Item>> Archive::itemsByDigest(const Sha256Digest& d)
{
    JC_TRY(auto q, m_db.prepare(std::string("SELECT ") + kItemColumns + " FROM items WHERE sha256=? ORDER BY filing, ordinal"));
    q.bind(1, ByteView(d.bytes()));
    return readAll(q, readItem);
}
Result<std::vector<Item>> Archive::itemsBySource(const std::string& path)
{
    JC_TRY(auto q, m_db.prepare(std::string("SELECT ") + kItemColumns + " FROM items WHERE source_path=? ORDER BY filing, ordinal"));
    q.bind(1, asBytes(path));
    return readAll(q, readItem);
}
Result<bool> Archive::hasDigest(const Sha256Digest& d)
{
    JC_TRY(auto q, m_db.prepare("SELECT 1 FROM items WHERE sha256=? LIMIT 1"));
    q.bind(1, ByteView(d.bytes()));
    return q.step();
}
Result<std::vector<Item>> Archive::caseItems(std::int64_t caseId)
{
    JC_TRY(auto q, m_db.prepare("SELECT i.filing, i.ordinal, i.descriptor, i.sha256, i.source_path, i.source_inode, i.source_device, "
                                "i.modified, i.size, i.receipt_path"
                                " FROM filings f JOIN items i ON i.filing=f.id WHERE f.case_id=? ORDER BY f.seq, i.ordinal"));
    q.bind(1, caseId);
    return readAll(q, readItem);
}
Result<std::pair<std::uint64_t, std::uint64_t>> Archive::countFilingsAndItems()
{
    JC_TRY(auto q, m_db.prepare("SELECT count(*), coalesce(sum(item_count),0) FROM filings"));
    JC_TRY(const bool row, q.step());
    if (!row) return std::pair<std::uint64_t, std::uint64_t>{0, 0};
    return std::pair{static_cast<std::uint64_t>(q.integer(0)), static_cast<std::uint64_t>(q.integer(1))};
}
Result<void> Archive::addCertificate(ByteView der)
{
    JC_TRY(auto q, m_db.prepare("INSERT OR IGNORE INTO certificates(id, der) VALUES(?,?)"));
    return q.bind(1, ByteView(crypto::sha256(der).bytes())).bind(2, der).run();
}
Result<std::optional<Bytes>> Archive::certificate(const SignerId& id)
{
    JC_TRY(auto q, m_db.prepare("SELECT der FROM certificates WHERE id=?"));
    q.bind(1, ByteView(id.bytes()));
    JC_TRY(const bool row, q.step());
    return row ? std::optional(toBytes(q.blob(0))) : std::nullopt;
}
Result<void> Archive::addForm(const Sha256Digest& digest, ByteView body)
{
    JC_TRY(auto q, m_db.prepare("INSERT OR IGNORE INTO forms(digest, body) VALUES(?,?)"));
    return q.bind(1, ByteView(digest.bytes())).bind(2, body).run();
}
Result<void> Archive::setValue(const std::string& key, ByteView v)
{
    JC_TRY(auto q, m_db.prepare("INSERT INTO settings(key, value) VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET value=?2"));
    return q.bindText(1, key).bind(2, v).run();
}
Result<std::optional<Bytes>> Archive::value(const std::string& key)
{
    JC_TRY(auto q, m_db.prepare("SELECT value FROM settings WHERE key=?"));
    q.bindText(1, key);
    JC_TRY(const bool row, q.step());
    return row ? std::optional(toBytes(q.blob(0))) : std::nullopt;
}
} // namespace jc::archive
