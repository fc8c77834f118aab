// SPDX-License-Identifier: Apache-2.0
#include "verdict/trusted_ledger.h"

#include <algorithm>
#include <unordered_map>

namespace jc::verdict {

std::string_view toString(TrustProblem p) noexcept
{
    switch (p) {
    case TrustProblem::None:
        return "none";
    case TrustProblem::CardMalformed:
        return "card_malformed";
    case TrustProblem::CardsRootDiffers:
        return "cards_root_differs";
    case TrustProblem::CharterMalformed:
        return "charter_malformed";
    case TrustProblem::CharterSignature:
        return "charter_signature";
    case TrustProblem::CheckpointRejected:
        return "checkpoint_rejected";
    case TrustProblem::LastEntryNotIncluded:
        return "last_entry_not_included";
    case TrustProblem::ControlChainBroken:
        return "control_chain_broken";
    case TrustProblem::HandoverUnproven:
        return "handover_unproven";
    }
    return "none";
}

std::optional<UnixMs> existedBy(const note::CheckedCheckpoint& checkpoint, std::size_t courts)
{
    if (courts == 0) return std::nullopt;
    const std::size_t f = (courts - 1) / 3;
    std::vector<std::uint64_t> times;
    times.reserve(checkpoint.cosigners.size());
    for (const auto& c : checkpoint.cosigners)
        times.push_back(c.second);
    if (times.size() <= f) return std::nullopt;
    std::ranges::sort(times);
    constexpr auto kMost = static_cast<std::uint64_t>(record::kMaxTime / 1000);
    return static_cast<UnixMs>(std::min(times[f], kMost)) * 1000;
}

bool everyLineIsKnown(const note::SignedNote& note, const note::Policy& policy)
{
    std::vector<std::pair<std::string_view, std::uint32_t>> seen;
    for (const auto& line : note.signatures) {
        const std::pair<std::string_view, std::uint32_t> key(line.name, line.id);
        const auto is = [&](const auto& member) { return member.key.name == line.name && member.key.id == line.id; };
        if (std::ranges::find(seen, key) != seen.end() ||
            (std::ranges::none_of(policy.logs, is) && std::ranges::none_of(policy.witnesses, is)))
            return false;
        seen.push_back(key);
    }
    return true;
}

struct TrustedLedger::Impl {
    struct Anchors {
        std::vector<crypto::Certificate> ca, tsa;
    };
    explicit Impl(record::ControlState state) : founding(std::move(state)), control(founding) {}

    record::ControlState founding, control;
    std::vector<note::Policy> policies;
    std::vector<std::vector<record::CourtCard>> courts;
    std::vector<std::vector<Anchors>> anchors; ///< by epoch, in the order of its courts
    std::unordered_map<record::ControlHead, std::size_t, Hash32Hasher> prefixes;
    std::map<SignerId, Staff> staff;
    std::uint64_t size = 0;
    merkle::RootHash root;
    UnixMs time = 0;

