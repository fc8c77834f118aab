// SPDX-License-Identifier: Apache-2.0
#include "receipt/envelope.h"

#include "base/text.h"

namespace jc::receipt::envelope {

bool finish(JsonReader& in, const Keys& seen, unsigned required) noexcept
{
    if (in.ok() && !seen.all(required)) in.reject("a key is missing");
    return in.ok();
}

bool readBytes(JsonReader& in, Bytes& out)
{
    std::string_view text;
    std::string scratch;
    if (!in.string(text, scratch)) return false;
    if (!scratch.empty()) return reject(in, "base64 text has no escapes");
    auto bytes = fromBase64(text);
    if (!bytes) return reject(in, "not canonical base64");
    if (bytes->empty()) return reject(in, "this part may not be empty");
    out = std::move(*bytes);
    return true;
}

bool readHash(JsonReader& in, std::span<std::uint8_t, 32> out)
{
    Bytes bytes;
    if (!readBytes(in, bytes)) return false;
    if (bytes.size() != out.size()) return reject(in, "a hash has 32 bytes");
    std::memcpy(out.data(), bytes.data(), out.size());
    return true;
}

bool readText(JsonReader& in, std::string& out)
{
    std::string_view text;
    std::string scratch;
    if (!in.string(text, scratch)) return false;
    if (text.empty() || !isValidUtf8(text)) return reject(in, "this text is empty or not UTF-8");
    out.assign(text);
    return true;
}

bool readBytesArray(JsonReader& in, std::vector<Bytes>& out, std::size_t most)
{
    if (!in.beginArray()) return false;
    while (in.nextElement()) {
        if (out.size() == most) return reject(in, "too many parts in a list");
        if (!readBytes(in, out.emplace_back())) return false;
    }
    return in.ok();
}

bool readHandovers(JsonReader& in, std::vector<HandoverPart>& out)
{
    enum : unsigned { Entry = 1, Proof = 2, Checkpoint = 4 };
    if (!in.beginArray()) return false;
    while (in.nextElement()) {
        if (out.size() == kMaxHandovers) return reject(in, "too many handovers");
        HandoverPart& part = out.emplace_back();
        Keys seen;
        std::string_view key;
        if (!in.beginObject()) return false;
        while (in.nextKey(key)) {
            if (key == "entry" && seen.first(Entry)) {
                if (!readBytes(in, part.entry)) return false;
            } else if (key == "proof" && seen.first(Proof)) {
                if (!readText(in, part.proof)) return false;
            } else if (key == "checkpoint" && seen.first(Checkpoint)) {
                if (!readText(in, part.checkpoint)) return false;
            } else {
                return reject(in, kBadKey);
            }
        }
        if (!finish(in, seen, Entry | Proof | Checkpoint)) return false;
    }
    return in.ok();
}

void appendHandovers(std::string& to, const std::vector<HandoverPart>& handovers)
{
    to += '[';
    for (std::size_t i = 0; i < handovers.size(); ++i) {
        to += i == 0 ? "{\n\"entry\":" : ",{\n\"entry\":";
        appendBytes(to, handovers[i].entry);
        to += ",\n\"proof\":";
        appendJsonString(to, handovers[i].proof);
        to += ",\n\"checkpoint\":";
        appendJsonString(to, handovers[i].checkpoint);
        to += "\n}";
    }
    to += ']';
}

} // namespace jc::receipt::envelope
