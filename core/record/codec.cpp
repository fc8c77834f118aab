// SPDX-License-Identifier: Apache-2.0
#include "record/codec.h"

#include "base/text.h"
#include "record/numbers.h"

#include <google/protobuf/unknown_field_set.h>
#include <judicial-chain-v1.pb.h>

#include <algorithm>
#include <new>

namespace jc::record {
namespace {
namespace pb = judicialchain::v1;

/// Why bytes were refused: a static sentence, nullptr when all is well. Cheaper than a Result for each nested message.
using Why = const char*;
#define JC_WHY(expr)                                                                                                                       \
    if (Why why_ = (expr)) return why_

/// The library prints malformed input to stderr, where an attacker could fill the disk; here a refusal is a value.
[[maybe_unused]] const bool kQuiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
}();

constexpr std::uint64_t kMaxCount = 0x7FFF'FFFF'FFFF'FFFF; // what SQLite and the engine can count
constexpr int kMaxPath = 64;

// ---- wire → value ----------------------------------------------------------------------------------------------------------------------

ByteView view(const std::string& s) noexcept
{
    return asBytes(s);
}
Bytes bytes(const std::string& s)
{
    return {s.begin(), s.end()};
}

template <class Hash> [[nodiscard]] bool take(const std::string& in, Hash& out) noexcept
{
    if (in.size() != 32) return false;
    std::copy(in.begin(), in.end(), out.data());
    return true;
}
template <std::size_t N> [[nodiscard]] bool take(const std::string& in, std::array<std::uint8_t, N>& out) noexcept
{
    if (in.size() != N) return false;
    std::copy(in.begin(), in.end(), out.data());
    return true;
}
template <class Hash> [[nodiscard]] bool takeOptional(const std::string& in, std::optional<Hash>& out) noexcept
{
    if (in.empty()) return true;
    return take(in, out.emplace());
}
[[nodiscard]] bool take(std::uint64_t in, UnixMs& out) noexcept
{
    out = static_cast<UnixMs>(in);
    return in <= static_cast<std::uint64_t>(kMaxTime);
}
[[nodiscard]] bool takeUuid(const std::string& in, Uuid& out) noexcept
{
    return take(in, out) && isUuidV7(out);
}
[[nodiscard]] bool takeCourt(const std::string& in, std::string& out)
{
    out = in;
    return isValidCourtKey(in);
}
[[nodiscard]] bool takeText(const std::string& in, std::size_t limit, std::string& out)
{
    out = in;
    return in.size() <= limit && in.find('\0') == std::string::npos; // UTF-8 was checked by the parser
}
[[nodiscard]] bool takeBytes(const std::string& in, std::size_t limit, Bytes& out)
{
    out = bytes(in);
    return !in.empty() && in.size() <= limit;
}
[[nodiscard]] bool takePath(const google::protobuf::RepeatedPtrField<std::string>& in, std::vector<merkle::NodeHash>& out)
{
    if (in.size() > kMaxPath) return false;
    out.resize(static_cast<std::size_t>(in.size()));
    for (int i = 0; i < in.size(); ++i) {
        if (!take(in[i], out[static_cast<std::size_t>(i)])) return false;
    }
    return true;
}
[[nodiscard]] bool takeScheme(std::uint32_t in, crypto::Scheme& out) noexcept
{
    out = static_cast<crypto::Scheme>(in);
    return in >= 1 && in <= 3;
}
template <class Message> [[nodiscard]] bool hasUnknown(const Message& m)
{
    return !m.GetReflection()->GetUnknownFields(m).empty();
}
constexpr Why kUnknown = "it has a field that this version does not know";

/// Characters that are their own normal form C whatever stands beside them; covers nearly every Chinese file name without a table look-up.
bool surelyNfc(std::string_view s) noexcept
{
    for (std::size_t i = 0; i < s.size();) {
        const auto c = static_cast<unsigned char>(s[i]);
        if (c < 0x80) {
            ++i;
        } else if (c >= 0xE4 && c <= 0xE9 && i + 2 < s.size()) { // U+4000–U+9FFF: ideographs and hexagrams, none decomposes
            i += 3;
        } else if (c == 0xE3 && i + 2 < s.size() && static_cast<unsigned char>(s[i + 1]) == 0x80 &&
                   static_cast<unsigned char>(s[i + 2]) <= 0xA9) {
            i += 3; // U+3000–U+3029: ideographic punctuation
        } else if (c == 0xEF && i + 2 < s.size() && static_cast<unsigned char>(s[i + 1]) == 0xBC) {
            i += 3; // U+FF00–U+FF3F: full-width signs and digits
        } else {
            return false;
        }
    }
    return true;
}
/// Name in NFC; raw only where its bytes differ and normalise to the name.
[[nodiscard]] bool namesAgree(std::string_view name, std::string_view raw)
{
    if (raw.empty()) return surelyNfc(name) || toNfc(name) == name;
    return raw != name && raw.find('\0') == std::string_view::npos && toNfc(raw) == name;
}
[[nodiscard]] bool isFolderPath(std::string_view path) noexcept
{
    while (true) {
        const auto slash = path.find('/');
        const auto part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

Why read(const pb::Filing& in, Filing& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!takeCourt(in.court(), out.court)) return "the court key of a filing is wrong";
    if (in.item_count() < 1 || in.item_count() > kMaxItems) return "the item count of a filing is out of range";
    if (!take(in.item_root(), out.itemRoot)) return "the item root of a filing must have 32 bytes";
    if (in.purpose() < 1 || in.purpose() > 5) return "the purpose of a filing is out of range";
    if (!takeOptional(in.token_digest(), out.tokenDigest)) return "the token digest of a filing must have 32 bytes";
    out.itemCount = in.item_count();
    out.purpose = static_cast<Purpose>(in.purpose());
    return nullptr;
}
Why read(const pb::Enrolment& in, Enrolment& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!take(in.certificate_hash(), out.certificateHash)) return "the certificate hash of an enrolment must have 32 bytes";
    if (!takeBytes(in.spki(), kMaxSpki, out.spki)) return "the public key of an enrolment is missing or too long";
    if (!takeScheme(in.scheme(), out.scheme)) return "the signature scheme of an enrolment is out of range";
    if (in.role() < 1 || in.role() > 5) return "the role of an enrolment is out of range";
    if (!takeCourt(in.court(), out.court)) return "the court key of an enrolment is wrong";
    if (!take(in.not_before_ms(), out.notBefore) || !take(in.not_after_ms(), out.notAfter)) return "a time of an enrolment is out of range";
    if (out.notBefore > out.notAfter) return "an enrolment ends before it begins";
    out.role = static_cast<Role>(in.role());
    return nullptr;
}
Why read(const pb::Revocation& in, Revocation& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!take(in.certificate_hash(), out.certificateHash)) return "the certificate hash of a revocation must have 32 bytes";
    if (!take(in.from_time_ms(), out.fromTime)) return "the from-time of a revocation is out of range";
    if (in.reason() < 1 || in.reason() > 5) return "the reason of a revocation is out of range";
    out.reason = static_cast<RevocationReason>(in.reason());
    return nullptr;
}
Why read(const pb::Renewal& in, Renewal& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (in.entry_index() > kMaxCount) return "the entry index of a renewal is out of range";
    if (!take(in.entry_hash(), out.entryHash)) return "the entry hash of a renewal must have 32 bytes";
    if (!take(in.token_digest(), out.tokenDigest)) return "the token digest of a renewal must have 32 bytes";
    out.entryIndex = in.entry_index();
    return nullptr;
}
Why read(const pb::CustodyAnchor& in, CustodyAnchor& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!takeCourt(in.court(), out.court)) return "the court key of a custody anchor is wrong";
    if (in.size() < 1 || in.size() > kMaxCount) return "the size of a custody anchor is out of range";
    if (!take(in.root(), out.root)) return "the root of a custody anchor must have 32 bytes";
    if (!takeBytes(in.checkpoint(), kMaxEntry, out.checkpoint)) return "the checkpoint of a custody anchor is missing or too long";
    if (!takePath(in.consistency(), out.consistency)) return "the consistency path of a custody anchor is wrong";
    out.size = in.size();
    return nullptr;
}
Why read(const pb::LedgerAnchor& in, LedgerAnchor& out);
Why read(const pb::CourtCard& in, CourtCard& out);
Why read(const pb::CharterCore& in, CharterCore& out);
Why read(const pb::LedgerEntry& in, LedgerEntry& out);
Why read(const pb::Record& in, Record& out);
Why read(const pb::SignedRecord& in, SignedRecord& out);
Why read(const pb::ItemDescriptor& in, ItemDescriptor& out);
Why read(const pb::CustodyEvent& in, CustodyEvent& out);

