/** Values of one kind, as Prometheus takes them. */
export interface Metric {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of pg-veneer; its name as it stands behind `pgveneer_`. */
export const metric = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name: `pgveneer_${name}`,
  help,
  samples,
});

/** Gauges in the text format of Prometheus (version 0.0.4); those without any value are left out. */
export const expositionOf = (metrics: readonly Metric[]): string =>
  metrics
    .filter(({ samples }) => samples.length > 0)
    .map(metricText)
    .join('');

const metricText = ({ name, help, samples }: Metric): string =>
  [
    `# HELP ${name} ${help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)}`,
    `# TYPE ${name} gauge`,
    ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}`),
    '',
  ].join('\n');

function labelsText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string =>
  value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
