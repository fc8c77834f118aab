// SPDX-License-Identifier: Apache-2.0
#include "bench_measure.h"

#include "base/text.h"

#include <algorithm>

namespace jc::cli {

Outcome runBench(Context& c)
{
    const std::string name = c.args.positional(0);
    const auto all = bench::rows();
    const auto spec =
        std::ranges::find_if(all, [&](const bench::RowSpec& r) { return r.name == name || (!r.alias.empty() && r.alias == name); });
    if (spec == all.end()) {
        std::string names;
        for (const auto& r : all)
            names += (names.empty() ? "" : ", ") + std::string(r.name);
        return c.usage(text::kBadBench, {printable(name), names});
    }
    JC_TRY(const auto row, spec->run(c));
    // One line of JSON in either mode: that is what whoever compares machines reads.
    c.console.raw(Json::object()
                      .set("row", row.row)
                      .set("ours", row.ours)
                      .set("peer", orNull(row.peer))
                      .set("ratio", row.peer && *row.peer > 0 ? Json(row.ours / *row.peer) : Json())
                      .set("unit", row.unit)
                      .set("repeats", row.repeats)
                      .set("peerName", orNull(row.peerName))
                      .dump(false));
    return kExitDone;
}

} // namespace jc::cli