// ---- the canonical test ----------------------------------------------------------------------------------------------------------------

template <class Message, class Value> Why parseWith(Message& m, ByteView in, Value& out)
{
    if (!m.ParseFromArray(in.data(), static_cast<int>(in.size()))) return "it is not a protobuf message of this kind";
    // There are no maps and no extensions, so the library's plain serialisation is deterministic: ascending fields, minimal varints,
    // defaults left out.
    if (m.ByteSizeLong() != in.size()) return "it is not in canonical form";
    thread_local Bytes again;
    if (again.size() < in.size()) again.resize(in.size());
    m.SerializeWithCachedSizesToArray(again.data());
    if (!equal(ByteView(again).first(in.size()), in)) return "it is not in canonical form";
    return read(m, out);
}
/// Small messages share one object a thread, so that its strings keep their memory; large ones are rare and must not leave much behind.
template <class Message, class Value> Why parseAs(ByteView in, std::size_t limit, Value& out)
{
    if (in.empty()) return "it is empty";
    if (in.size() > limit) return "it is longer than allowed";
    if (in.size() > 4096) {
        Message m;
        return parseWith(m, in, out);
    }
    thread_local Message m;
    return parseWith(m, in, out);
}
template <class Message, class Value> Result<Value> decodeAs(ByteView in, std::size_t limit, const char* what)
{
    try {
        Result<Value> out;
        if (Why why = parseAs<Message>(in, limit, *out))
            return fail(ErrorCode::Malformed, std::string("This is not a valid ") + what + ": " + why + ".");
        return out;
    } catch (const std::exception& e) {
        return fail(ErrorCode::Internal, std::string("A ") + what + " could not be read: " + e.what());
    }
}

