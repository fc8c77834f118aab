// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include "base/file.h"
#include "support/scratch.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace jc::store {
namespace {
using jc::test::Scratch;

constexpr std::uint32_t kId = 0x4A435431;
const Migration kOne{1, "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB, c TEXT) STRICT;"};
const Migration kTwo{2, "CREATE TABLE u(a INTEGER PRIMARY KEY) STRICT; INSERT INTO u VALUES(1),(2);"};
const Migration kBroken{3, "CREATE TABLE v(a); INSERT INTO missing VALUES(1);"};

Database opened(const std::filesystem::path& file)
{
    auto db = Database::open(file, OpenMode::ReadWriteCreate);
    if (!db) throw std::runtime_error(db.error().detail);
    return std::move(*db);
}
std::int64_t number(Database& db, const char* sql)
{
    auto q = db.prepare(sql);
    if (!q || !q->step().value_or(false)) throw std::runtime_error(sql);
    return q->integer(0);
}

TEST(Database, SettingsThatDurabilityRestsOn)
{
    const Scratch dir;
    Database db = opened(dir / "a.sqlite");
    EXPECT_EQ(number(db, "PRAGMA synchronous"), 2); // FULL
    EXPECT_EQ(number(db, "PRAGMA foreign_keys"), 1);
    EXPECT_EQ(number(db, "PRAGMA cell_size_check"), 1);
    EXPECT_EQ(number(db, "PRAGMA trusted_schema"), 0);
    auto q = db.prepare("PRAGMA journal_mode");
    ASSERT_TRUE(q && q->step().value());
    EXPECT_EQ(q->text(0), "wal");
    // The schema cannot be rewritten through this connection.
    EXPECT_FALSE(db.exec("PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql='x'").has_value() &&
                 number(db, "PRAGMA writable_schema") == 1);
}

TEST(Database, ValuesComeBackAsTheyWent)
{
    const Scratch dir;
    Database db = opened(dir / "a.sqlite");
    ASSERT_TRUE(db.migrate(std::span(&kOne, 1), kId));
    auto ins = db.prepare("INSERT INTO t VALUES(?,?,?)");
    ASSERT_TRUE(ins);
    const Bytes blob{0, 1, 255, 0};
    const std::string text("a\0b\xE4\xB8\xAD", 6);
    EXPECT_TRUE(ins->bind(1, std::int64_t{-5}).bind(2, ByteView(blob)).bindText(3, text).run());
    EXPECT_TRUE(ins->bind(1, std::uint64_t{7}).bind(2, ByteView{}).bindText(3, {}).run()); // empty is not NULL
    EXPECT_TRUE(ins->bind(1, 8).bindNull(2).bindNull(3).run());
    EXPECT_EQ(db.lastInsertRowId(), 8);
    auto q = db.prepare("SELECT a, b, c FROM t ORDER BY a");
    ASSERT_TRUE(q);
    ASSERT_TRUE(q->step().value());
    EXPECT_EQ(q->integer(0), -5);
    EXPECT_TRUE(equal(q->blob(1), blob));
    EXPECT_EQ(q->text(2), text);
    ASSERT_TRUE(q->step().value());
    EXPECT_FALSE(q->isNull(1));
    EXPECT_TRUE(q->blob(1).empty());
    ASSERT_TRUE(q->step().value());
    EXPECT_TRUE(q->isNull(1));
    EXPECT_TRUE(q->text(2).empty());
    EXPECT_FALSE(q->step().value());
    ASSERT_TRUE(db.exec("UPDATE t SET c='x' WHERE a>0"));
    EXPECT_EQ(db.changedRows(), 2);
}

TEST(Statement, ErrorsAreSaidAndLeaveItUsable)
{
    const Scratch dir;
    Database db = opened(dir / "a.sqlite");
    ASSERT_TRUE(db.migrate(std::span(&kOne, 1), kId));
    EXPECT_FALSE(db.prepare("SELECT nothing FROM nowhere"));
    auto ins = db.prepare("INSERT INTO t(a) VALUES(?)");
    ASSERT_TRUE(ins);
    const auto beyond = ins->bind(9, 1).run();
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, ErrorCode::Internal);
    EXPECT_TRUE(ins->bind(1, 1).run());
    const auto twice = ins->bind(1, 1).run();
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, ErrorCode::Internal);
    EXPECT_TRUE(ins->bind(1, 2).run());
    // A bind that failed is not forgotten by moving.
    ins->bind(9, 1);
    Statement moved(std::move(*ins));
    EXPECT_FALSE(moved.step());
}

