import os from 'node:os';

/** `user@host` of whoever runs the command, for people who look at pg_stat_activity. */
export function whoRuns(): string {
  return `${userName()}@${os.hostname()}`;
}

/** userInfo throws for a user id without an entry in /etc/passwd, as containers have it. */
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return process.env.USER ?? process.env.LOGNAME ?? `uid${process.getuid?.() ?? ''}`;
  }
}
