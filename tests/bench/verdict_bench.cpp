// SPDX-License-Identifier: Apache-2.0
// Receipts judged per second from their text, all signatures and paths checked. Prints JSON lines {row,ours,peer,ratio,unit,repeats}; there
// is no peer that checks the same, so peer and ratio are null.
//   verdict-items    items of a filing that was judged before, one thread
//   verdict-filings  each receipt of another filing (own entry, checkpoint, token), one thread and two
#include "unit/verdict/small_ledger.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

using namespace jc;
using namespace jc::verdict;
using namespace jc::verdict::test;

namespace {

constexpr int kRepeats = 5;
constexpr std::size_t kItems = 1000, kFilings = 400;

struct Input {
    std::vector<std::string> receipts;
    std::vector<FileFacts> files;
};

/// Receipts per second; every one must be consistent, else nothing was measured.
double rate(const Input& in, const TrustedLedger& trust, unsigned threads, bool freshCache)
{
    Cache cache;
    const auto run = [&](std::size_t first) {
        bool good = true;
        for (std::size_t i = first; i < in.receipts.size(); i += threads) {
            const auto v = judgeText(&in.files[i], in.receipts[i], trust, {}, cache);
            good = good && v && v->word == Word::Consistent;
        }
        return good;
    };
    if (!freshCache && !run(0)) return 0;
    std::atomic<bool> good = true;
    const auto start = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> pool;
        for (unsigned t = 1; t < threads; ++t)
            pool.emplace_back([&, t] {
                if (!run(t)) good = false;
            });
        if (!run(0)) good = false;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return good ? static_cast<double>(in.receipts.size()) / took.count() : 0;
}

void report(const char* row, const Input& in, const TrustedLedger& trust, unsigned threads, bool freshCache)
{
    std::vector<double> rates;
    for (int i = 0; i < kRepeats; ++i)
        rates.push_back(rate(in, trust, threads, freshCache));
    std::sort(rates.begin(), rates.end());
    std::printf("{\"row\":\"%s\",\"ours\":%.0f,\"peer\":null,\"ratio\":null,\"unit\":\"receipts/s, %u thread%s\",\"repeats\":%d}\n", row,
                rates[rates.size() / 2], threads, threads == 1 ? "" : "s", kRepeats);
}

} // namespace

int main()
{
    SmallLedger ledger;
    const Person clerk = ledger.makePerson(0, "clerk", record::Role::Clerk);
    const auto enrolment = ledger.enrol(clerk, 0, kStart + kHour);
    Input items, filings;
    FilingPlan plan;
    plan.contents.clear();
    for (std::size_t i = 0; i < kItems; ++i)
        plan.contents.push_back("content " + std::to_string(i));
    const Filed large = ledger.file(clerk, 0, kStart + kDay, plan, enrolment);
    for (std::size_t i = 0; i < kFilings; ++i) {
        FilingPlan one;
        one.contents = {"filing " + std::to_string(i)};
        const Filed f = ledger.file(clerk, 0, kStart + kDay + static_cast<UnixMs>(i), one, enrolment);
        filings.receipts.push_back(receipt::serialize(ledger.receiptOf(f)));
        filings.files.push_back(factsOf(itemName(0), one.contents[0]));
    }
    receipt::Receipt r = ledger.receiptOf(large);
    const std::string shared = receipt::serializeFilingPart(r.filing);
    const auto trust = ledger.trusted();
    for (std::size_t i = 0; i < kItems; ++i) {
        const receipt::Receipt own = ledger.receiptOf(large, i, large.index + 1);
        items.receipts.push_back(receipt::serializeWith(own.number, own.item, shared));
        items.files.push_back(factsOf(itemName(i), plan.contents[i]));
    }
    report("verdict-items", items, *trust, 1, false);
    report("verdict-filings", filings, *trust, 1, true);
    report("verdict-filings", filings, *trust, 2, true);
    return 0;
}