/// A canonical card inside another message; its value is not kept.
Why checkCard(const std::string& in, std::string* courtKey = nullptr)
{
    CourtCard card;
    if (parseAs<pb::CourtCard>(view(in), kMaxCard, card)) return "a court card inside it is not valid";
    if (courtKey != nullptr) *courtKey = std::move(card.courtKey);
    return nullptr;
}

Why read(const pb::LedgerAnchor& in, LedgerAnchor& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!take(in.source(), out.source)) return "the source of a ledger anchor must have 32 bytes";
    if (in.size() < 1 || in.size() > kMaxCount) return "the size of a ledger anchor is out of range";
    if (!take(in.root(), out.root)) return "the root of a ledger anchor must have 32 bytes";
    if (!takeBytes(in.checkpoint(), kMaxEntry, out.checkpoint)) return "the checkpoint of a ledger anchor is missing or too long";
    if (!takePath(in.consistency(), out.consistency)) return "the consistency path of a ledger anchor is wrong";
    if (in.charter_core().empty() != in.card().empty()) return "the charter and the card of a ledger anchor come together or not at all";
    if (!in.card().empty()) {
        CharterCore core;
        if (parseAs<pb::CharterCore>(view(in.charter_core()), kMaxCharterCore, core))
            return "the charter inside a ledger anchor is not valid";
        JC_WHY(checkCard(in.card()));
    }
    if (in.epoch_entry().empty()) {
        if (in.epoch_index() != 0 || in.epoch_path_size() != 0) return "a ledger anchor without an epoch entry has no place for it";
    } else {
        LedgerEntry entry;
        if (parseAs<pb::LedgerEntry>(view(in.epoch_entry()), kMaxControlEntry, entry) || !std::holds_alternative<EpochEntry>(entry.body)) {
            return "the epoch entry inside a ledger anchor is not valid";
        }
        if (in.epoch_index() >= in.size()) return "the epoch entry of a ledger anchor lies outside its tree";
    }
    if (!takePath(in.epoch_path(), out.epochPath)) return "the epoch path of a ledger anchor is wrong";
    out.size = in.size();
    out.charterCore = bytes(in.charter_core());
    out.card = bytes(in.card());
    out.epochEntry = bytes(in.epoch_entry());
    out.epochIndex = in.epoch_index();
    return nullptr;
}
Why read(const pb::Proposal& in, Proposal& out)
{
    if (hasUnknown(in)) return kUnknown;
    out.epoch = in.epoch();
    switch (in.change_case()) {
    case pb::Proposal::kAdmitCard:
        JC_WHY(checkCard(in.admit_card()));
        out.change = AdmitCourt{bytes(in.admit_card())};
        return nullptr;
    case pb::Proposal::kChangeCard:
        JC_WHY(checkCard(in.change_card()));
        out.change = ChangeCard{bytes(in.change_card())};
        return nullptr;
    case pb::Proposal::kRemoveCourt:
        if (!takeCourt(in.remove_court(), out.change.emplace<RemoveCourt>().court)) return "the court key of a proposal is wrong";
        return nullptr;
    case pb::Proposal::kSuspendCourt:
        if (!takeCourt(in.suspend_court(), out.change.emplace<SuspendCourt>().court)) return "the court key of a proposal is wrong";
        return nullptr;
    case pb::Proposal::kEnrol:
        return read(in.enrol(), out.change.emplace<Enrolment>());
    case pb::Proposal::kRevoke:
        return read(in.revoke(), out.change.emplace<Revocation>());
    case pb::Proposal::CHANGE_NOT_SET:
        break;
    }
    return "a proposal proposes nothing";
}
Why read(const pb::Ballot& in, Ballot& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!take(in.proposal_hash(), out.proposalHash)) return "the proposal hash of a ballot must have 32 bytes";
    out.epoch = in.epoch();
    out.yes = in.yes();
    return nullptr;
}
Why read(const pb::Record& in, Record& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (in.version() != 1) return "its version is not 1";
    if (!takeUuid(in.id(), out.id)) return "its id is not a UUID of version 7";
    if (!take(in.author_time_ms(), out.authorTime)) return "its author's time is out of range";
    switch (in.body_case()) {
    case pb::Record::kFiling:
        return read(in.filing(), out.body.emplace<Filing>());
    case pb::Record::kCustodyAnchor:
        return read(in.custody_anchor(), out.body.emplace<CustodyAnchor>());
    case pb::Record::kLedgerAnchor:
        return read(in.ledger_anchor(), out.body.emplace<LedgerAnchor>());
    case pb::Record::kEnrolment:
        return read(in.enrolment(), out.body.emplace<Enrolment>());
    case pb::Record::kRevocation:
        return read(in.revocation(), out.body.emplace<Revocation>());
    case pb::Record::kProposal:
        return read(in.proposal(), out.body.emplace<Proposal>());
    case pb::Record::kBallot:
        return read(in.ballot(), out.body.emplace<Ballot>());
    case pb::Record::kRenewal:
        return read(in.renewal(), out.body.emplace<Renewal>());
    case pb::Record::BODY_NOT_SET:
        break;
    }
    return "it has no body";
}
Why read(const pb::SignedRecord& in, SignedRecord& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!takeBytes(in.record(), kMaxEntry, out.record)) return "the signed record is missing or too long";
    if (!takeScheme(in.scheme(), out.scheme)) return "the signature scheme is out of range";
    if (!take(in.signer(), out.signer)) return "the signer must have 32 bytes";
    if (in.signature().size() != 64) return "the signature must have 64 bytes";
    out.signature = bytes(in.signature());
    return nullptr;
}
Why read(const pb::CourtCard& in, CourtCard& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!takeCourt(in.court_key(), out.courtKey)) return "the court key of a card is wrong";
    if (!takeText(in.name_zh(), kMaxCourtName, out.nameZh) || in.name_zh().empty())
        return "the Chinese name of a card is missing or too long";
    if (!takeText(in.name_en(), kMaxCourtName, out.nameEn)) return "the English name of a card is too long";
    if (!take(in.consensus_key(), out.consensusKey) || !take(in.log_key(), out.logKey) || !take(in.cosigner_key(), out.cosignerKey) ||
        !take(in.witness_key(), out.witnessKey) || !take(in.custody_key(), out.custodyKey) || !take(in.service_key(), out.serviceKey)) {
        return "a key of a card must have 32 bytes";
    }
    if (!takeBytes(in.governance_key(), kMaxSpki, out.governanceKey)) return "the governance key of a card is missing or too long";
    const auto anchors = [](const auto& from, std::vector<Bytes>& to) {
        for (const auto& der : from) {
            if (der.empty() || (!to.empty() && !std::ranges::lexicographical_compare(to.back(), view(der)))) return false;
            to.push_back(bytes(der));
        }
        return true;
    };
    if (!anchors(in.ca_anchors(), out.caAnchors) || !anchors(in.tsa_anchors(), out.tsaAnchors)) return "the anchors of a card must ascend";
    for (const auto& a : in.administrators()) {
        Enrolment e;
        JC_WHY(read(a, e));
        if (e.role != Role::Administrator || e.court != out.courtKey) return "a card enrols administrators of its own court only";
        if (!out.administrators.empty() && !(out.administrators.back().certificateHash < e.certificateHash)) {
            return "the administrators of a card must ascend";
        }
        out.administrators.push_back(std::move(e));
    }
    if (!take(in.nonce(), out.nonce)) return "the nonce of a card must have 16 bytes";
    return nullptr;
}
Why read(const pb::CharterCore& in, CharterCore& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!isValidLedgerName(in.name())) return "the name of the ledger is wrong";
    if (in.count() < 1) return "a ledger needs a founder";
    if (!take(in.cards_root(), out.cardsRoot)) return "the cards' root must have 32 bytes";
    out.name = in.name();
    out.count = in.count();
    return nullptr;
}
Why read(const pb::CharterEntry& in, CharterEntry& out)
{
    if (hasUnknown(in)) return kUnknown;
    CharterCore core;
    if (parseAs<pb::CharterCore>(view(in.core()), kMaxCharterCore, core)) return "the charter inside it is not valid";
    if (static_cast<std::uint32_t>(in.signatures_size()) != core.count) return "a charter has one signature of each founder";
    for (const auto& s : in.signatures()) {
        if (s.size() != 64) return "a founder's signature must have 64 bytes";
        out.signatures.push_back(bytes(s));
    }
    out.core = bytes(in.core());
    return nullptr;
}
Why read(const pb::EpochEntry& in, EpochEntry& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!take(in.proposal_hash(), out.proposalHash)) return "the proposal hash of an epoch must have 32 bytes";
    if (in.ballots_size() == 0) return "an epoch entry names the ballots that it counts";
    for (const auto b : in.ballots()) {
        if (b > kMaxCount || (!out.ballots.empty() && b <= out.ballots.back())) return "the ballots of an epoch must ascend";
        out.ballots.push_back(b);
    }
    std::string last;
    for (const auto& c : in.changed_cards()) {
        std::string key;
        JC_WHY(checkCard(c, &key));
        if (key <= last) return "the cards of an epoch must ascend";
        last = std::move(key);
        out.changedCards.push_back(bytes(c));
    }
    for (const auto& r : in.removed_courts()) {
        if (!isValidCourtKey(r)) return "the court key of a removed court is wrong";
        if (!out.removedCourts.empty() && r <= out.removedCourts.back()) return "the removed courts of an epoch must ascend";
        out.removedCourts.push_back(r);
    }
    if (!take(in.cards_root(), out.cardsRoot)) return "the cards' root must have 32 bytes";
    out.number = in.number();
    return nullptr;
}
Why read(const pb::LedgerEntry& in, LedgerEntry& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!take(in.ledger_time_ms(), out.ledgerTime)) return "the ledger time is out of range";
    if (in.height() < 1 || in.height() > kMaxCount) return "the height is out of range";
    if (!take(in.control_head(), out.controlHead)) return "the control head must have 32 bytes";
    out.height = in.height();
    out.epoch = in.epoch_number();
    switch (in.body_case()) {
    case pb::LedgerEntry::kSignedRecord:
        return read(in.signed_record(), out.body.emplace<SignedRecord>());
    case pb::LedgerEntry::kCharter:
        if (out.epoch != 0) return "the charter belongs to epoch 0";
        if (out.controlHead != ControlHead{}) return "nothing stands before the charter";
        return read(in.charter(), out.body.emplace<CharterEntry>());
    case pb::LedgerEntry::kEpoch:
        if (in.epoch().number() != out.epoch) return "an epoch entry carries the epoch that it ends";
        return read(in.epoch(), out.body.emplace<EpochEntry>());
    case pb::LedgerEntry::BODY_NOT_SET:
        break;
    }
    return "it has no body";
}

