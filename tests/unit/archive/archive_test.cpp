// SPDX-License-Identifier: Apache-2.0
#include "archive/archive.h"

#include "support/court.h"
#include "support/scratch.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

namespace jc::archive {
namespace {
using namespace jc::test;

Bytes fill(std::uint8_t b, std::size_t n)
{
    return Bytes(n, b);
}
struct Court {
    Scratch dir;
    std::filesystem::path file = dir / "archive.sqlite";
    Founding founding{1};
    Person clerk = personNamed("clerk", record::Role::Clerk, "210600");
    [[nodiscard]] std::unique_ptr<Archive> open(bool writable = true) const { return must(Archive::open(file, writable)); }
    [[nodiscard]] Filing filing(std::int64_t caseId, std::uint64_t number) const
    {
        Filing f;
        f.id = uuidAt(kStart, number);
        f.caseId = caseId;
        f.caseNumber = "(2026)辽06民初1号";
        f.created = kStart + static_cast<UnixMs>(number);
        f.signedRecord = signedBy(founding, clerk, filingOf("210600", number), number);
        f.certificates = {fill(1, 700), {}, fill(2, 900)};
        f.itemCount = 2;
        f.imprint = crypto::sha256(asBytes("imprint"));
        f.waits = {true, true, true};
        f.receiptsDir = "/somewhere/\xFF not UTF-8";
        f.sealed = number % 2 == 0;
        return f;
    }
    [[nodiscard]] static std::vector<Item> items(const Filing& f)
    {
        std::vector<Item> out;
        for (std::uint64_t i = 1; i <= f.itemCount; ++i) {
            Item x;
            x.filing = f.id;
            x.ordinal = i;
            x.descriptor = fill(static_cast<std::uint8_t>(i), 120);
            x.sha256 = crypto::sha256(asBytes("content " + std::to_string(i)));
            x.sourcePath = "/evidence/\xFE" + std::to_string(i);
            x.sourceInode = -5;
            x.sourceDevice = 1LL << 60U;
            x.modifiedTime = -1;
            x.size = std::uint64_t{1} << 40U;
            out.push_back(std::move(x));
        }
        return out;
    }
};
void expectSame(const Filing& a, const Filing& b)
{
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.caseId, b.caseId);
    EXPECT_EQ(a.caseNumber, b.caseNumber);
    EXPECT_EQ(a.created, b.created);
    EXPECT_EQ(a.signedRecord, b.signedRecord);
    EXPECT_EQ(a.certificates, b.certificates);
    EXPECT_EQ(a.itemCount, b.itemCount);
    EXPECT_EQ(a.imprint, b.imprint);
    EXPECT_EQ(a.waits.ledger, b.waits.ledger);
    EXPECT_EQ(a.waits.token, b.waits.token);
    EXPECT_EQ(a.waits.receipts, b.waits.receipts);
    EXPECT_EQ(a.receiptsDir, b.receiptsDir);
    EXPECT_EQ(a.index, b.index);
    EXPECT_EQ(a.ledgerTime, b.ledgerTime);
    EXPECT_EQ(a.entry, b.entry);
    EXPECT_EQ(a.proof, b.proof);
    ASSERT_EQ(a.enrolment.has_value(), b.enrolment.has_value());
    if (a.enrolment) {
        EXPECT_EQ(a.enrolment->index, b.enrolment->index);
        EXPECT_EQ(a.enrolment->entry, b.enrolment->entry);
        EXPECT_EQ(a.enrolment->path, b.enrolment->path);
    }
    ASSERT_EQ(a.tokens.size(), b.tokens.size());
    for (std::size_t i = 0; i < a.tokens.size(); ++i) {
        EXPECT_EQ(a.tokens[i].token, b.tokens[i].token);
        EXPECT_EQ(a.tokens[i].chain, b.tokens[i].chain);
    }
    EXPECT_EQ(a.tokenTime, b.tokenTime);
    EXPECT_EQ(a.refused, b.refused);
    EXPECT_EQ(a.lastError, b.lastError);
    EXPECT_EQ(a.lastDetail, b.lastDetail);
    EXPECT_EQ(a.sealed, b.sealed);
}
void expectSame(const Item& a, const Item& b)
{
    EXPECT_EQ(a.filing, b.filing);
    EXPECT_EQ(a.ordinal, b.ordinal);
    EXPECT_EQ(a.descriptor, b.descriptor);
    EXPECT_EQ(a.sha256, b.sha256);
    EXPECT_EQ(a.sourcePath, b.sourcePath);
    EXPECT_EQ(a.sourceInode, b.sourceInode);
    EXPECT_EQ(a.sourceDevice, b.sourceDevice);
    EXPECT_EQ(a.modifiedTime, b.modifiedTime);
    EXPECT_EQ(a.size, b.size);
    EXPECT_EQ(a.receiptPath, b.receiptPath);
}

TEST(Archive, EveryColumnComesBack)
{
    Court c;
    Filing f;
    std::vector<Item> items;
    {
        const auto a = c.open();
        const auto row = must(a->addCase("(2026)辽06民初1号", kStart));
        EXPECT_EQ(a->addCase("(2026)辽06民初1号", kStart).error().reason, "exists");
        f = c.filing(row.id, 1);
        items = Court::items(f);
        must(a->addFiling(f, items));
        expectSame(must(a->filing(f.id)), f);
        f.waits = {false, true, false};
        f.receiptsDir = "/elsewhere";
        f.index = 17;
        f.ledgerTime = kStart + 5;
        f.entry = fill(9, 300);
        f.proof = "c2sp.org/tlog-proof@v1\n…\n";
        f.enrolment = receipt::EnrolmentPart{};
        f.enrolment->index = 3;
        f.enrolment->entry = fill(8, 200);
        f.enrolment->path = {merkle::NodeHash{}, crypto::sha256(asBytes("n")).as<merkle::NodeHash>()};
        f.tokens.resize(2);
        f.tokens[0].token = fill(5, 4000);
        f.tokens[0].chain = {fill(6, 800), fill(7, 800)};
        f.tokens[1].token = fill(4, 10);
        f.tokenTime = kStart + 6;
        f.refused = "wrong_court";
        f.lastError = "unavailable";
        f.lastDetail = "明天再来";
        must(a->updateFiling(f));
        must(a->setReceiptPaths(f.id, std::array<std::string, 2>{"", "/r/\xFD.jcr"}));
        items[1].receiptPath = "/r/\xFD.jcr";
        must(a->addCertificate(fill(3, 500)));
        must(a->addCertificate(fill(3, 500)));
        must(a->addForm(crypto::sha256(asBytes("form")), fill(2, 20)));
        must(a->setValue("key", fill(1, 3)));
        must(a->setValue("key", fill(1, 4)));
    }
    const auto a = c.open(false);
    expectSame(must(a->filing(f.id)), f);
    expectSame(*must(a->filingByIndex(17)), f);
    EXPECT_FALSE(must(a->filingByIndex(18)));
    const auto back = must(a->items(f.id));
    ASSERT_EQ(back.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        expectSame(back[i], items[i]);
        expectSame(*must(a->item(f.id, i + 1)), items[i]);
        expectSame(must(a->itemsByDigest(items[i].sha256)).at(0), items[i]);
        expectSame(must(a->itemsBySource(items[i].sourcePath)).at(0), items[i]);
        expectSame(must(a->caseItems(f.caseId)).at(i), items[i]);
        EXPECT_TRUE(must(a->hasDigest(items[i].sha256)));
    }
    EXPECT_FALSE(must(a->item(f.id, 3)));
    EXPECT_FALSE(must(a->hasDigest(crypto::sha256(asBytes("other")))));
    EXPECT_EQ(*must(a->certificate(crypto::sha256(fill(3, 500)).as<SignerId>())), fill(3, 500));
    EXPECT_FALSE(must(a->certificate(SignerId{})));
    EXPECT_EQ(*must(a->value("key")), fill(1, 4));
    EXPECT_FALSE(must(a->value("none")));
    const auto cases = must(a->cases());
    ASSERT_EQ(cases.size(), 1U);
    EXPECT_EQ(cases[0].items, 2U);
    EXPECT_EQ(cases[0].anchored, 2U);
    EXPECT_EQ(must(a->findCase("(2026)辽06民初1号"))->id, f.caseId);
    EXPECT_FALSE(must(a->findCase("none")));
    EXPECT_EQ(must(a->countFilingsAndItems()), std::pair(std::uint64_t{1}, std::uint64_t{2}));
    EXPECT_FALSE(a->setValue("key", {}));
    EXPECT_EQ(a->filing(uuidAt(1, 1)).error().code, ErrorCode::NotFound);
}

TEST(Archive, WhatWaitsIsListedOldestFirst)
{
    Court c;
    const auto a = c.open();
    const auto row = must(a->addCase("(2026)辽06民初1号", kStart));
    std::vector<Filing> all;
    for (std::uint64_t i = 1; i <= 8; ++i) {
        all.push_back(c.filing(row.id, 9 - i)); // ids descend, order of arrival counts
        all.back().waits = {(i & 1U) != 0, (i & 2U) != 0, (i & 4U) != 0};
        must(a->addFiling(all.back(), Court::items(all.back())));
    }
    const auto pending = must(a->pendingFilings());
    ASSERT_EQ(pending.size(), 7U);
    for (std::size_t i = 0; i < 7; ++i)
        EXPECT_EQ(pending[i].id, all[i].id);
    EXPECT_EQ(must(a->allFilings()).size(), 8U);
    EXPECT_EQ(must(a->caseItems(row.id)).size(), 16U);
    // A filing that is not there is not quietly updated.
    EXPECT_EQ(a->updateFiling(c.filing(row.id, 99)).error().code, ErrorCode::NotFound);
    // Nor added twice, nor to no case.
    EXPECT_FALSE(a->addFiling(all[0], Court::items(all[0])));
    EXPECT_FALSE(a->addFiling(c.filing(row.id + 7, 50), {}));
    EXPECT_EQ(must(a->countFilingsAndItems()).first, 8U);
}

record::CustodyEvent eventOf(std::uint64_t n)
{
    record::CustodyEvent e;
    e.id = uuidAt(kStart, n);
    e.time = kStart;
    e.kind = record::EventKind::Filed;
    e.role = record::Role::Clerk;
    e.agent = "test";
    e.machine = "machine";
    e.filing = uuidAt(kStart, n % 3);
    e.ordinal = static_cast<std::uint32_t>(n % 2);
    e.detail = std::to_string(n);
    return e;
}

TEST(Archive, ATransactionTakesTheCustodyLogBackWithIt)
{
    Court c;
    const auto a = c.open();
    const auto put = [&](std::uint64_t from, std::uint64_t to) -> Result<void> {
        for (; from < to; ++from) {
            const auto e = eventOf(from);
            JC_CHECK(a->custody().append(std::span(&e, 1)));
        }
        return {};
    };
    must(a->transact([&] { return put(0, 250); }));
    const auto root = a->custody().root();
    const auto failed = a->transact([&]() -> Result<void> {
        JC_CHECK(put(250, 300)); // over a tile's border
        JC_TRY(const auto row, a->addCase("x", 1));
        return fail(ErrorCode::Refused, "no", "no");
    });
    EXPECT_EQ(failed.error().reason, "no");
    EXPECT_EQ(a->custody().size(), 250U);
    EXPECT_EQ(a->custody().root(), root);
    EXPECT_FALSE(must(a->findCase("x")));
    // A nested part joins the whole: its failure takes all of it back.
    EXPECT_FALSE(a->transact([&]() -> Result<void> {
        JC_CHECK(put(250, 260));
        return a->transact([&]() -> Result<void> { return fail(ErrorCode::Refused, "inner"); });
    }));
    EXPECT_EQ(a->custody().size(), 250U);
    must(a->transact([&] { return put(250, 300); }));
    EXPECT_EQ(a->custody().size(), 300U);
    const auto whole = a->custody().root();
    EXPECT_EQ(c.open(false)->custody().root(), whole);
}

TEST(CustodyLog, EventsOfAnItemAndOfItsFiling)
{
    Court c;
    const auto a = c.open();
    std::vector<record::CustodyEvent> all;
    for (std::uint64_t i = 0; i < 30; ++i)
        all.push_back(eventOf(i));
    all[7].filing.reset();
    all[7].ordinal = 0;
    must(a->transact([&] { return a->custody().append(all); }));
    EXPECT_EQ(must(a->custody().events({}, 0)).size(), 30U);
    for (std::uint64_t f = 0; f < 3; ++f)
        for (std::uint32_t ordinal = 0; ordinal < 2; ++ordinal) {
            std::vector<std::uint64_t> want, got;
            for (std::uint64_t i = 0; i < all.size(); ++i)
                if (all[i].filing == uuidAt(kStart, f) && (ordinal == 0 || all[i].ordinal == 0 || all[i].ordinal == ordinal))
                    want.push_back(i);
            for (const auto& e : must(a->custody().events(uuidAt(kStart, f), ordinal))) {
                got.push_back(e.index);
                EXPECT_EQ(e.event, all[e.index]);
            }
            EXPECT_EQ(got, want);
        }
    // Signed heads are kept, one for each size.
    const auto origin = record::custodyOrigin(c.founding.origin, "210600");
    const auto& key = c.founding.courts[0].custody;
    must(a->custody().sign(origin, key));
    must(a->custody().sign(origin, key));
    const auto extra = eventOf(30);
    must(a->transact([&]() -> Result<void> {
        JC_CHECK(a->custody().append(std::span(&extra, 1)));
        return a->custody().sign(origin, key);
    }));
    const auto notes = must(a->custody().checkpoints());
    ASSERT_EQ(notes.size(), 2U);
    const auto vkey = must(note::VerifierKey::make(origin, note::SignatureType::Ed25519, c.founding.courts[0].card.custodyKey));
    for (std::size_t i = 0; i < 2; ++i) {
        const auto n = must(note::SignedNote::parse(notes[i]));
        EXPECT_TRUE(note::verifySignature(n.text, vkey, n.signatures.at(0)));
        const auto cp = must(note::Checkpoint::parse(n.text));
        EXPECT_EQ(cp.size, 30 + i);
        EXPECT_EQ(cp.root, must(a->custody().log().rootAt(30 + i)));
    }
    record::CustodyEvent huge = eventOf(31);
    huge.detail.assign(20'000, 'x');
    EXPECT_FALSE(a->transact([&] { return a->custody().append(std::span(&huge, 1)); }));
    EXPECT_EQ(a->custody().size(), 31U);
}

TEST(Archive, RefusesNewerFilesAndOtherPrograms)
{
    Court c;
    static_cast<void>(c.open());
    const auto set = [&](const char* pragma) {
        auto db = must(store::Database::open(c.file, store::OpenMode::ReadWrite));
        must(db.exec(pragma));
    };
    set("PRAGMA user_version=99");
    for (const bool writable : {true, false})
        EXPECT_EQ(Archive::open(c.file, writable).error().reason, "newer_version") << writable;
    set("PRAGMA user_version=1; PRAGMA application_id=5");
    for (const bool writable : {true, false})
        EXPECT_EQ(Archive::open(c.file, writable).error().code, ErrorCode::Damaged) << writable;
    EXPECT_EQ(Archive::open(c.dir / "none.sqlite", false).error().code, ErrorCode::NotFound);
}

TEST(Archive, ChangedListsAreDamageNotACrash)
{
    Court c;
    Filing f;
    {
        const auto a = c.open();
        f = c.filing(must(a->addCase("(2026)辽06民初1号", kStart)).id, 1);
        must(a->addFiling(f, Court::items(f)));
    }
    for (const char* sql : {"UPDATE filings SET certificates=x'00'", "UPDATE filings SET certificates=x'FFFFFFFF00'",
                            "UPDATE filings SET tokens=x'0000000100'", "UPDATE filings SET enrolment=x'00'",
                            "UPDATE filings SET enrolment=x'00000000000000000000000000'", "UPDATE filings SET record=x'0102'"}) {
        auto db = must(store::Database::open(c.file, store::OpenMode::ReadWrite));
        must(db.exec("BEGIN"));
        must(db.exec(sql));
        must(db.exec("COMMIT"));
        EXPECT_EQ(c.open(false)->filing(f.id).error().code, ErrorCode::Damaged) << sql;
        auto restore = must(db.prepare("UPDATE filings SET certificates=x'', tokens=x'', enrolment=NULL, record=?"));
        must(restore.bind(1, ByteView(record::encode(f.signedRecord))).run());
    }
    EXPECT_TRUE(c.open(false)->filing(f.id));
}

TEST(Archive, ReadersSeeWholeTransactionsOfAnotherProcess)
{
    Court c;
    static_cast<void>(c.open());
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
        // Each transaction adds a case and ten events, so that a reader can tell a half one.
        auto a = Archive::open(c.file, true);
        bool good = a.has_value();
        for (std::uint64_t i = 0; good && i < 40; ++i)
            good = (*a)->transact([&]() -> Result<void> {
                           JC_TRY(const auto row, (*a)->addCase(std::to_string(i), 1));
                           for (std::uint64_t k = 0; k < 10; ++k) {
                               const auto e = eventOf(10 * i + k);
                               JC_CHECK((*a)->custody().append(std::span(&e, 1)));
                           }
                           return {};
                       })
                       .has_value();
        ::_exit(good ? 0 : 1);
    }
    int status = 0;
    std::size_t reads = 0, seen = 0;
    while (::waitpid(writer, &status, WNOHANG) == 0 || reads < 3) {
        const auto a = c.open(false);
        auto tx = a->database().exec("BEGIN");
        ASSERT_TRUE(tx);
        must(a->custody().reload());
        seen = must(a->cases()).size();
        EXPECT_EQ(a->custody().size(), 10 * seen);
        ++reads;
    }
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_EQ(c.open(false)->custody().size(), 400U);
}

} // namespace
} // namespace jc::archive
