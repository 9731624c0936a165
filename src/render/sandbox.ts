import type { SandboxReport, SandboxServer } from '../report/reports.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { tableLines, type Cell } from './blocks/table.js';

/** The servers of the sandbox; `logs` has printed its lines already. */
export function sandboxBlocks(report: SandboxReport, style: Style): readonly Block[] {
  if (report.action === 'logs') return [];
  const rows = report.servers.map((server) => row(server, style));
  const body =
    rows.length > 0
      ? tableLines(rows, ['server', 'state', 'address', 'process', 'log'])
      : ['this project has no sandbox'];
  return [body, ...footerBlocks(report, [], style)];
}

function row({ name, running, changed, port, pid, log }: SandboxServer, style: Style): readonly Cell[] {
  const state = changed ? (running ? 'started' : 'stopped now') : running ? 'running' : 'stopped';
  return [
    { text: name, paint: style.bold },
    { text: state, paint: running ? style.green : style.dim },
    { text: port === null ? '' : `localhost:${port}` },
    { text: pid === null ? '' : `pid ${pid}` },
    { text: log, paint: style.dim },
  ];
}
