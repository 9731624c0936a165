/** A statement that can be copied as it stands: ended, also where its last line is a comment. */
export function statementText(sql: string): string {
  const text = sql.trim();
  return (text.split('\n').at(-1) ?? '').includes('--') ? `${text}\n;` : `${text};`;
}
