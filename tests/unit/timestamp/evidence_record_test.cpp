// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "timestamp/token_internal.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <fstream>

namespace jc::timestamp::test {
namespace {

Sha256Digest fromHexDigest(const std::string& hex)
{
    return Sha256Digest::parse(fromHex(hex).value()).value();
}
Salt fromHexSalt(const std::string& hex)
{
    const Bytes b = fromHex(hex).value();
    Salt s{};
    std::copy_n(b.begin(), std::min(b.size(), s.size()), s.begin());
    return s;
}

std::vector<TreeItem> makeItems(std::size_t n)
{
    std::vector<TreeItem> items(n);
    for (std::size_t i = 0; i < n; ++i) {
        items[i].file = digestOf("file " + std::to_string(i));
        const Sha256Digest s = digestOf("salt " + std::to_string(i));
        std::copy(s.bytes().begin(), s.bytes().end(), items[i].salt.begin());
    }
    return items;
}

TEST(BatchTree, VectorsByteForByte)
{
    std::ifstream file(JC_TEST_DATA "/vectors/ers-blind-vectors.json");
    const nlohmann::json all = nlohmann::json::parse(file);
    std::size_t checked = 0;
    for (const auto& vector : all.at("vectors")) {
        const auto& listed = vector.at("items");
        ASSERT_EQ(listed.size(), vector.at("n").get<std::size_t>());
        const Sha256Digest root = fromHexDigest(vector.at("root"));
        std::vector<TreeItem> items;
        for (const auto& i : listed)
            items.push_back({fromHexDigest(i.at("file_hash")), fromHexSalt(i.at("salt"))});
        const BatchTree tree(items, true);
        EXPECT_EQ(tree.imprint(), root);
        for (const auto& i : listed) {
            const auto index = i.at("index").get<std::size_t>();
            const Sha256Digest h = fromHexDigest(i.at("file_hash"));
            const Salt salt = fromHexSalt(i.at("salt"));
            EXPECT_EQ(crypto::sha256(fromHex(i.at("file").get<std::string>()).value()), h);
            EXPECT_EQ(blind(salt), fromHexDigest(i.at("blind")));
            EXPECT_EQ(sortedPair(h, blind(salt)), fromHexDigest(i.at("leaf")));
            std::vector<std::vector<Sha256Digest>> lists;
            for (const auto& list : i.at("reduced_tree")) {
                lists.emplace_back();
                for (const auto& v : list)
                    lists.back().push_back(fromHexDigest(v));
            }
            ASSERT_GE(lists.size(), 2U);
            std::vector<Sha256Digest> siblings;
            for (std::size_t k = 2; k < lists.size(); ++k)
                siblings.push_back(lists[k].at(0));
            EXPECT_EQ(foldImprint(h, salt, siblings), root);
            EXPECT_EQ(tree.siblings(index), siblings);
            EXPECT_EQ(toHex(encodeReducedTree(lists).value()), i.at("reduced_tree_der").get<std::string>());
            ++checked;
        }
    }
    EXPECT_EQ(checked, 6U); // 1 + 2 + 3 items
}

TEST(BatchTree, SingleItem)
{
    const auto items = makeItems(1);
    const BatchTree plain(items), blinded(items, true);
    EXPECT_EQ(plain.imprint(), items[0].file);
    EXPECT_TRUE(plain.siblings(0).empty());
    EXPECT_EQ(blinded.imprint(), sortedPair(items[0].file, blind(items[0].salt)));
    EXPECT_TRUE(blinded.siblings(0).empty());
    EXPECT_TRUE(blinded.siblings(1).empty());
    EXPECT_EQ(BatchTree({}).imprint(), Sha256Digest{});
}

RC_GTEST_PROP(BatchTree, EveryItemFoldsToTheImprint, ())
{
    const auto n = *rc::gen::inRange<std::size_t>(1, 300);
    const auto items = makeItems(n);
    const BatchTree tree(items, true);
    for (std::size_t i = 0; i < n; ++i)
        RC_ASSERT(foldImprint(items[i].file, items[i].salt, tree.siblings(i)) == tree.imprint());
    RC_ASSERT(tree.siblings(n).empty());
    auto changed = items;
    changed[*rc::gen::inRange<std::size_t>(0, n)].salt[5] ^= 1U;
    RC_ASSERT(BatchTree(changed, true).imprint() != tree.imprint());
}

TEST(BatchTree, TenThousandItemsTakeMilliseconds)
{
    const auto items = makeItems(10'000);
    const auto begin = std::chrono::steady_clock::now();
    const BatchTree tree(items);
    std::size_t total = 0;
    for (std::size_t i = 0; i < items.size(); ++i)
        total += tree.siblings(i).size();
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    std::printf("[ measured ] tree and all paths of 10,000 items: %.1f ms\n", ms);
    EXPECT_GT(total, 100'000U);
    EXPECT_LT(ms, 500);
}

class EvidenceRecordTest : public testing::Test {
protected:
    TempDir dir;
    SetClock clock{kNow};
    Pki pki;
    std::unique_ptr<Authority> authority = openAuthority(pki, dir / "serial", &clock);
    std::vector<crypto::Certificate> anchors = pki.anchors();

    Bytes stamp(const Sha256Digest& imprint) { return authority->stamp(crypto::DigestAlgorithm::Sha256, imprint.bytes()).value(); }
};

TEST_F(EvidenceRecordTest, EveryItemHasItsOwnRecord)
{
    for (const std::size_t n : {1U, 2U, 3U, 5U, 8U, 33U}) {
        const auto items = makeItems(n);
        const BatchTree tree(items, true);
        const Bytes token = stamp(tree.imprint());
        for (std::size_t i = 0; i < n; ++i) {
            const Bytes record = makeEvidenceRecord(items[i].file, items[i].salt, tree.siblings(i), token).value();
            const EvidenceRecord parsed = parseEvidenceRecord(record).value();
            EXPECT_EQ(parsed.token, token); // the very bytes
            ASSERT_EQ(parsed.reducedTree.size(), 2 + tree.siblings(i).size());
            for (const auto& list : parsed.reducedTree)
                EXPECT_EQ(list.size(), 1U);
            EXPECT_EQ(checkEvidenceRecord(parsed, items[i].file, anchors).outcome, TokenOutcome::Valid);
            EXPECT_EQ(checkEvidenceRecord(parsed, digestOf("other"), anchors).outcome, TokenOutcome::ImprintDiffers);
            if (n > 1) {
                EXPECT_EQ(checkEvidenceRecord(parsed, items[(i + 1) % n].file, anchors).outcome, TokenOutcome::ImprintDiffers);
            }
            // No neighbour's digest is in it.
            for (std::size_t k = 0; k < n; ++k)
                EXPECT_EQ(std::search(record.begin(), record.end(), items[k].file.bytes().begin(), items[k].file.bytes().end()) !=
                              record.end(),
                          k == i);
        }
    }
}

TEST_F(EvidenceRecordTest, PlainSingleItem)
{
    const Sha256Digest file = digestOf("alone");
    const Bytes record = makeEvidenceRecord(file, std::nullopt, {}, stamp(file)).value();
    const EvidenceRecord parsed = parseEvidenceRecord(record).value();
    EXPECT_TRUE(parsed.reducedTree.empty());
    EXPECT_EQ(checkEvidenceRecord(parsed, file, anchors).outcome, TokenOutcome::Valid);
    EXPECT_EQ(checkEvidenceRecord(parsed, digestOf("other"), anchors).outcome, TokenOutcome::ImprintDiffers);
    EXPECT_EQ(checkEvidenceRecord(parsed, file, Pki().anchors()).outcome, TokenOutcome::NoAnchor);
}

TEST_F(EvidenceRecordTest, LayoutIsExact)
{
    // Every byte around the token, written out: version 1, SHA-256 without parameters in both places.
    const auto items = makeItems(2);
    const BatchTree tree(items);
    const Bytes token = stamp(tree.imprint());
    const Bytes record = makeEvidenceRecord(items[0].file, items[0].salt, tree.siblings(0), token).value();
    const std::string algorithm = "0609608648016503040201";
    const std::string tree0 = toHex(encodeReducedTree({{items[0].file}, {blind(items[0].salt)}, tree.siblings(0)}).value());
    const Bytes stampContent = fromHex("a00b" + algorithm + tree0 + toHex(token)).value();
    const Bytes sequence = der::tlv(der::kSequence, der::tlv(der::kSequence, der::tlv(der::kSequence, stampContent)));
    const Bytes expected = der::tlv(der::kSequence, {fromHex("020101300d300b" + algorithm).value(), sequence});
    EXPECT_EQ(toHex(record), toHex(expected));
}

TEST_F(EvidenceRecordTest, MakingChecksThatTheTokenCoversTheItem)
{
    const auto items = makeItems(3);
    const BatchTree tree(items);
    const Bytes token = stamp(tree.imprint());
    EXPECT_TRUE(makeEvidenceRecord(items[0].file, items[0].salt, tree.siblings(0), token));
    EXPECT_EQ(makeEvidenceRecord(items[1].file, items[0].salt, tree.siblings(0), token).error().reason, "imprint_differs");
    EXPECT_EQ(makeEvidenceRecord(items[0].file, items[0].salt, tree.siblings(1), token).error().reason, "imprint_differs");
    EXPECT_EQ(makeEvidenceRecord(items[0].file, std::nullopt, tree.siblings(0), token).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(makeEvidenceRecord(items[0].file, items[0].salt, tree.siblings(0), Bytes{1, 2}).error().code, ErrorCode::Malformed);
    EXPECT_FALSE(encodeReducedTree({}));
    EXPECT_FALSE(encodeReducedTree({{}}));
    EXPECT_FALSE(encodeReducedTree(std::vector<std::vector<Sha256Digest>>(67, {items[0].file})));
}

/// ArchiveTimeStamp and record around it from pieces, for the forms that must be told apart.
struct Pieces {
    std::string algorithm = "a00b0609608648016503040201";
    Bytes tree;
    Bytes token;
    std::string digests = "300d300b0609608648016503040201";
    Bytes between; ///< cryptoInfos, encryptionInfo
    int stamps = 1, chains = 1;
    [[nodiscard]] Bytes build() const
    {
        const Bytes one = der::tlv(der::kSequence, {fromHex(algorithm).value(), tree, token});
        Bytes chain, sequence;
        for (int i = 0; i < stamps; ++i)
            append(chain, ByteView(one));
        for (int i = 0; i < chains; ++i)
            append(sequence, ByteView(der::tlv(der::kSequence, chain)));
        return der::tlv(der::kSequence, {der::unsignedInteger(1), fromHex(digests).value(), between, der::tlv(der::kSequence, sequence)});
    }
};

TEST_F(EvidenceRecordTest, FormsThatAreNotReadAreNamed)
{
    const auto items = makeItems(2);
    const BatchTree batch(items);
    Pieces good;
    good.token = stamp(batch.imprint());
    good.tree = encodeReducedTree({{items[0].file}, {blind(items[0].salt)}, batch.siblings(0)}).value();
    ASSERT_TRUE(parseEvidenceRecord(good.build()));

    const auto reason = [](const Pieces& p) {
        const auto r = parseEvidenceRecord(p.build());
        return r ? std::string("read") : r.error().code == ErrorCode::Refused ? r.error().reason : std::string("malformed");
    };
    const auto with = [&](auto&& change) {
        Pieces p = good;
        change(p);
        return reason(p);
    };
    EXPECT_EQ(with([](Pieces& p) { p.stamps = 2; }), "renewed_record");
    EXPECT_EQ(with([](Pieces& p) { p.chains = 2; }), "renewed_record");
    EXPECT_EQ(with([](Pieces& p) { p.stamps = 0; }), "malformed");
    EXPECT_EQ(with([](Pieces& p) { p.chains = 0; }), "malformed");
    EXPECT_EQ(with([](Pieces& p) { p.algorithm.clear(); }), "read");                            // other writers leave it out
    EXPECT_EQ(with([](Pieces& p) { p.algorithm = "a00d06096086480165030402010500"; }), "read"); // NULL parameters
    EXPECT_EQ(with([](Pieces& p) { p.algorithm = "a00b0609608648016503040203"; }), "unsupported_algorithm");
    EXPECT_EQ(with([](Pieces& p) { p.digests = "300d300b0609608648016503040203"; }), "unsupported_algorithm");
    EXPECT_EQ(with([](Pieces& p) { p.digests = "3000"; }), "malformed");
    EXPECT_EQ(with([](Pieces& p) { p.between = der::tlv(der::contextConstructed(0), ByteView()); }), "unsupported_field");
    EXPECT_EQ(with([](Pieces& p) { p.between = der::tlv(der::contextConstructed(1), ByteView()); }), "unsupported_field");
    EXPECT_EQ(with([](Pieces& p) { p.tree = der::tlv(der::contextConstructed(2), ByteView()); }), "malformed");
    EXPECT_EQ(with([](Pieces& p) { p.tree = der::tlv(der::contextConstructed(2), der::tlv(der::kSequence, ByteView())); }), "malformed");
    EXPECT_EQ(with([](Pieces& p) {
                  p.tree = der::tlv(der::contextConstructed(2), der::tlv(der::kSequence, der::tlv(der::kOctetString, Bytes(31, 1))));
              }),
              "malformed");
    // The weaker form, first list {H(file), b}: its 64 concatenated bytes, or label ‖ salt, could be shown as "the file".
    EXPECT_EQ(with([&](Pieces& p) { p.tree = encodeReducedTree({{items[0].file, blind(items[0].salt)}, batch.siblings(0)}).value(); }),
              "grouped_record");
    EXPECT_EQ(with([&](Pieces& p) { p.tree = encodeReducedTree({{items[0].file}, {blind(items[0].salt), batch.imprint()}}).value(); }),
              "grouped_record");
    EXPECT_EQ(with([](Pieces& p) { p.token.push_back(0); }), "malformed");
    EXPECT_EQ(with([](Pieces& p) { p.token = fromHex("3000").value(); }), "malformed");

    Bytes trailing = good.build();
    trailing.push_back(0);
    EXPECT_EQ(parseEvidenceRecord(trailing).error().code, ErrorCode::Malformed);
    EXPECT_EQ(parseEvidenceRecord(Bytes((1U << 20U) + 1, 0x30)).error().code, ErrorCode::Malformed);
}

TEST_F(EvidenceRecordTest, BlindPreimageIsNotTheFile)
{
    const auto items = makeItems(1);
    const BatchTree tree(items, true);
    const EvidenceRecord record =
        parseEvidenceRecord(makeEvidenceRecord(items[0].file, items[0].salt, tree.siblings(0), stamp(tree.imprint())).value()).value();
    Bytes preimage = toBytes(std::string_view("judicial-chain/ers-blind/v1"));
    append(preimage, ByteView(items[0].salt));
    ASSERT_EQ(crypto::sha256(preimage), blind(items[0].salt));
    EXPECT_EQ(checkEvidenceRecord(record, crypto::sha256(preimage), anchors).outcome, TokenOutcome::ImprintDiffers);
}

TEST_F(EvidenceRecordTest, AnImprintOfAnotherAlgorithmDoesNotCount)
{
    const Sha256Digest file = digestOf("alone");
    EvidenceRecord record;
    record.token = authority->stamp(crypto::DigestAlgorithm::Sm3, file.bytes()).value();
    EXPECT_EQ(checkEvidenceRecord(record, file, anchors).outcome, TokenOutcome::ImprintDiffers);
    record.reducedTree = {{}};
    EXPECT_EQ(checkEvidenceRecord(record, file, anchors).outcome, TokenOutcome::Unparsable);
    record.reducedTree = {{Bytes(31)}};
    EXPECT_EQ(checkEvidenceRecord(record, file, anchors).outcome, TokenOutcome::Unparsable);
}

TEST_F(EvidenceRecordTest, FlippedBytesNeverPass)
{
    const auto items = makeItems(4);
    const BatchTree tree(items);
    const Bytes record = makeEvidenceRecord(items[2].file, items[2].salt, tree.siblings(2), stamp(tree.imprint())).value();
    const std::size_t tokenSize = parseEvidenceRecord(record).value().token.size();
    for (std::size_t i = 0; i < record.size() - tokenSize; ++i) { // the token's own bytes have their own test
        Bytes bad = record;
        bad[i] ^= 0x04U;
        const auto parsed = parseEvidenceRecord(bad);
        if (!parsed) continue;
        EXPECT_NE(checkEvidenceRecord(*parsed, items[2].file, anchors).outcome, TokenOutcome::Valid) << i;
    }
    for (std::size_t n = 0; n < record.size(); ++n)
        EXPECT_FALSE(parseEvidenceRecord(ByteView(record).first(n)));
}

} // namespace
} // namespace jc::timestamp::test
