import { setFlagsFromString } from 'node:v8';

/**
 * V8 flags, by major of Node. Each was measured in these (docs/performance.md, "Compiling"), and V8 promises none of them
 * (v8.setFlagsFromString: "behaviour may change"): where nobody has tried, V8 is left alone.
 */
type FlagByMajor = Readonly<Partial<Record<number, string>>>;

/** By number, of a function that is not there: the flags that forbid it are read at another time in each major. */
const BASELINE_WASM = '--wasm-tier-up-filter=1000000';
const WASM: FlagByMajor = { 20: BASELINE_WASM, 22: BASELINE_WASM, 24: BASELINE_WASM };

/** Four times what V8 waits for by itself; in 24 that changes nothing. More of it is dearer for runs of many small steps. */
const LATE: FlagByMajor = { 20: '--interrupt-budget=270336', 22: '--invocation-count-for-turbofan=12000' };

const set = (flags: FlagByMajor): void => {
  const [major] = process.versions.node.split('.');
  const flag = flags[Number(major)];
  if (flag !== undefined) setFlagsFromString(flag);
};

/**
 * Has V8 leave WebAssembly as its baseline compiler makes it. The parser's one huge function is optimised from its tenth
 * statement on: that takes longer than to parse 20,000 of them, 50 MB (550 MB in Node 24), and the process cannot end
 * before it is done.
 */
export const keepWasmToBaseline = (): void => set(WASM);

/**
 * Has V8 optimise what is really hot only. A run goes through many functions some thousand times each: to optimise them took a third of
 * its CPU, on the cores that the servers need where they are on the same machine, and saved less. For the command line alone: whoever loads us into
 * a process of theirs has it as they like.
 */
export const optimiseLate = (): void => set(LATE);
