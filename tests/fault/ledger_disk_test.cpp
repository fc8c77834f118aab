// SPDX-License-Identifier: Apache-2.0
// The n-th write, sync or truncation of a commit fails, for every n: what was acknowledged is there, nothing is there twice, and the ledger
// goes on.
#include "fault/faulty_disk.h"
#include "support/ledger_rig.h"

#include <gtest/gtest.h>

#include <set>

namespace jc::ledger {
namespace {
using namespace jc::test;

struct Acknowledged {
    std::uint64_t index;
    Bytes entry;
};

void runWith(Fault fault, bool lasting)
{
    FaultyDisk::install();
    Rig base;
    base.create();
    {
        const auto l = base.open();
        base.enrolClerk(*l);
        base.fill(*l, 252); // the next few complete a tile
    }
    const Bytes database = must(readFile(base.file(), 1U << 28U)), signer = must(readFile(base.signerFile(), 1U << 16U));
    std::vector<record::SignedRecord> work;
    for (int i = 0; i < 5; ++i)
        work.push_back(base.filing());
    bool struck = true;
    std::size_t refusedRuns = 0;
    for (std::uint64_t n = 1; struck; ++n) {
        ASSERT_LT(n, 1000U);
        std::error_code ec;
        for (const char* more : {"-wal", "-shm"})
            std::filesystem::remove(base.file().string() + more, ec);
        must(writeFileAtomic(base.file(), database, 0644, false));
        must(writeFileAtomic(base.signerFile(), signer, 0600, false));
        std::vector<std::optional<Acknowledged>> done(work.size());
        {
            const auto l = base.open();
            FaultyDisk::arm(n, fault, lasting);
            for (std::size_t i = 0; i < work.size(); ++i) {
                const auto a = Rig::put(*l, work[i]);
                if (a) done[i] = Acknowledged{a->index, a->entry};
            }
            struck = FaultyDisk::fired();
            refusedRuns += std::ranges::any_of(done, [](const auto& d) { return !d.has_value(); }) ? 1 : 0;
            // Reads go on while the disk is full.
            for (const auto& d : done) {
                if (d) {
                    EXPECT_EQ(must(l->proof(d->index)).entry, d->entry) << n;
                }
            }
            FaultyDisk::disarm();
            // The disk has room again: the same submissions succeed without reopening, the acknowledged ones where they were.
            if (n % 2 == 0)
                for (std::size_t i = 0; i < work.size(); ++i) {
                    const auto a = Rig::put(*l, work[i]);
                    ASSERT_TRUE(a) << n << ": " << a.error().detail;
                    if (done[i]) {
                        EXPECT_EQ(a->index, done[i]->index) << n;
                        EXPECT_EQ(a->entry, done[i]->entry) << n;
                    }
                    done[i] = Acknowledged{a->index, a->entry};
                }
        }
        const auto l = base.open();
        ASSERT_EQ(l->writability(), Writability::Writable) << n;
        std::set<std::uint64_t> indexes;
        for (std::size_t i = 0; i < work.size(); ++i) {
            const auto a = must(Rig::put(*l, work[i]));
            EXPECT_TRUE(indexes.insert(a.index).second) << n;
            if (done[i]) {
                EXPECT_EQ(a.index, done[i]->index) << n;
                EXPECT_EQ(a.entry, done[i]->entry) << n;
            }
        }
        EXPECT_EQ(l->size(), 254 + work.size()) << n;
        if (struck && n % 8 != 0) continue; // a whole audit each time would take minutes
        const auto audit = base.audit();
        EXPECT_TRUE(audit.findings.empty()) << n << ": " << audit.findings[0].what << " " << audit.findings[0].where;
    }
    EXPECT_GT(refusedRuns, 5U); // else the faults never reached a commit
}

TEST(FaultyDisk, FullOnce)
{
    runWith(Fault::NoSpace, false);
}
TEST(FaultyDisk, FullForAWhile)
{
    runWith(Fault::NoSpace, true);
}
TEST(FaultyDisk, ShortWriteOnce)
{
    runWith(Fault::ShortWrite, false);
}
TEST(FaultyDisk, ShortWriteThenFull)
{
    runWith(Fault::ShortWrite, true);
}
TEST(FaultyDisk, IoErrorOnce)
{
    runWith(Fault::IoError, false);
}
TEST(FaultyDisk, IoErrorForAWhile)
{
    runWith(Fault::IoError, true);
}

} // namespace
} // namespace jc::ledger
