// SPDX-License-Identifier: Apache-2.0
#include "note/note.h"
#include "note/text_internal.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace jc::note {
namespace {
constexpr std::size_t kMaxPolicySize = 1U << 20;
constexpr std::string_view kNone = "none";
constexpr std::string_view kBlank = " \t";

bool isPolicyOctet(char c) noexcept
{
    const auto u = static_cast<unsigned char>(c);
    return u == '\t' || u == '\n' || (u >= 0x20 && u != 0x7F);
}

/// One item of a written line: what can stand between blanks.
bool isItem(std::string_view s) noexcept
{
    return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return isPolicyOctet(c) && c != '\n' && c != ' ' && c != '\t'; });
}

/// The rules about names, keys and groups, applied line by line while reading and to a policy made in code.
class Rules {
public:
    /// Each returns what is wrong, or nullptr.
    const char* log(const VerifierKey& key)
    {
        if (key.type != SignatureType::Ed25519) return "a log key has type 0x01";
        return addKey(key);
    }
    const char* witness(std::string_view name, const VerifierKey& key)
    {
        if (key.type != SignatureType::CosignatureV1 && key.type != SignatureType::MlDsa44) return "a witness key has type 0x04 or 0x06";
        if (const char* why = addKey(key)) return why;
        return define(name);
    }
    const char* group(std::string_view name, std::size_t threshold, const std::vector<std::string>& members)
    {
        if (members.empty()) return "a group has at least one member";
        if (threshold == 0 || threshold > members.size()) return "a group's threshold lies between 1 and the number of its members";
        for (const auto& m : members) {
            const auto found = m_names.find(m);
            if (found == m_names.end()) return "a group names a member that is not defined before it";
            if (found->second) return "a name is a member twice";
            found->second = true;
        }
        return define(name);
    }
    const char* quorum(std::string_view name)
    {
        return name == kNone || m_names.contains(name) ? nullptr : "the quorum names something that is not defined before it";
    }

private:
    const char* define(std::string_view name)
    {
        if (name == kNone) return "the name none cannot be defined";
        return m_names.emplace(name, false).second ? nullptr : "a name is defined twice";
    }
    const char* addKey(const VerifierKey& key)
    {
        if (!m_keys.insert(asText(key.key)).second) return "a public key occurs twice";
        return m_identities.emplace(key.name, key.id).second ? nullptr : "two keys have the same name and id";
    }
    std::unordered_map<std::string_view, bool> m_names; ///< true: already a member of some group
    std::set<std::string_view> m_keys;
    std::set<std::pair<std::string_view, std::uint32_t>> m_identities;
};

tl::unexpected<Error> malformed(std::size_t line, std::string_view why)
{
    return fail(ErrorCode::Malformed, "line " + std::to_string(line) + " of the policy: " + std::string(why));
}

/// The blank-separated items of a line; views into it.
void splitItems(std::string_view line, std::vector<std::string_view>& items)
{
    items.clear();
    for (std::size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;) {
        const auto end = std::min(line.find_first_of(kBlank, at), line.size());
        items.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(kBlank, end);
    }
}
} // namespace

