// SPDX-License-Identifier: Apache-2.0
#include "ledger/signer_state.h"

#include "crypto/digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace jc::ledger {
namespace {
// Slot: "JCSS1\0\0\0" ‖ u64 sequence ‖ SHA-256(origin) ‖ u64 size ‖ root ‖ SHA-256 of all before. Two slots, a page apart.
constexpr std::size_t kSlot = 8 + 8 + 32 + 8 + 32 + 32;
constexpr off_t kStride = 4096;
constexpr std::string_view kMagic("JCSS1\0\0\0", 8);

Bytes makeSlot(std::uint64_t sequence, const std::string& origin, const SignedHead& head)
{
    Bytes b = toBytes(kMagic);
    appendU64(b, sequence);
    append(b, crypto::sha256(asBytes(origin)).bytes());
    appendU64(b, head.size);
    append(b, head.root.bytes());
    append(b, crypto::sha256(ByteView(b)).bytes());
    return b;
}
struct Slot {
    std::uint64_t sequence;
    SignedHead head;
    bool sameOrigin;
};
std::optional<Slot> readSlot(int fd, int which, const std::string& origin)
{
    std::array<std::uint8_t, kSlot> b{};
    if (::pread(fd, b.data(), b.size(), which * kStride) != static_cast<ssize_t>(b.size())) return std::nullopt;
    const ByteView v(b);
    if (!equal(v.first(8), asBytes(kMagic)) || !equal(v.last(32), crypto::sha256(v.first(kSlot - 32)).bytes())) return std::nullopt;
    Slot s{};
    s.sequence = readU64(v.subspan<8, 8>());
    s.sameOrigin = equal(v.subspan(16, 32), crypto::sha256(asBytes(origin)).bytes());
    s.head.size = readU64(v.subspan<48, 8>());
    s.head.root = merkle::RootHash::fromBytes(v.subspan<56, 32>());
    return s;
}
Result<std::optional<Slot>> newest(int fd, const std::string& origin)
{
    const auto a = readSlot(fd, 0, origin), b = readSlot(fd, 1, origin);
    if (!a && !b) {
        // Never written: absent or all zero, as open() leaves it. Anything else is damage, not a fresh start.
        std::array<std::uint8_t, 2 * kStride> all{};
        const ssize_t n = ::pread(fd, all.data(), all.size(), 0);
        if (n >= 0 && std::all_of(all.begin(), all.begin() + n, [](std::uint8_t c) { return c == 0; })) return std::optional<Slot>{};
        return fail(ErrorCode::Damaged, "the record of what this court's keys have signed is damaged", "signer_state_damaged");
    }
    const auto& best = !b || (a && a->sequence > b->sequence) ? a : b;
    if (!best->sameOrigin)
        return fail(ErrorCode::Damaged, "the record of what this court's keys have signed belongs to another ledger",
                    "signer_state_foreign");
    return best;
}
} // namespace

Result<SignerState> SignerState::open(const std::filesystem::path& file, const std::string& origin)
{
    Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return tl::unexpected(errnoError(errno, true, "cannot open the record of what this court's keys have signed"));
    SignerState s(std::move(fd), origin);
    JC_TRY(const auto slot, newest(s.m_fd.get(), origin));
    if (slot) {
        s.m_head = slot->head;
        s.m_sequence = slot->sequence;
        s.m_fresh = false;
    } else {
        s.m_head.root = merkle::emptyRoot();
        const Bytes zeros(2 * kStride);
        if (::pwrite(s.m_fd.get(), zeros.data(), zeros.size(), 0) != static_cast<ssize_t>(zeros.size()) || ::fsync(s.m_fd.get()) != 0)
            return tl::unexpected(errnoError(errno, true, "cannot create the record of what this court's keys have signed"));
        JC_CHECK(syncDirectory(file.parent_path()));
    }
    return s;
}
Result<std::optional<SignedHead>> SignerState::peek(const std::filesystem::path& file, const std::string& origin)
{
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT) return std::optional<SignedHead>{};
        return tl::unexpected(errnoError(errno, false, "cannot read the record of what this court's keys have signed"));
    }
    JC_TRY(const auto slot, newest(fd.get(), origin));
    if (!slot) return std::optional<SignedHead>{};
    return std::optional(slot->head);
}
Result<void> SignerState::advance(const SignedHead& expected, const SignedHead& next)
{
    if (!(expected == m_head)) return fail(ErrorCode::Refused, "another signature was made in between", "signer_state_moved");
    if (!m_fresh && (next.size < m_head.size || (next.size == m_head.size && next.root != m_head.root)))
        return fail(ErrorCode::Refused, "this would sign a second history of the ledger", "would_fork");
    if (!m_fresh && next == m_head) return {};
    const std::uint64_t seq = m_sequence + 1;
    const Bytes slot = makeSlot(seq, m_origin, next);
    const ssize_t n = ::pwrite(m_fd.get(), slot.data(), slot.size(), static_cast<off_t>(seq % 2) * kStride);
    if (n != static_cast<ssize_t>(slot.size()) || ::fdatasync(m_fd.get()) != 0)
        return tl::unexpected(errnoError(n < 0 || errno != 0 ? errno : ENOSPC, true, "cannot record what is about to be signed"));
    m_sequence = seq;
    m_head = next;
    m_fresh = false;
    return {};
}
} // namespace jc::ledger
