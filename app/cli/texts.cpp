// SPDX-License-Identifier: Apache-2.0
#include "texts.h"

#include <algorithm>

namespace jc::cli {

std::string fill(std::string_view pattern, std::initializer_list<std::string_view> values)
{
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool place =
            pattern[i] == '{' && i + 2 < pattern.size() && pattern[i + 2] == '}' && pattern[i + 1] >= '0' && pattern[i + 1] <= '9';
        const auto n = place ? static_cast<std::size_t>(pattern[i + 1] - '0') : values.size();
        if (n < values.size()) {
            out += *(values.begin() + n);
            i += 2;
        } else {
            out += pattern[i];
        }
    }
    return out;
}

const ReasonText* findReason(std::string_view scope, std::string_view code)
{
    const auto all = reasonTexts();
    const auto exact = [&](const ReasonText& r) {
        return r.code.size() == scope.size() + 1 + code.size() && r.code.starts_with(scope) && r.code[scope.size()] == '.' &&
               r.code.ends_with(code);
    };
    if (!scope.empty())
        if (const auto it = std::ranges::find_if(all, exact); it != all.end()) return &*it;
    const auto it = std::ranges::find(all, code, &ReasonText::code);
    return it == all.end() ? nullptr : &*it;
}

Text wordText(verdict::Word word)
{
    switch (word) {
    case verdict::Word::Consistent:
        return {"核验一致", "Consistent"};
    case verdict::Word::Inconsistent:
        return {"核验不一致", "Inconsistent"};
    case verdict::Word::Undetermined:
        break;
    }
    return {"无法核验", "Undetermined"};
}

Text checkText(verdict::CheckId id)
{
    switch (id) {
    case verdict::CheckId::Identity:
        return {"一 存证主体", "1 Who filed"};
    case verdict::CheckId::Content:
        return {"二 哈希一致", "2 Content"};
    case verdict::CheckId::Time:
        return {"三 时间在先", "3 Time"};
    case verdict::CheckId::Ledger:
        return {"四 账本完整", "4 Ledger"};
    case verdict::CheckId::Provenance:
        break;
    }
    return {"五 上链前来源", "5 Origin before"};
}

Text outcomeText(verdict::Outcome outcome)
{
    switch (outcome) {
    case verdict::Outcome::Pass:
        return {"通过", "pass"};
    case verdict::Outcome::Fail:
        return {"不通过", "fail"};
    case verdict::Outcome::Undetermined:
        return {"无法判断", "cannot tell"};
    case verdict::Outcome::NotApplicable:
        return {"不适用", "not applicable"};
    case verdict::Outcome::Listed:
        break;
    }
    return {"仅列出", "listed only"};
}

std::string_view outcomeSign(verdict::Outcome outcome)
{
    switch (outcome) {
    case verdict::Outcome::Pass:
        return "✔";
    case verdict::Outcome::Fail:
        return "✖";
    case verdict::Outcome::Undetermined:
        return "◇";
    case verdict::Outcome::NotApplicable:
        return "–";
    case verdict::Outcome::Listed:
        break;
    }
    return "◐";
}

Text causeText(verdict::Cause cause)
{
    switch (cause) {
    case verdict::Cause::None:
        return {"无", "none"};
    case verdict::Cause::File:
        return {"文件", "the file"};
    case verdict::Cause::Receipt:
        return {"回执", "the receipt"};
    case verdict::Cause::Ledger:
        return {"账本", "the ledger"};
    case verdict::Cause::Identity:
        return {"存证人身份", "the filer's identity"};
    case verdict::Cause::Time:
        return {"时间", "the time"};
    case verdict::Cause::Trust:
        return {"信任集", "the trust set"};
    case verdict::Cause::Nothing:
        break;
    }
    return {"没有可核验的内容", "there was nothing to check"};
}

Text stateText(service::ItemState state)
{
    switch (state) {
    case service::ItemState::Fixed:
        return {"已固定", "fixed"};
    case service::ItemState::Timestamped:
        return {"已授时，待上链", "time-stamped, waits for the ledger"};
    case service::ItemState::Queued:
        return {"待上链", "waits for the ledger"};
    case service::ItemState::Anchored:
        return {"已上链", "anchored"};
    case service::ItemState::Skipped:
        return {"已跳过", "skipped"};
    case service::ItemState::Refused:
        break;
    }
    return {"未存证", "not filed"};
}

Text roleText(record::Role role)
{
    switch (role) {
    case record::Role::None:
        return {"未登记", "not enrolled"};
    case record::Role::Clerk:
        return {"书记员", "clerk"};
    case record::Role::Judge:
        return {"法官", "judge"};
    case record::Role::Administrator:
        return {"管理员", "administrator"};
    case record::Role::Operator:
        return {"信息中心操作员", "operator"};
    case record::Role::Department:
        break;
    }
    return {"外部门", "outside department"};
}

