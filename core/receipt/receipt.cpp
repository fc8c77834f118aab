// SPDX-License-Identifier: Apache-2.0
#include "receipt/receipt.h"

#include "base/json_reader.h"
#include "receipt/envelope.h"

#include <algorithm>

namespace jc::receipt {
using namespace envelope;
namespace {

constexpr std::string_view kFormat = "judicial-chain-receipt/1";
constexpr std::size_t kMaxNumber = 64;

bool isNumberText(std::string_view s) noexcept
{
    return !s.empty() && s.size() <= kMaxNumber &&
           std::ranges::all_of(s, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-'; });
}

bool readEnrolment(JsonReader& in, EnrolmentPart& out)
{
    enum : unsigned { Entry = 1, Index = 2, Path = 4 };
    Keys seen;
    if (!in.beginObject()) return false;
    std::string_view key;
    while (in.nextKey(key)) {
        if (key == "entry" && seen.first(Entry)) {
            if (!readBytes(in, out.entry)) return false;
        } else if (key == "index" && seen.first(Index)) {
            if (!in.number(out.index)) return false;
        } else if (key == "path" && seen.first(Path)) {
            if (!readHashes(in, out.path)) return false;
        } else {
            return reject(in, kBadKey);
        }
    }
    return finish(in, seen, Entry | Index | Path);
}

bool readToken(JsonReader& in, TokenPart& out)
{
    enum : unsigned { Token = 1, Chain = 2 };
    Keys seen;
    if (!in.beginObject()) return false;
    std::string_view key;
    while (in.nextKey(key)) {
        if (key == "token" && seen.first(Token)) {
            if (!readBytes(in, out.token)) return false;
        } else if (key == "chain" && seen.first(Chain)) {
            if (!readBytesArray(in, out.chain, kMaxCertificates)) return false;
        } else {
            return reject(in, kBadKey);
        }
    }
    return finish(in, seen, Token | Chain);
}

bool readFiling(JsonReader& in, FilingPart& out)
{
    enum : unsigned { Entry = 1, Proof = 2, Certificates = 4, Enrolment = 8, Handovers = 16, Tokens = 32 };
    Keys seen;
    if (!in.beginObject()) return false;
    std::string_view key;
    while (in.nextKey(key)) {
        if (key == "entry" && seen.first(Entry)) {
            if (!readBytes(in, out.entry)) return false;
        } else if (key == "proof" && seen.first(Proof)) {
            if (!readText(in, out.proof)) return false;
        } else if (key == "certificates" && seen.first(Certificates)) {
            if (!readBytesArray(in, out.certificates, kMaxCertificates)) return false;
        } else if (key == "enrolment" && seen.first(Enrolment)) {
            if (!readEnrolment(in, out.enrolment.emplace())) return false;
        } else if (key == "handovers" && seen.first(Handovers)) {
            if (!readHandovers(in, out.handovers)) return false;
        } else if (key == "tokens" && seen.first(Tokens)) {
            if (!in.beginArray()) return false;
            while (in.nextElement()) {
                if (out.tokens.size() == kMaxTokens) return reject(in, "too many time-stamp tokens");
                if (!readToken(in, out.tokens.emplace_back())) return false;
            }
        } else {
            return reject(in, kBadKey);
        }
    }
    return finish(in, seen, Entry | Proof | Certificates | Handovers | Tokens);
}

bool readItem(JsonReader& in, ItemPart& out)
{
    enum : unsigned { Descriptor = 1, Ordinal = 2, Path = 4, Siblings = 8 };
    Keys seen;
    if (!in.beginObject()) return false;
    std::string_view key;
    while (in.nextKey(key)) {
        if (key == "descriptor" && seen.first(Descriptor)) {
            if (!readBytes(in, out.descriptor)) return false;
        } else if (key == "ordinal" && seen.first(Ordinal)) {
            if (!in.number(out.ordinal)) return false;
        } else if (key == "path" && seen.first(Path)) {
            if (!readHashes(in, out.path)) return false;
        } else if (key == "siblings" && seen.first(Siblings)) {
            if (!readHashes(in, out.siblings)) return false;
        } else {
            return reject(in, kBadKey);
        }
    }
    return finish(in, seen, Descriptor | Ordinal | Path | Siblings);
}

/// Is `rest` the known object and then nothing but the end of the document? A complete object at the start of the text can only be itself.
bool continuesWith(std::string_view rest, std::string_view known) noexcept
{
    const auto skip = [&rest] {
        while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\n' || rest.front() == '\r' || rest.front() == '\t'))
            rest.remove_prefix(1);
    };
    skip();
    if (known.empty() || !rest.starts_with(known)) return false;
    rest.remove_prefix(known.size());
    skip();
    if (rest.empty() || rest.front() != '}') return false;
    rest.remove_prefix(1);
    skip();
    return rest.empty();
}

enum : unsigned { Format = 1, Number = 2, Item = 4, Filing = 8 };
constexpr unsigned kAll = Format | Number | Item | Filing;

} // namespace

Result<ReceiptView> parseReceiptView(std::string_view json, std::string_view knownFiling)
{
    if (json.size() > kMaxReceipt) return fail(ErrorCode::Malformed, "a receipt has at most 1 MiB");
    ReceiptView out;
    JsonReader in(json);
    Keys seen;
    std::string_view key, text;
    std::string scratch;
    if (!in.beginObject()) return tl::unexpected(in.error());
    while (in.nextKey(key)) {
        if (key == "format" && seen.first(Format)) {
            if (in.string(text, scratch) && text != kFormat) in.reject("not a receipt of version 1");
        } else if (key == "number" && seen.first(Number)) {
            if (in.string(text, scratch) && (!scratch.empty() || !isNumberText(text))) in.reject("not the text of an evidence number");
            out.number = text;
        } else if (key == "item" && seen.first(Item)) {
            if (!readItem(in, out.item)) break;
        } else if (key == "filing" && seen.first(Filing)) {
            if (seen.all(kAll) && continuesWith(json.substr(in.offset()), knownFiling)) {
                const auto at = json.find_first_not_of(" \n\r\t", in.offset());
                out.filingJson = json.substr(at, knownFiling.size());
                return out;
            }
            if (!in.raw(out.filingJson)) break;
        } else {
            in.reject(kBadKey);
        }
    }
    if (!finish(in, seen, kAll) || !in.end()) return tl::unexpected(in.error());
    return out;
}

Result<FilingPart> parseFilingPart(std::string_view filingJson)
{
    if (filingJson.size() > kMaxReceipt) return fail(ErrorCode::Malformed, "a receipt has at most 1 MiB");
    FilingPart out;
    JsonReader in(filingJson);
    if (!readFiling(in, out) || !in.end()) return tl::unexpected(in.error());
    return out;
}

Result<Receipt> parseReceipt(std::string_view json)
{
    JC_TRY(ReceiptView view, parseReceiptView(json));
    JC_TRY(FilingPart filing, parseFilingPart(view.filingJson));
    return Receipt{std::string(view.number), std::move(view.item), std::move(filing)};
}

std::string serializeFilingPart(const FilingPart& f)
{
    std::string out = "{\n\"entry\":";
    appendBytes(out, f.entry);
    out += ",\n\"proof\":";
    appendJsonString(out, f.proof);
    out += ",\n\"certificates\":";
    appendArray(out, f.certificates);
    if (f.enrolment) {
        out += ",\n\"enrolment\":{\n\"entry\":";
        appendBytes(out, f.enrolment->entry);
        out += ",\n\"index\":" + std::to_string(f.enrolment->index) + ",\n\"path\":";
        appendArray(out, f.enrolment->path);
        out += "\n}";
    }
    out += ",\n\"handovers\":";
    appendHandovers(out, f.handovers);
    out += ",\n\"tokens\":[";
    for (std::size_t i = 0; i < f.tokens.size(); ++i) {
        out += i == 0 ? "{\n\"token\":" : ",{\n\"token\":";
        appendBytes(out, f.tokens[i].token);
        out += ",\n\"chain\":";
        appendArray(out, f.tokens[i].chain);
        out += "\n}";
    }
    out += "]\n}";
    return out;
}

std::string serializeWith(const std::string& number, const ItemPart& item, std::string_view filingJson)
{
    std::string out;
    out.reserve(filingJson.size() + item.descriptor.size() * 4 / 3 + (item.path.size() + item.siblings.size()) * 47 + 256);
    out += "{\n\"format\":\"";
    out += kFormat;
    out += "\",\n\"number\":";
    appendJsonString(out, number);
    out += ",\n\"item\":{\n\"descriptor\":";
    appendBytes(out, item.descriptor);
    out += ",\n\"ordinal\":" + std::to_string(item.ordinal) + ",\n\"path\":";
    appendArray(out, item.path);
    out += ",\n\"siblings\":";
    appendArray(out, item.siblings);
    out += "\n},\n\"filing\":";
    out += filingJson;
    out += "\n}\n";
    return out;
}

std::string serialize(const Receipt& receipt)
{
    return serializeWith(receipt.number, receipt.item, serializeFilingPart(receipt.filing));
}

} // namespace jc::receipt
