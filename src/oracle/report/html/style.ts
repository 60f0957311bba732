// The look of the HTML report: light and dark, wide and narrow, on paper.

export const style = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --sunk: #eef0f4; --ink: #1a2029; --soft: #566170; --line: #d9dee6;
  --accent: #2457c5; --passed: #1a7f4b; --failed: #c0232c; --flaky: #b0308f; --warned: #8f6100; --skipped: #4a6c95; --not-exercised: #626d7b;
  --oracle-error: #6d3fc4; --seen: #d8f0e1; --seen-ink: #0e5a33; --wrong: #fbdcdc; --wrong-ink: #8f1620; }
@media (prefers-color-scheme: dark) { :root { --page: #12161c; --card: #1b2129; --sunk: #242c37; --ink: #e6eaf0; --soft: #a0acbb; --line: #333d4a;
  --accent: #86aefc; --passed: #52c98a; --failed: #ff7b80; --flaky: #ec86d3; --warned: #e3b341; --skipped: #86aee0; --not-exercised: #8793a3;
  --oracle-error: #b598f7; --seen: #173a29; --seen-ink: #8fe0b4; --wrong: #4a1d22; --wrong-ink: #ffb3b6; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
code, pre, .id, .message { font-family: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, pre { font-size: 12.5px; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 8px; top: 8px; background: var(--card); padding: 6px 10px; z-index: 5; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { margin: 0; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 44px 0 12px; scroll-margin-top: 60px; } h3 { font-size: 15px; margin: 0; }
.eyebrow { color: var(--soft); margin: 0 0 4px; font-size: 13px; }
.verdict { display: inline-block; font-weight: 650; padding: 2px 12px; border-radius: 999px; border: 1.5px solid currentColor; font-size: 15px; margin-left: 10px; vertical-align: 3px; white-space: nowrap; }
.conforms { color: var(--passed); } .violates { color: var(--failed); } .unsure { color: var(--oracle-error); }
.facts { color: var(--soft); margin: 8px 0 20px; }
.tally { display: block; width: 100%; height: 12px; border-radius: 6px; background: var(--sunk); overflow: hidden; }
.counts { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 10px 0 0; padding: 0; list-style: none; }
.counts b { font-size: 17px; }
nav { position: sticky; top: 0; z-index: 3; background: var(--page); border-bottom: 1px solid var(--line); margin-top: 22px; }
nav ul { max-width: 1180px; margin: 0 auto; padding: 8px 24px; list-style: none; display: flex; gap: 4px 20px; overflow-x: auto; white-space: nowrap; }
nav a { text-decoration: none; color: var(--soft); } nav a:hover { color: var(--accent); }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: currentColor; margin-right: 6px; }
.chip { font-size: 12px; font-weight: 600; padding: 1px 8px; border-radius: 999px; border: 1px solid currentColor; white-space: nowrap; }
.chip.level { color: var(--soft); font-weight: 500; }
.card { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--tone, var(--line)); border-radius: 8px; padding: 14px 18px 16px; margin: 14px 0; scroll-margin-top: 60px; }
.card > summary { cursor: pointer; display: grid; grid-template-columns: auto 1fr; gap: 2px 10px; align-items: center; }
.card > summary::-webkit-details-marker { display: none; }
.card > summary::before { content: "▸"; color: var(--soft); width: 12px; } .card[open] > summary::before { content: "▾"; }
.headline { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; }
.id { font-size: 12.5px; color: var(--soft); overflow-wrap: anywhere; }
.title { grid-column: 2; font-weight: 600; } .card > summary + * { margin-top: 12px; }
.message { font-size: 13px; background: var(--sunk); border-radius: 6px; padding: 10px 12px; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
blockquote { overflow-wrap: anywhere; margin: 10px 0; padding: 0 0 0 12px; border-left: 3px solid var(--line); color: var(--soft); font-size: 13.5px; }
.expected { margin: 10px 0 0; color: var(--soft); }
h4 { margin: 16px 0 6px; font-size: 13px; color: var(--soft); font-weight: 600; }
.script { position: relative; }
.script pre { margin: 0; padding: 12px 14px; background: var(--sunk); border-radius: 6px; overflow: auto; max-height: 340px; }
.copy { position: absolute; top: 8px; right: 8px; font: inherit; font-size: 12px; padding: 3px 10px; border-radius: 6px; border: 1px solid var(--line); background: var(--card); color: var(--ink); cursor: pointer; }
.copy:hover { border-color: var(--accent); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.card .scroll { border-radius: 6px; max-height: 360px; overflow: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; font-weight: 600; color: var(--soft); } th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.history { min-width: 720px; } .history code { overflow-wrap: anywhere; } .history thead th { position: sticky; top: 0; background: var(--card); } .history .last { background: var(--wrong); color: var(--wrong-ink); }
.matrix th:first-child { position: sticky; left: 0; background: var(--card); color: var(--ink); font-weight: 500; border-right: 1px solid var(--line); }
.matrix td, .matrix thead th:not(:first-child) { text-align: center; padding: 4px 8px; min-width: 44px; font-variant-numeric: tabular-nums; }
.matrix .seen { background: var(--seen); color: var(--seen-ink); } .matrix .wrong { background: var(--wrong); color: var(--wrong-ink); font-weight: 700; }
.matrix .unseen { color: var(--soft); background-image: repeating-linear-gradient(135deg, transparent 0 5px, var(--sunk) 5px 8px); }
.key { display: flex; flex-wrap: wrap; gap: 6px 18px; color: var(--soft); font-size: 13px; margin: 8px 0; }
.key i { display: inline-block; width: 18px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; border: 1px solid var(--line); }
.key .seen { background: var(--seen); } .key .wrong { background: var(--wrong); } .key .unseen { background-image: repeating-linear-gradient(135deg, transparent 0 4px, var(--soft) 4px 5px); }
.filters { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; margin: 0 0 10px; border: 0; padding: 0; }
.filters legend { float: left; margin-right: 16px; padding: 0; color: var(--soft); } .filters label { cursor: pointer; white-space: nowrap; }
.filters input[type=search] { font: inherit; font-size: 14px; padding: 4px 10px; border-radius: 6px; border: 1px solid var(--line); background: var(--card); color: var(--ink); min-width: 220px; }
.rules td:first-child { white-space: nowrap; } .rules .why { color: var(--soft); overflow-wrap: anywhere; display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 14px; } .charts .card { margin: 0; }
.charts ul { list-style: none; margin: 0; padding: 0; } .charts li { display: flex; justify-content: space-between; gap: 12px; } .charts .unmet { color: var(--failed); }
.timeline { width: 100%; min-width: 760px; height: auto; display: block; }
.timeline text { font: 12px system-ui, sans-serif; fill: var(--soft); } .timeline .bar { fill: var(--accent); opacity: .35; } .timeline .stage { fill: var(--accent); } .timeline .mark { fill: var(--failed); } .timeline .axis { stroke: var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: 13.5px; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 13px; padding-top: 30px; padding-bottom: 40px; }
[hidden] { display: none !important; }
@media (max-width: 640px) { header, main, footer, nav ul { padding-left: 14px; padding-right: 14px; } h1 { font-size: 21px; } .verdict { margin: 6px 0 0; display: table; } .card { padding: 12px 12px 14px; }
  dl { grid-template-columns: 1fr; } dt { margin-top: 6px; } .rules thead { display: none; } .rules tr { display: block; padding: 6px 0; border-bottom: 1px solid var(--line); } .rules td { display: block; border: 0; padding: 2px 10px; text-align: left; } .rules .passes { display: none; } }
@media print { nav, .copy, .filters { display: none; } .script pre { max-height: none; white-space: pre-wrap; } body { background: #fff; } }
${["passed", "failed", "flaky", "warned", "skipped", "not-exercised", "oracle-error"]
  .map(
    (
      status,
    ) => `.${status} { --tone: var(--${status}); } .tone.${status} { color: var(--${status}); } rect.${status} { fill: var(--${status}); }
main:has(#show-${status}:not(:checked)) .rules tr.${status} { display: none; }`,
  )
  .join("\n")}
`;
