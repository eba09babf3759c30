import type { ProbeResult } from './upstream-probe.js';

export type Answer = Extract<ProbeResult, { kind: 'answered' }>;

export const OTHER_KEY =
  'The application knows another access key: compare its connection string with that of the service.';

/** The first line of a plain answer, shortened; a page is of no use. */
export function reasonOf({ body, headers }: Answer): string {
  const type = headers.get('content-type')?.[0] ?? '';
  const line = body
    .split('\n', 1)[0]
    .replaceAll(/[^\x20-\x7e]/g, '')
    .trim();
  return line === '' || type.includes('html') ? '.' : `: ${line.length > 200 ? `${line.slice(0, 200)}...` : line}`;
}
