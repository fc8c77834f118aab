// SPDX-License-Identifier: Apache-2.0
#include "record/numbers.h"

#include <gtest/gtest.h>

namespace jc::record {
namespace {
struct Good {
    const char* text;
    const char* stored;
    int year;
    const char *court, *special, *type, *serial;
};
TEST(CaseNumber, NewStyle)
{
    const Good table[] = {
        {"（2021）辽06民初123号", "（2021）辽06民初123号", 2021, "辽06", "", "民初", "123"},
        {"(2021)辽06民初123号", "（2021）辽06民初123号", 2021, "辽06", "", "民初", "123"},
        {"（2021)辽06民初123号", "（2021）辽06民初123号", 2021, "辽06", "", "民初", "123"},
        {" \t（２０２１）辽０６民初１２３号　\n", "（2021）辽06民初123号", 2021, "辽06", "", "民初", "123"},
        {"（2019）最高法知民终2号", "（2019）最高法知民终2号", 2019, "最高法", "知", "民终", "2"},
        {"（2019）最高法商初1号", "（2019）最高法商初1号", 2019, "最高法", "", "商初", "1"},
        {"（2020）京0491民初1号", "（2020）京0491民初1号", 2020, "京0491", "", "民初", "1"},
        {"（2020）辽民申12345678号", "（2020）辽民申12345678号", 2020, "辽", "", "民申", "12345678"},
        {"（2018）苏05知民初7号", "（2018）苏05知民初7号", 2018, "苏05", "知", "民初", "7"},
        {"（2021）粤0703执异9号", "（2021）粤0703执异9号", 2021, "粤0703", "", "执异", "9"},
        {"（2021）粤0703执9号", "（2021）粤0703执9号", 2021, "粤0703", "", "执", "9"},
        {"（2021）兵08民辖终3号", "（2021）兵08民辖终3号", 2021, "兵08", "", "民辖终", "3"},
        {"（2021）军01刑初3号", "（2021）军01刑初3号", 2021, "军01", "", "刑初", "3"},
        {"（2021）内01行赔初3号", "（2021）内01行赔初3号", 2021, "内01", "", "行赔初", "3"},
        {"（2021）沪74民初4号", "（2021）沪74民初4号", 2021, "沪74", "", "民初", "4"},
        {"（2021）辽06甲乙丙3号", "（2021）辽06甲乙丙3号", 2021, "辽06", "", "甲乙丙", "3"}, // a type nobody listed
        {"（2021）辽06知民辖终3号", "（2021）辽06知民辖终3号", 2021, "辽06", "知", "民辖终", "3"},
        {"（2030）辽06知甲乙丙3号", "（2030）辽06知甲乙丙3号", 2030, "辽06", "知", "甲乙丙", "3"},
    };
    for (const auto& g : table) {
        const auto n = parseCaseNumber(g.text);
        ASSERT_TRUE(n) << g.text << ": " << n.error().detail;
        EXPECT_EQ(n->text, g.stored);
        EXPECT_EQ(n->year, g.year) << g.text;
        EXPECT_EQ(n->court, g.court) << g.text;
        EXPECT_EQ(n->special, g.special) << g.text;
        EXPECT_EQ(n->type, g.type) << g.text;
        EXPECT_EQ(n->serial, g.serial) << g.text;
        EXPECT_FALSE(n->oldStyle);
        EXPECT_EQ(parseCaseNumber(n->text).value(), *n) << "the stored form parses to itself";
    }
    EXPECT_EQ(parseCaseNumber("（2021）辽06民初123号").value(), parseCaseNumber("(2021)辽06民初123号").value());
}
TEST(CaseNumber, OldStyle)
{
    const std::pair<const char*, const char*> table[] = {
        {"(2015)海行民初字第5号", "（2015）海行民初字第5号"},
        {"（2014）浦民一(民)初字第00038号", "（2014）浦民一（民）初字第00038号"},
        {"（2009）民二终字第１２号", "（2009）民二终字第12号"},
        {"(1998)丹刑终字第7号", "（1998）丹刑终字第7号"},
    };
    for (const auto& [in, stored] : table) {
        const auto n = parseCaseNumber(in);
        ASSERT_TRUE(n) << in << ": " << n.error().detail;
        EXPECT_TRUE(n->oldStyle);
        EXPECT_EQ(n->text, stored);
        EXPECT_EQ(parseCaseNumber(n->text).value(), *n);
    }
}
TEST(CaseNumber, RefusalsSayWhatToTypeInstead)
{
    // input, what the sentence must hold
    const std::pair<std::string, const char*> table[] = {
        {"（2021）辽6民初123号", "two digits. Type it like （2021）辽06民初123号."},
        {"(2021)辽602民初123号", "Type it like （2021）辽0602民初123号."},
        {"（2021）辽06023民初1号", "at most four digits"},
        {"（2021）辽00民初1号", "no part 00"},
        {"（2021）辽0600民初1号", "no part 00"},
        {"", "missing"},
        {"   ", "missing"},
        {"2021辽06民初123号", "year in brackets"},
        {"（21）辽06民初123号", "four digits"},
        {"（20211）辽06民初123号", "four digits"},
        {"（2021辽06民初123号", "four digits"},
        {"（1948）辽06民初123号", "1949"},
        {"（2021）沈06民初123号", "short name"},
        {"（2021）06民初123号", "short name"},
        {"（2021）辽06 民初123号", "no space"},
        {"（2021）辽06民初123", "ends with 号"},
        {"（2021）辽06民初123号之一", "leave out what follows"},
        {"（2021）辽06123号", "at most four digits"},
        {"（2021）辽06号", "type of case"},
        {"（2021）辽06民初号", "number before 号 is missing"},
        {"（2021）辽06民初0123号", "Type it like （2021）辽06民初123号."},
        {"（2021）辽06民初0号", "starts at 1"},
        {"（2021）辽06民初123456789号", "eight digits"},
        {"（2021）辽06民初12a3号", "no place"},
        {"（2021）辽06civil123号", "type of case"},
        {"（2021）辽06甲乙丙丁戊1号", "one to three"},
        {"（2021）", "ends with 号"},
        {"（2021）号", "short name"},
        {"（2021）最高法", "ends with 号"},
        {"（2021）海行民初字第5号", "Type it like （2021）辽06民初5号."},
        {"（2015）字第5号", "words between"},
        {"（2015）海）行（初字第5号", "words between"},
        {"（2015）海行民初字第号", "one to eight digits"},
        {"（2015）海行民初字第0号", "one to eight digits"},
        {"（2015）海行民初字第5-1号", "Only digits"},
        {"（2015）海行x初字第5号", "\"x\""},
        {"\xFF", "readable"},
        {std::string(300, '1'), "too long"},
    };
    for (const auto& [in, part] : table) {
        const auto n = parseCaseNumber(in);
        ASSERT_FALSE(n) << in;
        EXPECT_EQ(n.error().code, ErrorCode::Malformed);
        EXPECT_NE(n.error().detail.find(part), std::string::npos) << in << " → " << n.error().detail;
        EXPECT_NE(n.error().detail.find("Type it like （"), std::string::npos) << in << " → " << n.error().detail;
    }
}
TEST(CaseNumber, EveryExampleOfferedIsItselfAccepted)
{
    for (const auto* bad :
         {"（2021）辽6民初123号", "（2021）辽602民初123号", "（2021）辽06民初0123号", "（2021）海行民初字第5号", "（2015）字第5号", "x",
          "（2021）辽6x号", "（2021）辽0民初1号", "（2021）海行民初字第0005号", "（2021）辽6民初01号"}) {
        const std::string detail = parseCaseNumber(bad).error().detail;
        const auto from = detail.find("（", detail.find("Type it like"));
        EXPECT_TRUE(parseCaseNumber(detail.substr(from, detail.size() - from - 1))) << detail;
    }
}
TEST(CaseNumber, HostileTextIsRefusedWithoutControlCharacters)
{
    for (const std::string& in :
         {std::string("（2021）\x1b[31m06民初1号"), std::string("（2021）\0辽06民初1号", 26), std::string("（2021）辽06民初1\u202E号"),
          std::string("(2021)辽061)民初12\0\0号", 26), std::string("（2021）辽6\n民初1号"), std::string("（2021）辽6\u202E民初1号")}) {
        const auto n = parseCaseNumber(in);
        ASSERT_FALSE(n);
        for (const char c : n.error().detail)
            EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20) << n.error().detail;
        EXPECT_EQ(n.error().detail.find("\u202E"), std::string::npos);
    }
}
TEST(CourtKey, FollowsTheDivisionCodes)
{
    const std::pair<const char*, const char*> table[] = {
        {"最高法", "000000"}, {"辽", "210000"},     {"辽06", "210600"},   {"辽0602", "210602"}, {"辽0681", "210681"},
        {"京", "110000"},     {"京0491", "110491"}, {"粤0703", "440703"}, {"兵08", "660800"},   {"新", "650000"},
    };
    for (const auto& [code, key] : table) {
        ASSERT_TRUE(courtKeyOf(code)) << code;
        EXPECT_EQ(*courtKeyOf(code), key);
        EXPECT_TRUE(isValidCourtKey(key));
    }
    for (const auto* bad : {"", "军01", "沈06", "辽6", "辽062", "辽06021", "辽0x", "辽00", "辽0600", "最高法01", "辽06民"})
        EXPECT_FALSE(courtKeyOf(bad)) << bad;
}
TEST(CourtKey, SixDigitsOrCapitals)
{
    for (const auto* good : {"210600", "000000", "DEMO01", "ZZZZZZ"})
        EXPECT_TRUE(isValidCourtKey(good)) << good;
    for (const auto* bad : {"", "21060", "2106000", "21060a", "21060 ", "２10600", "21060-"})
        EXPECT_FALSE(isValidCourtKey(bad)) << bad;
}
} // namespace
} // namespace jc::record
