// SPDX-License-Identifier: Apache-2.0
#pragma once
// Everything the program says, in Chinese and English, whole sentences with numbered places ({0}, {1}). The sentences of reason codes are
// in reason_texts.cpp, those of --help in command_table.cpp.
#include "base/clock.h"
#include "service/use_cases.h"

#include <initializer_list>
#include <span>

namespace jc::cli {

enum class Language : std::uint8_t { En, ZhCn };
struct Text {
    std::string_view zh, en;
    [[nodiscard]] constexpr std::string_view in(Language l) const noexcept { return l == Language::ZhCn ? zh : en; }
};
/// Puts values into {0}, {1}, …; a place without a value stays as it is.
[[nodiscard]] std::string fill(std::string_view pattern, std::initializer_list<std::string_view> values);

/// A stable reason: what happened, and what to do next.
struct ReasonText {
    std::string_view code; ///< "audit.entry_changed": only in that scope; without a dot: everywhere
    Text what, next;
};
[[nodiscard]] std::span<const ReasonText> reasonTexts();
/// First "<scope>.<code>", then "<code>". nullptr: the caller falls back to the plain detail.
[[nodiscard]] const ReasonText* findReason(std::string_view scope, std::string_view code);

[[nodiscard]] Text wordText(verdict::Word word);
[[nodiscard]] Text checkText(verdict::CheckId id); ///< "一 存证主体"
[[nodiscard]] Text outcomeText(verdict::Outcome outcome);
[[nodiscard]] std::string_view outcomeSign(verdict::Outcome outcome);
[[nodiscard]] Text causeText(verdict::Cause cause);
[[nodiscard]] Text stateText(service::ItemState state);
[[nodiscard]] Text roleText(record::Role role);
[[nodiscard]] Text staffStateText(std::string_view state);
[[nodiscard]] Text purposeText(record::Purpose purpose);
/// nullopt for a word that is no kind of purpose (then it is free text).
[[nodiscard]] std::optional<record::Purpose> parsePurpose(std::string_view word);
[[nodiscard]] Text eventText(record::EventKind kind);
[[nodiscard]] Text stageText(std::string_view stage);

namespace text {
inline constexpr Text kHonest{
    "说明：核验一致只说明上链之后文件未改变，不证明上链前的内容真实。",
    "Note: \"consistent\" covers only what happened after anchoring; it does not prove what the file says about the time before."};
inline constexpr Text kNext{"下一步：{0}", "Next: {0}"};
inline constexpr Text kDetail{"详情：{0}", "Detail: {0}"};
inline constexpr Text kCause{"原因：{0}", "Cause: {0}"};
inline constexpr Text kNumber{"证据编号", "Evidence number"};
inline constexpr Text kAnchoredAt{"上链时间（不晚于）", "Existed by"};
inline constexpr Text kTokenTime{"可信时间", "Time-stamp"};
inline constexpr Text kNotBefore{"账本排序不早于", "Ordered not before"};
inline constexpr Text kSigners{"签名法院", "Signed by courts"};
inline constexpr Text kFiler{"存证人", "Filed by"};
inline constexpr Text kReceipt{"回执", "Receipt"};
inline constexpr Text kTrust{"信任集", "Trust set"};
inline constexpr Text kTrustLine{"{0}，已知吊销截至第 {1} 条（{2}）", "{0}; revocations known to size {1}, {2}"};
inline constexpr Text kOnFile{"登记", "filed"};
inline constexpr Text kAtHand{"本次", "found"};
inline constexpr Text kReceiptAlone{"（仅核验回执，没有文件）", "(receipt alone, no file)"};
inline constexpr Text kVerifySummary{"核验一致 {0} · 核验不一致 {1} · 无法核验 {2} · 无法读取 {3}",
                                     "Consistent {0} · inconsistent {1} · undetermined {2} · unreadable {3}"};
inline constexpr Text kNothingVerified{"无法核验：没有核验任何文件。", "Undetermined: nothing was verified."};
inline constexpr Text kUnread{"无法核验（文件或回执读不出）", "Undetermined (file or receipt could not be read)"};
inline constexpr Text kNotRecorded{"本次核验没有写入保管日志：{0}", "This check was not written to the custody log: {0}"};

inline constexpr Text kFiledAll{"已存证并上链：{0} 个文件。", "Filed and anchored: {0} files."};
inline constexpr Text kFiledWaiting{"已安全保存，仍在等待：{0} 个文件已固定，其中 {1} 个等待中。您可以关闭程序，提交不会丢失。",
                                    "Kept safely, still waiting: {0} files filed, {1} of them wait. Nothing will be lost if you stop now."};
inline constexpr Text kFiledSome{"部分文件没有存证：成功 {0}，未存证 {1}。", "Some files were not filed: filed {0}, not filed {1}."};
inline constexpr Text kFiledNone{"没有存证任何文件。", "Nothing was filed."};
inline constexpr Text kFilingEntry{"账本第 {0} 条，账本时间 {1}", "Ledger entry {0}, ledger time {1}"};
inline constexpr Text kFilingRecord{"记录编号 {0}（待上链）", "Record {0} (waiting to be anchored)"};
inline constexpr Text kDuplicate{"提示：相同内容此前已在本院存证（{0}，{1}）。",
                                 "Note: the same content was filed in this court before ({0}, {1})."};
inline constexpr Text kOtherCourt{"提示：此案号属于其他法院，已照常接受。", "Note: the case number is another court's; it was accepted."};
inline constexpr Text kResumed{"上次中断的存证，本次已完成。", "Belonged to an interrupted filing that was completed now."};
inline constexpr Text kSkipped{"另有 {0} 项跳过。", "{0} entries were skipped."};
inline constexpr Text kWaitsFor{"等待：{0}", "Waits for: {0}"};
inline constexpr Text kWaitLedger{"上链", "the ledger"};
inline constexpr Text kWaitToken{"授时", "a time-stamp"};
inline constexpr Text kWaitReceipts{"写回执", "receipts to be written"};
inline constexpr Text kRetryNext{"稍后运行 jchain outbox retry。", "run jchain outbox retry later."};

inline constexpr Text kCaseNew{"案件已建立：{0}", "Case created: {0}"};
inline constexpr Text kCasesNone{"还没有案件。", "There are no cases yet."};
inline constexpr Text kCaseNewHint{"输入 jchain case new '（2021）辽06民初123号'。", "type jchain case new '（2021）辽06民初123号'."};
inline constexpr Text kCaseCount{"共 {0} 个案件", "{0} cases"};
inline constexpr Text kCaseLine{"{0}  文件 {1}，已上链 {2}，建立于 {3}", "{0}  files {1}, anchored {2}, created {3}"};
inline constexpr Text kCaseItems{"{0}：{1} 个文件", "{0}: {1} files"};
inline constexpr Text kNoItems{"这个案件还没有文件。", "This case has no files yet."};
inline constexpr Text kFileHint{"输入 jchain file --case '{0}' 文件…。", "type jchain file --case '{0}' FILE…."};
inline constexpr Text kFiledAt{"存证时间", "Filed at"};

inline constexpr Text kStatusReady{"一切就绪，没有等待的存证。", "Ready; nothing waits."};
inline constexpr Text kStatusWaiting{"有 {0} 件存证在等待。", "{0} filings wait."};
inline constexpr Text kStatusReadOnly{"账本目前只能读取。", "The ledger can only be read at present."};
inline constexpr Text kWorkspace{"工作区", "Workspace"};
inline constexpr Text kCourt{"法院", "Court"};
inline constexpr Text kDemonstration{"演示", "demonstration"};
inline constexpr Text kPerson{"人员", "Person"};
inline constexpr Text kLedger{"账本", "Ledger"};
inline constexpr Text kLedgerLine{"{0}，共 {1} 条，账本时间 {2}", "{0}, {1} entries, ledger time {2}"};
inline constexpr Text kFingerprint{"指纹", "Fingerprint"};
inline constexpr Text kCounts{"内容", "Holds"};
inline constexpr Text kCountsLine{"案件 {0}，存证 {1}，文件 {2}，保管事件 {3}", "cases {0}, filings {1}, files {2}, custody events {3}"};
inline constexpr Text kFree{"可用空间", "Free space"};
inline constexpr Text kOutboxNone{"没有排队的存证。", "Nothing waits."};
inline constexpr Text kOutboxSome{"有 {0} 件存证在等待；都已安全保存。", "{0} filings wait; all are kept safely."};
inline constexpr Text kPendingLine{"{0}  {1}  文件 {2}  自 {3}", "{0}  {1}  files {2}  since {3}"};

inline constexpr Text kReceiptsWritten{"已写出 {0} 份回执。", "{0} receipts written."};
inline constexpr Text kReceiptsSome{"写出 {0} 份回执，{1} 份没有写出。", "{0} receipts written, {1} not."};
inline constexpr Text kReceiptParsed{"回执 {0}（只是读出，尚未核验；核验请用 jchain verify）",
                                     "Receipt {0} (read only, not verified: that is jchain verify)"};
inline constexpr Text kExtracted{"已写出 {0} 个文件到 {1}", "{0} files written to {1}"};
inline constexpr Text kFileName{"文件名", "File name"};
inline constexpr Text kFolder{"文件夹", "Folder"};
inline constexpr Text kSize{"大小", "Size"};
inline constexpr Text kBytes{"{0} 字节", "{0} bytes"};
inline constexpr Text kMediaType{"类型", "Media type"};
inline constexpr Text kCase{"案号", "Case"};
inline constexpr Text kIntake{"固定时间", "Taken in"};
inline constexpr Text kModified{"文件修改时间", "File modified"};
inline constexpr Text kPurpose{"用途", "Purpose"};
inline constexpr Text kEmptyReason{"空文件理由", "Reason for an empty file"};
inline constexpr Text kForm{"上链前来源", "Origin before anchoring"};
inline constexpr Text kFormGiven{"有，{0} 项，摘要 {1}", "given, {0} fields, digest {1}"};
inline constexpr Text kFormMissing{"未提供", "not provided"};
inline constexpr Text kSalt{"盐值", "Salt"};
inline constexpr Text kEntry{"账本条目", "Ledger entry"};
inline constexpr Text kEntryLine{"第 {0} 条，条目哈希 {1}，第 {2} 批，纪元 {3}", "entry {0}, hash {1}, height {2}, epoch {3}"};
inline constexpr Text kFilingLine{"第 {0} 项，本次存证共 {1} 项", "item {0} of {1} in this filing"};
inline constexpr Text kAuthorTime{"签名时本机时间", "Signer's clock"};
inline constexpr Text kCheckpoint{"检查点", "Checkpoint"};
inline constexpr Text kCheckpointLine{"{0}，大小 {1}，根 {2}", "{0}, size {1}, root {2}"};
inline constexpr Text kCosignature{"{0}，{1}", "{0}, {1}"};
inline constexpr Text kCosigners{"检查点签名", "Checkpoint signatures"};
inline constexpr Text kCertificate{"证书", "Certificate"};
inline constexpr Text kCertificateLine{"{0}，{1} 至 {2}，指纹 {3}", "{0}, {1} to {2}, fingerprint {3}"};
inline constexpr Text kEnrolment{"人员登记", "Enrolment"};
inline constexpr Text kEnrolmentLine{"账本第 {0} 条", "ledger entry {0}"};
inline constexpr Text kEnrolmentOnCard{"登记在法院名片上", "on the court's card"};
inline constexpr Text kToken{"时间戳", "Time-stamp"};
inline constexpr Text kTokenLine{"{0}，序列号 {1}，策略 {2}", "{0}, serial {1}, policy {2}"};
inline constexpr Text kTokenNone{"还没有（待授时）", "none yet"};
inline constexpr Text kHandovers{"纪元交接", "Hand-overs"};
inline constexpr Text kTokenUnreadable{"读不出：{0}", "cannot be read: {0}"};

inline constexpr Text kCustodyNone{"没有保管事件。", "There are no custody events."};
inline constexpr Text kCustodyCount{"共 {0} 条保管事件", "{0} custody events"};
inline constexpr Text kKey{"密钥 {0}", "key {0}"};
inline constexpr Text kCustodyAdded{"已记录：{0}", "Recorded: {0}"};

inline constexpr Text kAuditSound{"审计通过：没有发现损坏。", "Sound: no damage was found."};
inline constexpr Text kAuditDamagedNext{
    "原样保留这个工作区，复制一份交给鉴定人；把最新备份恢复到另一个文件夹。保存在别处的回执仍可核验。",
    "leave this workspace as it is and give a copy to the expert; restore the newest backup into another folder. "
    "Receipts kept elsewhere still verify."};
inline constexpr Text kAuditDamaged{"发现损坏：{0} 处。", "Damage found: {0} findings."};
inline constexpr Text kAuditLedger{"账本：条目 {0}，数据块 {1}，检查点 {2}，签名 {3}",
                                   "Ledger: entries {0}, tiles {1}, checkpoints {2}, signatures {3}"};
inline constexpr Text kAuditArchive{"档案：保管事件 {0}，文件 {1}，密封副本 {2}，回执 {3}",
                                    "Archive: custody events {0}, files {1}, sealed copies {2}, receipts {3}"};
inline constexpr Text kAuditLog{"日志大小 {0}，条目 {1}，数据块 {2}", "Log size {0}, entries {1}, tiles {2}"};
inline constexpr Text kAuditRoot{"重算的根 {0}", "Recomputed root {0}"};
inline constexpr Text kAuditAuthenticated{"检查点签名已按信任集核对。", "The checkpoint's signatures were checked against the trust set."};
inline constexpr Text kAuditNotAuthenticated{"没有信任集：只核对了日志自身的一致性，没有核对是谁签的。",
                                             "No trust set: only the log's own consistency was checked, not who signed it."};
inline constexpr Text kAuditShallow{"只核对了最新部分；全部重读请用 jchain audit --deep。",
                                    "Only the newest parts were checked; jchain audit --deep rereads everything."};
inline constexpr Text kLogExported{"已导出日志，共 {0} 条，到 {1}", "Log exported, {0} entries, to {1}"};

inline constexpr Text kTrustHeader{"账本 {0}", "Ledger {0}"};
inline constexpr Text kTrustSize{"截至第 {0} 条（{1}）", "to size {0} ({1})"};
inline constexpr Text kQuorum{"法定签名数", "Quorum"};
inline constexpr Text kQuorumLine{"{0}（共 {1} 个法院）", "{0} of {1} courts"};
inline constexpr Text kStaffCount{"登记人员 {0}，其中已吊销 {1}", "enrolled {0}, of them revoked {1}"};
inline constexpr Text kStaff{"人员", "Staff"};
inline constexpr Text kTrustExported{"信任集已写到 {0}", "Trust set written to {0}"};
inline constexpr Text kTrustImported{"已信任此账本：{0}", "This ledger is trusted now: {0}"};
inline constexpr Text kTrustUpdated{"信任集已更新到第 {0} 条。", "Trust set brought up to size {0}."};
inline constexpr Text kTrustCompare{"请通过电话等另一渠道核对指纹 {0}",
                                    "Compare the fingerprint by another channel, by telephone for instance: {0}"};
inline constexpr Text kTrustAsk{"指纹一致吗？输入 yes 接受：", "Is it the same? Type yes to accept: "};
inline constexpr Text kTrustNotConfirmed{
    "没有确认指纹，什么也没有保存。请输入 jchain trust import {0} --fingerprint {1}（指纹须从另一渠道得到）。",
    "The fingerprint was not confirmed; nothing was stored. Type jchain trust import {0} --fingerprint {1} (the fingerprint as you got it "
    "by another channel)."};

inline constexpr Text kStaffNone{"没有登记的人员。", "Nobody is enrolled."};
inline constexpr Text kStaffTotal{"登记人员 {0} 名", "{0} people enrolled"};
inline constexpr Text kStaffLine{"{0}  {1}  {2}  有效期 {3} 至 {4}  {5}", "{0}  {1}  {2}  valid {3} to {4}  {5}"};
inline constexpr Text kEnrolled{"已登记：{0}（{1}）", "Enrolled: {0} ({1})"};
inline constexpr Text kRevoked{"已吊销：{0}", "Revoked: {0}"};
inline constexpr Text kSecondNeeded{"已保存，等待第二名管理员：{0}", "Kept; it waits for a second administrator: {0}"};
inline constexpr Text kSecondNext{"由另一名管理员运行相同的命令。", "another administrator runs the same command."};
inline constexpr Text kRevokeAsk{"吊销 {0} 的证书，不能撤回。输入 yes 继续：",
                                 "Revoke the certificate of {0}? This cannot be undone. Type yes to go on: "};

inline constexpr Text kDemoMade{"演示法院已建好：{0}", "The demonstration court is ready: {0}"};
inline constexpr Text kDemoPin{"七个身份在 {0}，PIN 在 {1}（仅供演示）。",
                               "Seven identities are in {0}; their PIN is in {1} (demonstration only)."};
inline constexpr Text kDemoNext{"jchain --workspace {0} file --case '（2021）辽06民初123号' 文件…",
                                "jchain --workspace {0} file --case '（2021）辽06民初123号' FILE…"};
inline constexpr Text kInitMade{"工作区已建好：{0}", "The workspace is ready: {0}"};
inline constexpr Text kInitNext{"运行 jchain --workspace {0} status，再用管理员证书登记人员：jchain staff enrol 证书文件。",
                                "run jchain --workspace {0} status, then enrol staff as an administrator: jchain staff enrol CERTIFICATE."};
inline constexpr Text kBackupMade{"备份已写好：{0}", "Backup written: {0}"};
inline constexpr Text kBackupSound{"备份完整：{0}", "The backup is whole: {0}"};
inline constexpr Text kRestored{"已恢复到 {0}", "Restored to {0}"};
inline constexpr Text kBackupLine{"{0} 个文件，{1} 字节，账本 {2} 条，证据 {3} 项，制作于 {4}",
                                  "{0} files, {1} bytes, ledger size {2}, {3} items, made {4}"};

inline constexpr Text kPinPrompt{"{0} 的 PIN：", "PIN of {0}: "};
inline constexpr Text kWarning{"提示：{0}", "Note: {0}"};
inline constexpr Text kAnd{"、", ", "};

// Usage mistakes: each says what to type.
inline constexpr Text kUnknownOption{"不认识选项 {0}。", "There is no option {0}."};
inline constexpr Text kUnknownCommand{"没有名为 {0} 的命令。", "There is no command {0}."};
inline constexpr Text kDidYouMean{"您是不是要输入 {0}？", "Did you mean {0}?"};
inline constexpr Text kNotInVersion{"本版本没有 {0}。", "{0} is not part of this version."};
inline constexpr Text kSeeHelp{"用法见：{0} --help", "See: {0} --help"};
inline constexpr Text kMissingOption{"缺少 {0} {1}。请输入：{2}", "{0} {1} is missing. Type: {2}"};
inline constexpr Text kMissingArgument{"缺少 {0}。请输入：{1}", "{0} is missing. Type: {1}"};
inline constexpr Text kTooManyArguments{"多了参数 {0}。以 - 开头的文件名请写在 -- 之后。",
                                        "There is one argument too many: {0}. Put file names that begin with - behind --."};
inline constexpr Text kMissingValue{"选项 {0} 后面要写 {1}。", "Option {0} needs {1} behind it."};
inline constexpr Text kNoValueWanted{"选项 {0} 后面不写值。", "Option {0} takes no value."};
inline constexpr Text kBadLanguage{"--lang 只能是 zh_CN 或 en，不是 {0}。", "--lang is zh_CN or en, not {0}."};
inline constexpr Text kBadNumber{"{0} 要写 {1} 到 {2} 的整数，不是 {3}。", "{0} is a whole number from {1} to {2}, not {3}."};
inline constexpr Text kBadTime{"{0} 要写成 2026-03-01T10:00:00+08:00 或 2026-03-01，不是 {1}。",
                               "{0} is written 2026-03-01T10:00:00+08:00 or 2026-03-01, not {1}."};
inline constexpr Text kBadRole{"--role 是 clerk、judge、administrator、operator 或 department，不是 {0}。",
                               "--role is clerk, judge, administrator, operator or department, not {0}."};
inline constexpr Text kBadEvent{"{0} 不是可以手工记录的事件。可以写：{1}",
                                "{0} is not an event that can be recorded by hand. Type one of: {1}"};
inline constexpr Text kBadDigest{"--digest 是 64 位（SHA-256、SM3）或 128 位（SHA-512）的十六进制数字。",
                                 "--digest is 64 (SHA-256, SM3) or 128 (SHA-512) hexadecimal digits."};
inline constexpr Text kBadFingerprint{"--fingerprint 是 64 位十六进制数字。", "--fingerprint is 64 hexadecimal digits."};
inline constexpr Text kBadCourt{"--court 是 6 位法院代码，例如 210600。", "--court is a court's 6 characters, for instance 210600."};
inline constexpr Text kBadBench{"没有名为 {0} 的测试行。可以写：{1}", "There is no bench row {0}. Type one of: {1}"};
inline constexpr Text kNoWorkspace{
    "没有工作区。请加 --workspace 目录，或设置 JC_WORKSPACE，或进入工作区目录；演示用：jchain demo 目录。",
    "There is no workspace. Add --workspace DIR, set JC_WORKSPACE, or go into its folder; to try it out: jchain demo DIR."};
inline constexpr Text kVerifyNothing{"没有要核验的东西。请输入：jchain verify 文件…",
                                     "There is nothing to verify. Type: jchain verify FILE…"};
inline constexpr Text kVerifyNeedsTrust{
    "没有工作区，所以要写明信任集。请输入：jchain verify --trust 信任集.jct --receipt 回执.jcr 文件",
    "There is no workspace, so the trust set must be named. Type: jchain verify --trust T.jct --receipt R.jcr FILE"};
inline constexpr Text kEitherOr{"{0} 和 {1} 请只写一个。请输入：{2}", "Give either {0} or {1}, not both. Type: {2}"};
inline constexpr Text kPinFileUnreadable{"读不出 PIN 文件 {0}。", "The PIN file {0} cannot be read."};
inline constexpr Text kStdoutFailed{"无法写出结果（标准输出）。", "The result could not be written to standard output."};
} // namespace text

} // namespace jc::cli
