// SPDX-License-Identifier: Apache-2.0
#include "bench_measure.h"

#include "base/file.h"
#include "record/codec.h"
#include "store/database.h"

#include <atomic>
#include <thread>

namespace jc::cli::bench {
namespace {

using Clock_ = std::chrono::steady_clock;

// ---- hashing
// -----------------------------------------------------------------------------------------------------------------------------

constexpr std::size_t kFileMiB = 256;

Result<Row> hashing(Context& c, std::string row, bool sm3)
{
    JC_TRY(const Scratch scratch, Scratch::make());
    const auto file = scratch.dir() / "file";
    JC_CHECK(writeFileAtomic(file, noise(kFileMiB << 20U, 1), 0644, false));
    const auto mb = static_cast<double>(kFileMiB << 20U) / 1e6;
    const auto rate = [mb](const auto& work) -> Result<double> {
        const auto begin = Clock_::now();
        auto done = work();
        if (!done) return tl::unexpected(std::move(done).error());
        return mb / secondsSince(begin);
    };
    const auto stop = c.stop();
    const std::string algorithm = sm3 ? "-sm3" : "-sha256";
    return compare(
        std::move(row), "MB/s", [&](int) { return rate([&] { return intake::digestFile(file, {sm3, false}, noProgress(), stop); }); },
        "openssl dgst " + algorithm,
        [&](int) { return rate([&] { return runProgramQuietly({"openssl", "dgst", algorithm, file.string()}); }); }, stop);
}
Result<Row> hashSha256(Context& c)
{
    return hashing(c, "hash-sha256", false);
}
Result<Row> hashBoth(Context& c)
{
    return hashing(c, "hash-sha256-sm3", true);
}

// ---- filing
// ------------------------------------------------------------------------------------------------------------------------------

/// A demonstration court of its own, opened for writing.
struct Court {
    Scratch scratch;
    std::unique_ptr<service::Workspace> workspace;
    [[nodiscard]] std::filesystem::path dir() const { return scratch.dir() / "court"; }
    [[nodiscard]] std::filesystem::path evidence() const { return scratch.dir() / "evidence"; }
};
constexpr std::string_view kCaseNumber = "（2026）辽06民初1号";

Result<Court> makeCourt(Context& c)
{
    JC_TRY(Scratch scratch, Scratch::make());
    Court court{std::move(scratch), nullptr};
    JC_CHECK(service::makeDemonstration(court.dir(), c.clock()));
    service::OpenOptions options;
    options.directory = court.dir();
    options.access = service::Access::Write;
    options.clock = &c.clock();
    JC_TRY(court.workspace, service::Workspace::open(std::move(options)));
    JC_CHECK(makeDirectories(court.evidence()));
    return court;
}

Result<service::FilingReport> fileAll(Court& court, std::vector<std::filesystem::path> paths, const std::stop_token& stop)
{
    service::FilingRequest request;
    request.caseNumber = std::string(kCaseNumber);
    request.paths = std::move(paths);
    request.wait = std::chrono::minutes(10);
    JC_TRY(auto report, service::fileEvidence(*court.workspace, request, noProgress(), stop));
    if (report.failed || report.waiting || report.items.empty())
        return fail(ErrorCode::Internal, "the filing of the measurement was not anchored");
    return report;
}

constexpr std::size_t kSmallFile = 1'000, kUsualFile = 10'000;
Result<void> writeEvidence(const std::filesystem::path& dir, std::size_t count, std::uint64_t seed, std::size_t bytes = kSmallFile)
{
    JC_CHECK(makeDirectories(dir));
    for (std::size_t i = 0; i < count; ++i)
        JC_CHECK(writeFileAtomic(dir / (std::to_string(i) + ".bin"), noise(bytes, seed * 1'000'003 + i), 0644, false));
    return {};
}

/// Rows of 300 bytes with a 32-byte unique key into SQLite, as durable as a ledger must be: the least that any record costs here.
class PlainDatabase {
public:
    static Result<PlainDatabase> make(const std::filesystem::path& file)
    {
        JC_TRY(auto db, store::Database::open(file, store::OpenMode::ReadWriteCreate));
        JC_CHECK(db.exec("CREATE TABLE r(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL)"));
        return PlainDatabase(std::move(db));
    }
    /// Rows a second.
    Result<double> insert(std::size_t rows, std::size_t perTransaction)
    {
        JC_TRY(auto statement, m_db.prepare("INSERT INTO r(key, body) VALUES(?1, ?2)"));
        const auto begin = Clock_::now();
        for (std::size_t done = 0; done < rows;) {
            JC_TRY(auto transaction, store::Transaction::begin(m_db));
            for (std::size_t i = 0; i < perTransaction && done < rows; ++i, ++done) {
                const Bytes body = noise(300, ++m_next);
                statement.bind(1, ByteView(body).first(32)).bind(2, ByteView(body));
                JC_CHECK(statement.run());
            }
            JC_CHECK(transaction.commit());
        }
        return static_cast<double>(rows) / secondsSince(begin);
    }

private:
    explicit PlainDatabase(store::Database db) : m_db(std::move(db)) {}
    store::Database m_db;
    std::uint64_t m_next = 0;
};

Result<Row> filingSingle(Context& c)
{
    constexpr std::size_t kFilings = 10;
    JC_TRY(Court court, makeCourt(c));
    JC_TRY(auto plain, PlainDatabase::make(court.scratch.dir() / "plain.sqlite"));
    const auto stop = c.stop();
    return compare(
        "filing-single", "filings/s",
        [&](int repeat) -> Result<double> {
            const auto dir = court.evidence() / std::to_string(repeat);
            JC_CHECK(writeEvidence(dir, kFilings, static_cast<std::uint64_t>(repeat) + 1));
            const auto begin = Clock_::now();
            for (std::size_t i = 0; i < kFilings; ++i)
                JC_CHECK(fileAll(court, {dir / (std::to_string(i) + ".bin")}, stop));
            return static_cast<double>(kFilings) / secondsSince(begin);
        },
        "SQLite, one durable row a transaction", [&](int) { return plain.insert(100, 1); }, stop);
}

Result<Row> filing10k(Context& c)
{
    constexpr std::size_t kFiles = 10'000;
    JC_TRY(Court court, makeCourt(c));
    JC_TRY(auto plain, PlainDatabase::make(court.scratch.dir() / "plain.sqlite"));
    const auto stop = c.stop();
    return compare(
        "filing-10k", "files/s",
        [&](int repeat) -> Result<double> {
            const auto dir = court.evidence() / std::to_string(repeat);
            JC_CHECK(writeEvidence(dir, kFiles, static_cast<std::uint64_t>(repeat) + 1, kUsualFile));
            const auto begin = Clock_::now();
            JC_CHECK(fileAll(court, {dir}, stop));
            return static_cast<double>(kFiles) / secondsSince(begin);
        },
        "SQLite, 10,000 durable rows in one transaction", [&](int) { return plain.insert(kFiles, kFiles); }, stop);
}

/// 25 threads, each signs a filing record of its own and waits until it is anchored and proved.
Result<Row> filers25(Context& c)
{
    constexpr std::size_t kFilers = 25, kEach = 20;
    JC_TRY(Court court, makeCourt(c));
    JC_TRY(auto plain, PlainDatabase::make(court.scratch.dir() / "plain.sqlite"));
    JC_TRY(const service::Person* person, court.workspace->person());
    ledger::Ledger& ledger = court.workspace->ledger();
    const std::string courtKey = court.workspace->config().courtKey;
    const auto stop = c.stop();
    return compare(
        "filers-25", "records/s",
        [&](int repeat) -> Result<double> {
            std::atomic<bool> broken{false};
            const auto begin = Clock_::now();
            {
                std::vector<std::jthread> threads;
                for (std::size_t t = 0; t < kFilers; ++t)
                    threads.emplace_back([&, t] {
                        for (std::size_t i = 0; i < kEach && !broken; ++i) {
                            record::Record r;
                            const UnixMs now = c.clock().now();
                            r.id = makeUuidV7(now);
                            r.authorTime = now;
                            record::Filing body;
                            body.court = courtKey;
                            body.itemCount = 1;
                            const Bytes root = noise(32, (static_cast<std::uint64_t>(repeat) * kFilers + t) * kEach + i + 1);
                            body.itemRoot = merkle::RootHash::fromBytes(std::span(root).first<32>());
                            r.body = body;
                            const auto record = record::signRecord(r, ledger.id(), person->id, person->identity.key);
                            const auto submission = record ? ledger.submit(*record) : tl::unexpected(record.error());
                            if (!submission || !ledger.await(*submission, std::chrono::minutes(1), stop)) broken = true;
                        }
                    });
            }
            if (broken)
                return fail(stop.stop_requested() ? ErrorCode::Cancelled : ErrorCode::Internal,
                            "a record of the measurement was not anchored");
            return static_cast<double>(kFilers * kEach) / secondsSince(begin);
        },
        "SQLite, one durable row a transaction", [&](int) { return plain.insert(200, 1); }, stop);
}

// ---- receipts
// ----------------------------------------------------------------------------------------------------------------------------

struct Receipts {
    Court court;
    std::vector<std::string> texts;
    std::vector<verdict::FileFacts> files;
    std::shared_ptr<const verdict::TrustedLedger> trust;
};

Result<Receipts> makeReceipts(Context& c, std::size_t filings, std::size_t filesEach)
{
    JC_TRY(Court court, makeCourt(c));
    Receipts out{std::move(court), {}, {}, {}};
    for (std::size_t f = 0; f < filings; ++f) {
        const auto dir = out.court.evidence() / std::to_string(f);
        JC_CHECK(writeEvidence(dir, filesEach, f + 1));
        JC_TRY(const auto report, fileAll(out.court, {dir}, c.stop()));
        for (const auto& item : report.items) {
            JC_TRY(auto text, service::receiptText(*out.court.workspace, item.number));
            JC_TRY(const auto measured, intake::digestFile(item.path, {true, false}, noProgress(), c.stop()));
            out.texts.push_back(std::move(text));
            out.files.push_back({item.path.filename().string(), measured.size, measured.digests});
        }
    }
    JC_TRY(const auto set, out.court.workspace->makeTrustSet());
    out.trust = verdict::TrustedLedger::verify(set).ledger;
    if (!out.trust) return fail(ErrorCode::Internal, "the trust set of the measurement does not prove itself");
    return out;
}

Result<Row> receipts(Context& c, std::string row, std::size_t filings, std::size_t filesEach)
{
    JC_TRY(const Receipts r, makeReceipts(c, filings, filesEach));
    const UnixMs now = c.clock().now();
    return compare(
        std::move(row), "receipts/s",
        [&](int) -> Result<double> {
            verdict::Cache cache;
            const auto begin = Clock_::now();
            for (std::size_t i = 0; i < r.texts.size(); ++i) {
                JC_TRY(const auto v, verdict::judgeText(&r.files[i], r.texts[i], *r.trust, {now}, cache));
                if (v.word != verdict::Word::Consistent) return fail(ErrorCode::Internal, "a receipt of the measurement is not consistent");
            }
            return static_cast<double>(r.texts.size()) / secondsSince(begin);
        },
        "", {}, c.stop());
}
Result<Row> receiptsSame(Context& c)
{
    return receipts(c, "receipts-same-filing", 1, 5000);
}
Result<Row> receiptsDistinct(Context& c)
{
    return receipts(c, "receipts-distinct", 50, 1);
}

Result<Row> verifyProcess(Context& c)
{
    constexpr int kRuns = 10;
    JC_TRY(Receipts r, makeReceipts(c, 1, 1));
    const auto base = r.court.scratch.dir();
    const auto file = r.court.evidence() / "0" / "0.bin";
    const auto receiptFile = base / "r.jcr", trustFile = base / "t.jct";
    JC_CHECK(writeFileAtomic(receiptFile, asBytes(r.texts.front())));
    JC_CHECK(service::exportTrust(*r.court.workspace, trustFile));
    JC_TRY(const auto parsed, receipt::parseReceipt(r.texts.front()));
    JC_TRY(const auto parts, receipt::extractParts(parsed));
    for (const auto& part : parts)
        JC_CHECK(writeFileAtomic(base / part.name, part.data));
    // openssl wants the root alone as its anchor; ours stands last in the chain.
    r.court.workspace.reset();
    const auto rate = [](const std::vector<std::string>& command) -> Result<double> {
        const auto begin = Clock_::now();
        for (int i = 0; i < kRuns; ++i)
            JC_CHECK(runProgramQuietly(command));
        return kRuns / secondsSince(begin);
    };
    const std::vector<std::string> ours{ownProgram(),         "verify",     "--trust", trustFile.string(), "--receipt",
                                        receiptFile.string(), file.string()};
    const std::vector<std::string> peer{"openssl",
                                        "ts",
                                        "-verify",
                                        "-data",
                                        file.string(),
                                        "-in",
                                        (base / "timestamp.tst").string(),
                                        "-token_in",
                                        "-CAfile",
                                        (base / "tsa-chain.pem").string()};
    return compare(
        "verify-process", "runs/s", [&](int) { return rate(ours); }, "openssl ts -verify", [&](int) { return rate(peer); }, c.stop());
}

constexpr RowSpec kRows[] = {
    {"hash-sha256", "a1", hashSha256},
    {"hash-sha256-sm3", "a5", hashBoth},
    {"filing-single", "b1", filingSingle},
    {"filing-10k", "b2", filing10k},
    {"filers-25", "b4", filers25},
    {"receipts-same-filing", "c2", receiptsSame},
    {"receipts-distinct", "", receiptsDistinct},
    {"verify-process", "c3", verifyProcess},
};

} // namespace

std::span<const RowSpec> rows()
{
    return kRows;
}

} // namespace jc::cli::bench
