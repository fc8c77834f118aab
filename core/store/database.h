// SPDX-License-Identifier: Apache-2.0
#pragma once
// SQLite, owned by scope: connections, statements, transactions, migrations. One connection belongs to one thread at a time.
#include "base/bytes.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

struct sqlite3;
struct sqlite3_stmt;

namespace jc::store {

/// A prepared statement. Bind from 1, columns from 0 (SQLite's own bases). Views of a column live until the next step or reset.
class Statement {
public:
    Statement(Statement&& o) noexcept : m_stmt(o.m_stmt), m_bindError(o.m_bindError) { o.m_stmt = nullptr; }
    Statement& operator=(Statement&&) = delete;
    ~Statement();
    Statement& bind(int i, std::int64_t v);
    Statement& bind(int i, std::uint64_t v) { return bind(i, static_cast<std::int64_t>(v)); }
    Statement& bind(int i, int v) { return bind(i, static_cast<std::int64_t>(v)); }
    Statement& bind(int i, std::uint32_t v) { return bind(i, static_cast<std::int64_t>(v)); }
    Statement& bind(int i, ByteView blob);          ///< copied
    Statement& bindText(int i, std::string_view v); ///< copied
    Statement& bindNull(int i);
    /// True: a row is there. False: done. Errors: NoSpace, CannotWrite, Unavailable (busy), Damaged (corrupt), Internal (a constraint or a
    /// bug).
    [[nodiscard]] Result<bool> step();
    /// For statements without rows: step to the end and reset.
    [[nodiscard]] Result<void> run();
    void reset() noexcept;
    [[nodiscard]] std::int64_t integer(int column) const noexcept;
    [[nodiscard]] ByteView blob(int column) const noexcept;
    [[nodiscard]] std::string_view text(int column) const noexcept;
    [[nodiscard]] bool isNull(int column) const noexcept;

private:
    friend class Database;
    explicit Statement(sqlite3_stmt* s) noexcept : m_stmt(s) {}
    sqlite3_stmt* m_stmt;
    int m_bindError = 0;
};

struct Migration {
    int version;     ///< 1, 2, …
    const char* sql; ///< forward only; never edited once released
};

enum class OpenMode : std::uint8_t { ReadWriteCreate, ReadWrite, ReadOnly };
class Database {
public:
    /// WAL, synchronous=FULL, foreign keys on, busy timeout 5 s, trusted_schema off, cell-size check on. ReadOnly also reads a live WAL.
    /// Errors: NotFound, CannotWrite, Unreadable, NoSpace, Damaged.
    [[nodiscard]] static Result<Database> open(const std::filesystem::path& file, OpenMode mode, int cacheKiB = 16 * 1024);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    [[nodiscard]] Result<void> exec(const char* sql);
    /// Brings the schema to the last migration in one transaction each; user_version counts them. Errors: Refused when the file is newer
    /// than this program.
    /// Damaged ("schema") when the file is another program's.
    [[nodiscard]] Result<void> migrate(std::span<const Migration> migrations, std::uint32_t applicationId);
    /// For a file opened to read: the same refusals, and Refused ("older_version") when migrate() has not been run yet.
    [[nodiscard]] Result<void> checkVersion(std::span<const Migration> migrations, std::uint32_t applicationId);
    /// Every row of sqlite_master as "type name tbl_name sql", sorted; for audits that compare a schema by its text.
    [[nodiscard]] Result<std::string> schemaText();
    /// Online copy through SQLite's backup interface. Errors: as open.
    [[nodiscard]] Result<void> backupTo(const std::filesystem::path& file);
    /// Full integrity check; empty = sound.
    [[nodiscard]] Result<std::vector<std::string>> integrityCheck();
    [[nodiscard]] std::int64_t lastInsertRowId() const noexcept;
    [[nodiscard]] std::int64_t changedRows() const noexcept; ///< by the last INSERT, UPDATE or DELETE
    [[nodiscard]] sqlite3* handle() const noexcept { return m_db; }

private:
    [[nodiscard]] static Result<Database> openConnection(const std::filesystem::path& file, OpenMode mode, int cacheKiB, bool immutable);
    explicit Database(sqlite3* db) noexcept : m_db(db) {}
    /// user_version, once the file is known to be ours or empty.
    [[nodiscard]] Result<std::int64_t> version(std::uint32_t applicationId, std::int64_t newest);
    sqlite3* m_db = nullptr;
};

/// BEGIN IMMEDIATE … COMMIT; rolls back when destroyed without commit().
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Database& db);
    Transaction(Transaction&& o) noexcept : m_db(o.m_db) { o.m_db = nullptr; }
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    [[nodiscard]] Result<void> commit();

private:
    explicit Transaction(Database* db) noexcept : m_db(db) {}
    Database* m_db;
};

} // namespace jc::store
