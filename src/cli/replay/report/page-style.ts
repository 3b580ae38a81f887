/** Light and dark follow the system or the button. Severity colours have a contrast of at least 4.5. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f4f6f9, #0e131b);
  --card: light-dark(#ffffff, #161d28);
  --ink: light-dark(#16202e, #e4eaf2);
  --soft: light-dark(#55637a, #9eadc2);
  --line: light-dark(#dce2ea, #2a3545);
  --accent: light-dark(#0b57a4, #7db8f5);
  --critical: light-dark(#a3112b, #ff8b98);
  --high: light-dark(#bf3f06, #ffa567);
  --medium: light-dark(#8a6a00, #ecd06a);
  --low: light-dark(#3a648f, #98bde6);
  --badge: light-dark(#ffffff, #10151d);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
header { display: flex; align-items: start; gap: 24px; padding-top: 28px; }
header div { flex: 1; min-width: 0; }
h1 { margin: 0; font-size: 26px; line-height: 1.25; letter-spacing: -.015em; }
h2 { margin: 0 0 12px; font-size: 16px; }
p { margin: 0; }
.kicker { font-size: 12px; font-weight: 650; letter-spacing: .09em; text-transform: uppercase; color: var(--accent); }
.note, .soft { color: var(--soft); font-size: 13px; }
.note { margin-top: 6px; }
header .note { overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin: 18px 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: 12px; padding: 0; border: 0; background: none; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; border-top: 3px solid var(--line); }
.figure b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
.figure span { color: var(--soft); font-size: 13px; }
.figure.critical { border-top-color: var(--critical); } .figure.high { border-top-color: var(--high); }
.figure.medium { border-top-color: var(--medium); } .figure.low { border-top-color: var(--low); }
.timeline { display: block; width: 100%; height: auto; }
.timeline text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.timeline .count { text-anchor: end; }
.timeline .grid { stroke: var(--line); stroke-dasharray: 3 4; } .timeline .axis { stroke: var(--soft); }
.timeline .critical { fill: var(--critical); } .timeline .high { fill: var(--high); }
.timeline .medium { fill: var(--medium); } .timeline .low { fill: var(--low); }
.legend { display: flex; gap: 16px; float: right; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
.legend .critical { background: var(--critical); } .legend .high { background: var(--high); }
.legend .medium { background: var(--medium); } .legend .low { background: var(--low); }
.columns { display: grid; grid-template-columns: 4fr 3fr; gap: 18px; align-items: start; }
.columns section { margin: 0; min-width: 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--soft); padding: 4px 10px 6px 0; white-space: nowrap; }
td { padding: 7px 10px 7px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 12.5px; }
.badge { display: inline-block; min-width: 66px; white-space: nowrap; text-align: center; padding: 1px 8px; border-radius: 5px; font-size: 12px; font-weight: 650; color: var(--badge); }
.badge.critical { background: var(--critical); } .badge.high { background: var(--high); }
.badge.medium { background: var(--medium); } .badge.low { background: var(--low); }
.alerts { overflow-x: auto; }
.alerts > table { min-width: 860px; }
.alert .detail > td { border-top: 0; padding: 0 0 10px; }
.alerts > table > thead th:nth-child(3) { width: 28%; } .alerts > table > thead th:nth-child(4) { width: 19%; }
.alert .main > td { padding-top: 10px; padding-bottom: 4px; }
summary { cursor: pointer; color: var(--soft); font-size: 13.5px; padding: 2px 4px; border-radius: 5px; overflow-wrap: anywhere; }
summary:hover { color: var(--ink); }
.inside { border-left: 3px solid var(--line); margin: 8px 0 4px 8px; padding: 2px 0 2px 16px; }
tbody .inside td { font-size: 13px; }
.inside .time, .inside .mono { font-size: 12px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0 0 12px; font-size: 13.5px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.controls { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin-bottom: 12px; }
.controls[hidden], .toggle[hidden] { display: none; }
input, select, button { font: inherit; font-size: 14px; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 7px; padding: 6px 10px; max-width: 100%; }
input { flex: 1 1 260px; } select { max-width: 220px; } button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -9999px; } .skip:focus { left: 12px; top: 12px; background: var(--card); padding: 6px 12px; }
footer { padding-bottom: 36px; color: var(--soft); font-size: 13px; }
@media (max-width: 820px) { section { overflow-x: auto; } .timeline { min-width: 680px; } .columns { grid-template-columns: 1fr; } header, main, footer { padding-left: 14px; padding-right: 14px; } }
@media print {
  @page { margin: 14mm; }
  :root, :root[data-theme] { color-scheme: light; font-size: 11px; }
  body { background: #fff; } table, tbody .inside td, dl, summary { font-size: 10.5px; } code, .mono, .badge { font-size: 9.5px; } .controls, .toggle, .skip { display: none; }
  header, main, footer { max-width: none; padding: 0; } .alerts { overflow: visible; } .alerts > table { min-width: 0; }
  section { break-inside: avoid; border-color: #bbb; } section.alerts { break-inside: auto; } .alert { break-inside: avoid; }
  .badge, .timeline, .legend i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
