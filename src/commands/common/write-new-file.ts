import { randomBytes } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, textOf, VeneerError } from '../../errors.js';

/**
 * Makes a file with this text, and the folders above it. It is there whole or not at all, whenever this process dies: written under
 * another name first, and then linked, which fails where somebody has the name already. Throws (exit 20), then too.
 */
export const writeNewFile = (file: string, text: string): Promise<void> =>
  tellingUnwritable(file, async () => {
    const folder = path.dirname(file);
    await mkdir(folder, { recursive: true });
    const draft = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}`);
    try {
      await writeFile(draft, text, { flag: 'wx' });
      await link(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
  });

/** Says of whatever the file system refuses which file it was for (exit 20). */
export async function tellingUnwritable<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw new VeneerError(`the file cannot be written: ${textOf(error)}`, {
      exitCode: EXIT.failed,
      where: { file },
      hint: 'check the folder and its rights; nothing was overwritten',
      cause: error,
    });
  }
}
