// SPDX-License-Identifier: Apache-2.0
// A process that submits from several threads is killed at a random moment, again and again.
#include "support/ledger_rig.h"

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <random>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace jc::ledger {
namespace {
using namespace jc::test;

/// What a child says of each acknowledged record, in one atomic write.
struct Said {
    std::uint32_t which;
    std::uint64_t index;
    std::array<std::uint8_t, 32> leaf;
};
static_assert(sizeof(Said) <= 512); // POSIX: writes up to PIPE_BUF are whole

[[noreturn]] void submitUntilKilled(const Rig& rig, const std::vector<record::SignedRecord>& work, int out)
{
    const auto l = EmbeddedLedger::open(rig.options());
    if (!l) ::_exit(3);
    constexpr std::size_t kThreads = 4;
    std::vector<std::jthread> pool;
    for (std::size_t t = 0; t < kThreads; ++t)
        pool.emplace_back([&, t] {
            for (std::size_t i = t; i < work.size(); i += kThreads) {
                const auto a = Rig::put(**l, work[i]);
                if (!a) ::_exit(4);
                Said s{};
                s.which = static_cast<std::uint32_t>(i);
                s.index = a->index;
                const auto leaf = merkle::hashLeaf(a->entry);
                std::copy(leaf.bytes().begin(), leaf.bytes().end(), s.leaf.begin());
                if (::write(out, &s, sizeof s) != static_cast<ssize_t>(sizeof s)) ::_exit(5);
            }
        });
    pool.clear();
    ::_exit(0);
}

TEST(Kill, AcknowledgedEntriesOutliveTheProcess)
{
    Rig rig;
    rig.create();
    {
        const auto l = rig.open();
        rig.enrolClerk(*l);
    }
    std::mt19937_64 random(42);
    std::uint64_t lastSize = 0;
    merkle::RootHash lastRoot;
    std::size_t acknowledged = 0, killed = 0;
    for (int round = 0; round < 100; ++round) {
        std::vector<record::SignedRecord> work;
        for (int i = 0; i < 60; ++i)
            work.push_back(rig.filing());
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(pipe[0]);
            submitUntilKilled(rig, work, pipe[1]);
        }
        ::close(pipe[1]);
        // The moment is counted in acknowledged records, then a little of the next commit: a fast machine is no sooner done than killed.
        std::map<std::uint32_t, Said> said;
        Said s{};
        const std::size_t wanted = random() % 50;
        while (said.size() < wanted && ::read(pipe[0], &s, sizeof s) == static_cast<ssize_t>(sizeof s))
            said[s.which] = s;
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3'000));
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
        killed += WIFSIGNALED(status) ? 1 : 0;
        while (::read(pipe[0], &s, sizeof s) == static_cast<ssize_t>(sizeof s))
            said[s.which] = s;
        ::close(pipe[0]);
        acknowledged += said.size();

        const auto l = rig.open();
        ASSERT_EQ(l->writability(), Writability::Writable) << round;
        // What was signed before is a prefix of what is there.
        const auto cp = must(note::Checkpoint::parse(must(note::SignedNote::parse(l->checkpoint())).text));
        ASSERT_GE(cp.size, lastSize);
        if (lastSize > 0) {
            EXPECT_EQ(merkle::checkConsistency(lastSize, lastRoot, cp.size, cp.root, must(l->consistency(lastSize, cp.size))),
                      merkle::ProofOutcome::Proven);
        }
        for (const auto& [which, a] : said) {
            ASSERT_LT(a.index, cp.size);
            const auto leaf = merkle::hashLeaf(must(l->entry(a.index)));
            EXPECT_TRUE(std::ranges::equal(leaf.bytes(), a.leaf)) << round;
        }
        // Submitting everything again: the acknowledged ones stay where they are, no record stands twice.
        const std::uint64_t before = l->size();
        std::set<std::uint64_t> indexes;
        std::size_t added = 0;
        for (std::uint32_t i = 0; i < work.size(); ++i) {
            if (round % 10 != 9 && i % 7 != 0 && said.contains(i)) continue;
            const auto a = must(Rig::put(*l, work[i]));
            if (const auto it = said.find(i); it != said.end()) {
                EXPECT_EQ(a.index, it->second.index);
            }
            EXPECT_TRUE(indexes.insert(a.index).second);
            added += a.index >= before ? 1 : 0;
        }
        EXPECT_EQ(l->size(), before + added);
        const auto now = must(note::Checkpoint::parse(must(note::SignedNote::parse(l->checkpoint())).text));
        lastSize = now.size;
        lastRoot = now.root;
        rig.clock.add(1000);
    }
    EXPECT_GT(killed, 50U);
    EXPECT_GT(acknowledged, 100U);
    EXPECT_EQ(lastSize, 2U + 100 * 60);
    const std::vector<std::pair<std::uint64_t, merkle::RootHash>> pinned{{lastSize, lastRoot}};
    const auto audit = rig.audit(pinned);
    EXPECT_TRUE(audit.findings.empty()) << audit.findings[0].what << " " << audit.findings[0].where;
}

} // namespace
} // namespace jc::ledger
