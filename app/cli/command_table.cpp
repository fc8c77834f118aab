// SPDX-License-Identifier: Apache-2.0
#include "command_table.h"

#include "console.h"

#include <algorithm>

namespace jc::cli {
namespace {

constexpr std::size_t kAny = static_cast<std::size_t>(-1);

constexpr OptionSpec kGlobal[] = {
    {"--workspace",
     "DIR",
     {"工作区；默认 JC_WORKSPACE，再默认当前目录（若是工作区）", "workspace; default JC_WORKSPACE, else the current folder if it is one"}},
    {"--as", "P12", {"使用的身份；默认工作区自己的", "identity to act as; default the workspace's own"}},
    {"--pin-file",
     "FILE",
     {"PIN 所在的文件；也可设 JC_PIN，终端上会询问", "file that holds the PIN; else JC_PIN; on a terminal you are asked"}},
    {"--json", "", {"标准输出只有一个 JSON 文档", "exactly one JSON document on standard output"}},
    {"--lang", "zh_CN|en", {"语言；默认看 JC_LANG、LC_ALL、LANG", "language; default by JC_LANG, LC_ALL, LANG"}},
    {"--yes", "", {"不再询问", "do not ask back"}},
};

constexpr OptionSpec kInit[] = {
    {"--court", "CODE", {"6 位法院代码，例如 210600", "the court's 6 characters, for instance 210600"}, true},
    {"--administrator",
     "CERT",
     {"第一位管理员的证书（PEM 或 DER），可写多次", "certificate of a first administrator (PEM or DER); may be repeated"},
     true,
     true},
    {"--ca", "CERT", {"签发人员证书的机构证书，可写多次", "certificate that issues staff certificates; may be repeated"}, true, true},
    {"--name-zh", "NAME", {"法院中文名", "the court's Chinese name"}},
    {"--name-en", "NAME", {"法院英文名", "the court's English name"}},
    {"--ledger", "NAME", {"账本名，小写字母、数字、点、横线", "the ledger's name: lower-case letters, digits, dots, hyphens"}},
    {"--tsa",
     "URL",
     {"时间戳机构（RFC 3161），按信任顺序，可写多次；没有则用内置的",
      "time-stamp authority (RFC 3161), in order of trust, may be repeated; none = the embedded one"},
     false,
     true},
    {"--tsa-anchor", "CERT", {"时间戳机构的根证书，可写多次", "root certificate of a time-stamp authority; may be repeated"}, false, true},
};
constexpr OptionSpec kRestore[] = {
    {"--last", "FILE", {"外部所知最新的检查点或回执", "the newest checkpoint or receipt known outside"}},
};
constexpr OptionSpec kFile[] = {
    {"--case", "NO", {"案号，例如 （2021）辽06民初123号", "case number, for instance （2021）辽06民初123号"}, true},
    {"--purpose",
     "TEXT",
     {"用途：party、court、transferred、document、other，或一句话", "party, court, transferred, document, other, or a sentence"}},
    {"--form", "FORM.json", {"上链前信息（JSON，不超过 64 KiB）", "facts about the time before anchoring (JSON, at most 64 KiB)"}},
    {"--sha512", "", {"另算 SHA-512", "take SHA-512 as well"}},
    {"--no-seal", "", {"不保留密封副本", "keep no sealed copy"}},
    {"--allow-empty", "REASON", {"允许空文件，并写明理由", "file empty files, for this reason"}},
    {"--receipts", "DIR", {"回执写到这里；默认 工作区/receipts", "write receipts there; default WORKSPACE/receipts"}},
    {"--wait", "SECONDS", {"最多等待上链和授时多久；默认 15", "wait at most so long for anchoring and time-stamp; default 15"}},
};
constexpr OptionSpec kRetry[] = {
    {"--wait", "SECONDS", {"最多等待多久；默认 15", "wait at most so long; default 15"}},
};
constexpr OptionSpec kReceiptExport[] = {
    {"--case", "NO", {"这个案件的全部回执", "all receipts of this case"}},
    {"--to", "DIR", {"写到这里", "write there"}, true},
};
constexpr OptionSpec kReceiptExtract[] = {
    {"--to", "DIR", {"写到这里；不会覆盖", "write there; nothing is overwritten"}, true},
};
constexpr OptionSpec kVerify[] = {
    {"--receipt",
     "R.jcr",
     {"回执，可写多次；默认在文件旁和工作区里找", "receipt, may be repeated; default: beside the file, then the workspace"},
     false,
     true},
    {"--trust", "T.jct", {"信任集；默认工作区的", "trust set; default the workspace's"}},
    {"--online", "", {"与工作区账本的最新检查点比对", "compare with the newest checkpoint of the workspace's ledger"}},
    {"--number", "NUMBER", {"按证据编号查回执", "look the receipt up by evidence number"}},
    {"--digest", "HEX", {"没有文件，只查这个哈希是否登记过", "no file: is this digest on file?"}},
};
constexpr OptionSpec kCustodyAdd[] = {
    {"--detail", "TEXT", {"说明，例如原因或结论", "what to note, a reason or a result"}},
};
constexpr OptionSpec kAudit[] = {
    {"--deep",
     "",
     {"重读账本、档案、保管日志、密封副本和回执的每个字节",
      "reread every byte of ledger, archive, custody log, sealed copies and receipts"}},
    {"--log",
     "DIR|URL",
     {"审计已发布的日志（文件夹或网址），总是全部重读", "audit a published log (folder or address); it is always reread whole"}},
    {"--trust", "T.jct", {"核对日志签名所用的信任集", "trust set to check the log's signatures with"}},
};
constexpr OptionSpec kTrustImport[] = {
    {"--fingerprint", "HEX", {"从另一渠道得到的指纹", "the fingerprint as you got it by another channel"}},
};
constexpr OptionSpec kStaffEnrol[] = {
    {"--role",
     "ROLE",
     {"clerk（默认）、judge、administrator、operator、department", "clerk (default), judge, administrator, operator, department"}},
};
constexpr OptionSpec kStaffRevoke[] = {
    {"--reason", "TEXT", {"理由", "the reason"}, true},
    {"--from",
     "TIME",
     {"吊销起始时间，例如 2026-03-01T10:00:00+08:00；默认现在",
      "start of the revocation, for instance 2026-03-01T10:00:00+08:00; default now"}},
};

constexpr std::string_view kDemoExamples[] = {"jchain demo ~/demo", "jchain --workspace ~/demo status"};
constexpr std::string_view kInitExamples[] = {
    "jchain init --court 210600 --administrator admin.pem --ca court-ca.pem --name-zh 丹东市中级人民法院 /srv/court",
    "jchain --workspace /srv/court init --court 210600 --administrator admin.pem --ca court-ca.pem --tsa https://tsa.example/ --tsa-anchor "
    "tsa-root.pem"};
constexpr std::string_view kBackupExamples[] = {"jchain --workspace /srv/court backup /media/disk/court.jcbackup"};
constexpr std::string_view kRestoreExamples[] = {"jchain restore court.jcbackup /srv/court --last newest.jcr",
                                                 "jchain --workspace /srv/court restore court.jcbackup"};
constexpr std::string_view kVerifyBackupExamples[] = {"jchain verify-backup court.jcbackup"};
constexpr std::string_view kCaseNewExamples[] = {"jchain case new '（2021）辽06民初123号'", "jchain case new '(2021)辽06民初123号'"};
constexpr std::string_view kCaseListExamples[] = {"jchain case list", "jchain case list --json"};
constexpr std::string_view kCaseShowExamples[] = {"jchain case show '(2021)辽06民初123号'"};
constexpr std::string_view kFileExamples[] = {"jchain file --case '（2021）辽06民初123号' 合同.pdf 照片/",
                                              "jchain file --case '(2021)辽06民初123号' --json --pin-file pin.txt -- -dash.csv",
                                              "jchain file --case '(2021)辽06民初123号' --allow-empty '日志本来就是空的' empty.log"};
constexpr std::string_view kStatusExamples[] = {"jchain status"};
constexpr std::string_view kOutboxExamples[] = {"jchain outbox"};
constexpr std::string_view kRetryExamples[] = {"jchain outbox retry --wait 60"};
constexpr std::string_view kExportExamples[] = {"jchain receipt export JC210600-7QZK-2026-18204-3-72 --to out",
                                                "jchain receipt export --case '(2021)辽06民初123号' --to out"};
constexpr std::string_view kShowExamples[] = {"jchain receipt show 合同.pdf.jcr"};
constexpr std::string_view kExtractExamples[] = {"jchain receipt extract 合同.pdf.jcr --to parts"};
constexpr std::string_view kVerifyExamples[] = {"jchain verify 合同.pdf", "jchain verify --receipt 合同.pdf.jcr --trust trust.jct 合同.pdf",
                                                "jchain verify 合同.pdf.jcr",
                                                "jchain verify --digest e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
constexpr std::string_view kCustodyLogExamples[] = {"jchain custody log JC210600-7QZK-2026-18204-3-72", "jchain custody log --json"};
constexpr std::string_view kCustodyAddExamples[] = {"jchain custody add JC210600-7QZK-2026-18204-3-72 viewed --detail 庭审出示"};
constexpr std::string_view kAuditExamples[] = {"jchain audit --deep", "jchain audit --log ./exported --trust trust.jct"};
constexpr std::string_view kLogExportExamples[] = {"jchain log export ./exported"};
constexpr std::string_view kTrustShowExamples[] = {"jchain trust show", "jchain trust show trust.jct"};
constexpr std::string_view kTrustExportExamples[] = {"jchain trust export court.jct"};
constexpr std::string_view kTrustImportExamples[] = {"jchain trust import other-court.jct"};
constexpr std::string_view kTrustUpdateExamples[] = {"jchain trust update"};
constexpr std::string_view kStaffListExamples[] = {"jchain staff list"};
constexpr std::string_view kStaffEnrolExamples[] = {"jchain --as administrator.p12 staff enrol clerk.pem --role clerk"};
constexpr std::string_view kStaffRevokeExamples[] = {
    "jchain --as administrator.p12 staff revoke 王某某 --from 2026-03-01T10:00:00+08:00 --reason 令牌遗失"};
constexpr std::string_view kBenchExamples[] = {"jchain bench hash-sha256", "jchain bench filing-single"};

constexpr Text kPlainExits{"0 完成", "0 done"};

constexpr CommandSpec kCommands[] = {
    {"demo",
     {"建一个完整的演示法院", "make a complete demonstration court"},
     {"在 DIR 建一个完整的演示法院：证书、七个身份、内置账本和时间戳机构。DIR 之外什么也不写，也不留下任何进程。",
      "Makes a complete demonstration court in DIR: certificates, seven identities, an embedded ledger and time-stamp authority. Nothing "
      "is written outside DIR and no process stays."},
     {},
     {"DIR", 1, 1, {"新的或空的文件夹", "a folder that is new or empty"}},
     kDemoExamples,
     {"0 完成 · 3 文件夹不是空的 · 73 无法写入", "0 done · 3 the folder is not empty · 73 cannot write"}},
    {"init",
     {"建一个正式的工作区", "make a real workspace"},
     {"为一个法院建正式的工作区，并生成法院密钥。文件夹由 DIR 或 --workspace 写明。",
      "Makes a court's real workspace with fresh court keys. The folder is DIR, or --workspace."},
     kInit,
     {"DIR", 0, 1, {"新的或空的文件夹", "a folder that is new or empty"}},
     kInitExamples,
     {"0 完成 · 3 文件夹不是空的 · 65 证书读不出 · 73 无法写入",
      "0 done · 3 the folder is not empty · 65 a certificate cannot be read · 73 cannot write"}},
    {"backup",
     {"备份工作区", "back the workspace up"},
     {"把密封副本、档案、密钥、排队的存证和账本写成一个文件。签名记录按设计不在其中。",
      "Writes vault, archive, keys, outbox and ledger into one file. The record of what was signed is left out on purpose."},
     {},
     {"FILE", 1, 1, {"备份文件", "the backup file"}},
     kBackupExamples,
     {"0 完成 · 73 无法写入", "0 done · 73 cannot write"}},
    {"restore",
     {"从备份恢复", "restore a backup"},
     {"把备份恢复到新的或空的文件夹。没有签名记录时要写明 --last；备份若比已知的旧，账本只能读取。",
      "Restores a backup into a new or empty folder. Without the record of what was signed --last is needed; a backup behind what is known "
      "makes a ledger that can only be read."},
     kRestore,
     {"FILE [DIR]", 1, 2, {"备份文件，和目标文件夹（或 --workspace）", "the backup, and the folder (or --workspace)"}},
     kRestoreExamples,
     {"0 完成 · 1 备份已损坏 · 3 文件夹不是空的 · 64 需要 --last",
      "0 done · 1 the backup is damaged · 3 the folder is not empty · 64 --last is needed"}},
    {"verify-backup",
     {"检查备份是否完整", "check that a backup is whole"},
     {"重读备份的每个字节，并与清单核对。", "Rereads every byte of the backup and compares it with its manifest."},
     {},
     {"FILE", 1, 1, {"备份文件", "the backup file"}},
     kVerifyBackupExamples,
     {"0 完整 · 1 已损坏", "0 whole · 1 damaged"}},
    {"case new",
     {"建立案件", "create a case"},
     {"建立案件。全角、半角括号都可以；其他法院的案号也接受，并给出提示。",
      "Creates a case. Full- and half-width brackets are the same; another court's number is accepted with a note."},
     {},
     {"NO", 1, 1, {"案号", "the case number"}},
     kCaseNewExamples,
     {"0 完成 · 3 已经存在 · 65 案号写得不对", "0 done · 3 it exists · 65 not a case number"}},
    {"case list",
     {"列出案件", "list the cases"},
     {"列出全部案件和各自的文件数。", "Lists all cases with the number of their files."},
     {},
     {},
     kCaseListExamples,
     kPlainExits},
    {"case show",
     {"列出一个案件的文件", "list the files of a case"},
     {"列出一个案件的文件、状态和证据编号。", "Lists a case's files with their states and evidence numbers."},
     {},
     {"NO", 1, 1, {"案号", "the case number"}},
     kCaseShowExamples,
     {"0 完成 · 66 没有这个案件", "0 done · 66 no such case"}},
    {"file",
     {"存证文件", "file evidence"},
     {"存证文件和文件夹：计算哈希、密封、签名一次、授时、上链，并为每个文件写一份回执。遇到坏文件会继续处理其余的；中断后再运行会先完成上一"
      "次。",
      "Files evidence: hashes, seals, signs once, time-stamps, anchors, and writes a receipt for each file. A bad file never stops the "
      "others; an interrupted filing is completed first."},
     kFile,
     {"PATH…", 1, kAny, {"文件和文件夹", "files and folders"}},
     kFileExamples,
     {"0 全部上链 · 75 已安全保存，仍在等待 · 66 有文件读不出 · 3 有文件被拒绝 · 77 身份或 PIN",
      "0 all anchored · 75 kept safely, still waiting · 66 some could not be read · 3 some were refused · 77 identity or PIN"}},
    {"status",
     {"工作区的状态", "how the workspace stands"},
     {"显示法院、账本、数量，以及什么在等待、为什么。", "Shows the court, the ledger, the counts, and what waits and why."},
     {},
     {},
     kStatusExamples,
     kPlainExits},
    {"outbox",
     {"什么在等待，为什么", "what waits, and why"},
     {"列出已固定但还没有上链、授时或写出回执的存证。",
      "Lists filings that are kept and not yet anchored, time-stamped or given receipts."},
     {},
     {},
     kOutboxExamples,
     kPlainExits},
    {"outbox retry",
     {"立即重试等待的存证", "try again what waits"},
     {"立即完成等待的存证。", "Completes what waits, now."},
     kRetry,
     {},
     kRetryExamples,
     {"0 全部完成 · 75 仍有等待的", "0 all done · 75 some still wait"}},
    {"receipt export",
     {"写出回执", "write receipts out"},
     {"写出一份证据的回执，或一个案件的全部回执。导出会记入保管日志。",
      "Writes the receipt of one item, or all of a case. An export is noted in the custody log."},
     kReceiptExport,
     {"NUMBER", 0, 1, {"证据编号", "the evidence number"}},
     kExportExamples,
     {"0 完成 · 66 没有这个编号或案件 · 75 尚未上链", "0 done · 66 no such number or case · 75 not anchored yet"}},
    {"receipt show",
     {"逐项读出回执", "read a receipt part by part"},
     {"用文字读出回执的每一部分。只是读出，不作核验。", "Reads every part of a receipt out in words. It does not verify."},
     {},
     {"FILE.jcr", 1, 1, {"回执", "the receipt"}},
     kShowExamples,
     {"0 完成 · 65 不是回执", "0 done · 65 not a receipt"}},
    {"receipt extract",
     {"拆出回执的各部分", "take a receipt apart"},
     {"把回执各部分按标准格式写成文件，供第三方程序核验：entry.bin、receipt.tlog-proof、descriptor.bin、item-path.txt、timestamp."
      "tst、evidence-record.ers、certificates.pem、tsa-chain.pem。",
      "Writes the parts in their standard forms, for programs of others: entry.bin, receipt.tlog-proof, descriptor.bin, item-path.txt, "
      "timestamp.tst, evidence-record.ers, certificates.pem, tsa-chain.pem."},
     kReceiptExtract,
     {"FILE.jcr", 1, 1, {"回执", "the receipt"}},
     kExtractExamples,
     {"0 完成 · 3 会覆盖已有文件 · 65 不是回执", "0 done · 3 it would overwrite · 65 not a receipt"}},
    {"verify",
     {"核验文件", "verify files"},
     {"核验文件是否就是存证的那一份：存证主体、哈希一致、时间在先、账本完整，并列出上链前来源。不需要工作区：给出文件、回执和信任集即可离线"
      "核验。",
      "Tells whether files are the ones that were filed: who filed, content, time, ledger, and lists the origin before. It needs no "
      "workspace: file, receipt and trust set are enough, offline."},
     kVerify,
     {"PATH…", 0, kAny, {"文件和文件夹；单独一个 .jcr 就是只核验回执", "files and folders; a .jcr alone is checked as a receipt alone"}},
     kVerifyExamples,
     {"0 核验一致 · 1 核验不一致 · 2 无法核验 · 65 回执读不出 · 66 文件读不出（多个文件时 1、2、65/66、0 依次优先）",
      "0 consistent · 1 inconsistent · 2 undetermined · 65 receipt malformed · 66 file unreadable (of several, 1 before 2 before 65/66 "
      "before 0)"}},
    {"custody log",
     {"列出保管事件", "list custody events"},
     {"列出一份证据（或全部）的保管事件。", "Lists the custody events of one item, or all of them."},
     {},
     {"NUMBER", 0, 1, {"证据编号", "the evidence number"}},
     kCustodyLogExamples,
     {"0 完成 · 66 没有这个编号", "0 done · 66 no such number"}},
    {"custody add",
     {"记录保管事件", "record a custody event"},
     {"为一份证据记录保管事件，例如 viewed、copied、printed、objection、decision。",
      "Records a custody event of an item: viewed, copied, printed, objection, decision and so on."},
     kCustodyAdd,
     {"NUMBER EVENT [TEXT…]", 2, kAny, {"证据编号、事件和说明", "the evidence number, the event, and what to note"}},
     kCustodyAddExamples,
     {"0 完成 · 3 角色不允许 · 66 没有这个编号", "0 done · 3 the role may not · 66 no such number"}},
    {"audit",
     {"审计存储的一切，或已发布的日志", "audit what is stored, or a published log"},
     {"重新计算并指出损坏之处。不加 --deep 只核对最新部分。不需要角色，不占用工作区锁。",
      "Recomputes and names what is damaged. Without --deep only the newest parts. It needs no role and takes no lock."},
     kAudit,
     {},
     kAuditExamples,
     {"0 完好 · 1 发现损坏", "0 sound · 1 damage found"}},
    {"log export",
     {"导出日志供第三方核验", "export the log for programs of others"},
     {"写出静态文件：checkpoint、tile/…、policy、policy-single、trust.jct，任何 C2SP 透明日志程序都能核验。",
      "Writes static files, checkpoint, tile/…, policy, policy-single, trust.jct, which any C2SP transparency-log program can check."},
     {},
     {"DIR", 1, 1, {"新的或空的文件夹", "a folder that is new or empty"}},
     kLogExportExamples,
     {"0 完成 · 3 文件夹不是空的 · 73 无法写入", "0 done · 3 the folder is not empty · 73 cannot write"}},
    {"trust show",
     {"显示信任集", "show a trust set"},
     {"显示信任集的账本、指纹、法院和人员数。", "Shows a trust set's ledger, fingerprint, courts and staff."},
     {},
     {"T.jct", 0, 1, {"信任集；默认工作区的", "trust set; default the workspace's"}},
     kTrustShowExamples,
     {"0 完成 · 3 它自身没有得到证明 · 65 不是信任集", "0 done · 3 it does not prove itself · 65 not a trust set"}},
    {"trust export",
     {"写出信任集", "write the trust set out"},
     {"写出本院账本现在的信任集，供当事人和其他法院离线核验。",
      "Writes the present trust set of this court's ledger, for parties and other courts to verify with."},
     {},
     {"FILE", 1, 1, {"写到这个文件", "the file to write"}},
     kTrustExportExamples,
     {"0 完成 · 73 无法写入", "0 done · 73 cannot write"}},
    {"trust import",
     {"信任另一个账本", "trust another ledger"},
     {"把另一个账本加入信任。指纹必须通过另一渠道核对；没有确认就什么也不保存。",
      "Adds another ledger to those trusted. Its fingerprint must be compared by another channel; unconfirmed, nothing is stored."},
     kTrustImport,
     {"T.jct", 1, 1, {"信任集", "the trust set"}},
     kTrustImportExamples,
     {"0 完成 · 3 指纹不同、没有确认，或比已知的旧 · 65 不是信任集",
      "0 done · 3 the fingerprint differs, is not confirmed, or it is older than known · 65 not a trust set"}},
    {"trust update",
     {"更新工作区的信任集", "bring the workspace's trust set up to date"},
     {"用账本的最新内容更新工作区的 trust.jct。", "Refreshes the workspace's trust.jct from the ledger."},
     {},
     {},
     kTrustUpdateExamples,
     kPlainExits},
    {"staff list",
     {"列出人员", "list the staff"},
     {"列出登记的人员、角色、有效期和状态。", "Lists who is enrolled, with role, validity and state."},
     {},
     {},
     kStaffListExamples,
     kPlainExits},
    {"staff enrol",
     {"登记人员", "enrol a person"},
     {"以管理员身份登记一个证书。登记管理员需要第二名管理员。",
      "Enrols a certificate; for administrators. To enrol an administrator needs a second one."},
     kStaffEnrol,
     {"CERT", 1, 1, {"证书（PEM 或 DER）", "the certificate (PEM or DER)"}},
     kStaffEnrolExamples,
     {"0 完成 · 75 等待第二名管理员 · 3 角色不允许", "0 done · 75 waits for a second administrator · 3 the role may not"}},
    {"staff revoke",
     {"吊销人员的证书", "revoke a person's certificate"},
     {"以管理员身份吊销证书；有两名以上管理员时，第二名重复同一命令后才生效。",
      "Revokes a certificate; for administrators. Where there are two or more, it takes effect when a second repeats the command."},
     kStaffRevoke,
     {"NAME", 1, 1, {"姓名，或证书的 SHA-256", "the name, or the certificate's SHA-256"}},
     kStaffRevokeExamples,
     {"0 已生效 · 75 等待第二名管理员 · 3 角色不允许", "0 in force · 75 waits for a second administrator · 3 the role may not"}},
    {"bench",
     {"与同类程序比速度", "compare the speed with other programs"},
     {"在本机测一行，与同类程序交替至少五次，取中位数，输出一行 JSON。",
      "Measures a row on this machine, alternating with its peer at least five times, and prints the medians as one line of JSON."},
     {},
     {"ROW",
      1,
      1,
      {"hash-sha256、hash-sha256-sm3、filing-single、filing-10k、filers-25、receipts-same-filing、receipts-distinct、verify-process",
       "hash-sha256, hash-sha256-sm3, filing-single, filing-10k, filers-25, receipts-same-filing, receipts-distinct, verify-process"}},
     kBenchExamples,
     {"0 完成 · 69 没有可比较的程序", "0 done · 69 the peer is not there"}},
};

constexpr Text kUsage{"用法：", "Usage: "};
constexpr Text kOptions{"选项：", "Options:"};
constexpr Text kGlobals{"各命令通用的选项（写在哪里都可以）：", "Options of every command, anywhere on the line:"};
constexpr Text kExamples{"例子：", "Examples:"};
constexpr Text kExits{"退出码：", "Exit codes: "};
constexpr Text kCommon{"另外：64 用法不对 · 69 账本或锁暂时不可用 · 70 内部错误 · 73 无法写入 · 77 身份或 PIN · 130 已停止",
                       "also: 64 usage · 69 ledger or lock unreachable · 70 internal · 73 cannot write · 77 identity or PIN · 130 stopped"};
constexpr Text kCommands_{"命令：", "Commands:"};
constexpr Text kAbout{"jchain：司法链的命令行。为法院存证、出具回执，并让任何人都能核验。文件内容不会离开法院。",
                      "jchain, the command line of Judicial Chain: files evidence for a court, gives receipts, and lets anyone verify. "
                      "Content never leaves the court."};
constexpr Text kMore{"每个命令加 --help 有说明和例子；--version 显示版本。",
                     "Each command explains itself with --help; --version shows the version."};
constexpr Text kRequired{"（必写）", " (required)"};

void writeOptions(std::string& out, std::span<const OptionSpec> options, Language language)
{
    for (const OptionSpec& o : options) {
        std::string head = "  " + std::string(o.name);
        if (!o.value.empty()) head += " " + std::string(o.value);
        out += padded(head, 28);
        out += o.help.in(language);
        if (o.required) out += kRequired.in(language);
        out += '\n';
    }
}

std::string usageLine(const CommandSpec& c)
{
    std::string out = "jchain " + std::string(c.path);
    for (const OptionSpec& o : c.options) {
        std::string part(o.name);
        if (!o.value.empty()) part += " " + std::string(o.value);
        out += o.required ? " " + part : " [" + part + "]";
    }
    if (!c.positional.name.empty())
        out += c.positional.least ? " " + std::string(c.positional.name) : " [" + std::string(c.positional.name) + "]";
    return out;
}

void listCommands(std::string& out, std::string_view group, Language language)
{
    for (const CommandSpec& c : kCommands)
        if (group.empty() || c.path.starts_with(std::string(group) + " ") || c.path == group)
            out += padded("  jchain " + std::string(c.path), 28) + std::string(c.summary.in(language)) + "\n";
}

} // namespace

std::span<const CommandSpec> commands()
{
    return kCommands;
}
std::span<const OptionSpec> globalOptions()
{
    return kGlobal;
}

const CommandSpec* findCommand(std::string_view path)
{
    const auto* it = std::ranges::find(kCommands, path, &CommandSpec::path);
    return it == std::end(kCommands) ? nullptr : it;
}

bool isGroup(std::string_view word)
{
    return std::ranges::any_of(kCommands, [&](const CommandSpec& c) {
        return c.path.size() > word.size() && c.path.starts_with(word) && c.path[word.size()] == ' ';
    });
}

bool comesLater(std::string_view word)
{
    static constexpr std::string_view kLater[] = {"court",      "package",     "renew",     "report", "node", "--courts",
                                                  "--province", "--base-port", "--package", "--at",   "up",   "down"};
    return std::ranges::find(kLater, word) != std::end(kLater);
}

std::string helpPage(const CommandSpec* command, std::string_view group, Language language)
{
    std::string out;
    if (!command) {
        out += std::string(kAbout.in(language)) + "\n\n" + std::string(kUsage.in(language)) + "jchain " +
               (group.empty() ? "COMMAND" : std::string(group) + " …") + " [--help]\n\n";
        out += std::string(kCommands_.in(language)) + "\n";
        listCommands(out, group, language);
        out += "\n" + std::string(kGlobals.in(language)) + "\n";
        writeOptions(out, kGlobal, language);
        out += "\n" + std::string(kExits.in(language)) +
               std::string(Text{"0 完成或核验一致 · 1 核验不一致或发现损坏 · 2 无法核验 · 3 被拒绝（规则、角色或状态）· 64 用法不对 · 65 "
                                "输入格式不对 · 66 文件缺失或读不出 · 69 账本、时间戳机构或锁暂时不可用 · 70 内部错误 · "
                                "73 无法写入 · 75 已安全保存，仍在等待 · 77 身份或 PIN · 130 已停止",
                                "0 done or consistent · 1 inconsistent or damage found · 2 undetermined · 3 refused (rule, role, state) · "
                                "64 usage · 65 malformed input · 66 file missing or unreadable · 69 ledger, "
                                "time-stamp authority or lock unreachable · 70 internal · 73 cannot write · 75 kept safely, still waiting "
                                "· 77 identity or PIN · 130 stopped"}
                               .in(language)) +
               "\n\n" + std::string(kMore.in(language)) + "\n";
        return out;
    }
    out += std::string(kUsage.in(language)) + usageLine(*command) + "\n\n" + std::string(command->paragraph.in(language)) + "\n";
    if (!command->positional.name.empty() || !command->options.empty()) {
        out += "\n" + std::string(kOptions.in(language)) + "\n";
        if (!command->positional.name.empty())
            out += padded("  " + std::string(command->positional.name), 28) + std::string(command->positional.help.in(language)) + "\n";
        writeOptions(out, command->options, language);
    }
    out += "\n" + std::string(kGlobals.in(language)) + "\n";
    writeOptions(out, kGlobal, language);
    out += "\n" + std::string(kExamples.in(language)) + "\n";
    for (const std::string_view e : command->examples)
        out += "  " + std::string(e) + "\n";
    out += "\n" + std::string(kExits.in(language)) + std::string(command->exits.in(language)) + "\n  " + std::string(kCommon.in(language)) +
           "\n";
    return out;
}

std::string guide(Language language)
{
    std::string out = std::string(kAbout.in(language)) + "\n\n";
    out += Text{"从这里开始：\n"
                "  jchain demo ~/demo                       建一个演示法院\n"
                "  export JC_WORKSPACE=~/demo JC_PIN=\"$(cat ~/demo/identities/PIN)\"\n"
                "  jchain file --case '（2021）辽06民初123号' 合同.pdf   存证，得到回执\n"
                "  jchain verify 合同.pdf                   核验\n"
                "  jchain audit --deep                      重读并核对存储的一切\n\n"
                "全部命令：jchain --help\n",
                "Begin here:\n"
                "  jchain demo ~/demo                       make a demonstration court\n"
                "  export JC_WORKSPACE=~/demo JC_PIN=\"$(cat ~/demo/identities/PIN)\"\n"
                "  jchain file --case '（2021）辽06民初123号' contract.pdf   file it and get a receipt\n"
                "  jchain verify contract.pdf               verify it\n"
                "  jchain audit --deep                      reread and check everything that is stored\n\n"
                "All commands: jchain --help\n"}
               .in(language);
    return out;
}

} // namespace jc::cli
