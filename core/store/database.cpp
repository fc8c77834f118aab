// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <sqlite3.h>

#include <algorithm>

namespace jc::store {
namespace {
Error sqliteError(int rc, const std::string& message, std::source_location at = std::source_location::current())
{
    ErrorCode code = ErrorCode::Internal;
    switch (rc & 0xFF) {
    case SQLITE_FULL:
        code = ErrorCode::NoSpace;
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        code = ErrorCode::Unavailable;
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        code = ErrorCode::CannotWrite;
        break;
    case SQLITE_IOERR:
        code = rc == SQLITE_IOERR_READ || rc == SQLITE_IOERR_SHORT_READ ? ErrorCode::Unreadable : ErrorCode::CannotWrite;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        code = ErrorCode::Damaged;
        break;
    case SQLITE_CANTOPEN:
        code = ErrorCode::NotFound;
        break;
    default:
        break;
    }
    return Error{code, "database: " + message, {}, at, {}};
}
} // namespace

Statement::~Statement()
{
    sqlite3_finalize(m_stmt);
}
Statement& Statement::bind(int i, std::int64_t v)
{
    if (const int rc = sqlite3_bind_int64(m_stmt, i, v); rc != SQLITE_OK) m_bindError = rc;
    return *this;
}
Statement& Statement::bind(int i, ByteView b)
{
    // A null pointer would bind NULL; an empty blob is not NULL.
    const void* p = b.empty() ? static_cast<const void*>("") : b.data();
    if (const int rc = sqlite3_bind_blob64(m_stmt, i, p, b.size(), SQLITE_TRANSIENT); rc != SQLITE_OK) m_bindError = rc;
    return *this;
}
Statement& Statement::bindText(int i, std::string_view v)
{
    const char* p = v.data() ? v.data() : "";
    if (const int rc = sqlite3_bind_text64(m_stmt, i, p, v.size(), SQLITE_TRANSIENT, SQLITE_UTF8); rc != SQLITE_OK) m_bindError = rc;
    return *this;
}
Statement& Statement::bindNull(int i)
{
    if (const int rc = sqlite3_bind_null(m_stmt, i); rc != SQLITE_OK) m_bindError = rc;
    return *this;
}
Result<bool> Statement::step()
{
    if (m_bindError != 0) return tl::unexpected(sqliteError(m_bindError, "a value could not be bound"));
    const int rc = sqlite3_step(m_stmt);
    if (rc == SQLITE_ROW) return true;
    if (rc == SQLITE_DONE) return false;
    sqlite3* db = sqlite3_db_handle(m_stmt);
    return tl::unexpected(sqliteError(sqlite3_extended_errcode(db), sqlite3_errmsg(db)));
}
Result<void> Statement::run()
{
    for (;;) {
        auto more = step();
        if (!more) {
            reset();
            return tl::unexpected(std::move(more).error());
        }
        if (!*more) break;
    }
    reset();
    return {};
}
void Statement::reset() noexcept
{
    sqlite3_reset(m_stmt);
    m_bindError = 0;
}
std::int64_t Statement::integer(int c) const noexcept
{
    return sqlite3_column_int64(m_stmt, c);
}
ByteView Statement::blob(int c) const noexcept
{
    const void* p = sqlite3_column_blob(m_stmt, c);
    return {static_cast<const std::uint8_t*>(p), p ? static_cast<std::size_t>(sqlite3_column_bytes(m_stmt, c)) : 0U};
}
std::string_view Statement::text(int c) const noexcept
{
    const auto* p = sqlite3_column_text(m_stmt, c);
    return {reinterpret_cast<const char*>(p), p ? static_cast<std::size_t>(sqlite3_column_bytes(m_stmt, c)) : 0U};
}
bool Statement::isNull(int c) const noexcept
{
    return sqlite3_column_type(m_stmt, c) == SQLITE_NULL;
}

Result<Database> Database::open(const std::filesystem::path& file, OpenMode mode, int cacheKiB)
{
    auto db = openConnection(file, mode, cacheKiB, false);
    if (mode != OpenMode::ReadOnly || (db && db->exec("SELECT 1 FROM sqlite_master LIMIT 1"))) return db;
    if (!db && db.error().code == ErrorCode::Damaged) return db;
    // A reader beside a writer needs a file in shared memory. Where none can be made (read-only or full disk, somebody else's folder) and
    // the write-ahead log holds nothing, the database file is all there is and can be read as it stands.
    std::error_code ec;
    auto log = file;
    log += "-wal";
    const auto waiting = std::filesystem::file_size(log, ec);
    if (!ec && waiting > 0) return db;
    auto still = openConnection(file, mode, cacheKiB, true);
    return still && still->exec("SELECT 1 FROM sqlite_master LIMIT 1") ? std::move(still) : std::move(db);
}
Result<Database> Database::openConnection(const std::filesystem::path& file, OpenMode mode, int cacheKiB, bool immutable)
{
    sqlite3* raw = nullptr;
    int flags = SQLITE_OPEN_NOMUTEX;
    if (mode == OpenMode::ReadOnly)
        flags |= SQLITE_OPEN_READONLY;
    else
        flags |= SQLITE_OPEN_READWRITE | (mode == OpenMode::ReadWriteCreate ? SQLITE_OPEN_CREATE : 0);
    std::string name = file.string();
    if (immutable) {
        flags |= SQLITE_OPEN_URI;
        std::string escaped; // every byte, so that no name is taken for part of the address
        for (const char c : name)
            escaped += c == '/' ? std::string("/") : "%" + toHex(ByteView(asBytes(std::string_view(&c, 1))));
        name = "file:" + escaped + "?immutable=1";
    }
    const int rc = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
    Database db(raw);
    // What stands there but cannot be opened is not missing.
    if (std::error_code ec; (rc & 0xFF) == SQLITE_CANTOPEN && std::filesystem::exists(file, ec))
        return fail(ErrorCode::Unreadable, "the database file cannot be opened", "cannot_open");
    if (rc != SQLITE_OK)
        return tl::unexpected(sqliteError(raw ? sqlite3_extended_errcode(raw) : rc, raw ? sqlite3_errmsg(raw) : "out of memory"));
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, 5000);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    const std::string cache = "PRAGMA cache_size=-" + std::to_string(cacheKiB);
    JC_CHECK(db.exec(cache.c_str()));
    JC_CHECK(db.exec("PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON;"));
    if (mode != OpenMode::ReadOnly) {
        JC_CHECK(db.exec("PRAGMA journal_mode=WAL"));
        JC_CHECK(db.exec("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864;"));
    }
    return db;
}
Database::Database(Database&& o) noexcept : m_db(o.m_db)
{
    o.m_db = nullptr;
}
Database& Database::operator=(Database&& o) noexcept
{
    if (this != &o) {
        if (m_db) sqlite3_close_v2(m_db);
        m_db = o.m_db;
        o.m_db = nullptr;
    }
    return *this;
}
Database::~Database()
{
    if (m_db) sqlite3_close_v2(m_db);
}
Result<Statement> Database::prepare(std::string_view sql)
{
    sqlite3_stmt* s = nullptr;
    const int rc = sqlite3_prepare_v3(m_db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &s, nullptr);
    // The program's own statements fit its own tables: these are others.
    if (rc == SQLITE_ERROR) return fail(ErrorCode::Damaged, std::string("database: ") + sqlite3_errmsg(m_db), "database_damaged");
    if (rc != SQLITE_OK) return tl::unexpected(sqliteError(sqlite3_extended_errcode(m_db), sqlite3_errmsg(m_db)));
    return Statement(s);
}
Result<void> Database::exec(const char* sql)
{
    if (sqlite3_exec(m_db, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return tl::unexpected(sqliteError(sqlite3_extended_errcode(m_db), sqlite3_errmsg(m_db)));
    return {};
}
Result<std::int64_t> Database::version(std::uint32_t applicationId, std::int64_t newest)
{
    const auto number = [this](const char* sql) -> Result<std::int64_t> {
        JC_TRY(auto q, prepare(sql));
        JC_TRY(const bool row, q.step());
        return row ? q.integer(0) : 0;
    };
    JC_TRY(const auto have, number("PRAGMA user_version"));
    JC_TRY(const auto app, number("PRAGMA application_id"));
    JC_TRY(const auto objects, number("SELECT count(*) FROM sqlite_master"));
    if ((have > 0 || app != 0 || objects > 0) && app != static_cast<std::int64_t>(applicationId))
        return fail(ErrorCode::Damaged, "this database belongs to another program", "schema");
    if (have > newest)
        return fail(ErrorCode::Refused, "this workspace was written by a newer version of the program; use that version", "newer_version");
    return have;
}
Result<void> Database::checkVersion(std::span<const Migration> migrations, std::uint32_t applicationId)
{
    const std::int64_t newest = migrations.empty() ? 0 : migrations.back().version;
    JC_TRY(const auto have, version(applicationId, newest));
    if (have < newest) return fail(ErrorCode::Refused, "this workspace must first be opened for writing by this version", "older_version");
    return {};
}
Result<void> Database::migrate(std::span<const Migration> migrations, std::uint32_t applicationId)
{
    JC_TRY(const auto have, version(applicationId, migrations.empty() ? 0 : migrations.back().version));
    for (const auto& m : migrations) {
        if (m.version <= have) continue;
        JC_TRY(auto tx, Transaction::begin(*this));
        JC_CHECK(exec(m.sql));
        const std::string v =
            "PRAGMA application_id=" + std::to_string(applicationId) + "; PRAGMA user_version=" + std::to_string(m.version);
        JC_CHECK(exec(v.c_str()));
        JC_CHECK(tx.commit());
    }
    return {};
}
Result<std::string> Database::schemaText()
{
    std::vector<std::string> rows;
    JC_TRY(auto q, prepare("SELECT type, name, tbl_name, coalesce(sql,'') FROM sqlite_master"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        rows.push_back(std::string(q.text(0)) + " " + std::string(q.text(1)) + " " + std::string(q.text(2)) + " " + std::string(q.text(3)));
    }
    std::sort(rows.begin(), rows.end());
    std::string out;
    for (const auto& r : rows)
        out += r + "\n";
    return out;
}
Result<void> Database::backupTo(const std::filesystem::path& file)
{
    JC_TRY(Database to, open(file, OpenMode::ReadWriteCreate));
    JC_CHECK(to.exec("PRAGMA journal_mode=DELETE"));
    sqlite3_backup* b = sqlite3_backup_init(to.m_db, "main", m_db, "main");
    if (!b) return tl::unexpected(sqliteError(sqlite3_extended_errcode(to.m_db), sqlite3_errmsg(to.m_db)));
    const int rc = sqlite3_backup_step(b, -1);
    sqlite3_backup_finish(b);
    if (rc != SQLITE_DONE) return tl::unexpected(sqliteError(rc, sqlite3_errstr(rc)));
    return to.exec("PRAGMA journal_mode=DELETE");
}
Result<std::vector<std::string>> Database::integrityCheck()
{
    std::vector<std::string> out;
    JC_TRY(auto q, prepare("PRAGMA integrity_check(50)"));
    for (;;) {
        JC_TRY(const bool row, q.step());
        if (!row) break;
        if (q.text(0) != "ok") out.emplace_back(q.text(0));
    }
    return out;
}
std::int64_t Database::changedRows() const noexcept
{
    return sqlite3_changes64(m_db);
}
std::int64_t Database::lastInsertRowId() const noexcept
{
    return sqlite3_last_insert_rowid(m_db);
}

Result<Transaction> Transaction::begin(Database& db)
{
    JC_CHECK(db.exec("BEGIN IMMEDIATE"));
    return Transaction(&db);
}
Transaction::~Transaction()
{
    if (m_db && sqlite3_get_autocommit(m_db->handle()) == 0) sqlite3_exec(m_db->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}
Result<void> Transaction::commit()
{
    Database* db = m_db;
    JC_CHECK(db->exec("COMMIT"));
    m_db = nullptr;
    return {};
}
} // namespace jc::store
