// SPDX-License-Identifier: Apache-2.0
// The embedded ledger: durable filings per second and how long one takes, proofs, and what a million records cost. Prints JSON lines
// {row,ours,peer,ratio,unit,repeats}. The peer is SQLite in the same run, inserting one row of like size in each durable transaction.
//   b1         one filing at a time, milliseconds (median); ratio = time over the peer's
//   b4         25 filers at once, each with an own P-256 key, submit and await; ratio = speed over the peer's
//   g1-append  records per second appended in batches of 1,000 at the end of a segment: 100,000 against 1,000,000 stored
//   c1         inclusion proof, microseconds (median), at 100,000 and 1,000,000
// Usage: ledger_bench FOLDER [ROW…] [--quick]
#include "ledger/log_store.h"
#include "support/ledger_rig.h"

#include <cstdio>
#include <cstring>
#include <random>
#include <set>
#include <thread>

using namespace jc;
using namespace jc::test;
using Steady = std::chrono::steady_clock;

namespace {
bool g_quick = false;

double since(Steady::time_point start)
{
    return std::chrono::duration<double>(Steady::now() - start).count();
}
double median(std::vector<double> v)
{
    std::ranges::sort(v);
    return v.empty() ? 0 : v[v.size() / 2];
}
void print(const char* row, double ours, double peer, double ratio, const char* unit, std::size_t repeats)
{
    std::printf("{\"row\":\"%s\",\"ours\":%.3f,\"peer\":%.3f,\"ratio\":%.3f,\"unit\":\"%s\",\"repeats\":%zu}\n", row, ours, peer, ratio,
                unit, repeats);
    std::fflush(stdout);
}

/// Seconds of one durable insert each; a row like an entry, with a unique random key.
std::vector<double> peerInserts(const std::filesystem::path& folder, std::size_t count)
{
    static int run = 0;
    auto db = must(store::Database::open(folder / ("peer" + std::to_string(run++) + ".sqlite"), store::OpenMode::ReadWriteCreate));
    must(db.exec("CREATE TABLE t(i INTEGER PRIMARY KEY, k BLOB UNIQUE, b BLOB)"));
    auto q = must(db.prepare("INSERT INTO t(k, b) VALUES(?,?)"));
    const Bytes body(300, 7);
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i) {
        const auto key = crypto::sha256(asBytes(std::to_string(i)));
        const auto start = Steady::now();
        must(q.bind(1, ByteView(key.bytes())).bind(2, ByteView(body)).run());
        out.push_back(since(start));
    }
    return out;
}

struct Bench {
    std::filesystem::path folder;
    Founding founding{1};
    std::vector<Person> filers;
    std::unique_ptr<ledger::EmbeddedLedger> ledger;
    std::atomic<std::uint64_t> number{1};

    explicit Bench(std::filesystem::path f) : folder(std::move(f))
    {
        ledger::EmbeddedOptions o;
        o.databaseFile = folder / "ledger.sqlite";
        o.signerStateFile = folder / "signer";
        o.logKey = founding.courts[0].log;
        o.cosignerKey = founding.courts[0].cosigner;
        must(ledger::EmbeddedLedger::create(o, founding.cards, founding.charter));
        ledger = must(ledger::EmbeddedLedger::open(o));
        for (int i = 0; i < 25; ++i) {
            filers.push_back(personWith(must(crypto::PrivateKey::generate(crypto::Scheme::EcdsaP256Sha256)), "filer " + std::to_string(i),
                                        record::Role::Clerk, "210600"));
            put(signedBy(founding, founding.courts[0].administrators[0], filers.back().enrolment, number++, systemClock().now()));
        }
    }
    void put(const record::SignedRecord& r) { must(ledger->await(must(ledger->submit(r)), std::chrono::seconds(60), {})); }
    /// Signs, submits, awaits; as a filing does.
    void file(const Person& p)
    {
        const auto n = number++;
        put(signedBy(founding, p, filingOf("210600", n), n, systemClock().now()));
    }
};

void single(Bench& b, std::size_t repeats)
{
    std::vector<double> ours, peer;
    for (std::size_t r = 0; r < repeats; ++r) {
        std::vector<double> times;
        for (int i = 0; i < (g_quick ? 50 : 300); ++i) {
            const auto start = Steady::now();
            b.file(b.filers[0]);
            times.push_back(since(start));
        }
        ours.push_back(median(times) * 1000);
        peer.push_back(median(peerInserts(b.folder, g_quick ? 50 : 300)) * 1000);
    }
    print("b1", median(ours), median(peer), median(ours) / median(peer), "ms per filing, p50", repeats);
}

