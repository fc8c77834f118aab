// SPDX-License-Identifier: Apache-2.0
#include "receipt/receipt.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace jc;
    const std::string_view text = asText({data, size});
    const auto receipt = receipt::parseReceipt(text);
    const auto view = receipt::parseReceiptView(text);
    if (!receipt) return 0;
    // What was read can be written and read again, and both ways of reading agree.
    const std::string written = receipt::serialize(*receipt);
    const std::string filing = receipt::serializeFilingPart(receipt->filing);
    if (const auto again = receipt::parseReceipt(written); written.size() <= receipt::kMaxReceipt && (!again || *again != *receipt))
        std::abort();
    if (!view || view->number != receipt->number || view->item != receipt->item) std::abort();
    if (const auto quick = receipt::parseReceiptView(text, view->filingJson); !quick || quick->filingJson != view->filingJson) std::abort();
    if (const auto quick = receipt::parseReceiptView(written, filing);
        written.size() <= receipt::kMaxReceipt && (!quick || quick->filingJson != filing))
        std::abort();
    (void)receipt::extractParts(*receipt);
    return 0;
}
