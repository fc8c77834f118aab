// SPDX-License-Identifier: Apache-2.0
// Replays the fuzz corpora under the ordinary compiler, and checks that they hold what they say.
#include "base/file.h"
#include "receipt/trust_set.h"

#include <gtest/gtest.h>

#include <set>

namespace jc::receipt::test {
namespace {

std::set<std::filesystem::path> corpus(const char* name)
{
    std::set<std::filesystem::path> files;
    for (const auto& e : std::filesystem::directory_iterator(std::filesystem::path(JC_TEST_DATA) / "fuzz" / "corpus" / name))
        files.insert(e.path());
    return files;
}

TEST(Corpus, Receipts)
{
    std::size_t good = 0, bad = 0;
    for (const auto& p : corpus("receipt")) {
        const auto bytes = readFile(p, kMaxReceipt + 1);
        ASSERT_TRUE(bytes) << p;
        const bool meantToBeGood = p.filename().string().starts_with("valid");
        const auto r = parseReceipt(asText(*bytes));
        EXPECT_EQ(r.has_value(), meantToBeGood) << p;
        ++(meantToBeGood ? good : bad);
        if (!r) continue;
        EXPECT_EQ(*parseReceipt(serialize(*r)), *r);
        EXPECT_TRUE(extractParts(*r)) << p;
    }
    EXPECT_GE(good, 3U);
    EXPECT_GE(bad, 5U);
}

TEST(Corpus, TrustSets)
{
    std::size_t good = 0, bad = 0;
    for (const auto& p : corpus("trust_set")) {
        const auto bytes = readFile(p, kMaxTrustSet);
        ASSERT_TRUE(bytes) << p;
        const bool meantToBeGood = p.filename().string().starts_with("valid");
        EXPECT_EQ(parseTrustSet(asText(*bytes)).has_value(), meantToBeGood) << p;
        ++(meantToBeGood ? good : bad);
    }
    EXPECT_GE(good, 2U);
    EXPECT_GE(bad, 4U);
}

} // namespace
} // namespace jc::receipt::test
