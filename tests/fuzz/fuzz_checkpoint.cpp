// SPDX-License-Identifier: Apache-2.0
// A checkpoint that parses without extension lines has one spelling.
#include "note/note.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = jc::asText({data, size});
    const auto c = jc::note::Checkpoint::parse(bytes);
    if (!c) return 0;
    auto text = c->text();
    for (const auto& e : c->extensions)
        text += e + '\n';
    if (text != bytes) std::abort();
    return 0;
}
