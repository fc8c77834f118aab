// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/file.h"
#include "base/text.h"
#include "note/note.h"
#include "record/codec.h"

#include <algorithm>

namespace jc::cli {
namespace {

Result<receipt::Receipt> readReceipt(const std::filesystem::path& file)
{
    JC_TRY(const auto bytes, readFile(file, receipt::kMaxReceipt));
    return receipt::parseReceipt(asText(bytes));
}

/// Everything that a receipt says, taken apart; what cannot be read stays empty and is told.
struct Parts {
    std::optional<record::ItemDescriptor> descriptor;
    std::optional<record::LedgerEntry> entry;
    std::optional<record::Record> record;
    const record::Filing* filing = nullptr; ///< into record
    std::optional<note::TlogProof> proof;
    std::optional<note::SignedNote> note;
    std::optional<note::Checkpoint> checkpoint;
};

template <class T> void keep(std::optional<T>& to, Result<T> from)
{
    if (from) to = std::move(*from);
}

Parts takeApart(const receipt::Receipt& r)
{
    Parts p;
    keep(p.descriptor, record::decodeItemDescriptor(r.item.descriptor));
    keep(p.entry, record::decodeLedgerEntry(r.filing.entry));
    if (p.entry)
        if (const auto* s = std::get_if<record::SignedRecord>(&p.entry->body)) keep(p.record, record::decodeRecord(s->record));
    if (p.record) p.filing = std::get_if<record::Filing>(&p.record->body);
    keep(p.proof, note::TlogProof::parse(r.filing.proof));
    if (p.proof) keep(p.note, note::SignedNote::parse(p.proof->checkpoint));
    if (p.note) keep(p.checkpoint, note::Checkpoint::parse(p.note->text));
    return p;
}

std::string_view longName(crypto::DigestAlgorithm a)
{
    switch (a) {
    case crypto::DigestAlgorithm::Sha256:
        return "SHA-256";
    case crypto::DigestAlgorithm::Sm3:
        return "SM3";
    case crypto::DigestAlgorithm::Sha512:
        break;
    }
    return "SHA-512";
}

Json descriptorJson(const record::ItemDescriptor& d)
{
    Json digests = Json::object();
    for (const auto& v : d.digests)
        digests.set(crypto::name(v.algorithm), toHex(v.value));
    return Json::object()
        .set("name", d.name)
        .set("nameBytes", d.nameRaw.empty() ? Json() : Json(toBase64(d.nameRaw)))
        .set("folder", orNull(d.folder))
        .set("size", d.size)
        .set("digests", std::move(digests))
        .set("mediaType", d.mediaType)
        .set("case", orNull(d.caseNumber))
        .set("intakeTime", timeOrNull(d.intakeTime))
        .set("modifiedTime", timeOrNull(d.modifiedTime))
        .set("purposeText", orNull(d.purposeText))
        .set("emptyReason", orNull(d.emptyReason))
        .set("formDigest", d.formDigest ? Json(d.formDigest->hex()) : Json())
        .set("formFields", d.formFields)
        .set("salt", toHex(d.salt));
}

Json showJson(const receipt::Receipt& r, const Parts& p, const std::filesystem::path& file)
{
    Json j = Json::object().set("file", pathText(absolutePath(file))).set("number", r.number).set("ordinal", r.item.ordinal);
    j.set("descriptor", p.descriptor ? descriptorJson(*p.descriptor) : Json());
    Json entry;
    if (p.entry) {
        entry = Json::object();
        entry.set("index", p.proof ? Json(p.proof->index) : Json());
        entry.set("entryHash", merkle::hashLeaf(r.filing.entry).hex())
            .set("ledgerTime", timeOrNull(p.entry->ledgerTime))
            .set("height", p.entry->height)
            .set("epoch", p.entry->epoch);
        entry.set("recordId", p.record ? Json(toString(p.record->id)) : Json())
            .set("authorTime", p.record ? timeOrNull(p.record->authorTime) : Json());
        entry.set("court", p.filing ? Json(p.filing->court) : Json()).set("items", p.filing ? Json(p.filing->itemCount) : Json());
        entry.set("purpose", p.filing ? Json(static_cast<std::uint32_t>(p.filing->purpose)) : Json());
    }
    j.set("entry", std::move(entry));
    Json checkpoint;
    if (p.checkpoint) {
        Json signatures = Json::array();
        for (const auto& s : p.note->signatures) {
            const auto t = note::cosignatureTime(s);
            signatures.push(Json::object().set("name", s.name).set("time", t ? timeOrNull(static_cast<UnixMs>(*t) * 1000) : Json()));
        }
        checkpoint = Json::object()
                         .set("origin", p.checkpoint->origin)
                         .set("size", p.checkpoint->size)
                         .set("root", p.checkpoint->root.hex())
                         .set("signatures", std::move(signatures));
    }
    j.set("checkpoint", std::move(checkpoint));
    Json certificates = Json::array();
    for (const auto& der : r.filing.certificates) {
        const auto c = crypto::Certificate::fromDer(der);
        if (!c) continue;
        certificates.push(Json::object()
                              .set("name", c->commonName())
                              .set("subject", c->subject())
                              .set("issuer", c->issuer())
                              .set("notBefore", timeOrNull(c->notBefore()))
                              .set("notAfter", timeOrNull(c->notAfter()))
                              .set("sha256", c->id().hex()));
    }
    j.set("certificates", std::move(certificates));
    j.set("enrolmentIndex", r.filing.enrolment ? Json(r.filing.enrolment->index) : Json());
    j.set("handovers", r.filing.handovers.size());
    Json tokens = Json::array();
    for (const auto& t : r.filing.tokens) {
        const auto info = timestamp::parseToken(t.token);
        if (!info) continue;
        tokens.push(Json::object()
                        .set("time", formatUtc(info->genTime))
                        .set("serial", info->serialHex)
                        .set("policy", info->policyOid)
                        .set("imprint", toHex(info->imprint))
                        .set("imprintAlgorithm", crypto::name(info->imprintAlgorithm)));
    }
    return j.set("tokens", std::move(tokens));
}

void showLines(Context& c, const receipt::Receipt& r, const Parts& p)
{
    Console& out = c.console;
    out.line(c.say(text::kReceiptParsed, {printable(r.number)}));
    if (p.descriptor) {
        const auto& d = *p.descriptor;
        out.field(text::kFileName, printable(d.name));
        if (!d.folder.empty()) out.field(text::kFolder, printable(d.folder));
        out.field(text::kSize, c.say(text::kBytes, {std::to_string(d.size)}));
        for (const auto& v : d.digests) {
            const std::string_view name = longName(v.algorithm);
            out.field({name, name}, grouped(toHex(v.value)));
        }
        out.field(text::kMediaType, printable(d.mediaType));
        if (!d.caseNumber.empty()) out.field(text::kCase, printable(d.caseNumber));
        out.field(text::kIntake, shownTime(d.intakeTime));
        if (d.modifiedTime) out.field(text::kModified, shownTime(d.modifiedTime));
        if (p.filing)
            out.field(text::kPurpose,
                      c.say(purposeText(p.filing->purpose)) + (d.purposeText.empty() ? "" : "  " + printable(d.purposeText)));
        if (!d.emptyReason.empty()) out.field(text::kEmptyReason, printable(d.emptyReason));
        out.field(text::kForm,
                  d.formDigest ? c.say(text::kFormGiven, {std::to_string(d.formFields), d.formDigest->hex()}) : c.say(text::kFormMissing));
        out.field(text::kSalt, toHex(d.salt));
    }
    if (p.filing) {
        out.field(text::kCourt, printable(p.filing->court) + "  " +
                                    c.say(text::kFilingLine, {std::to_string(r.item.ordinal), std::to_string(p.filing->itemCount)}));
        out.field(text::kAuthorTime, shownTime(p.record->authorTime));
    }
    if (p.entry) {
        out.field(text::kEntry,
                  c.say(text::kEntryLine, {p.proof ? std::to_string(p.proof->index) : "?", merkle::hashLeaf(r.filing.entry).hex(),
                                           std::to_string(p.entry->height), std::to_string(p.entry->epoch)}));
        out.field(text::kNotBefore, shownTime(p.entry->ledgerTime));
    }
    if (p.checkpoint) {
        out.field(text::kCheckpoint, c.say(text::kCheckpointLine, {printable(p.checkpoint->origin), std::to_string(p.checkpoint->size),
                                                                   p.checkpoint->root.hex()}));
        for (const auto& s : p.note->signatures) {
            const auto t = note::cosignatureTime(s);
            out.field(text::kCosigners,
                      t ? c.say(text::kCosignature, {printable(s.name), shownTime(static_cast<UnixMs>(*t) * 1000)}) : printable(s.name));
        }
    }
    for (const auto& der : r.filing.certificates) {
        const auto certificate = crypto::Certificate::fromDer(der);
        out.field(text::kCertificate,
                  certificate ? c.say(text::kCertificateLine, {printable(certificate->subject()), formatLocal(certificate->notBefore()),
                                                               formatLocal(certificate->notAfter()), certificate->id().hex()})
                              : c.say(text::kTokenUnreadable, {printable(certificate.error().detail)}));
    }
    out.field(text::kEnrolment, r.filing.enrolment ? c.say(text::kEnrolmentLine, {std::to_string(r.filing.enrolment->index)})
                                                   : c.say(text::kEnrolmentOnCard));
    if (r.filing.tokens.empty()) out.field(text::kToken, c.say(text::kTokenNone));
    for (const auto& t : r.filing.tokens) {
        const auto info = timestamp::parseToken(t.token);
        out.field(text::kToken, info ? c.say(text::kTokenLine, {shownTime(info->genTime), info->serialHex, info->policyOid})
                                     : c.say(text::kTokenUnreadable, {printable(info.error().detail)}));
    }
    if (!r.filing.handovers.empty()) out.field(text::kHandovers, std::to_string(r.filing.handovers.size()));
}

} // namespace

Outcome runReceiptShow(Context& c)
{
    const std::filesystem::path file = c.args.positional(0);
    JC_TRY(const auto r, readReceipt(file));
    const Parts parts = takeApart(r);
    c.console.document(showJson(r, parts, file));
    showLines(c, r, parts);
    return kExitDone;
}

Outcome runReceiptExtract(Context& c)
{
    JC_TRY(const auto r, readReceipt(c.args.positional(0)));
    JC_TRY(const auto parts, receipt::extractParts(r));
    const auto dir = absolutePath(c.args.text("--to"));
    JC_CHECK(makeDirectories(dir));
    // All or nothing: look before the first file is written.
    for (const auto& part : parts) {
        std::error_code ec;
        if (std::filesystem::exists(std::filesystem::symlink_status(dir / part.name, ec)))
            return fail(ErrorCode::Refused, shown(dir / part.name), "would_overwrite");
    }
    Json files = Json::array();
    for (const auto& part : parts) {
        JC_CHECK(writeFileAtomic(dir / part.name, part.data));
        files.push(pathText(dir / part.name));
    }
    c.console.document(Json::object().set("number", r.number).set("directory", pathText(dir)).set("files", std::move(files)));
    c.console.line(c.say(text::kExtracted, {std::to_string(parts.size()), shown(dir)}));
    for (const auto& part : parts)
        c.console.line("  " + part.name + "  " + c.say(text::kBytes, {std::to_string(part.data.size())}));
    return kExitDone;
}

Outcome runReceiptExport(Context& c)
{
    const std::string number = c.args.positional(0);
    const auto caseNumber = c.args.one("--case");
    if (number.empty() && !caseNumber) return c.usage(text::kMissingArgument, {"NUMBER", "jchain receipt export NUMBER --to DIR"});
    if (!number.empty() && caseNumber) return c.usage(text::kEitherOr, {"NUMBER", "--case", "jchain receipt export NUMBER --to DIR"});
    const auto dir = absolutePath(c.args.text("--to"));
    JC_TRY(auto workspace, c.open(service::Access::Write));
    JC_TRY(const auto written, service::exportReceipts(*workspace, caseNumber ? *caseNumber : number, caseNumber.has_value(), dir));
    Json list = Json::array();
    std::size_t failed = 0;
    bool waiting = false;
    for (const auto& w : written) {
        const bool ok = w.error.empty();
        failed += ok ? 0 : 1;
        waiting = waiting || w.error == "not_anchored";
        list.push(Json::object()
                      .set("number", orNull(w.number))
                      .set("file", ok ? Json(pathText(absolutePath(w.file))) : Json())
                      .set("error", orNull(w.error))
                      .set("message", ok ? Json() : Json(c.console.message("", w.error, {}))));
    }
    const std::string done = std::to_string(written.size() - failed);
    c.console.document(Json::object()
                           .set("receipts", std::move(list))
                           .set("summary", Json::object().set("written", written.size() - failed).set("failed", failed)));
    c.console.line(failed ? c.say(text::kReceiptsSome, {done, std::to_string(failed)}) : c.say(text::kReceiptsWritten, {done}));
    for (const auto& w : written)
        c.console.line(w.error.empty() ? "  " + printable(w.number) + "  " + shown(w.file)
                                       : "✖ " + printable(w.number) + "  " + c.console.message("", w.error, {}));
    return failed == 0 ? kExitDone : waiting ? kExitWaiting : kExitCannotWrite;
}

} // namespace jc::cli