Result<Policy> Policy::parse(std::string_view text)
{
    if (text.size() > kMaxPolicySize) return fail(ErrorCode::Malformed, "a policy has at most 1 MiB", "too_large");
    if (!std::all_of(text.begin(), text.end(), isPolicyOctet))
        return fail(ErrorCode::Malformed, "a policy has no control characters but tab and line feed");
    if (text.empty() || text.back() != '\n') return fail(ErrorCode::Malformed, "every line of a policy ends in a line feed");
    Policy p;
    // The rules look at names and keys while the vectors grow, so they get views into the text and into copies that do not move.
    std::vector<std::unique_ptr<VerifierKey>> keys;
    Rules rules;
    std::vector<std::string_view> items;
    std::size_t number = 0;
    while (const auto line = takeLine(text)) {
        ++number;
        splitItems(*line, items);
        if (items.empty() || items[0][0] == '#') continue;
        const auto kind = items[0];
        const char* why = nullptr;
        if (kind == "log" || kind == "witness") {
            const std::size_t at = kind == "log" ? 1 : 2;
            if (items.size() != at + 1 && items.size() != at + 2) return malformed(number, "a key and perhaps a URL belong here");
            auto key = VerifierKey::parse(items[at]);
            if (!key) return malformed(number, key.error().detail);
            keys.push_back(std::make_unique<VerifierKey>(std::move(*key)));
            const auto& k = *keys.back();
            std::string url(items.size() == at + 2 ? items[at + 1] : std::string_view());
            if (kind == "log") {
                why = rules.log(k);
                p.logs.push_back({k, std::move(url)});
            } else {
                why = rules.witness(items[1], k);
                p.witnesses.push_back({std::string(items[1]), k, std::move(url)});
            }
        } else if (kind == "group") {
            if (items.size() < 4) return malformed(number, "a group has a name, a threshold and members");
            Group g;
            g.name = items[1];
            g.members.assign(items.begin() + 3, items.end());
            std::size_t threshold = 0;
            if (items[2] == "all")
                threshold = g.members.size();
            else if (items[2] == "any")
                threshold = 1;
            else if (const auto k = parseDecimal(items[2]); k && *k <= g.members.size())
                threshold = static_cast<std::size_t>(*k);
            why = rules.group(items[1], threshold, g.members);
            g.threshold = static_cast<unsigned>(threshold);
            p.groups.push_back(std::move(g));
        } else if (kind == "quorum") {
            if (items.size() != 2) return malformed(number, "a quorum line has one name");
            if (!p.quorum.empty()) return malformed(number, "a policy has one quorum line");
            why = rules.quorum(items[1]);
            p.quorum = items[1];
        } else {
            why = "neither log, witness, group nor quorum";
        }
        if (why) return malformed(number, why);
    }
    if (p.quorum.empty()) return fail(ErrorCode::Malformed, "a policy has a quorum line");
    return p;
}

Result<void> Policy::validate() const
{
    Rules rules;
    const auto refuse = [](const char* why) { return fail(ErrorCode::InvalidArgument, std::string("the policy breaks a rule: ") + why); };
    const auto checkKey = [](const VerifierKey& key) { return VerifierKey::parse(key.text()).has_value() && isItem(key.name); };
    for (const auto& l : logs) {
        if (!checkKey(l.key) || (!l.url.empty() && !isItem(l.url))) return refuse("a log cannot be written");
        if (const char* why = rules.log(l.key)) return refuse(why);
    }
    for (const auto& w : witnesses) {
        if (!isItem(w.name) || !checkKey(w.key) || (!w.url.empty() && !isItem(w.url))) return refuse("a witness cannot be written");
        if (const char* why = rules.witness(w.name, w.key)) return refuse(why);
    }
    for (const auto& g : groups) {
        if (!isItem(g.name)) return refuse("a group cannot be written");
        if (const char* why = rules.group(g.name, g.threshold, g.members)) return refuse(why);
    }
    if (const char* why = rules.quorum(quorum)) return refuse(why);
    if (text().size() > kMaxPolicySize) return refuse("it has more than 1 MiB");
    return {};
}

std::string Policy::text() const
{
    std::string s;
    const auto line = [&s](std::initializer_list<std::string_view> items) {
        bool first = true;
        for (const auto item : items) {
            if (item.empty()) continue;
            if (!first) s += ' ';
            s += item;
            first = false;
        }
    };
    for (const auto& l : logs) {
        line({"log", l.key.text(), l.url});
        s += '\n';
    }
    for (const auto& w : witnesses) {
        line({"witness", w.name, w.key.text(), w.url});
        s += '\n';
    }
    for (const auto& g : groups) {
        line({"group", g.name, g.threshold == g.members.size() ? "all" : g.threshold == 1 ? "any" : std::to_string(g.threshold)});
        for (const auto& m : g.members) {
            s += ' ';
            s += m;
        }
        s += '\n';
    }
    line({"quorum", quorum});
    s += '\n';
    return s;
}

Result<std::string> Policy::portableText() const
{
    JC_CHECK(validate());
    if (logs.size() != 1) return fail(ErrorCode::Refused, "a portable policy has exactly one log", "policy_not_portable");
    for (const auto& w : witnesses) {
        if (w.url.empty()) return fail(ErrorCode::Refused, "a portable policy gives every witness a URL", "policy_not_portable");
        if (w.key.type != SignatureType::CosignatureV1)
            return fail(ErrorCode::Refused, "a portable policy has only Ed25519 witnesses", "policy_not_portable");
    }
    auto s = text();
    if (s.find('#') != std::string::npos)
        return fail(ErrorCode::Refused, "a portable policy has no # in names and URLs", "policy_not_portable");
    return s;
}