    [[nodiscard]] const Anchors* anchorsOf(std::uint32_t epoch, std::string_view court) const
    {
        if (epoch >= courts.size()) return nullptr;
        for (std::size_t i = 0; i < courts[epoch].size(); ++i)
            if (courts[epoch][i].courtKey == court) return &anchors[epoch][i];
        return nullptr;
    }
};

namespace {

struct Problem {
    TrustProblem problem;
    std::string detail;
};

std::vector<crypto::Certificate> parseAnchors(const std::vector<Bytes>& ders, bool& ok)
{
    std::vector<crypto::Certificate> out;
    for (const Bytes& der : ders) {
        auto certificate = crypto::Certificate::fromDer(der);
        if (!certificate) {
            ok = false;
            return {};
        }
        out.push_back(std::move(*certificate));
    }
    return out;
}

TrustProblem problemOf(const std::string& reason)
{
    if (reason == "card_malformed") return TrustProblem::CardMalformed;
    if (reason == "cards_root_differs") return TrustProblem::CardsRootDiffers;
    if (reason == "charter_signature") return TrustProblem::CharterSignature;
    return TrustProblem::CharterMalformed;
}

std::string_view describe(note::NoteOutcome outcome) noexcept
{
    switch (outcome) {
    case note::NoteOutcome::Verified:
        return "verified";
    case note::NoteOutcome::NoLogSignature:
        return "no signature of this ledger's log";
    case note::NoteOutcome::BadSignature:
        return "a signature does not verify";
    case note::NoteOutcome::QuorumMissing:
        return "fewer courts signed than the quorum needs";
    case note::NoteOutcome::OriginDiffers:
        return "it is of another log";
    case note::NoteOutcome::MalformedCheckpoint:
        return "it is not a checkpoint";
    }
    return "it is not a checkpoint";
}

/// Walks the control entries: order, authority and signature of each. Leaves `head` after the last one.
std::optional<Problem> replayControl(const receipt::TrustSet& trust, record::ControlState& control, record::ControlHead& head, UnixMs& time,
                                     std::uint64_t& height, std::unordered_map<record::ControlHead, std::size_t, Hash32Hasher>& prefixes)
{
    const auto broken = [](std::size_t i, std::string why) {
        return Problem{TrustProblem::ControlChainBroken, "control entry " + std::to_string(i + 1) + ": " + std::move(why)};
    };
    for (std::size_t i = 0; i < trust.control.size(); ++i) {
        const auto entry = record::decodeLedgerEntry(trust.control[i]);
        if (!entry) return broken(i, entry.error().detail);
        if (entry->controlHead != head) return broken(i, "it does not follow the one before");
        if (entry->epoch != 0 || std::holds_alternative<record::EpochEntry>(entry->body))
            return Problem{TrustProblem::HandoverUnproven, "the trust set goes past the ledger's first epoch"};
        const auto* signedRecord = std::get_if<record::SignedRecord>(&entry->body);
        if (!signedRecord) return broken(i, "a second charter");
        if (entry->ledgerTime < time || entry->height < height) return broken(i, "time or height runs backwards");
        const auto body = record::decodeRecord(signedRecord->record);
        if (!body) return broken(i, body.error().detail);
        if (!record::isControl(body->body)) return broken(i, "it is not a control entry");
        if (const auto code = control.authorise(*body, signedRecord->scheme, signedRecord->signer, entry->ledgerTime);
            code != record::ResultCode::Ok)
            return broken(i, "its signer may not make it: " + std::string(record::toString(code)));
        const auto* key = control.keyOf(signedRecord->signer);
        if (!key || !record::verifyRecord(*signedRecord, control.ledger(), *key)) return broken(i, "its signature does not verify");
        control.apply(*body, signedRecord->signer, entry->ledgerTime, i + 1);
        head = record::nextControlHead(head, merkle::hashLeaf(trust.control[i]));
        prefixes.emplace(head, i + 2);
        time = entry->ledgerTime;
        height = entry->height;
    }
    return std::nullopt;
}

/// The last entry fixes where the control chain ends: it carries the chain's head, or is itself the chain's last link.
std::optional<Problem> closeControl(const receipt::TrustSet& trust, std::uint64_t size, const record::ControlHead& head, UnixMs time,
                                    std::uint64_t height)
{
    const auto broken = [](std::string why) { return Problem{TrustProblem::ControlChainBroken, "last entry: " + std::move(why)}; };
    const auto last = record::decodeLedgerEntry(trust.lastEntry);
    if (!last) return broken(last.error().detail);
    if (record::isControl(*last)) {
        const Bytes& end = trust.control.empty() ? trust.charterEntry : trust.control.back();
        if (end != trust.lastEntry || (trust.control.empty() && size != 1)) return broken("the control chain does not end in it");
        return std::nullopt;
    }
    if (last->epoch != 0) return Problem{TrustProblem::HandoverUnproven, "the trust set goes past the ledger's first epoch"};
    if (last->controlHead != head) return broken("it follows other control entries than the trust set has");
    if (last->ledgerTime < time || last->height < height) return broken("time or height runs backwards");
    if (trust.control.size() + 1 >= size) return broken("there are more control entries than entries");
    return std::nullopt;
}

} // namespace

TrustedLedger::TrustedLedger(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
TrustedLedger::~TrustedLedger() = default;

TrustedLedger::Outcome TrustedLedger::verify(const receipt::TrustSet& trust)
{
    const auto refuse = [](TrustProblem problem, std::string detail) { return Outcome{problem, std::move(detail), nullptr}; };

    const auto charterEntry = record::decodeLedgerEntry(trust.charterEntry);
    if (!charterEntry) return refuse(TrustProblem::CharterMalformed, charterEntry.error().detail);
    const auto* charter = std::get_if<record::CharterEntry>(&charterEntry->body);
    if (!charter || charterEntry->height != 1 || charterEntry->epoch != 0 || charterEntry->controlHead != record::ControlHead{})
        return refuse(TrustProblem::CharterMalformed, "entry 0 is not a charter");
    auto founding = record::ControlState::fromCharter(trust.cards, *charter);
    if (!founding) return refuse(problemOf(founding.error().reason), founding.error().detail);

    auto impl = std::make_unique<Impl>(std::move(*founding));
    const auto& courts = impl->control.courts();
    auto policy = courtsPolicy(impl->control.origin(), courts);
    if (!policy) return refuse(TrustProblem::CardMalformed, policy.error().detail);
    impl->policies.push_back(std::move(*policy));
    impl->courts.push_back(courts);
    bool anchorsParse = true;
    auto& anchors = impl->anchors.emplace_back();
    for (const auto& card : courts) {
        auto ca = parseAnchors(card.caAnchors, anchorsParse);
        auto tsa = parseAnchors(card.tsaAnchors, anchorsParse);
        anchors.push_back({std::move(ca), std::move(tsa)});
    }
    if (!anchorsParse) return refuse(TrustProblem::CardMalformed, "an anchor on a court card is not a certificate");

    if (!trust.handovers.empty()) return refuse(TrustProblem::HandoverUnproven, "the trust set goes past the ledger's first epoch");

    const auto note = note::SignedNote::parse(trust.checkpoint);
    if (!note) return refuse(TrustProblem::CheckpointRejected, note.error().detail);
    const auto checkpoint = note::checkCheckpoint(*note, impl->policies[0]);
    if (checkpoint.outcome != note::NoteOutcome::Verified)
        return refuse(TrustProblem::CheckpointRejected, std::string(describe(checkpoint.outcome)));
    if (!everyLineIsKnown(*note, impl->policies[0]))
        return refuse(TrustProblem::CheckpointRejected, "a signature on it is of an unknown key, or there twice");
    if (!checkpoint.checkpoint.extensions.empty()) return refuse(TrustProblem::CheckpointRejected, "it has extension lines");
    const auto time = existedBy(checkpoint, courts.size());
    if (!time) return refuse(TrustProblem::CheckpointRejected, "it does not say when it was signed");
    impl->size = checkpoint.checkpoint.size;
    impl->root = checkpoint.checkpoint.root;
    impl->time = *time;
    if (impl->size == 0) return refuse(TrustProblem::CheckpointRejected, "it is of an empty log");
    if (merkle::checkInclusion(merkle::hashLeaf(trust.lastEntry), impl->size - 1, impl->size, trust.lastPath, impl->root) !=
        merkle::ProofOutcome::Proven)
        return refuse(TrustProblem::LastEntryNotIncluded, "the last entry is not the last of the checkpoint's tree");

    auto head = record::nextControlHead({}, merkle::hashLeaf(trust.charterEntry));
    impl->prefixes.emplace(head, 1U);
    UnixMs lastTime = charterEntry->ledgerTime;
    std::uint64_t lastHeight = charterEntry->height;
    if (auto problem = replayControl(trust, impl->control, head, lastTime, lastHeight, impl->prefixes))
        return refuse(problem->problem, std::move(problem->detail));
    if (auto problem = closeControl(trust, impl->size, head, lastTime, lastHeight))
        return refuse(problem->problem, std::move(problem->detail));

    for (const auto& [id, member] : impl->control.allStaff())
        impl->staff.emplace(id, Staff{member.enrolment, member.enrolledAt, member.revocation, member.revokedAt});
    return Outcome{TrustProblem::None, {}, std::shared_ptr<const TrustedLedger>(new TrustedLedger(std::move(impl)))};
}

const LedgerId& TrustedLedger::id() const noexcept
{
    return m_impl->control.ledger();
}
const std::string& TrustedLedger::name() const noexcept
{
    return m_impl->control.core().name;
}
const std::string& TrustedLedger::origin() const noexcept
{
    return m_impl->control.origin();
}
const note::Policy& TrustedLedger::policy(std::uint32_t epoch) const
{
    return m_impl->policies.at(epoch);
}
std::uint32_t TrustedLedger::epochCount() const noexcept
{
    return static_cast<std::uint32_t>(m_impl->policies.size());
}
const std::vector<record::CourtCard>& TrustedLedger::courts(std::uint32_t epoch) const
{
    return m_impl->courts.at(epoch);
}
std::uint64_t TrustedLedger::size() const noexcept
{
    return m_impl->size;
}
merkle::RootHash TrustedLedger::root() const noexcept
{
    return m_impl->root;
}
UnixMs TrustedLedger::time() const noexcept
{
    return m_impl->time;
}
std::optional<std::size_t> TrustedLedger::controlPrefix(const record::ControlHead& head) const
{
    const auto it = m_impl->prefixes.find(head);
    if (it == m_impl->prefixes.end()) return std::nullopt;
    return it->second;
}
const TrustedLedger::Staff* TrustedLedger::staff(const SignerId& certificate) const
{
    const auto it = m_impl->staff.find(certificate);
    return it == m_impl->staff.end() ? nullptr : &it->second;
}
const crypto::PublicKey* TrustedLedger::staffKey(const SignerId& certificate) const
{
    return m_impl->staff.contains(certificate) ? m_impl->control.keyOf(certificate) : nullptr;
}
std::span<const crypto::Certificate> TrustedLedger::caAnchors(std::uint32_t epoch, std::string_view court) const
{
    const auto* anchors = m_impl->anchorsOf(epoch, court);
    return anchors ? std::span<const crypto::Certificate>(anchors->ca) : std::span<const crypto::Certificate>();
}
std::span<const crypto::Certificate> TrustedLedger::tsaAnchors(std::uint32_t epoch, std::string_view court) const
{
    const auto* anchors = m_impl->anchorsOf(epoch, court);
    return anchors ? std::span<const crypto::Certificate>(anchors->tsa) : std::span<const crypto::Certificate>();
}
const record::ControlState& TrustedLedger::founding() const noexcept
{
    return m_impl->founding;
}

} // namespace jc::verdict
