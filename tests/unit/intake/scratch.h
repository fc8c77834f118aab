// SPDX-License-Identifier: Apache-2.0
#pragma once
// Real files in a folder that goes away, and what tests of this room ask again and again.
#include "base/file.h"
#include "crypto/digest.h"
#include "intake/reading.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace jc::intake::test {
namespace fs = std::filesystem;

class Scratch {
public:
    Scratch()
    {
        std::string pattern = (fs::temp_directory_path() / "jc-intake-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        m_dir = pattern;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch()
    {
        std::error_code ignored;
        fs::remove_all(m_dir, ignored);
    }
    [[nodiscard]] const fs::path& dir() const { return m_dir; }
    [[nodiscard]] fs::path operator/(const fs::path& name) const { return m_dir / name; }

private:
    fs::path m_dir;
};

inline void put(const fs::path& path, std::string_view content)
{
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    ASSERT_TRUE(fd) << path;
    ASSERT_TRUE(writeAll(fd.get(), asBytes(content), "test"));
}

inline std::string pattern(std::size_t size, unsigned seed = 1)
{
    std::string s(size, '\0');
    std::uint32_t x = seed * 2654435761U + 1;
    for (char& c : s) {
        x ^= x << 13U;
        x ^= x >> 17U;
        x ^= x << 5U;
        c = static_cast<char>(x & 0xffU);
    }
    return s;
}

inline std::string get(const fs::path& path)
{
    auto bytes = readFile(path, std::size_t{1} << 31U);
    return bytes ? std::string(asText(*bytes)) : std::string("<unreadable>");
}

inline Bytes digestOf(crypto::DigestAlgorithm a, std::string_view content)
{
    crypto::StreamHasher h(a);
    h.update(asBytes(content));
    return h.finish();
}

inline Sha256Digest sha256Of(std::string_view content)
{
    return crypto::sha256(asBytes(content));
}

/// Everything below a folder, for "nothing is left".
inline std::vector<std::string> everythingIn(const fs::path& dir)
{
    std::vector<std::string> out;
    std::error_code ec;
    for (fs::recursive_directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec))
        out.push_back(fs::relative(it->path(), dir).string());
    std::sort(out.begin(), out.end());
    return out;
}

class FixedClock final : public Clock {
public:
    [[nodiscard]] UnixMs now() const override { return 1'700'000'000'123; }
};

inline Result<std::vector<Item>> take(const std::vector<fs::path>& named, VaultSession* vault = nullptr, Options options = {},
                                      const detail::Seam& seam = {}, std::stop_token stop = {})
{
    static const FixedClock clock;
    return detail::takeIn(walk(named), options, vault, clock, noProgress(), stop, seam);
}

inline const Item* find(const std::vector<Item>& items, std::string_view name)
{
    for (const auto& item : items) {
        if (item.nameRaw == name) return &item;
    }
    return nullptr;
}

} // namespace jc::intake::test
