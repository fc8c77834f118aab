// SPDX-License-Identifier: Apache-2.0
#include "record/numbers.h"
#include "service/layout.h"
#include "service/use_cases.h"

namespace jc::service {
namespace {
CaseInfo infoOf(const archive::CaseRow& row, const std::string& courtKey)
{
    CaseInfo c{row.number, row.created, row.items, row.anchored, false};
    if (const auto n = record::parseCaseNumber(row.number)) {
        const auto key = record::courtKeyOf(n->court);
        c.otherCourt = !key || *key != courtKey;
    }
    return c;
}
} // namespace

Result<CaseInfo> newCase(Workspace& w, std::string_view text)
{
    JC_TRY(const auto number, record::parseCaseNumber(text));
    JC_TRY(const Person* person, w.require({record::Role::Clerk, record::Role::Judge}, "opening a case"));
    auto e = w.makeEvent(record::EventKind::Created);
    e.caseNumber = number.text;
    e.role = person->role;
    std::optional<archive::CaseRow> row;
    JC_CHECK(w.archive().transact([&]() -> Result<void> {
        JC_TRY(row, w.archive().addCase(number.text, w.clock().now()));
        return w.recordEvents({std::move(e)});
    }));
    return infoOf(*row, w.config().courtKey);
}

Result<std::vector<CaseInfo>> listCases(Workspace& w)
{
    JC_TRY(const auto rows, w.archive().cases());
    std::vector<CaseInfo> out;
    for (const auto& r : rows)
        out.push_back(infoOf(r, w.config().courtKey));
    return out;
}
} // namespace jc::service
