/** The forms that a report is printed in. */
export const FORMATS = ['text', 'json', 'ndjson', 'markdown', 'html', 'prometheus'] as const;

export type Format = (typeof FORMATS)[number];

/** The commands whose reports are metrics as well. */
export const WITH_METRICS: readonly string[] = ['status'];