Why read(const pb::ItemDescriptor& in, ItemDescriptor& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!take(in.salt(), out.salt)) return "the salt must have 32 bytes";
    if (!takeText(in.name(), kMaxName, out.name) || in.name().empty()) return "the file name is missing, too long or has a NUL";
    if (in.name().find('/') != std::string::npos) return "a file name has no slash";
    if (in.name_raw().size() > kMaxName || !namesAgree(in.name(), in.name_raw())) return "the file name and its raw bytes do not agree";
    if (in.size() > kMaxCount) return "the size is out of range";
    for (const auto& d : in.digests()) {
        if (hasUnknown(d)) return kUnknown;
        if (d.algorithm() < 1 || d.algorithm() > 3) return "a digest's algorithm is out of range";
        const auto a = static_cast<crypto::DigestAlgorithm>(d.algorithm());
        if (!out.digests.empty() && a <= out.digests.back().algorithm) return "the digests must ascend";
        if (d.value().size() != (a == crypto::DigestAlgorithm::Sha512 ? 64U : 32U)) return "a digest has the wrong length";
        out.digests.push_back({a, bytes(d.value())});
    }
    if (out.digests.empty() || out.digests.front().algorithm != crypto::DigestAlgorithm::Sha256) return "there is no SHA-256 digest";
    if (!takeText(in.media_type(), kMaxMediaType, out.mediaType) ||
        !std::ranges::all_of(in.media_type(), [](char c) { return c >= 0x20 && c < 0x7F; })) {
        return "the media type is too long or not plain ASCII";
    }
    if (!take(in.intake_time_ms(), out.intakeTime)) return "the intake time is out of range";
    if (!takeOptional(in.form_digest(), out.formDigest)) return "the form's digest must have 32 bytes";
    if (!takeText(in.case_number(), kMaxCaseNumber, out.caseNumber)) return "the case number is too long or has a NUL";
    if (!takeText(in.folder(), kMaxFolder, out.folder)) return "the folder is too long or has a NUL";
    if (in.folder_raw().size() > kMaxFolder || !namesAgree(in.folder(), in.folder_raw()))
        return "the folder and its raw bytes do not agree";
    if (!in.folder().empty() && !isFolderPath(in.folder())) return "the folder is not a relative path";
    if (!takeText(in.purpose_text(), kMaxPurposeText, out.purposeText)) return "the purpose text is too long or has a NUL";
    if (!takeText(in.empty_reason(), kMaxEmptyReason, out.emptyReason)) return "the reason for an empty file is too long or has a NUL";
    if (in.size() != 0 && !in.empty_reason().empty()) return "a file that is not empty needs no reason";
    if (!take(in.modified_time_ms(), out.modifiedTime)) return "the modification time is out of range";
    if (in.form_fields() > 12) return "the form has twelve points";
    if (in.form_fields() != 0 && !out.formDigest) return "form points are counted without a form";
    out.nameRaw = bytes(in.name_raw());
    out.folderRaw = bytes(in.folder_raw());
    out.size = in.size();
    out.formFields = in.form_fields();
    return nullptr;
}
Why read(const pb::CustodyEvent& in, CustodyEvent& out)
{
    if (hasUnknown(in)) return kUnknown;
    if (!takeUuid(in.id(), out.id)) return "its id is not a UUID of version 7";
    if (!take(in.time_ms(), out.time)) return "its time is out of range";
    if (in.utc_offset_minutes() < -12 * 60 || in.utc_offset_minutes() > 14 * 60) return "its zone is out of range";
    if (in.kind() < 1 || in.kind() > 30) return "its kind is out of range";
    if (!take(in.actor(), out.actor)) return "its actor must have 32 bytes";
    if (in.role() > 5) return "its role is out of range";
    if (!takeText(in.agent(), kMaxAgent, out.agent) || in.agent().empty()) return "its software agent is missing or too long";
    if (!takeText(in.machine(), kMaxMachine, out.machine)) return "its machine name is too long or has a NUL";
    if (in.filing().empty()) {
        if (in.ordinal() != 0) return "an item is counted without its filing";
    } else if (!takeUuid(in.filing(), out.filing.emplace())) {
        return "its filing is not a UUID of version 7";
    }
    if (!in.number().empty()) {
        const auto number = parseEvidenceNumber(in.number());
        if (!number || toString(*number) != in.number()) return "its evidence number is wrong";
    }
    if (!takeText(in.case_number(), kMaxCaseNumber, out.caseNumber)) return "its case number is too long or has a NUL";
    if (!takeText(in.detail(), kMaxDetail, out.detail)) return "its detail is too long or has a NUL";
    const auto isDigest = [](const std::string& s) { return s.empty() || s.size() == 32 || s.size() == 64; };
    if (!isDigest(in.before_digest()) || !isDigest(in.after_digest())) return "a digest has the wrong length";
    if (in.outcome() > 3) return "its outcome is out of range";
    if (in.session_key().empty() != in.session_signature().empty()) return "a session key and its signature come together or not at all";
    if (!in.session_key().empty() && (in.session_key().size() != 32 || in.session_signature().size() != 64)) {
        return "the session key has 32 bytes and its signature 64";
    }
    out.utcOffsetMinutes = in.utc_offset_minutes();
    out.kind = static_cast<EventKind>(in.kind());
    out.role = static_cast<Role>(in.role());
    out.ordinal = in.ordinal();
    out.number = in.number();
    out.beforeDigest = bytes(in.before_digest());
    out.afterDigest = bytes(in.after_digest());
    out.outcome = in.outcome();
    out.sessionKey = bytes(in.session_key());
    out.sessionSignature = bytes(in.session_signature());
    return nullptr;
}

