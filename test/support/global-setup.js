import { createJiti } from 'jiti';

// Jest loads this file as Node would, without its own transform, so the TypeScript below is loaded by jiti.
export default async function globalSetup() {
  const { startTestServers } = await createJiti(import.meta.url).import('./test-servers.ts');
  globalThis.stopTestServers = await startTestServers();
}
