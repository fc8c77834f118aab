// SPDX-License-Identifier: Apache-2.0
#include "receipt/trust_set.h"

#include "receipt/envelope.h"

namespace jc::receipt {
using namespace envelope;
namespace {
constexpr std::string_view kFormat = "judicial-chain-trust-set/1";
constexpr std::size_t kMaxCards = 1024;
constexpr std::size_t kMaxControl = 1'000'000;
} // namespace

Result<TrustSet> parseTrustSet(std::string_view json)
{
    if (json.size() > kMaxTrustSet) return fail(ErrorCode::Malformed, "a trust set has at most 64 MiB");
    enum : unsigned {
        Format = 1,
        Cards = 2,
        Charter = 4,
        Control = 8,
        Handovers = 16,
        CheckpointKey = 32,
        Last = 64,
        LastEntry = 1,
        LastPath = 2
    };
    TrustSet out;
    JsonReader in(json);
    Keys seen;
    std::string_view key, text;
    std::string scratch;
    if (!in.beginObject()) return tl::unexpected(in.error());
    while (in.nextKey(key)) {
        if (key == "format" && seen.first(Format)) {
            if (in.string(text, scratch) && text != kFormat) in.reject("not a trust set of version 1");
        } else if (key == "cards" && seen.first(Cards)) {
            if (!readBytesArray(in, out.cards, kMaxCards)) break;
        } else if (key == "charter" && seen.first(Charter)) {
            if (!readBytes(in, out.charterEntry)) break;
        } else if (key == "control" && seen.first(Control)) {
            if (!readBytesArray(in, out.control, kMaxControl)) break;
        } else if (key == "handovers" && seen.first(Handovers)) {
            if (!readHandovers(in, out.handovers)) break;
        } else if (key == "checkpoint" && seen.first(CheckpointKey)) {
            if (!readText(in, out.checkpoint)) break;
        } else if (key == "last" && seen.first(Last)) {
            Keys inner;
            if (!in.beginObject()) break;
            while (in.nextKey(key)) {
                if (key == "entry" && inner.first(LastEntry)) {
                    if (!readBytes(in, out.lastEntry)) break;
                } else if (key == "path" && inner.first(LastPath)) {
                    if (!readHashes(in, out.lastPath)) break;
                } else {
                    in.reject(kBadKey);
                }
            }
            if (!finish(in, inner, LastEntry | LastPath)) break;
        } else {
            in.reject(kBadKey);
        }
    }
    if (!finish(in, seen, Format | Cards | Charter | Control | Handovers | CheckpointKey | Last) || !in.end())
        return tl::unexpected(in.error());
    if (out.cards.empty()) return fail(ErrorCode::Malformed, "a trust set has at least one court card");
    return out;
}

std::string serialize(const TrustSet& t)
{
    std::string out = "{\n\"format\":\"";
    out += kFormat;
    out += "\",\n\"cards\":";
    appendArray(out, t.cards);
    out += ",\n\"charter\":";
    appendBytes(out, t.charterEntry);
    out += ",\n\"control\":";
    appendArray(out, t.control);
    out += ",\n\"handovers\":";
    appendHandovers(out, t.handovers);
    out += ",\n\"checkpoint\":";
    appendJsonString(out, t.checkpoint);
    out += ",\n\"last\":{\n\"entry\":";
    appendBytes(out, t.lastEntry);
    out += ",\n\"path\":";
    appendArray(out, t.lastPath);
    out += "\n}\n}\n";
    return out;
}

} // namespace jc::receipt
