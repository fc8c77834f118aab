// SPDX-License-Identifier: Apache-2.0
#include "ledger/signer_state.h"

#include "support/court.h"
#include "support/scratch.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace jc::ledger {
namespace {
using namespace jc::test;

SignedHead headOf(std::uint64_t size, std::uint8_t fill = 1)
{
    SignedHead h;
    h.size = size;
    std::fill_n(h.root.data(), 32, fill);
    return h;
}
struct State {
    Scratch dir;
    std::filesystem::path file = dir / "state";
    [[nodiscard]] SignerState open(const std::string& origin = "o") const { return must(SignerState::open(file, origin)); }
    [[nodiscard]] Bytes bytes() const { return must(readFile(file, 1U << 20U)); }
};

TEST(SignerState, BeginsFreshAndKeepsWhatIsAdvanced)
{
    State s;
    EXPECT_FALSE(must(SignerState::peek(s.file, "o")));
    {
        auto a = s.open();
        EXPECT_TRUE(a.fresh());
        EXPECT_EQ(a.head().size, 0U);
        EXPECT_EQ(a.head().root, merkle::emptyRoot());
        struct stat st{};
        ASSERT_EQ(::stat(s.file.c_str(), &st), 0);
        EXPECT_EQ(st.st_mode & 0777U, 0600U);
    }
    EXPECT_TRUE(s.open().fresh()); // opened is not signed
    SignedHead last;
    {
        auto a = s.open();
        for (std::uint64_t i = 1; i <= 10; ++i) {
            ASSERT_TRUE(a.advance(a.head(), headOf(i)));
            EXPECT_FALSE(a.fresh());
            EXPECT_EQ(*must(SignerState::peek(s.file, "o")), headOf(i));
        }
    }
    EXPECT_EQ(s.open().head(), headOf(10));
}

TEST(SignerState, ComparesBeforeItSwapsAndNeverGoesBack)
{
    State s;
    auto a = s.open();
    ASSERT_TRUE(a.advance(a.head(), headOf(5)));
    EXPECT_EQ(a.advance(headOf(4), headOf(6)).error().reason, "signer_state_moved");
    EXPECT_EQ(a.advance(headOf(5, 2), headOf(6)).error().reason, "signer_state_moved");
    EXPECT_EQ(a.advance(headOf(5), headOf(4)).error().reason, "would_fork");
    EXPECT_EQ(a.advance(headOf(5), headOf(5, 2)).error().reason, "would_fork");
    EXPECT_TRUE(a.advance(headOf(5), headOf(5)));
    EXPECT_EQ(a.head(), headOf(5));
    EXPECT_EQ(s.open().head(), headOf(5));
}

TEST(SignerState, ATornWriteLeavesTheOneBefore)
{
    for (std::size_t cut = 0; cut < 120; cut += 7) {
        State s;
        Bytes before;
        {
            auto a = s.open();
            ASSERT_TRUE(a.advance(a.head(), headOf(1)));
            ASSERT_TRUE(a.advance(a.head(), headOf(2)));
            before = s.bytes();
            ASSERT_TRUE(a.advance(a.head(), headOf(3)));
        }
        // The third write went to the first's place; only its first `cut` bytes reached the disk.
        Bytes torn = s.bytes();
        std::size_t at = 0;
        while (at < torn.size() && torn[at] == before[at])
            ++at;
        const std::size_t slot = at / 4096 * 4096;
        std::copy(before.begin() + static_cast<std::ptrdiff_t>(slot + cut), before.begin() + static_cast<std::ptrdiff_t>(slot + 120),
                  torn.begin() + static_cast<std::ptrdiff_t>(slot + cut));
        must(writeFileAtomic(s.file, torn, 0600));
        auto a = s.open();
        EXPECT_EQ(a.head(), headOf(2)) << cut;
        EXPECT_TRUE(a.advance(a.head(), headOf(3)));
        EXPECT_EQ(s.open().head(), headOf(3));
    }
}

TEST(SignerState, DamageIsNotAFreshStart)
{
    State s;
    {
        auto a = s.open();
        ASSERT_TRUE(a.advance(a.head(), headOf(1)));
        ASSERT_TRUE(a.advance(a.head(), headOf(2)));
    }
    const Bytes whole = s.bytes();
    Bytes bad = whole;
    bad[20] ^= 1U;
    bad[4096 + 20] ^= 1U;
    must(writeFileAtomic(s.file, bad, 0600));
    EXPECT_EQ(SignerState::open(s.file, "o").error().reason, "signer_state_damaged");
    EXPECT_EQ(SignerState::peek(s.file, "o").error().reason, "signer_state_damaged");
    // One changed byte anywhere in a slot makes that slot no slot.
    for (std::size_t i = 0; i < 120; ++i) {
        bad = whole;
        bad[i] ^= 0x40U;
        must(writeFileAtomic(s.file, bad, 0600, false));
        EXPECT_LE(s.open().head().size, 2U);
        EXPECT_GE(s.open().head().size, 1U);
    }
    must(writeFileAtomic(s.file, whole, 0600));
    EXPECT_EQ(SignerState::open(s.file, "another").error().reason, "signer_state_foreign");
    EXPECT_EQ(SignerState::peek(s.file, "another").error().reason, "signer_state_foreign");
    // All zero is what open() makes: nothing is known, so the ledger on top stays read-only.
    must(writeFileAtomic(s.file, Bytes(8192), 0600));
    EXPECT_TRUE(s.open().fresh());
    must(writeFileAtomic(s.file, toBytes("short"), 0600));
    EXPECT_EQ(SignerState::open(s.file, "o").error().reason, "signer_state_damaged");
    EXPECT_EQ(SignerState::open(s.dir / "no" / "where", "o").error().code, ErrorCode::NotFound);
}

} // namespace
} // namespace jc::ledger
