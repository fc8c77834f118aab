// SPDX-License-Identifier: Apache-2.0
// The small text forms: hex, base64, times, record ids, UTF-8, and the strict JSON reader on arbitrary documents.
#include "base/clock.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "base/uuid.h"

#include <cstdlib>

namespace {
void must(bool holds)
{
    if (!holds) std::abort();
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto b = jc::fromBase64(text)) must(jc::toBase64(*b) == text);
    if (const auto b = jc::fromHex(text)) must(b->size() * 2 == size);
    if (const auto t = jc::parseTime(text)) must(jc::parseTime(jc::formatUtc(*t)).value() == *t);
    if (const auto u = jc::parseUuid(text)) must(jc::parseUuid(jc::toString(*u)).value() == *u);
    const std::string nfc = jc::toNfc(text);
    must(jc::isValidUtf8(nfc) && jc::toNfc(nfc) == nfc);
    must(jc::isValidUtf8(jc::printable(text)));
    must(jc::cutUtf8(nfc, size / 2).size() <= size / 2);
    jc::JsonReader r(text);
    std::string_view raw;
    if (r.raw(raw) && r.end()) {
        must(raw.size() <= size);
    } else {
        must(!r.ok());
    }
    return 0;
}
