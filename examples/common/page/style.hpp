/// \file
/// How pages look.
#pragma once

#include <string_view>

namespace midstream::examples::detail {

/// Of a page.
inline constexpr std::string_view style_sheet = R"(
:root { color-scheme: light; }
body { max-width: 52rem; margin: 2.5rem auto; padding: 0 1.2rem; background: #fff; color: #1c1c1c;
       font: 16px/1.55 "Helvetica Neue", Helvetica, Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-top: .7rem; border-top: 1px solid #ddd; }
.subtitle { color: #555; margin: 0; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #555; padding-bottom: .4rem; }
th, td { padding: .32rem .9rem .32rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #e6e6e6; }
th { border-bottom: 1.5px solid #888; font-weight: 600; }
.number { text-align: right; }
.passed { color: #00674b; white-space: nowrap; font-weight: 600; }
.failed { color: #b03a00; white-space: nowrap; font-weight: 600; background: #fdf0e8; }
.warnings { color: #b03a00; background: #fdf0e8; padding: .6rem .6rem .6rem 2rem; }
figure { margin: 1.4rem 0; }
figure svg { width: 100%; height: auto; max-width: 44rem; display: block; }
figcaption { font-size: .88rem; color: #444; max-width: 44rem; margin-top: .4rem; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0 1.4rem; }
.row figure svg, .row figcaption { max-width: 24rem; }
.missing { color: #777; font-style: italic; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } figure, tr { break-inside: avoid; } h2 { break-after: avoid; } }
)";

}  // namespace midstream::examples::detail
