import { readFileSync } from 'node:fs';
import { valueAt } from './tree.js';

/** A file's text without a byte order mark, or why it cannot be read: a code such as ENOENT. */
export type FileText = { readonly text: string } | { readonly code: string };

/** Reads a file of UTF-8 text; throws nothing. */
export function readTextFile(file: string): FileText {
  try {
    return { text: readFileSync(file, 'utf8').replace(/^\uFEFF/, '') };
  } catch (error) {
    const code = valueAt(error, ['code']);
    return { code: typeof code === 'string' ? code : 'unknown error' };
  }
}
