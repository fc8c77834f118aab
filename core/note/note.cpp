// SPDX-License-Identifier: Apache-2.0
#include "note/note.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "note/text_internal.h"

#include <algorithm>

namespace jc::note {
namespace {
constexpr std::size_t kMaxNoteSize = 1'000'000;
constexpr std::size_t kMaxSignatures = 100;
constexpr std::string_view kDash = "\xE2\x80\x94 "; // U+2014 and a space
constexpr std::size_t kIdSize = 4;
constexpr std::size_t kTimeSize = 8;
constexpr std::size_t kEd25519SignatureSize = 64;
constexpr std::size_t kCosignatureSize = kTimeSize + kEd25519SignatureSize;
constexpr std::size_t kMlDsa44KeySize = 1312;
constexpr std::size_t kMlDsa44CosignatureSize = kTimeSize + 2420;

bool hasOnlyLineFeeds(std::string_view s) noexcept
{
    return std::none_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

bool isNoteText(std::string_view s) noexcept
{
    return !s.empty() && s.back() == '\n' && hasOnlyLineFeeds(s) && isValidUtf8(s);
}

/// Unicode white space of two or three bytes at the front of valid UTF-8.
bool startsWithWideSpace(std::string_view s) noexcept
{
    constexpr std::string_view kSpaces[] = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
                                            "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
    if (std::any_of(std::begin(kSpaces), std::end(kSpaces), [s](std::string_view w) { return s.starts_with(w); })) return true;
    return s.size() >= 3 && s.starts_with("\xE2\x80") && static_cast<unsigned char>(s[2]) >= 0x80 &&
           static_cast<unsigned char>(s[2]) <= 0x8A;
}

std::uint32_t keyId(std::string_view name, SignatureType type, ByteView key) noexcept
{
    const std::uint8_t middle[2] = {'\n', static_cast<std::uint8_t>(type)};
    const auto digest = crypto::sha256({asBytes(name), ByteView(middle), key});
    return readU32(digest.bytes().first<kIdSize>());
}

/// Size of a public key of this type, 0 for a type that is not read.
std::size_t keySize(std::uint8_t type) noexcept
{
    switch (type) {
    case static_cast<std::uint8_t>(SignatureType::Ed25519):
    case static_cast<std::uint8_t>(SignatureType::CosignatureV1):
        return crypto::Ed25519Key::kSize;
    case static_cast<std::uint8_t>(SignatureType::MlDsa44):
        return kMlDsa44KeySize;
    default:
        return 0;
    }
}

std::optional<std::uint32_t> parseKeyId(std::string_view hex) noexcept
{
    if (hex.size() != 2 * kIdSize) return std::nullopt;
    std::uint32_t id = 0;
    for (const char c : hex) {
        unsigned digit = 0;
        if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a') + 10;
        else
            return std::nullopt;
        id = id << 4 | digit;
    }
    return id;
}

void appendSignatureLine(std::string& to, const NoteSignature& s)
{
    Bytes blob;
    blob.reserve(kIdSize + s.payload.size());
    appendU32(blob, s.id);
    append(blob, ByteView(s.payload));
    to += kDash;
    to += s.name;
    to += ' ';
    appendBase64(to, blob);
    to += '\n';
}

/// `line` without its '\n'; the caller has checked characters and UTF-8.
Result<NoteSignature> parseLine(std::string_view line)
{
    if (!line.starts_with(kDash)) return fail(ErrorCode::Malformed, "a signature line starts with an em dash and a space");
    line.remove_prefix(kDash.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return fail(ErrorCode::Malformed, "a signature line has a name and a signature");
    const auto name = line.substr(0, space);
    if (!isValidKeyName(name)) return fail(ErrorCode::Malformed, "a signature line has no valid key name");
    JC_TRY(auto blob, fromBase64(line.substr(space + 1)));
    if (blob.size() <= kIdSize) return fail(ErrorCode::Malformed, "a signature line is too short");
    NoteSignature s;
    s.name = name;
    s.id = readU32(ByteView(blob).first<kIdSize>());
    blob.erase(blob.begin(), blob.begin() + kIdSize);
    s.payload = std::move(blob);
    return s;
}

std::string cosignedMessage(std::string_view text, std::uint64_t timeSeconds)
{
    const auto time = std::to_string(timeSeconds);
    std::string m;
    m.reserve(21 + time.size() + text.size());
    m += "cosignature/v1\ntime ";
    m += time;
    m += '\n';
    m += text;
    return m;
}

Result<void> checkSigner(std::string_view text, const VerifierKey& key, SignatureType type, const crypto::PrivateKey& signer)
{
    if (key.type != type) return fail(ErrorCode::InvalidArgument, "this key does not make signatures of this kind");
    const auto own = signer.publicKey().ed25519();
    if (!own || !equal(own->bytes(), key.key))
        return fail(ErrorCode::InvalidArgument, "the private key does not belong to this verifier key");
    if (!isValidKeyName(key.name) || keyId(key.name, key.type, key.key) != key.id)
        return fail(ErrorCode::InvalidArgument, "the verifier key contradicts itself");
    if (!isNoteText(text)) return fail(ErrorCode::InvalidArgument, "this text cannot be a note's");
    return {};
}

bool verifyEd25519(const VerifierKey& key, std::string_view message, ByteView signature) noexcept
{
    if (key.key.size() != crypto::Ed25519Key::kSize || signature.size() != kEd25519SignatureSize) return false;
    crypto::Signature64 s{};
    std::copy(signature.begin(), signature.end(), s.begin());
    return crypto::verifyEd25519(crypto::Ed25519Key::fromBytes(ByteView(key.key).first<crypto::Ed25519Key::kSize>()), asBytes(message), s);
}
} // namespace

bool decodeHash(std::string_view text, std::span<std::uint8_t, 32> out) noexcept
{
    if (text.size() != 44 || text[43] != '=') return false;
    std::uint32_t bits = 0;
    unsigned count = 0;
    std::size_t done = 0;
    for (std::size_t i = 0; i < 43; ++i) {
        const char c = text[i];
        unsigned v = 0;
        if (c >= 'A' && c <= 'Z')
            v = static_cast<unsigned>(c - 'A');
        else if (c >= 'a' && c <= 'z')
            v = static_cast<unsigned>(c - 'a') + 26;
        else if (c >= '0' && c <= '9')
            v = static_cast<unsigned>(c - '0') + 52;
        else if (c == '+')
            v = 62;
        else if (c == '/')
            v = 63;
        else
            return false;
        bits = bits << 6 | v;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[done++] = static_cast<std::uint8_t>(bits >> count);
        }
    }
    return (bits & 3) == 0; // 43 digits are 258 bits; the last two are unused
}

bool isValidKeyName(std::string_view name) noexcept
{
    if (name.empty() || !isValidUtf8(name)) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        if (c <= 0x20 || c == '+') return false;
        if (c >= 0x80 && startsWithWideSpace(name.substr(i))) return false;
    }
    return true;
}

Result<VerifierKey> VerifierKey::parse(std::string_view vkey)
{
    const auto first = vkey.find('+');
    const auto second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
    if (second == std::string_view::npos) return fail(ErrorCode::Malformed, "a verifier key has a name, an id and a key");
    VerifierKey k;
    k.name = vkey.substr(0, first);
    if (!isValidKeyName(k.name)) return fail(ErrorCode::Malformed, "a verifier key has no valid name");
    const auto id = parseKeyId(vkey.substr(first + 1, second - first - 1));
    if (!id) return fail(ErrorCode::Malformed, "a key id has eight lower-case hexadecimal digits");
    JC_TRY(auto blob, fromBase64(vkey.substr(second + 1)));
    if (blob.empty() || keySize(blob[0]) == 0) return fail(ErrorCode::Malformed, "a verifier key of an unknown type", "unknown_key_type");
    if (blob.size() != 1 + keySize(blob[0])) return fail(ErrorCode::Malformed, "a verifier key of a wrong length");
    k.type = static_cast<SignatureType>(blob[0]);
    blob.erase(blob.begin());
    k.key = std::move(blob);
    k.id = *id;
    if (keyId(k.name, k.type, k.key) != k.id) return fail(ErrorCode::Malformed, "a verifier key whose id does not match");
    return k;
}

Result<VerifierKey> VerifierKey::make(std::string name, SignatureType type, const crypto::Ed25519Key& key)
{
    if (!isValidKeyName(name)) return fail(ErrorCode::InvalidArgument, "this is not a key name");
    if (type != SignatureType::Ed25519 && type != SignatureType::CosignatureV1)
        return fail(ErrorCode::InvalidArgument, "an Ed25519 key cannot have this signature type");
    VerifierKey k;
    k.name = std::move(name);
    k.type = type;
    k.key = toBytes(ByteView(key.bytes()));
    k.id = keyId(k.name, k.type, k.key);
    return k;
}

std::string VerifierKey::text() const
{
    Bytes blob;
    blob.reserve(1 + key.size());
    blob.push_back(static_cast<std::uint8_t>(type));
    append(blob, ByteView(key));
    Bytes idBytes;
    appendU32(idBytes, id);
    std::string s = name + '+' + toHex(idBytes) + '+';
    appendBase64(s, blob);
    return s;
}

Result<SignedNote> SignedNote::parse(std::string_view bytes)
{
    if (bytes.size() > kMaxNoteSize) return fail(ErrorCode::Malformed, "a note has at most 1,000,000 bytes", "too_large");
    if (!isNoteText(bytes)) return fail(ErrorCode::Malformed, "a note is UTF-8 text in lines, without other control characters");
    const auto split = bytes.rfind("\n\n");
    if (split == std::string_view::npos) return fail(ErrorCode::Malformed, "a note has an empty line before its signatures");
    SignedNote n;
    auto rest = bytes.substr(split + 2);
    if (rest.empty()) return fail(ErrorCode::Malformed, "a note has at least one signature");
    const auto lines = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n'));
    if (lines > kMaxSignatures) return fail(ErrorCode::Malformed, "a note has at most 100 signatures", "too_many_signatures");
    n.signatures.reserve(lines);
    while (const auto line = takeLine(rest)) {
        JC_TRY(auto s, parseLine(*line));
        n.signatures.push_back(std::move(s));
    }
    n.text = bytes.substr(0, split + 1);
    return n;
}

std::string SignedNote::serialize() const
{
    std::string s = text;
    s += '\n';
    for (const auto& sig : signatures)
        appendSignatureLine(s, sig);
    return s;
}

std::string signatureLine(const NoteSignature& signature)
{
    std::string s;
    appendSignatureLine(s, signature);
    return s;
}

Result<NoteSignature> parseSignatureLine(std::string_view line)
{
    if (line.size() > kMaxNoteSize || !isNoteText(line) || line.find('\n') != line.size() - 1)
        return fail(ErrorCode::Malformed, "a signature is one line of UTF-8 text");
    return parseLine(line.substr(0, line.size() - 1));
}

Result<NoteSignature> signNote(std::string_view text, const VerifierKey& key, const crypto::PrivateKey& signer)
{
    JC_CHECK(checkSigner(text, key, SignatureType::Ed25519, signer));
    JC_TRY(auto signature, signer.sign(asBytes(text)));
    return NoteSignature{key.name, key.id, std::move(signature)};
}

Result<NoteSignature> cosign(std::string_view text, const VerifierKey& key, const crypto::PrivateKey& signer, std::uint64_t timeSeconds)
{
    JC_CHECK(checkSigner(text, key, SignatureType::CosignatureV1, signer));
    if (!Checkpoint::parse(text)) return fail(ErrorCode::InvalidArgument, "only a checkpoint can be cosigned");
    if (timeSeconds > kMaxNumber) return fail(ErrorCode::InvalidArgument, "the time of a cosignature is too large");
    JC_TRY(const auto signature, signer.sign(asBytes(cosignedMessage(text, timeSeconds))));
    NoteSignature s{key.name, key.id, {}};
    s.payload.reserve(kCosignatureSize);
    appendU64(s.payload, timeSeconds);
    append(s.payload, ByteView(signature));
    return s;
}

bool verifySignature(std::string_view text, const VerifierKey& key, const NoteSignature& signature)
{
    if (signature.id != key.id || signature.name != key.name) return false;
    switch (key.type) {
    case SignatureType::Ed25519:
        return verifyEd25519(key, text, signature.payload);
    case SignatureType::CosignatureV1: {
        if (signature.payload.size() != kCosignatureSize) return false;
        const auto time = cosignatureTime(signature);
        return time && verifyEd25519(key, cosignedMessage(text, *time), ByteView(signature.payload).subspan(kTimeSize));
    }
    case SignatureType::MlDsa44:
        return false;
    }
    return false;
}

std::optional<std::uint64_t> cosignatureTime(const NoteSignature& signature) noexcept
{
    if (signature.payload.size() != kCosignatureSize && signature.payload.size() != kMlDsa44CosignatureSize) return std::nullopt;
    const auto time = readU64(ByteView(signature.payload).first<kTimeSize>());
    if (time > kMaxNumber) return std::nullopt;
    return time;
}

Result<Checkpoint> Checkpoint::parse(std::string_view noteText)
{
    if (noteText.size() > kMaxNoteSize || !isNoteText(noteText)) return fail(ErrorCode::Malformed, "a checkpoint is the text of a note");
    Checkpoint c;
    const auto origin = takeLine(noteText);
    if (!origin || origin->empty()) return fail(ErrorCode::Malformed, "a checkpoint starts with its origin");
    const auto size = takeLine(noteText);
    const auto number = size ? parseDecimal(*size) : std::nullopt;
    if (!number) return fail(ErrorCode::Malformed, "the second line of a checkpoint is a decimal size");
    const auto root = takeLine(noteText);
    std::array<std::uint8_t, 32> hash{};
    if (!root || !decodeHash(*root, hash)) return fail(ErrorCode::Malformed, "the third line of a checkpoint is a root hash in base64");
    while (const auto line = takeLine(noteText)) {
        if (line->empty()) return fail(ErrorCode::Malformed, "a checkpoint has no empty lines");
        c.extensions.emplace_back(*line);
    }
    c.origin = *origin;
    c.size = *number;
    c.root = merkle::RootHash::fromBytes(hash);
    return c;
}

std::string Checkpoint::text() const
{
    std::string s = origin + '\n' + std::to_string(size) + '\n';
    appendBase64(s, root.bytes());
    s += '\n';
    return s;
}

} // namespace jc::note