Text staffStateText(std::string_view state)
{
    if (state == "valid") return {"有效", "valid"};
    if (state == "expired") return {"已过期", "expired"};
    if (state == "not_yet_valid") return {"尚未生效", "not yet valid"};
    if (state == "revoked") return {"已吊销", "revoked"};
    if (state == "waiting_for_second") return {"等待第二名管理员", "waits for a second administrator"};
    return {state, state};
}

Text purposeText(record::Purpose purpose)
{
    switch (purpose) {
    case record::Purpose::PartyEvidence:
        return {"当事人提交的证据", "evidence filed by a party"};
    case record::Purpose::CourtCollected:
        return {"法院依职权调取", "collected by the court"};
    case record::Purpose::Transferred:
        return {"其他机关移送", "transferred from another body"};
    case record::Purpose::CourtDocument:
        return {"法院文书", "court document"};
    case record::Purpose::Other:
        break;
    }
    return {"其他", "other"};
}

std::optional<record::Purpose> parsePurpose(std::string_view word)
{
    struct Word {
        std::string_view word;
        record::Purpose purpose;
    };
    static constexpr Word kWords[] = {{"party", record::Purpose::PartyEvidence},
                                      {"court", record::Purpose::CourtCollected},
                                      {"transferred", record::Purpose::Transferred},
                                      {"document", record::Purpose::CourtDocument},
                                      {"other", record::Purpose::Other}};
    const auto* it = std::ranges::find(kWords, word, &Word::word);
    if (it == std::end(kWords)) return std::nullopt;
    return it->purpose;
}

Text eventText(record::EventKind kind)
{
    using enum record::EventKind;
    switch (kind) {
    case Filed:
        return {"存证", "filed"};
    case Timestamped:
        return {"授时", "time-stamped"};
    case Anchored:
        return {"上链", "anchored"};
    case Viewed:
        return {"查看", "viewed"};
    case Exported:
        return {"导出", "exported"};
    case Verified:
        return {"核验", "verified"};
    case Mismatch:
        return {"核验不一致", "mismatch"};
    case AccessDenied:
        return {"拒绝访问", "access denied"};
    case Created:
        return {"建立", "created"};
    case Hashed:
        return {"计算摘要", "hashed"};
    case Signed:
        return {"签名", "signed"};
    case Received:
        return {"接收", "received"};
    case Copied:
        return {"复制", "copied"};
    case Printed:
        return {"打印", "printed"};
    case TransferredOut:
        return {"移出", "transferred out"};
    case TransferredIn:
        return {"移入", "transferred in"};
    case Objection:
        return {"异议", "objection"};
    case Decision:
        return {"采信决定", "decision"};
    case Frozen:
        return {"封存", "frozen"};
    case Unfrozen:
        return {"解封", "unfrozen"};
    case Corrected:
        return {"更正", "corrected"};
    case Withdrawn:
        return {"撤回", "withdrawn"};
    case Renewed:
        return {"续期", "renewed"};
    case Reverified:
        return {"复核", "verified again"};
    case Archived:
        return {"归档", "archived"};
    case ContentDestroyed:
        return {"内容已销毁", "content destroyed"};
    case ReportIssued:
        return {"出具报告", "report issued"};
    case AdminExport:
        return {"管理员导出", "exported by an administrator"};
    case FilingRefused:
        return {"拒绝存证", "filing refused"};
    case StaffChanged:
        return {"人员变更", "staff changed"};
    }
    return {"其他事件", "other event"};
}

Text stageText(std::string_view stage)
{
    struct Stage {
        std::string_view word;
        Text text;
    };
    static constexpr Stage kStages[] = {
        {"hashing", {"正在计算", "Hashing"}},        {"sealing", {"正在密封", "Sealing"}},
        {"signing", {"正在签名", "Signing"}},        {"anchoring", {"正在上链", "Anchoring"}},
        {"stamping", {"正在授时", "Time-stamping"}}, {"receipts", {"正在写回执", "Writing receipts"}},
        {"verifying", {"正在核验", "Verifying"}},    {"auditing", {"正在审计", "Auditing"}},
        {"exporting", {"正在导出", "Exporting"}},    {"backup", {"正在备份", "Backing up"}},
        {"restore", {"正在恢复", "Restoring"}},
    };
    const auto* it = std::ranges::find(kStages, stage, &Stage::word);
    return it == std::end(kStages) ? Text{"正在处理", "Working"} : it->text;
}

} // namespace jc::cli
