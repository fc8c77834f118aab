// SPDX-License-Identifier: Apache-2.0
// Every digest against published values and, for all short lengths and random ones, against a second implementation (Botan).
#include "crypto_test_support.h"

#include "crypto/digest.h"

#include <botan/hash.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace jc::crypto {
namespace {

using test::randomBytes;

Bytes second(DigestAlgorithm a, ByteView data)
{
    const char* names[] = {"", "SHA-256", "SM3", "SHA-512"};
    const auto h = Botan::HashFunction::create_or_throw(names[static_cast<int>(a)]);
    h->update(data.data(), data.size());
    const auto v = h->final();
    return Bytes(v.begin(), v.end());
}

Bytes streamed(DigestAlgorithm a, ByteView data)
{
    StreamHasher h(a);
    h.update(data);
    return h.finish();
}

constexpr std::array kAll = {DigestAlgorithm::Sha256, DigestAlgorithm::Sm3, DigestAlgorithm::Sha512};

TEST(Digest, PublishedValues)
{
    EXPECT_EQ(sha256(asBytes("")).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256(asBytes("abc")).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256(asBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex(),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    // GB/T 32905-2016, appendix A
    EXPECT_EQ(toHex(streamed(DigestAlgorithm::Sm3, asBytes("abc"))), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    std::string abcd;
    for (int i = 0; i < 16; ++i)
        abcd += "abcd";
    EXPECT_EQ(toHex(streamed(DigestAlgorithm::Sm3, asBytes(abcd))), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    EXPECT_EQ(
        toHex(streamed(DigestAlgorithm::Sha512, asBytes("abc"))),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Digest, NamesSizesAndWireNumbers)
{
    EXPECT_EQ(name(DigestAlgorithm::Sha256), "sha256");
    EXPECT_EQ(name(DigestAlgorithm::Sm3), "sm3");
    EXPECT_EQ(name(DigestAlgorithm::Sha512), "sha512");
    EXPECT_EQ(static_cast<int>(DigestAlgorithm::Sm3), 2);
    for (const auto a : kAll)
        EXPECT_EQ(digestSize(a), streamed(a, {}).size());
    EXPECT_EQ(digestSize(static_cast<DigestAlgorithm>(9)), 0U);
}

TEST(Digest, AgreesWithBotanAtEveryShortLength)
{
    std::mt19937_64 source(1);
    const Bytes data = randomBytes(source, 520); // past four blocks of SHA-512
    for (std::size_t n = 0; n <= data.size(); ++n) {
        const ByteView part = ByteView(data).first(n);
        ASSERT_TRUE(equal(sha256(part).bytes(), second(DigestAlgorithm::Sha256, part))) << n;
        for (const auto a : kAll)
            ASSERT_EQ(streamed(a, part), second(a, part)) << name(a) << ' ' << n;
    }
}

TEST(Digest, AgreesWithBotanWhereverTheDataIsCut)
{
    std::mt19937_64 source(2);
    MultiHasher all({.sm3 = true, .sha512 = true});
    for (int round = 0; round < 200; ++round) {
        const Bytes data = randomBytes(source, source() % 70'000);
        const std::size_t cut = data.empty() ? 0 : source() % data.size();
        const ByteView head = ByteView(data).first(cut);
        const ByteView tail = ByteView(data).subspan(cut);
        EXPECT_EQ(sha256({head, tail}), sha256(data));
        if (round > 0) all.reset();
        all.update(head);
        all.update({});
        all.update(tail);
        const auto values = all.finish();
        ASSERT_EQ(values.size(), 3U);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(values[i].algorithm, kAll[i]);
            EXPECT_EQ(values[i].value, second(kAll[i], data));
        }
    }
}

TEST(Digest, TakesWhatTheSetAsksFor)
{
    const auto algorithms = [](DigestSet set) {
        MultiHasher h(set);
        h.update(asBytes("证据"));
        std::string out;
        for (const auto& v : h.finish())
            out += std::string(name(v.algorithm)) + ' ';
        return out;
    };
    EXPECT_EQ(algorithms({}), "sha256 sm3 ");
    EXPECT_EQ(algorithms({.sm3 = false}), "sha256 ");
    EXPECT_EQ(algorithms({.sm3 = false, .sha512 = true}), "sha256 sha512 ");
}

TEST(Digest, ResetForgetsAndMovingKeepsTheState)
{
    StreamHasher a(DigestAlgorithm::Sm3);
    a.update(asBytes("something else"));
    a.reset();
    a.update(asBytes("ab"));
    StreamHasher b = std::move(a);
    b.update(asBytes("c"));
    EXPECT_EQ(toHex(b.finish()), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    b.reset();
    EXPECT_EQ(b.finish(), streamed(DigestAlgorithm::Sm3, {}));
}

TEST(Digest, ManyThreadsAtOnce)
{
    std::array<Bytes, 8> results;
    std::vector<std::jthread> threads;
    for (auto& r : results) {
        threads.emplace_back([&r] {
            for (int i = 0; i < 200; ++i)
                r = streamed(DigestAlgorithm::Sha512, asBytes("abc"));
        });
    }
    threads.clear();
    for (const auto& r : results)
        EXPECT_EQ(r, second(DigestAlgorithm::Sha512, asBytes("abc")));
}

} // namespace
} // namespace jc::crypto
