// SPDX-License-Identifier: Apache-2.0
// Replays the fuzz corpora under the ordinary compiler, and checks that they hold what they say.
#include "support.h"

#include <gtest/gtest.h>

namespace jc::timestamp::test {
namespace {

std::vector<std::filesystem::path> corpus(const char* name)
{
    std::vector<std::filesystem::path> files;
    for (const auto& e : std::filesystem::directory_iterator(std::filesystem::path(JC_TEST_DATA) / "fuzz" / "corpus" / name))
        files.push_back(e.path());
    std::sort(files.begin(), files.end());
    return files;
}
bool meantToBeGood(const std::filesystem::path& p)
{
    return p.filename().string().starts_with("valid");
}

TEST(Corpus, Tokens)
{
    std::size_t good = 0;
    for (const auto& p : corpus("token")) {
        const Bytes b = slurp(p);
        EXPECT_EQ(parseToken(b).has_value(), meantToBeGood(p)) << p;
        if (meantToBeGood(p)) ++good;
        (void)checkToken(b, {}, {});
        (void)tokenCertificates(b);
    }
    EXPECT_GE(good, 3U);
}

TEST(Corpus, EvidenceRecords)
{
    std::size_t good = 0;
    for (const auto& p : corpus("evidence_record")) {
        EXPECT_EQ(parseEvidenceRecord(slurp(p)).has_value(), meantToBeGood(p)) << p;
        if (meantToBeGood(p)) ++good;
    }
    EXPECT_GE(good, 2U);
}

TEST(Corpus, RequestsAndResponses)
{
    const TempDir dir;
    const SetClock clock(kNow);
    const Pki pki;
    const auto authority = openAuthority(pki, dir / "serial", &clock);
    const Request request = makeRequest(crypto::DigestAlgorithm::Sha256, digestOf("x").bytes()).value();
    std::size_t good = 0;
    for (const auto& p : corpus("tsp_request")) {
        const Bytes response = answer(*authority, slurp(p)).value();
        const bool granted = response.size() > 200; // a rejection is a few words
        EXPECT_EQ(granted, meantToBeGood(p)) << p;
        if (granted) ++good;
    }
    EXPECT_GE(good, 2U);
    for (const auto& p : corpus("tsp_response")) {
        const auto r = acceptResponse(request, slurp(p));
        ASSERT_FALSE(r) << p; // none answers this request
        EXPECT_EQ(r.error().reason == "wrong_nonce", meantToBeGood(p)) << p;
    }
}

} // namespace
} // namespace jc::timestamp::test
