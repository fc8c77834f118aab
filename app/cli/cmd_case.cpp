// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/text.h"
#include "record/numbers.h"

#include <algorithm>

namespace jc::cli {
namespace {

Json caseJson(const service::CaseInfo& info)
{
    return Json::object()
        .set("number", info.number)
        .set("created", timeOrNull(info.created))
        .set("items", info.items)
        .set("anchored", info.anchored)
        .set("otherCourt", info.otherCourt);
}

} // namespace

Outcome runCaseNew(Context& c)
{
    JC_TRY(auto workspace, c.open(service::Access::Write));
    JC_TRY(const auto info, service::newCase(*workspace, c.args.positional(0)));
    c.console.document(Json::object().set("case", info.number).set("created", timeOrNull(info.created)).set("otherCourt", info.otherCourt));
    c.console.line(c.say(text::kCaseNew, {printable(info.number)}));
    if (info.otherCourt) c.console.line(c.say(text::kOtherCourt));
    c.console.line(c.say(text::kNext, {c.say(text::kFileHint, {printable(info.number)})}));
    return kExitDone;
}

Outcome runCaseList(Context& c)
{
    JC_TRY(auto workspace, c.open(service::Access::Read));
    JC_TRY(const auto all, service::listCases(*workspace));
    Json list = Json::array();
    for (const auto& info : all)
        list.push(caseJson(info));
    c.console.document(Json::object().set("cases", std::move(list)));
    if (all.empty()) {
        c.console.line(c.say(text::kCasesNone));
        c.console.line(c.say(text::kNext, {c.say(text::kCaseNewHint)}));
        return kExitDone;
    }
    c.console.line(c.say(text::kCaseCount, {std::to_string(all.size())}));
    for (const auto& info : all)
        c.console.line("  " + c.say(text::kCaseLine, {printable(info.number), std::to_string(info.items), std::to_string(info.anchored),
                                                      formatLocal(info.created)}));
    return kExitDone;
}

Outcome runCaseShow(Context& c)
{
    JC_TRY(const auto number, record::parseCaseNumber(c.args.positional(0)));
    JC_TRY(auto workspace, c.open(service::Access::Read));
    JC_TRY(const auto items, service::caseItems(*workspace, number.text));
    Json list = Json::array();
    for (const auto& item : items) {
        Json j = itemJson(c.console, item);
        j.set("name", item.name).set("filedAt", timeOrNull(item.filedAt));
        list.push(std::move(j));
    }
    c.console.document(Json::object().set("case", number.text).set("items", std::move(list)));
    c.console.line(c.say(text::kCaseItems, {printable(number.text), std::to_string(items.size())}));
    if (items.empty()) {
        c.console.line(c.say(text::kNoItems));
        c.console.line(c.say(text::kNext, {c.say(text::kFileHint, {printable(number.text)})}));
    }
    for (const auto& item : items) {
        itemLines(c.console, item);
        c.console.line("    " + c.say(text::kFiledAt) + "  " + shownTime(item.filedAt));
    }
    return kExitDone;
}

} // namespace jc::cli
