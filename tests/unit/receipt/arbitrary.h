// SPDX-License-Identifier: Apache-2.0
#pragma once
// Receipts and trust sets of the right shape with any content.
#include "receipt/trust_set.h"

#include <rapidcheck.h>

namespace jc::receipt::test {

template <class Hash> Hash hash(std::uint8_t seed)
{
    std::array<std::uint8_t, 32> b{};
    b.fill(seed);
    return Hash::fromBytes(b);
}
inline Bytes arbitraryBytes()
{
    return *rc::gen::nonEmpty(rc::gen::arbitrary<Bytes>());
}
inline std::string arbitraryText()
{
    return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::weightedOneOf<char>(
        {{8, rc::gen::inRange<char>(0x20, 0x7F)}, {1, rc::gen::just('\n')}, {1, rc::gen::just('"')}, {1, rc::gen::just('\\')}})));
}
template <class Make> auto arbitraryList(int most, Make make)
{
    std::vector<decltype(make())> out;
    for (int n = *rc::gen::inRange(0, most); n > 0; --n)
        out.push_back(make());
    return out;
}
template <class Hash> std::vector<Hash> arbitraryHashes()
{
    return arbitraryList(6, [] { return hash<Hash>(*rc::gen::arbitrary<std::uint8_t>()); });
}
inline HandoverPart arbitraryHandover()
{
    return {arbitraryBytes(), arbitraryText(), arbitraryText()};
}
inline Receipt arbitraryReceipt()
{
    Receipt r;
    r.number = "JC" + std::to_string(*rc::gen::arbitrary<std::uint64_t>());
    r.item = {arbitraryBytes(), *rc::gen::arbitrary<std::uint64_t>(), arbitraryHashes<merkle::NodeHash>(), arbitraryHashes<Sha256Digest>()};
    r.filing.entry = arbitraryBytes();
    r.filing.proof = arbitraryText();
    r.filing.certificates = arbitraryList(4, arbitraryBytes);
    if (*rc::gen::arbitrary<bool>())
        r.filing.enrolment = EnrolmentPart{arbitraryBytes(), *rc::gen::arbitrary<std::uint64_t>(), arbitraryHashes<merkle::NodeHash>()};
    r.filing.handovers = arbitraryList(3, arbitraryHandover);
    r.filing.tokens = arbitraryList(3, [] { return TokenPart{arbitraryBytes(), arbitraryList(3, arbitraryBytes)}; });
    return r;
}
inline TrustSet arbitraryTrustSet()
{
    TrustSet t;
    t.cards = arbitraryList(4, arbitraryBytes);
    t.cards.push_back(arbitraryBytes());
    t.charterEntry = arbitraryBytes();
    t.control = arbitraryList(6, arbitraryBytes);
    t.handovers = arbitraryList(3, arbitraryHandover);
    t.checkpoint = arbitraryText();
    t.lastEntry = arbitraryBytes();
    t.lastPath = arbitraryHashes<merkle::NodeHash>();
    return t;
}

} // namespace jc::receipt::test