// ---- value → wire ----------------------------------------------------------------------------------------------------------------------

std::string_view raw(ByteView b) noexcept
{
    return asText(b);
}
std::string str(ByteView b)
{
    return std::string(raw(b));
}
template <class Tag> std::string str(const Hash32<Tag>& h)
{
    return str(ByteView(h.bytes()));
}
std::uint64_t ms(UnixMs t) noexcept
{
    return static_cast<std::uint64_t>(t);
}

void write(const Filing& in, pb::Filing& out)
{
    out.set_court(in.court);
    out.set_item_count(in.itemCount);
    out.set_item_root(str(in.itemRoot));
    out.set_purpose(static_cast<std::uint32_t>(in.purpose));
    if (in.tokenDigest) out.set_token_digest(str(*in.tokenDigest));
}
void write(const Enrolment& in, pb::Enrolment& out)
{
    out.set_certificate_hash(str(in.certificateHash));
    out.set_spki(str(in.spki));
    out.set_scheme(static_cast<std::uint32_t>(in.scheme));
    out.set_role(static_cast<std::uint32_t>(in.role));
    out.set_court(in.court);
    out.set_not_before_ms(ms(in.notBefore));
    out.set_not_after_ms(ms(in.notAfter));
}
void write(const Revocation& in, pb::Revocation& out)
{
    out.set_certificate_hash(str(in.certificateHash));
    out.set_from_time_ms(ms(in.fromTime));
    out.set_reason(static_cast<std::uint32_t>(in.reason));
}
void write(const Renewal& in, pb::Renewal& out)
{
    out.set_entry_index(in.entryIndex);
    out.set_entry_hash(str(in.entryHash));
    out.set_token_digest(str(in.tokenDigest));
}
void write(const CustodyAnchor& in, pb::CustodyAnchor& out)
{
    out.set_court(in.court);
    out.set_size(in.size);
    out.set_root(str(in.root));
    out.set_checkpoint(str(in.checkpoint));
    for (const auto& h : in.consistency)
        out.add_consistency(str(h));
}
void write(const LedgerAnchor& in, pb::LedgerAnchor& out)
{
    out.set_source(str(in.source));
    out.set_size(in.size);
    out.set_root(str(in.root));
    out.set_checkpoint(str(in.checkpoint));
    for (const auto& h : in.consistency)
        out.add_consistency(str(h));
    out.set_charter_core(str(in.charterCore));
    out.set_card(str(in.card));
    out.set_epoch_entry(str(in.epochEntry));
    out.set_epoch_index(in.epochIndex);
    for (const auto& h : in.epochPath)
        out.add_epoch_path(str(h));
}
void write(const Proposal& in, pb::Proposal& out)
{
    struct Change {
        pb::Proposal& out;
        void operator()(const AdmitCourt& c) const { out.set_admit_card(str(c.card)); }
        void operator()(const ChangeCard& c) const { out.set_change_card(str(c.card)); }
        void operator()(const RemoveCourt& c) const { out.set_remove_court(c.court); }
        void operator()(const SuspendCourt& c) const { out.set_suspend_court(c.court); }
        void operator()(const Enrolment& c) const { write(c, *out.mutable_enrol()); }
        void operator()(const Revocation& c) const { write(c, *out.mutable_revoke()); }
    };
    out.set_epoch(in.epoch);
    std::visit(Change{out}, in.change);
}
void write(const Ballot& in, pb::Ballot& out)
{
    out.set_proposal_hash(str(in.proposalHash));
    out.set_epoch(in.epoch);
    out.set_yes(in.yes);
}
void write(const Record& in, pb::Record& out)
{
    struct Body {
        pb::Record& out;
        void operator()(const Filing& b) const { write(b, *out.mutable_filing()); }
        void operator()(const CustodyAnchor& b) const { write(b, *out.mutable_custody_anchor()); }
        void operator()(const LedgerAnchor& b) const { write(b, *out.mutable_ledger_anchor()); }
        void operator()(const Enrolment& b) const { write(b, *out.mutable_enrolment()); }
        void operator()(const Revocation& b) const { write(b, *out.mutable_revocation()); }
        void operator()(const Proposal& b) const { write(b, *out.mutable_proposal()); }
        void operator()(const Ballot& b) const { write(b, *out.mutable_ballot()); }
        void operator()(const Renewal& b) const { write(b, *out.mutable_renewal()); }
    };
    out.set_version(1);
    out.set_id(str(in.id));
    out.set_author_time_ms(ms(in.authorTime));
    std::visit(Body{out}, in.body);
}
void write(const SignedRecord& in, pb::SignedRecord& out)
{
    out.set_record(str(in.record));
    out.set_scheme(static_cast<std::uint32_t>(in.scheme));
    out.set_signer(str(in.signer));
    out.set_signature(str(in.signature));
}
void write(const CourtCard& in, pb::CourtCard& out)
{
    out.set_court_key(in.courtKey);
    out.set_name_zh(in.nameZh);
    out.set_name_en(in.nameEn);
    out.set_consensus_key(str(in.consensusKey));
    out.set_log_key(str(in.logKey));
    out.set_cosigner_key(str(in.cosignerKey));
    out.set_witness_key(str(in.witnessKey));
    out.set_custody_key(str(in.custodyKey));
    out.set_governance_key(str(in.governanceKey));
    out.set_service_key(str(in.serviceKey));
    for (const auto& a : in.caAnchors)
        out.add_ca_anchors(str(a));
    for (const auto& a : in.tsaAnchors)
        out.add_tsa_anchors(str(a));
    for (const auto& a : in.administrators)
        write(a, *out.add_administrators());
    out.set_nonce(str(in.nonce));
}
void write(const CharterCore& in, pb::CharterCore& out)
{
    out.set_name(in.name);
    out.set_count(in.count);
    out.set_cards_root(str(in.cardsRoot));
}
void write(const CharterEntry& in, pb::CharterEntry& out)
{
    out.set_core(str(in.core));
    for (const auto& s : in.signatures)
        out.add_signatures(str(s));
}
void write(const EpochEntry& in, pb::EpochEntry& out)
{
    out.set_number(in.number);
    out.set_proposal_hash(str(in.proposalHash));
    for (const auto b : in.ballots)
        out.add_ballots(b);
    for (const auto& c : in.changedCards)
        out.add_changed_cards(str(c));
    for (const auto& r : in.removedCourts)
        out.add_removed_courts(r);
    out.set_cards_root(str(in.cardsRoot));
}
void write(const LedgerEntry& in, pb::LedgerEntry& out)
{
    struct Body {
        pb::LedgerEntry& out;
        void operator()(const SignedRecord& b) const { write(b, *out.mutable_signed_record()); }
        void operator()(const CharterEntry& b) const { write(b, *out.mutable_charter()); }
        void operator()(const EpochEntry& b) const { write(b, *out.mutable_epoch()); }
    };
    std::visit(Body{out}, in.body);
    out.set_ledger_time_ms(ms(in.ledgerTime));
    out.set_height(in.height);
    out.set_epoch_number(in.epoch);
    out.set_control_head(str(in.controlHead));
}
void write(const ItemDescriptor& in, pb::ItemDescriptor& out)
{
    out.set_salt(str(in.salt));
    out.set_name(in.name);
    out.set_name_raw(str(in.nameRaw));
    out.set_size(in.size);
    for (const auto& d : in.digests) {
        auto* to = out.add_digests();
        to->set_algorithm(static_cast<std::uint32_t>(d.algorithm));
        to->set_value(str(d.value));
    }
    out.set_media_type(in.mediaType);
    out.set_intake_time_ms(ms(in.intakeTime));
    if (in.formDigest) out.set_form_digest(str(*in.formDigest));
    out.set_case_number(in.caseNumber);
    out.set_folder(in.folder);
    out.set_folder_raw(str(in.folderRaw));
    out.set_purpose_text(in.purposeText);
    out.set_empty_reason(in.emptyReason);
    out.set_modified_time_ms(ms(in.modifiedTime));
    out.set_form_fields(in.formFields);
}
void write(const CustodyEvent& in, pb::CustodyEvent& out)
{
    out.set_id(str(in.id));
    out.set_time_ms(ms(in.time));
    out.set_utc_offset_minutes(in.utcOffsetMinutes);
    out.set_kind(static_cast<std::uint32_t>(in.kind));
    out.set_actor(str(in.actor));
    out.set_role(static_cast<std::uint32_t>(in.role));
    out.set_agent(in.agent);
    out.set_machine(in.machine);
    if (in.filing) out.set_filing(str(*in.filing));
    out.set_ordinal(in.ordinal);
    out.set_number(in.number);
    out.set_case_number(in.caseNumber);
    out.set_detail(in.detail);
    out.set_before_digest(str(in.beforeDigest));
    out.set_after_digest(str(in.afterDigest));
    out.set_outcome(in.outcome);
    out.set_session_key(str(in.sessionKey));
    out.set_session_signature(str(in.sessionSignature));
}
template <class Message, class Value> Bytes encodeAs(const Value& v)
{
    thread_local Message m;
    m.Clear();
    write(v, m);
    Bytes out(m.ByteSizeLong());
    m.SerializeWithCachedSizesToArray(out.data());
    return out;
}
} // namespace