namespace {
/// Who holds so far. A name counts for one group only, so that a policy put together wrongly can only demand more, never less.
class Holding {
public:
    void reserve(std::size_t n) { m_names.reserve(n); }
    void add(std::string_view name)
    {
        const auto at = std::lower_bound(m_names.begin(), m_names.end(), name, less);
        if (at == m_names.end() || at->name != name) m_names.insert(at, {name, false});
    }
    [[nodiscard]] bool has(std::string_view name) const
    {
        const auto at = std::lower_bound(m_names.begin(), m_names.end(), name, less);
        return at != m_names.end() && at->name == name;
    }
    [[nodiscard]] bool take(std::string_view name)
    {
        const auto at = std::lower_bound(m_names.begin(), m_names.end(), name, less);
        if (at == m_names.end() || at->name != name || at->taken) return false;
        at->taken = true;
        return true;
    }

private:
    struct Name {
        std::string_view name;
        bool taken = false;
    };
    static bool less(const Name& a, std::string_view b) noexcept { return a.name < b; }
    std::vector<Name> m_names;
};

bool quorumHolds(const Policy& policy, const std::vector<std::pair<std::string, std::uint64_t>>& cosigners)
{
    if (policy.quorum == kNone) return true;
    Holding holding;
    holding.reserve(cosigners.size() + policy.groups.size());
    for (const auto& c : cosigners)
        holding.add(c.first);
    for (const auto& g : policy.groups) {
        std::size_t count = 0;
        for (const auto& m : g.members)
            count += holding.take(m) ? 1 : 0;
        if (g.threshold != 0 && count >= g.threshold) holding.add(g.name);
    }
    return holding.has(policy.quorum);
}

template <class Entries> std::size_t findKey(const Entries& entries, const NoteSignature& s) noexcept
{
    std::size_t i = 0;
    while (i < entries.size() && (entries[i].key.id != s.id || entries[i].key.name != s.name))
        ++i;
    return i;
}
} // namespace

CheckedCheckpoint checkCheckpoint(const SignedNote& note, const Policy& policy)
{
    CheckedCheckpoint result;
    auto checkpoint = Checkpoint::parse(note.text);
    if (!checkpoint) {
        result.outcome = NoteOutcome::MalformedCheckpoint;
        return result;
    }
    result.checkpoint = std::move(*checkpoint);

    const auto reject = [&result](NoteOutcome outcome) {
        result.outcome = outcome;
        result.cosigners.clear();
        return std::move(result);
    };
    // Indexes of keys that were looked at: witnesses as they are, logs after them.
    std::vector<std::size_t> seen;
    seen.reserve(note.signatures.size());
    const auto isRepeated = [&seen](std::size_t key) {
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) return true;
        seen.push_back(key);
        return false;
    };
    result.cosigners.reserve(std::min(note.signatures.size(), policy.witnesses.size()));
    bool logSigned = false;
    bool originSigned = false;
    for (const auto& s : note.signatures) {
        if (const auto w = findKey(policy.witnesses, s); w < policy.witnesses.size()) {
            const auto& key = policy.witnesses[w].key;
            if (key.type == SignatureType::MlDsa44 || isRepeated(w)) continue;
            // Only a timestamped signature is a cosignature, whatever a hand-made policy says.
            if (key.type != SignatureType::CosignatureV1 || !verifySignature(note.text, key, s)) return reject(NoteOutcome::BadSignature);
            result.cosigners.emplace_back(policy.witnesses[w].name, cosignatureTime(s).value_or(0));
        } else if (const auto l = findKey(policy.logs, s); l < policy.logs.size()) {
            const auto& key = policy.logs[l].key;
            if (isRepeated(policy.witnesses.size() + l)) continue;
            if (key.type != SignatureType::Ed25519 || !verifySignature(note.text, key, s)) return reject(NoteOutcome::BadSignature);
            logSigned = true;
            originSigned = originSigned || key.name == result.checkpoint.origin;
        }
    }
    if (!logSigned) return reject(NoteOutcome::NoLogSignature);
    if (!originSigned) return reject(NoteOutcome::OriginDiffers);
    // The cosigners that did sign stay in the answer: a caller may say who is missing.
    result.outcome = quorumHolds(policy, result.cosigners) ? NoteOutcome::Verified : NoteOutcome::QuorumMissing;
    return result;
}

} // namespace jc::note
