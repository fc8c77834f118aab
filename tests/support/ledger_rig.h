// SPDX-License-Identifier: Apache-2.0
#pragma once
// An embedded ledger in a folder of its own, with a clerk, and the hands of somebody who can write its files.
#include "base/file.h"
#include "ledger/deep_audit.h"
#include "ledger/ledger_schema.h"
#include "ledger/log_store.h"
#include "support/court.h"
#include "support/scratch.h"

#include <sqlite3.h>

namespace jc::test {

/// sqlite3 itself, without any of the project's safeguards.
class RawDb {
public:
    explicit RawDb(const std::filesystem::path& file)
    {
        if (sqlite3_open(file.c_str(), &m_db) != SQLITE_OK) throw std::runtime_error("raw open");
        exec("PRAGMA ignore_check_constraints=ON");
    }
    RawDb(const RawDb&) = delete;
    RawDb& operator=(const RawDb&) = delete;
    ~RawDb() { sqlite3_close_v2(m_db); }
    void exec(const std::string& sql)
    {
        char* message = nullptr;
        if (sqlite3_exec(m_db, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return;
        const std::string text = std::string(message ? message : "") + ": " + sql;
        sqlite3_free(message);
        throw std::runtime_error(text);
    }
    /// First column of every row, as SQLite's text of it.
    std::vector<std::string> column(const std::string& sql)
    {
        std::vector<std::string> out;
        const auto add = [](void* to, int, char** values, char**) {
            static_cast<std::vector<std::string>*>(to)->emplace_back(values[0] ? values[0] : "");
            return 0;
        };
        if (sqlite3_exec(m_db, sql.c_str(), add, &out, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(m_db) + (": " + sql));
        return out;
    }
    std::int64_t number(const std::string& sql) { return std::stoll(column(sql).at(0)); }
    /// Runs `sql` with all triggers away, and puts them back as they were.
    void pastTriggers(const std::string& sql)
    {
        const auto names = column("SELECT name FROM sqlite_master WHERE type='trigger'");
        const auto texts = column("SELECT sql FROM sqlite_master WHERE type='trigger'");
        for (const auto& n : names)
            exec("DROP TRIGGER " + n);
        exec(sql);
        for (const auto& t : texts)
            exec(t);
    }
    [[nodiscard]] sqlite3* handle() const { return m_db; }

private:
    sqlite3* m_db = nullptr;
};

/// Makes tiles, edge, record ids and control index fit whatever the entries now are: what a careful forger would do.
inline void makeTilesFit(const std::filesystem::path& file)
{
    RawDb raw(file);
    auto memory = must(store::Database::open(":memory:", store::OpenMode::ReadWriteCreate));
    must(memory.exec(ledger::logSchema("").c_str()));
    auto log = must(ledger::LogStore::open(memory, ""));
    for (const auto& hexBody : raw.column("SELECT hex(body) FROM entries ORDER BY idx")) {
        const ledger::LogStore::NewEntry e{must(fromHex(hexBody)), merkle::hashLeaf(must(fromHex(hexBody)))};
        must(log.append(std::span(&e, 1)));
    }
    std::string sql = "DELETE FROM tiles; DELETE FROM edge;";
    auto tiles = must(memory.prepare("SELECT id, hashes, root FROM tiles"));
    while (must(tiles.step()))
        sql += "INSERT INTO tiles VALUES(" + std::to_string(tiles.integer(0)) + ", x'" + toHex(tiles.blob(1)) + "', x'" +
               toHex(tiles.blob(2)) + "');";
    auto edge = must(memory.prepare("SELECT level, hashes FROM edge"));
    while (must(edge.step()))
        sql += "INSERT INTO edge VALUES(" + std::to_string(edge.integer(0)) + ", x'" + toHex(edge.blob(1)) + "');";
    raw.pastTriggers(sql);
}

struct Rig {
    Scratch dir;
    SetClock clock;
    Founding founding;
    Person clerk = personNamed("clerk", record::Role::Clerk, "210600");
    std::uint64_t number = 1;

    explicit Rig(std::size_t administrators = 1) : founding(administrators) {}
    [[nodiscard]] std::filesystem::path file() const { return dir / "ledger.sqlite"; }
    [[nodiscard]] std::filesystem::path signerFile() const { return dir / "signer"; }
    [[nodiscard]] ledger::EmbeddedOptions options(bool keys = true) const
    {
        ledger::EmbeddedOptions o;
        o.databaseFile = file();
        o.signerStateFile = signerFile();
        if (keys) {
            o.logKey = founding.courts[0].log;
            o.cosignerKey = founding.courts[0].cosigner;
        }
        o.clock = &clock;
        return o;
    }
    void create() { must(ledger::EmbeddedLedger::create(options(), founding.cards, founding.charter)); }
    [[nodiscard]] std::unique_ptr<ledger::EmbeddedLedger> open(bool keys = true) const
    {
        return must(ledger::EmbeddedLedger::open(options(keys)));
    }
    [[nodiscard]] const Person& admin(std::size_t i = 0) const { return founding.courts[0].administrators.at(i); }
    record::SignedRecord sign(const Person& p, record::RecordBody body)
    {
        return signedBy(founding, p, std::move(body), number++, clock.now());
    }
    record::SignedRecord filing() { return sign(clerk, filingOf("210600", number)); }
    static Result<ledger::Anchored> put(ledger::Ledger& l, const record::SignedRecord& r)
    {
        JC_TRY(const auto s, l.submit(r));
        return l.await(s, std::chrono::seconds(60), {});
    }
    /// `count` filings submitted at once, then awaited.
    void fill(ledger::Ledger& l, std::size_t count)
    {
        std::vector<ledger::Submission> all;
        for (std::size_t i = 0; i < count; ++i)
            all.push_back(must(l.submit(filing())));
        for (const auto& s : all)
            must(l.await(s, std::chrono::seconds(60), {}));
        clock.add(1000);
    }
    void enrolClerk(ledger::Ledger& l) { must(put(l, sign(admin(), clerk.enrolment))); }
    [[nodiscard]] ledger::DeepAudit audit(std::span<const std::pair<std::uint64_t, merkle::RootHash>> pinned = {}) const
    {
        return must(ledger::deepAudit(file(), pinned, noProgress(), {}));
    }
};

} // namespace jc::test
