/** The look of the page, light or dark as the reader's system is. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f4f5f7; --panel: #fff; --ink: #1d2126; --faint: #5b6470; --line: #b4bbc4; --grid: #e6e9ed; --accent: #0072b2; --warn: #9a4a00; --warn-back: #fff2e2; --good: #00704f; --bad: #b3371a; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --panel: #1e2228; --ink: #e8ebef; --faint: #a2acb8; --line: #4a535e; --grid: #30363e; --accent: #4aa8e0; --warn: #ffc98a; --warn-back: #3a2a17; --good: #4fd1a5; --bad: #ff9b80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
main { max-width: 1240px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 24px; margin: 0 0 2px; line-height: 1.25; }
h2 { font-size: 17px; margin: 32px 0 10px; }
h3 { font-size: 14px; margin: 0; font-weight: 600; }
.faint { color: var(--faint); }
p { margin: 4px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; margin-top: 18px; }
.panel, .card { background: var(--panel); border: 1px solid var(--grid); border-radius: 8px; padding: 12px 14px; }
.card b { display: block; font-size: 21px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.card span { color: var(--faint); font-size: 13px; }
.note { background: var(--warn-back); color: var(--warn); border-radius: 8px; padding: 10px 14px; margin-top: 12px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 12px; }
.charts .panel { padding: 10px 8px 4px; min-width: 0; }
.head { display: flex; gap: 4px 10px; align-items: baseline; min-height: 26px; padding: 0 6px; }
.aside { color: var(--faint); font-size: 12px; flex: 1; }
.chart { height: 270px; width: 100%; }
.empty { display: grid; place-items: center; color: var(--faint); }
button { font: inherit; font-size: 12px; color: var(--faint); background: none; border: 1px solid var(--line); border-radius: 5px; padding: 1px 8px; cursor: pointer; }
button[aria-pressed="true"] { background: var(--accent); border-color: var(--accent); color: var(--panel); }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 6px; }
.scroll { overflow: auto; max-height: 480px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
.wide { width: 100%; }
th, td { padding: 4px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th { font-weight: 600; color: var(--faint); position: sticky; top: 0; background: var(--panel); }
.text { text-align: left; }
tr:last-child td { border-bottom: none; }
.environment td { white-space: normal; }
.environment td:first-child { color: var(--faint); white-space: nowrap; }
.confusion td, .confusion th { border: 1px solid var(--panel); padding: 4px 7px; text-align: center; position: static; }
.confusion th[scope="row"] { text-align: right; }
.cell { background: color-mix(in srgb, var(--accent) calc(var(--share) * 100%), var(--panel)); min-width: 40px; }
.cell.strong { color: var(--panel); font-weight: 600; }
.none { color: var(--line); }
.samples { display: flex; flex-wrap: wrap; gap: 12px; }
figure { margin: 0; width: 96px; font-size: 12px; line-height: 1.35; }
figure img { width: 96px; height: 96px; object-fit: contain; image-rendering: pixelated; background: #000; border-radius: 6px; display: block; margin-bottom: 4px; }
.right { color: var(--good); }
.wrong { color: var(--bad); }
details summary { cursor: pointer; color: var(--accent); margin-bottom: 8px; }
pre { margin: 0; white-space: pre-wrap; font-size: 13px; }
svg text { white-space: pre; }
@media print { body { background: #fff; } .panel, .card { break-inside: avoid; } }
`;