TEST(Database, MigratesForwardOnceAndWhole)
{
    const Scratch dir;
    const std::array all{kOne, kTwo, kBroken};
    {
        Database db = opened(dir / "a.sqlite");
        EXPECT_EQ(db.checkVersion(std::span(all).first(1), kId).error().reason, "older_version"); // nothing there yet
        ASSERT_TRUE(db.migrate(std::span(all).first(1), kId));
        ASSERT_TRUE(db.migrate(std::span(all).first(1), kId));
        EXPECT_TRUE(db.checkVersion(std::span(all).first(1), kId));
        EXPECT_EQ(db.checkVersion(std::span(all).first(2), kId).error().reason, "older_version");
        ASSERT_TRUE(db.migrate(std::span(all).first(2), kId));
        EXPECT_EQ(number(db, "SELECT count(*) FROM u"), 2);
        // A migration that fails leaves the version before it.
        EXPECT_FALSE(db.migrate(std::span(all), kId));
        EXPECT_EQ(number(db, "PRAGMA user_version"), 2);
        EXPECT_EQ(number(db, "SELECT count(*) FROM sqlite_master WHERE name='v'"), 0);
        EXPECT_EQ(number(db, "PRAGMA application_id"), kId);
    }
    Database db = opened(dir / "a.sqlite");
    for (const auto& refused : {db.migrate(std::span(all).first(1), kId), db.checkVersion(std::span(all).first(1), kId)}) {
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::Refused);
        EXPECT_EQ(refused.error().reason, "newer_version");
    }
    const auto foreign = db.migrate(std::span(all).first(2), kId + 1);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code, ErrorCode::Damaged);
    // Somebody else's database without any version is not taken over either.
    Database other = opened(dir / "b.sqlite");
    ASSERT_TRUE(other.exec("CREATE TABLE theirs(a)"));
    EXPECT_EQ(other.migrate(std::span(all).first(1), kId).error().code, ErrorCode::Damaged);
    EXPECT_EQ(number(other, "SELECT count(*) FROM sqlite_master"), 1);
}

TEST(Transaction, RollsBackUnlessCommitted)
{
    const Scratch dir;
    Database db = opened(dir / "a.sqlite");
    ASSERT_TRUE(db.migrate(std::span(&kOne, 1), kId));
    {
        auto tx = Transaction::begin(db);
        ASSERT_TRUE(tx);
        ASSERT_TRUE(db.exec("INSERT INTO t(a) VALUES(1)"));
        EXPECT_FALSE(Transaction::begin(db)); // not nested
    }
    EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 0);
    {
        auto tx = Transaction::begin(db);
        ASSERT_TRUE(tx);
        ASSERT_TRUE(db.exec("INSERT INTO t(a) VALUES(1)"));
        ASSERT_TRUE(tx->commit());
    }
    EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
}

TEST(Database, ReadersDoNotBlockAndSeeWholeCommits)
{
    const Scratch dir;
    Database db = opened(dir / "a.sqlite");
    ASSERT_TRUE(db.migrate(std::span(&kOne, 1), kId));
    auto reader = Database::open(dir / "a.sqlite", OpenMode::ReadOnly);
    ASSERT_TRUE(reader);
    auto tx = Transaction::begin(db);
    ASSERT_TRUE(tx && db.exec("INSERT INTO t(a) VALUES(1)"));
    EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 0);
    ASSERT_TRUE(tx->commit());
    EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 1);
    const auto refused = reader->exec("INSERT INTO t(a) VALUES(2)");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::CannotWrite);
    // A second writer waits, and is told when it took too long.
    sqlite3_busy_timeout(db.handle(), 50);
    Database second = opened(dir / "a.sqlite");
    auto held = Transaction::begin(second);
    ASSERT_TRUE(held);
    const auto busy = Transaction::begin(db);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code, ErrorCode::Unavailable);
}