Bytes encode(const Record& v)
{
    return encodeAs<pb::Record>(v);
}
Bytes encode(const SignedRecord& v)
{
    return encodeAs<pb::SignedRecord>(v);
}
Bytes encode(const LedgerEntry& v)
{
    return encodeAs<pb::LedgerEntry>(v);
}
Bytes encode(const CourtCard& v)
{
    return encodeAs<pb::CourtCard>(v);
}
Bytes encode(const CharterCore& v)
{
    return encodeAs<pb::CharterCore>(v);
}
Bytes encode(const ItemDescriptor& v)
{
    return encodeAs<pb::ItemDescriptor>(v);
}
Bytes encode(const CustodyEvent& v)
{
    return encodeAs<pb::CustodyEvent>(v);
}

Result<Record> decodeRecord(ByteView b)
{
    return decodeAs<pb::Record, Record>(b, kMaxEntry, "record");
}
Result<SignedRecord> decodeSignedRecord(ByteView b)
{
    return decodeAs<pb::SignedRecord, SignedRecord>(b, kMaxEntry, "signed record");
}
Result<LedgerEntry> decodeLedgerEntry(ByteView b)
{
    auto entry = decodeAs<pb::LedgerEntry, LedgerEntry>(b, kMaxControlEntry, "ledger entry");
    if (entry && b.size() > kMaxEntry && std::holds_alternative<SignedRecord>(entry->body)) {
        return fail(ErrorCode::Malformed, "This is not a valid ledger entry: it is longer than allowed.");
    }
    return entry;
}
Result<CourtCard> decodeCourtCard(ByteView b)
{
    return decodeAs<pb::CourtCard, CourtCard>(b, kMaxCard, "court card");
}
Result<CharterCore> decodeCharterCore(ByteView b)
{
    return decodeAs<pb::CharterCore, CharterCore>(b, kMaxCharterCore, "charter");
}
Result<ItemDescriptor> decodeItemDescriptor(ByteView b)
{
    return decodeAs<pb::ItemDescriptor, ItemDescriptor>(b, kMaxDescriptor, "item descriptor");
}
Result<CustodyEvent> decodeCustodyEvent(ByteView b)
{
    return decodeAs<pb::CustodyEvent, CustodyEvent>(b, kMaxEvent, "custody event");
}

} // namespace jc::record
