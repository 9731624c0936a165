import { readFileSync } from 'node:fs';
import { packageFile } from './package-root.js';

/** The version in package.json. */
export const version = (): string => packageJson().version;

/** The versions of Node that it is made for, as package.json has them. */
export const supportedNode = (): string => packageJson().engines.node;

const packageJson = (): { readonly version: string; readonly engines: { readonly node: string } } =>
  JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as ReturnType<typeof packageJson>;
