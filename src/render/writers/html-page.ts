import { createHash } from 'node:crypto';
import { escapeHtml } from './html-text.js';

/** Colours of either kind of screen; of paper those of a light one. */
const CSS = `
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fff; --faint: #60666d; --line: #d4d8dd; --field: #f4f6f8;
  --red: #b3261e; --green: #1a6b33; --yellow: #7a5200; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6e9; --paper: #14171a; --faint: #9aa1a9; --line: #363c43;
  --field: #1e2226; --red: #ff8a80; --green: #7bd88f; --yellow: #e6b450; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 80rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.25rem; margin: 0 0 1rem; }
section { margin: 1.25rem 0; }
p { margin: .25rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 500; }
td { white-space: pre-wrap; }
.number { text-align: right; }
td.below { padding-left: 1.5rem; white-space: normal; }
pre, code { font: 13px/1.5 ui-monospace, monospace; background: var(--field); border-radius: 4px; }
pre { margin: .25rem 0; padding: .75rem; overflow-x: auto; }
code { padding: .1rem .3rem; }
.dim { color: var(--faint); } .red { color: var(--red); } .green { color: var(--green); } .yellow { color: var(--yellow); }
input { font: inherit; padding: .25rem .5rem; color: inherit; background: var(--field); border: 1px solid var(--line);
  border-radius: 4px; }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --faint: #444; --line: #bbb; --field: #fff;
  --red: #900; --green: #060; --yellow: #640; }
  body { padding: 0; max-width: none; font-size: 10pt; } label { display: none; } pre { white-space: pre-wrap; }
  tr, pre { break-inside: avoid; } thead { display: table-header-group; } }
`;

/** Shows the rows that hold what is typed. Without it, as where scripts are forbidden, all rows stand there. */
const SCRIPT = `
const label = document.querySelector('label'), rows = document.querySelectorAll('section > .wide > table > tbody');
label.hidden = rows.length < 10;
label.firstElementChild.oninput = ({ target }) => {
  const typed = target.value.toLowerCase();
  for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(typed);
};
`;

const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * One page that needs nothing else and asks nobody: its policy allows this style and this script and refuses the rest, so that even
 * a name that got through unescaped could not act.
 */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${sourceOf(CSS)}; script-src ${sourceOf(SCRIPT)}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${CSS}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<label hidden><input type="search" placeholder="only rows with …" aria-label="only rows with"></label>
${body}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