void parallel(Bench& b, std::size_t repeats)
{
    std::vector<double> ours, peer;
    for (std::size_t r = 0; r < repeats; ++r) {
        const double seconds = g_quick ? 0.5 : 3;
        std::atomic<std::uint64_t> done{0};
        const auto start = Steady::now();
        {
            std::vector<std::jthread> pool;
            for (const auto& p : b.filers)
                pool.emplace_back([&] {
                    while (since(start) < seconds) {
                        b.file(p);
                        ++done;
                    }
                });
        }
        ours.push_back(static_cast<double>(done) / since(start));
        const std::size_t count = g_quick ? 200 : 1500;
        const auto peerStart = Steady::now();
        static_cast<void>(peerInserts(b.folder, count));
        peer.push_back(static_cast<double>(count) / since(peerStart));
    }
    print("b4", median(ours), median(peer), median(ours) / median(peer), "filings/s, 25 filers", repeats);
}

/// The log alone: entries made beforehand, tree, tiles and the index of ids in one transaction a batch.
void growth(const std::filesystem::path& folder)
{
    auto db = must(store::Database::open(folder / "growth.sqlite", store::OpenMode::ReadWriteCreate, 64 * 1024));
    must(db.migrate(std::span(&ledger::ledgerMigration(), 1), ledger::kLedgerApplicationId));
    auto log = must(ledger::LogStore::open(db, ""));
    auto ids = must(db.prepare("INSERT INTO record_ids(id, signer, idx) VALUES(?,?,?)"));
    const SignerId signer = crypto::sha256(asBytes("signer")).as<SignerId>();
    const std::uint64_t last = g_quick ? 20'000 : 1'000'000, first = last / 10;
    double early = 0, earlyProof = 0;
    const auto proofTime = [&] {
        std::mt19937_64 random(1);
        std::vector<double> t;
        for (int i = 0; i < 2000; ++i) {
            const auto start = Steady::now();
            static_cast<void>(must(log.inclusion(random() % log.size(), log.size())));
            t.push_back(since(start) * 1e6);
        }
        return median(t);
    };
    std::vector<double> recent;
    while (log.size() < last) {
        std::vector<ledger::LogStore::NewEntry> batch;
        for (std::uint64_t i = 0; i < 1000; ++i) {
            Bytes body(300, static_cast<std::uint8_t>(i));
            appendU64(body, log.size() + i);
            const auto leaf = merkle::hashLeaf(body);
            batch.push_back({std::move(body), leaf});
        }
        const auto start = Steady::now();
        auto tx = must(store::Transaction::begin(db));
        must(log.append(batch));
        for (std::uint64_t i = log.size() - 1000; i < log.size(); ++i)
            must(ids.bind(1, ByteView(uuidAt(kStart + static_cast<UnixMs>(i), i))).bind(2, ByteView(signer.bytes())).bind(3, i).run());
        must(tx.commit());
        recent.push_back(1000 / since(start));
        if (recent.size() > first / 2000) recent.erase(recent.begin());
        if (log.size() == first) {
            early = median(recent);
            earlyProof = proofTime();
        }
    }
    print("g1-append", median(recent), early, median(recent) / early, "records/s at ten times as many records; peer = own rate before", 1);
    const double proof = proofTime();
    print("c1", proof, earlyProof, proof / earlyProof, "us per proof, p50; peer = own at a tenth of the size", 1);
}
} // namespace

int main(int argc, char** argv)
{
    std::set<std::string> rows;
    std::string folder;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--quick") == 0)
            g_quick = true;
        else if (folder.empty())
            folder = argv[i];
        else
            rows.emplace(argv[i]);
    }
    if (folder.empty()) {
        std::fputs("usage: ledger_bench FOLDER [b1] [b4] [g1] [--quick]\n", stderr);
        return 64;
    }
    try {
        std::string pattern = folder + "/jc-ledger-bench-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot create a folder in " + folder);
        const std::filesystem::path dir = pattern;
        const std::size_t repeats = g_quick ? 1 : 5;
        const auto wanted = [&](const char* row) { return rows.empty() || rows.contains(row); };
        if (wanted("b1") || wanted("b4")) {
            Bench b(dir);
            if (wanted("b1")) single(b, repeats);
            if (wanted("b4")) parallel(b, repeats);
        }
        if (wanted("g1")) growth(dir);
        std::filesystem::remove_all(dir);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "ledger_bench: %s\n", e.what());
        return 70;
    }
    return 0;
}
