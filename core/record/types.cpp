// SPDX-License-Identifier: Apache-2.0
#include "record/types.h"

#include <algorithm>

namespace jc::record {
namespace {
struct RoleName {
    Role role;
    std::string_view name;
};
constexpr RoleName kRoles[] = {{Role::None, "none"},         {Role::Clerk, "clerk"},
                               {Role::Judge, "judge"},       {Role::Administrator, "administrator"},
                               {Role::Operator, "operator"}, {Role::Department, "department"}};

struct EventName {
    EventKind kind;
    std::string_view name;
};
constexpr EventName kEvents[] = {{EventKind::Filed, "filed"},
                                 {EventKind::Timestamped, "timestamped"},
                                 {EventKind::Anchored, "anchored"},
                                 {EventKind::Viewed, "viewed"},
                                 {EventKind::Exported, "exported"},
                                 {EventKind::Verified, "verified"},
                                 {EventKind::Mismatch, "mismatch"},
                                 {EventKind::AccessDenied, "access-denied"},
                                 {EventKind::Created, "created"},
                                 {EventKind::Hashed, "hashed"},
                                 {EventKind::Signed, "signed"},
                                 {EventKind::Received, "received"},
                                 {EventKind::Copied, "copied"},
                                 {EventKind::Printed, "printed"},
                                 {EventKind::TransferredOut, "transferred-out"},
                                 {EventKind::TransferredIn, "transferred-in"},
                                 {EventKind::Objection, "objection"},
                                 {EventKind::Decision, "decision"},
                                 {EventKind::Frozen, "frozen"},
                                 {EventKind::Unfrozen, "unfrozen"},
                                 {EventKind::Corrected, "corrected"},
                                 {EventKind::Withdrawn, "withdrawn"},
                                 {EventKind::Renewed, "renewed"},
                                 {EventKind::Reverified, "re-verified"},
                                 {EventKind::Archived, "archived"},
                                 {EventKind::ContentDestroyed, "content-destroyed"},
                                 {EventKind::ReportIssued, "report-issued"},
                                 {EventKind::AdminExport, "export-by-admin"},
                                 {EventKind::FilingRefused, "filing-refused"},
                                 {EventKind::StaffChanged, "staff-changed"}};
} // namespace

std::string_view toString(Role r) noexcept
{
    const auto* it = std::ranges::find(kRoles, r, &RoleName::role);
    return it == std::end(kRoles) ? std::string_view("none") : it->name;
}
std::optional<Role> parseRole(std::string_view text) noexcept
{
    const auto* it = std::ranges::find(kRoles, text, &RoleName::name);
    if (it == std::end(kRoles)) return std::nullopt;
    return it->role;
}
std::string_view toString(EventKind k) noexcept
{
    const auto* it = std::ranges::find(kEvents, k, &EventName::kind);
    return it == std::end(kEvents) ? std::string_view("unknown") : it->name;
}
std::optional<EventKind> parseEventKind(std::string_view text) noexcept
{
    const auto* it = std::ranges::find(kEvents, text, &EventName::name);
    if (it == std::end(kEvents)) return std::nullopt;
    return it->kind;
}
} // namespace jc::record
