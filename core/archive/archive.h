// SPDX-License-Identifier: Apache-2.0
#pragma once
// A court's private data: cases, filings and their items, receipts' shared parts, the outbox, staff certificates, and the custody log.
// SQLite, one file, one connection. docs/reference/workspace.md
#include "archive/custody_log.h"
#include "receipt/receipt.h"

#include <functional>

namespace jc::archive {

inline constexpr std::uint32_t kArchiveApplicationId = 0x4A434131; ///< "JCA1"
/// The schema as the deep audit expects it.
[[nodiscard]] std::span<const store::Migration> archiveMigrations();

struct CaseRow {
    std::int64_t id = 0;
    std::string number;
    UnixMs created{};
    std::uint64_t items = 0, anchored = 0;
};

/// What waits: every flag is cleared by the step that completes it, in the same transaction as its result.
struct Waits {
    bool ledger = false, token = false, receipts = false;
    [[nodiscard]] bool any() const noexcept { return ledger || token || receipts; }
};

struct Filing {
    Uuid id{};
    std::int64_t caseId = 0;
    std::string caseNumber;
    UnixMs created{}; ///< author time
    record::SignedRecord signedRecord;
    std::vector<Bytes> certificates; ///< signer first
    std::uint64_t itemCount = 0;
    Sha256Digest imprint; ///< of the time-stamp tree
    Waits waits;
    std::string receiptsDir; ///< where receipts are to be written; raw bytes
    std::optional<std::uint64_t> index;
    UnixMs ledgerTime{};
    Bytes entry;
    std::string proof; ///< tlog-proof text; empty until anchored
    std::optional<receipt::EnrolmentPart> enrolment;
    std::vector<receipt::TokenPart> tokens;
    UnixMs tokenTime{};
    std::string refused;               ///< stable reason when the ledger refused it for good
    std::string lastError, lastDetail; ///< of the last try
    bool sealed = true;
};

struct Item {
    Uuid filing{};
    std::uint64_t ordinal = 0; ///< from 1
    Bytes descriptor;
    Sha256Digest sha256;
    std::string sourcePath; ///< raw bytes, absolute
    std::int64_t sourceInode = 0, sourceDevice = 0;
    UnixMs modifiedTime{};
    std::uint64_t size = 0;
    std::string receiptPath; ///< raw bytes; where the receipt was written
};

/// Not thread-safe: the Workspace's owner serialises (one filing at a time writes; each method is one transaction unless inside
/// transact()).
class Archive {
public:
    [[nodiscard]] static Result<std::unique_ptr<Archive>> open(const std::filesystem::path& file, bool writable);

    /// Runs f inside one transaction; nested calls join it. On error everything is rolled back, the custody log's memory too.
    [[nodiscard]] Result<void> transact(const std::function<Result<void>()>& f);

    [[nodiscard]] Result<CaseRow> addCase(const std::string& number, UnixMs created); ///< Refused ("exists")
    [[nodiscard]] Result<std::optional<CaseRow>> findCase(const std::string& number);
    [[nodiscard]] Result<std::vector<CaseRow>> cases();

    /// Durable after it returns: 已固定.
    [[nodiscard]] Result<void> addFiling(const Filing& filing, std::span<const Item> items);
    /// Writes every changeable column of `filing` (all but id, case, record, items).
    [[nodiscard]] Result<void> updateFiling(const Filing& filing);
    [[nodiscard]] Result<void> setReceiptPaths(const Uuid& filing, std::span<const std::string> paths); ///< by ordinal−1
    [[nodiscard]] Result<Filing> filing(const Uuid& id);                                                ///< NotFound
    [[nodiscard]] Result<std::vector<Filing>> pendingFilings();                                         ///< oldest first
    [[nodiscard]] Result<std::vector<Filing>> allFilings();
    [[nodiscard]] Result<std::vector<Item>> items(const Uuid& filing); ///< ascending ordinal
    [[nodiscard]] Result<std::optional<Item>> item(const Uuid& filing, std::uint64_t ordinal);
    [[nodiscard]] Result<std::vector<Item>> itemsByDigest(const Sha256Digest& sha256); ///< oldest first
    [[nodiscard]] Result<std::vector<Item>> itemsBySource(const std::string& path);    ///< oldest first; reads the whole table
    [[nodiscard]] Result<bool> hasDigest(const Sha256Digest& sha256);
    [[nodiscard]] Result<std::vector<Item>> caseItems(std::int64_t caseId);
    [[nodiscard]] Result<std::optional<Filing>> filingByIndex(std::uint64_t entryIndex);
    [[nodiscard]] Result<std::pair<std::uint64_t, std::uint64_t>> countFilingsAndItems();

    /// Staff certificates seen here (enrolled, or used to sign), so that names can be shown and receipts carry them.
    [[nodiscard]] Result<void> addCertificate(ByteView der);
    [[nodiscard]] Result<std::optional<Bytes>> certificate(const SignerId& id);
    [[nodiscard]] Result<void> addForm(const Sha256Digest& digest, ByteView body);
    [[nodiscard]] Result<void> setValue(const std::string& key, ByteView value);
    [[nodiscard]] Result<std::optional<Bytes>> value(const std::string& key);

    [[nodiscard]] CustodyLog& custody() noexcept { return *m_custody; }
    [[nodiscard]] store::Database& database() noexcept { return m_db; }

private:
    explicit Archive(store::Database db) : m_db(std::move(db)) {}
    store::Database m_db;
    std::optional<CustodyLog> m_custody;
    int m_depth = 0;
};

} // namespace jc::archive
