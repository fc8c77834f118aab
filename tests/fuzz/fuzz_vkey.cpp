// SPDX-License-Identifier: Apache-2.0
// A verifier key that parses has one spelling.
#include "note/note.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = jc::asText({data, size});
    const auto k = jc::note::VerifierKey::parse(bytes);
    if (!k) return 0;
    if (k->text() != bytes || !jc::note::isValidKeyName(k->name)) std::abort();
    return 0;
}
