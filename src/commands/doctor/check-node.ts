import type { DoctorCheck } from '../../report/doctor.js';
import { ok, warning } from './outcomes.js';

/** The version of Node that runs this against what package.json supports (`engines`): the tests run on no other. Pure. */
export const nodeCheck = (version: string, supported: string): DoctorCheck =>
  satisfies(version, supported)
    ? ok('Node', version)
    : warning('Node', `${version}, and pg-veneer is made for ${supported}`, 'install one of these versions');

/** Ranges as package.json has them: `^20.19.0 || >=24`. */
const satisfies = (version: string, ranges: string): boolean =>
  ranges.split('||').some((range) => isIn(numbersOf(version), range.trim()));

function isIn(version: readonly number[], range: string): boolean {
  const least = numbersOf(range);
  const first = version.findIndex((number, index) => number !== (least[index] ?? 0));
  const isLess = first >= 0 && (version[first] ?? 0) < (least[first] ?? 0);
  return !isLess && (!range.startsWith('^') || version[0] === least[0]);
}

const numbersOf = (text: string): number[] => text.replace(/^\D+/, '').split('.').map(Number);