TEST(Database, FilesThatCannotBeOpened)
{
    const Scratch dir;
    EXPECT_EQ(Database::open(dir / "none.sqlite", OpenMode::ReadWrite).error().code, ErrorCode::NotFound);
    EXPECT_EQ(Database::open(dir / "none.sqlite", OpenMode::ReadOnly).error().code, ErrorCode::NotFound);
    EXPECT_EQ(Database::open(dir.path(), OpenMode::ReadWrite).error().code, ErrorCode::Unreadable);
    ASSERT_TRUE(writeFileAtomic(dir / "text.sqlite", Bytes(4096, 'x')));
    EXPECT_EQ(Database::open(dir / "text.sqlite", OpenMode::ReadWrite).error().code, ErrorCode::Damaged);
    if (::geteuid() != 0) {
        opened(dir / "locked.sqlite");
        ::chmod((dir / "locked.sqlite").c_str(), 0);
        EXPECT_EQ(Database::open(dir / "locked.sqlite", OpenMode::ReadWrite).error().code, ErrorCode::Unreadable);
    }
}

TEST(Database, SchemaTextTellsEveryObject)
{
    const Scratch dir;
    Database db = opened(dir / "a.sqlite");
    ASSERT_TRUE(db.migrate(std::span(&kOne, 1), kId));
    const std::string before = db.schemaText().value();
    EXPECT_NE(before.find("table t t CREATE TABLE t("), std::string::npos);
    ASSERT_TRUE(db.exec("CREATE INDEX i ON t(c)"));
    EXPECT_NE(db.schemaText().value(), before);
    ASSERT_TRUE(db.exec("DROP INDEX i"));
    EXPECT_EQ(db.schemaText().value(), before);
}

TEST(Database, BackupIsWholeAndOneFile)
{
    const Scratch dir;
    Database db = opened(dir / "a.sqlite");
    ASSERT_TRUE(db.migrate(std::span(&kOne, 1), kId));
    ASSERT_TRUE(db.exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO t(a,b) SELECT i, randomblob(300) FROM n"));
    ASSERT_TRUE(db.backupTo(dir / "copy.sqlite"));
    EXPECT_FALSE(std::filesystem::exists(dir / "copy.sqlite-wal"));
    auto copy = Database::open(dir / "copy.sqlite", OpenMode::ReadOnly);
    ASSERT_TRUE(copy);
    EXPECT_EQ(number(*copy, "SELECT count(*) FROM t"), 5000);
    EXPECT_TRUE(copy->checkVersion(std::span(&kOne, 1), kId));
    EXPECT_TRUE(copy->integrityCheck().value().empty());
    EXPECT_EQ(db.backupTo(dir.path() / "no" / "folder.sqlite").error().code, ErrorCode::NotFound);
}

TEST(Database, IntegrityCheckNamesDamage)
{
    const Scratch dir;
    {
        Database db = opened(dir / "a.sqlite");
        ASSERT_TRUE(db.migrate(std::span(&kOne, 1), kId));
        ASSERT_TRUE(db.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) INSERT INTO t(a,b) SELECT i, "
                            "randomblob(300) FROM n"));
    }
    auto bytes = readFile(dir / "a.sqlite", 1 << 24).value();
    std::fill_n(bytes.begin() + 4096 * 3, 64, std::uint8_t{0xFF});
    ASSERT_TRUE(writeFileAtomic(dir / "a.sqlite", bytes));
    auto db = Database::open(dir / "a.sqlite", OpenMode::ReadOnly);
    ASSERT_TRUE(db);
    const auto found = db->integrityCheck();
    EXPECT_TRUE(!found || !found->empty());
}

} // namespace
} // namespace jc::store
