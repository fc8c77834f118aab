// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "record/numbers.h"

#include <algorithm>
#include <array>
#include <vector>

namespace jc::record {
namespace {
constexpr std::string_view kExample = "（2021）辽06民初123号";
constexpr std::string_view kOldExample = "（2015）海行民初字第5号";
constexpr std::size_t kMaxInput = 256, kMaxOldWords = 60, kMaxText = 128;

struct Province {
    std::string_view name; ///< as in case numbers
    std::string_view code; ///< first two digits of the division code, "" where the divisions have none
};
constexpr std::array kProvinces = {
    Province{"京", "11"}, Province{"津", "12"}, Province{"冀", "13"}, Province{"晋", "14"}, Province{"内", "15"}, Province{"辽", "21"},
    Province{"吉", "22"}, Province{"黑", "23"}, Province{"沪", "31"}, Province{"苏", "32"}, Province{"浙", "33"}, Province{"皖", "34"},
    Province{"闽", "35"}, Province{"赣", "36"}, Province{"鲁", "37"}, Province{"豫", "41"}, Province{"鄂", "42"}, Province{"湘", "43"},
    Province{"粤", "44"}, Province{"桂", "45"}, Province{"琼", "46"}, Province{"渝", "50"}, Province{"川", "51"}, Province{"黔", "52"},
    Province{"云", "53"}, Province{"藏", "54"}, Province{"陕", "61"}, Province{"甘", "62"}, Province{"青", "63"}, Province{"宁", "64"},
    Province{"新", "65"}, Province{"兵", "66"}, Province{"军", ""},
};
constexpr std::string_view kSupreme = "最高法";

/// Type codes in common use. Only for telling a special code from the first character of a type, and never to refuse an unknown type.
constexpr std::array<std::string_view, 149> kTypes = {
    // criminal
    "刑初", "刑终", "刑监", "刑申", "刑抗", "刑再", "刑核", "刑复", "刑辖", "刑更", "刑更备", "刑更监", "刑医", "刑医复", "刑医监", "刑他",
    "刑没", "刑备",
    // civil
    "民初", "民终", "民监", "民申", "民抗", "民再", "民撤", "民特", "民特监", "民催", "民督", "民督监", "民辖", "民辖终", "民辖监", "民破",
    "民算", "民他", "破", "破申", "破终", "破监", "破他", "强清", "强清终", "强清监", "强清他", "清申", "清终", "清监", "商初", "商终",
    // administrative
    "行初", "行终", "行监", "行申", "行抗", "行再", "行审", "行审复", "行辖", "行辖终", "行辖监", "行他", "行赔初", "行赔终", "行赔监",
    "行赔申", "行赔抗", "行赔再", "行赔辖", "行赔他",
    // state compensation and judicial relief
    "法赔", "委赔", "委赔监", "委赔提", "委赔再", "委赔他", "赔他", "司救刑", "司救民", "司救行", "司救赔", "司救执", "司救访", "司救他",
    // assistance between regions and countries
    "认台", "认港", "认澳", "认复", "认他", "请台送", "请港送", "请澳送", "台请送", "港请送", "澳请送", "请台调", "请港调", "请澳调",
    "台请调", "港请调", "澳请调", "请移管", "助移管", "请移赃", "助移赃", "协外认", "协他", "协外送", "协外调", "请外送", "请外调",
    "请外移", "协外移", "引渡",
    // sanctions, preservation, enforcement
    "司惩", "司惩复", "惩复", "财保", "行保", "证保", "执", "执恢", "执保", "执异", "执复", "执监", "执协", "执他", "诉前调", "民诉前",
    "执前调", "人保令", "民保令", "人赔", "破预", "非诉", "立预"};

bool isKnownType(std::string_view t) noexcept
{
    return std::ranges::find(kTypes, t) != kTypes.end();
}
bool isDigit(std::string_view c) noexcept
{
    return c.size() == 1 && c[0] >= '0' && c[0] <= '9';
}
bool isHan(std::string_view c) noexcept
{
    if (c.size() == 3) { // U+3400–4DBF, U+4E00–9FFF, and 〇
        const auto a = static_cast<unsigned char>(c[0]), b = static_cast<unsigned char>(c[1]), d = static_cast<unsigned char>(c[2]);
        const unsigned cp = (a & 0x0FU) << 12 | (b & 0x3FU) << 6 | (d & 0x3FU);
        return cp == 0x3007 || (cp >= 0x3400 && cp <= 0x4DBF) || (cp >= 0x4E00 && cp <= 0x9FFF);
    }
    if (c.size() == 4) { // the supplementary ideographic planes
        const auto a = static_cast<unsigned char>(c[0]), b = static_cast<unsigned char>(c[1]);
        const unsigned plane = (a & 0x07U) << 2 | (b & 0x30U) >> 4;
        return plane == 2 || plane == 3;
    }
    return false;
}

using Characters = std::vector<std::string>; // one UTF-8 sequence each

std::string join(Characters::const_iterator from, Characters::const_iterator to)
{
    std::string s;
    for (; from != to; ++from)
        s += *from;
    return s;
}

/// NFC, half-width digits and brackets, one character an element, spaces around removed.
Characters split(std::string_view text)
{
    const std::string nfc = toNfc(text);
    Characters out;
    for (std::size_t i = 0; i < nfc.size();) {
        const auto c = static_cast<unsigned char>(nfc[i]);
        const std::size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        std::string ch = nfc.substr(i, n);
        i += n;
        if (ch == "（") {
            ch = "(";
        } else if (ch == "）") {
            ch = ")";
        } else if (ch == "　" || ch == "\t" || ch == "\r" || ch == "\n" || ch == "\xC2\xA0") {
            ch = " ";
        } else if (ch.size() == 3 && ch[0] == '\xEF' && ch[1] == '\xBC' && ch[2] >= '\x90' && ch[2] <= '\x99') { // ０–９
            ch = std::string(1, static_cast<char>('0' + (ch[2] - '\x90')));
        }
        out.push_back(std::move(ch));
    }
    const auto notSpace = [](const std::string& s) { return s != " "; };
    out.erase(out.begin(), std::ranges::find_if(out, notSpace));
    while (!out.empty() && out.back() == " ")
        out.pop_back();
    return out;
}

tl::unexpected<Error> refuse(const std::string& why, std::string_view instead = kExample)
{
    return fail(ErrorCode::Malformed, why + " Type it like " + std::string(instead) + ".");
}

/// Offers the repaired number itself where it is one; else it may hold anything that was typed, so the usual example stands instead.
tl::unexpected<Error> suggest(const std::string& why, const std::string& repaired)
{
    const auto n = parseCaseNumber(repaired);
    return n ? refuse(why, n->text) : refuse(why);
}

/// （2014）浦民一（民）初字第38号: before 2016 courts chose the words themselves, so they are kept as they are.
Result<CaseNumber> parseOld(CaseNumber n, const Characters& c, std::size_t wordsAt, std::size_t zi)
{
    const std::string year = std::to_string(n.year);
    std::string words;
    int open = 0;
    for (std::size_t i = wordsAt; i < zi; ++i) {
        if (c[i] == "(") {
            ++open;
            words += "（";
        } else if (c[i] == ")") {
            if (--open < 0) break;
            words += "）";
        } else if (isHan(c[i]) || isDigit(c[i])) {
            words += c[i];
        } else {
            return refuse("A case number has no \"" + printable(c[i]) + "\" in its middle.", kOldExample);
        }
    }
    if (words.empty() || open != 0 || words.size() > kMaxOldWords) {
        return refuse("The words between the year and 字第 are missing, too long or have a bracket too many.", kOldExample);
    }
    for (std::size_t i = zi + 2; i + 1 < c.size(); ++i) {
        if (!isDigit(c[i])) return refuse("Only digits stand between 第 and 号.", kOldExample);
        n.serial += c[i];
    }
    if (n.serial.empty() || n.serial.size() > 8 || n.serial.find_first_not_of('0') == std::string::npos) {
        return refuse("The number between 第 and 号 has one to eight digits.", kOldExample);
    }
    if (n.year >= 2016) {
        return suggest("Since 2016 a case number names the court and the type without 字第.", "（" + year + "）辽06民初" + n.serial + "号");
    }
    n.oldStyle = true;
    n.text = "（" + year + "）" + words + "字第" + n.serial + "号";
    return n;
}
} // namespace

Result<CaseNumber> parseCaseNumber(std::string_view text)
{
    if (text.size() > kMaxInput) return refuse("This is too long for a case number.");
    if (!isValidUtf8(text)) return refuse("This is not readable text.");
    const Characters c = split(text);
    if (c.empty()) return refuse("The case number is missing.");

    // year
    if (c[0] != "(") return refuse("A case number begins with the year in brackets.");
    std::size_t at = 1;
    int year = 0;
    while (at < c.size() && isDigit(c[at]) && at <= 4)
        year = year * 10 + (c[at++][0] - '0');
    if (at != 5 || at >= c.size() || c[at] != ")") return refuse("The year in brackets has four digits.");
    if (year < 1949) return refuse("The year of a case number is 1949 or later.");
    ++at;
    CaseNumber n;
    n.year = year;
    const std::string head = "（" + std::to_string(year) + "）";

    if (std::ranges::find(c, " ") != c.end()) return refuse("A case number has no space inside.");
    if (c.back() != "号") {
        const bool hasEnd = std::ranges::find(c, "号") != c.end();
        return refuse(hasEnd ? "A case number ends with 号; leave out what follows it." : "A case number ends with 号.");
    }
    for (std::size_t i = at; i + 1 < c.size(); ++i) {
        if (c[i] == "字" && c[i + 1] == "第") return parseOld(std::move(n), c, at, i);
    }

    // court
    const auto startsWith = [&](std::size_t from, std::string_view word) {
        std::string s;
        for (std::size_t i = from; i < c.size() && s.size() < word.size(); ++i)
            s += c[i];
        return s == word;
    };
    if (startsWith(at, kSupreme)) {
        n.court = kSupreme;
        at += 3;
    } else {
        const auto known = std::ranges::any_of(kProvinces, [&](const Province& p) { return p.name == c[at]; });
        if (!known) {
            return refuse("After the year stands the court's short name, such as 辽, 京 or 最高法, and \"" + printable(c[at]) +
                          "\" is none.");
        }
        const std::string province = c[at++];
        std::string digits;
        while (at < c.size() && isDigit(c[at]))
            digits += c[at++];
        const std::string rest = join(c.begin() + static_cast<std::ptrdiff_t>(at), c.end());
        if (digits.size() == 1) {
            return suggest("The code of a middle court has two digits.", head + province + "0" + digits + rest);
        }
        if (digits.size() == 3) {
            return suggest("The code of a court has two digits (middle court) or four (basic court).",
                           head + province + "0" + digits + rest);
        }
        if (digits.size() > 4) return refuse("The code of a court has at most four digits.");
        if (!digits.empty() && (digits.starts_with("00") || (digits.size() == 4 && digits.ends_with("00")))) {
            return refuse("The code of a court has no part 00.");
        }
        n.court = province + digits;
    }

    // special code, type
    const std::size_t typeAt = at;
    while (at < c.size() && isHan(c[at]) && c[at] != "号")
        ++at;
    const std::size_t letters = at - typeAt;
    if (letters == 0) return refuse("After the court stands the type of case, such as 民初 or 刑终.");
    const auto word = [&](std::size_t from) {
        return join(c.begin() + static_cast<std::ptrdiff_t>(from), c.begin() + static_cast<std::ptrdiff_t>(at));
    };
    n.type = word(typeAt);
    if (letters >= 2 && !isKnownType(n.type) && (letters == 4 || isKnownType(word(typeAt + 1)))) {
        n.special = c[typeAt];
        n.type = word(typeAt + 1);
    } else if (letters > 3) {
        return refuse("The type of case has one to three characters, such as 民初 or 刑终.");
    }

    // serial
    while (at < c.size() && isDigit(c[at]))
        n.serial += c[at++];
    if (n.serial.empty()) return refuse("The number before 号 is missing.");
    if (at + 1 != c.size()) return refuse("\"" + printable(c[at]) + "\" has no place in a case number.");
    if (n.serial[0] == '0') {
        const auto first = n.serial.find_first_not_of('0');
        if (first == std::string::npos) return refuse("The number before 号 starts at 1.");
        return suggest("The number before 号 has no leading zeros.", head + n.court + n.special + n.type + n.serial.substr(first) + "号");
    }
    if (n.serial.size() > 8) return refuse("The number before 号 has at most eight digits.");
    n.text = head + n.court + n.special + n.type + n.serial + "号";
    if (n.text.size() > kMaxText) return refuse("This is too long for a case number.");
    return n;
}

std::optional<std::string> courtKeyOf(std::string_view courtCode)
{
    if (courtCode == kSupreme) return "000000";
    for (const auto& p : kProvinces) {
        if (!courtCode.starts_with(p.name)) continue;
        const auto digits = courtCode.substr(p.name.size());
        const bool sound = (digits.empty() || digits.size() == 2 || digits.size() == 4) &&
                           digits.find_first_not_of("0123456789") == std::string_view::npos && !digits.starts_with("00") &&
                           !(digits.size() == 4 && digits.ends_with("00"));
        if (!sound || p.code.empty()) return std::nullopt;
        std::string key(p.code);
        key.append(digits).append(6 - key.size(), '0');
        return key;
    }
    return std::nullopt;
}
} // namespace jc::record
