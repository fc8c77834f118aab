// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace jc {
namespace {
class SystemClock final : public Clock {
public:
    [[nodiscard]] UnixMs now() const override
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
};
struct Civil {
    int y;
    unsigned mo, d, h, mi, s, ms;
};
Civil civil(UnixMs t)
{
    using namespace std::chrono;
    const sys_time<milliseconds> tp{milliseconds{t}};
    const auto days = floor<std::chrono::days>(tp);
    const year_month_day ymd{days};
    const auto rest = static_cast<unsigned>((tp - days).count());
    return {static_cast<int>(ymd.year()),
            static_cast<unsigned>(ymd.month()),
            static_cast<unsigned>(ymd.day()),
            rest / 3600000,
            rest / 60000 % 60,
            rest / 1000 % 60,
            rest % 1000};
}
} // namespace

const Clock& systemClock()
{
    static const SystemClock clock;
    return clock;
}
std::string formatUtc(UnixMs t)
{
    const auto c = civil(t);
    char b[64];
    std::snprintf(b, sizeof b, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", c.y, c.mo, c.d, c.h, c.mi, c.s, c.ms);
    return b;
}
std::string formatUtcSeconds(UnixMs t)
{
    const auto c = civil(t);
    char b[64];
    std::snprintf(b, sizeof b, "%04d-%02u-%02uT%02u:%02u:%02uZ", c.y, c.mo, c.d, c.h, c.mi, c.s);
    return b;
}
std::string formatLocal(UnixMs t)
{
    const std::time_t s = static_cast<std::time_t>(t >= 0 ? t / 1000 : (t - 999) / 1000);
    std::tm tm{};
    localtime_r(&s, &tm);
    const long off = tm.tm_gmtoff;
    const auto c = civil(t + off * 1000L);
    const long a = off < 0 ? -off : off;
    char b[80];
    std::snprintf(b, sizeof b, "%04d-%02u-%02u %02u:%02u:%02u %c%02ld:%02ld", c.y, c.mo, c.d, c.h, c.mi, c.s, off < 0 ? '-' : '+', a / 3600,
                  a / 60 % 60);
    return b;
}
Result<UnixMs> parseTime(std::string_view text)
{
    const auto bad = [] { return fail(ErrorCode::Malformed, "a time looks like 2026-03-01T10:00:00+08:00 or 2026-03-01"); };
    const auto num = [&](std::size_t pos, std::size_t len, int lo, int hi) -> int {
        if (pos + len > text.size()) return -1;
        int v = 0;
        for (std::size_t i = pos; i < pos + len; ++i) {
            if (text[i] < '0' || text[i] > '9') return -1;
            v = v * 10 + (text[i] - '0');
        }
        return v < lo || v > hi ? -1 : v;
    };
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') return bad();
    const int y = num(0, 4, 1970, 9999), mo = num(5, 2, 1, 12), d = num(8, 2, 1, 31);
    if (y < 0 || mo < 0 || d < 0) return bad();
    using namespace std::chrono;
    const year_month_day ymd{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
    if (!ymd.ok()) return bad();
    const UnixMs midnight = duration_cast<milliseconds>(sys_days{ymd}.time_since_epoch()).count();
    constexpr UnixMs kHour = 3600000;
    if (text.size() == 10) return midnight - 8 * kHour;
    if ((text[10] != 'T' && text[10] != ' ') || text.size() < 17 || text[13] != ':') return bad();
    const int h = num(11, 2, 0, 23), mi = num(14, 2, 0, 59);
    if (h < 0 || mi < 0) return bad();
    std::size_t p = 16;
    int s = 0;
    UnixMs ms = 0;
    if (p < text.size() && text[p] == ':') {
        s = num(p + 1, 2, 0, 59);
        if (s < 0) return bad();
        p += 3;
        if (p < text.size() && text[p] == '.') {
            UnixMs unit = 100;
            for (++p; p < text.size() && text[p] >= '0' && text[p] <= '9'; ++p) {
                ms += (text[p] - '0') * unit;
                unit /= 10;
            }
        }
    }
    UnixMs off = 0;
    if (p < text.size() && text[p] == 'Z') {
        if (p + 1 != text.size()) return bad();
    } else if (p + 6 == text.size() && (text[p] == '+' || text[p] == '-') && text[p + 3] == ':') {
        const int oh = num(p + 1, 2, 0, 14), om = num(p + 4, 2, 0, 59);
        if (oh < 0 || om < 0) return bad();
        off = (oh * 60 + om) * 60000L * (text[p] == '+' ? 1 : -1);
    } else {
        return bad();
    }
    return midnight + h * kHour + mi * 60000L + s * 1000L + ms - off;
}
int yearUtc8(UnixMs t)
{
    return civil(t + 8L * 3600000).y;
}
} // namespace jc
