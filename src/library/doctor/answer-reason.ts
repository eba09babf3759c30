import type { ProbeResult } from './upstream-probe.js';

export type Answer = Extract<ProbeResult, { kind: 'answered' }>;

export const OTHER_KEY =
  'The application knows another access key: compare its connection string with that of the service.';

/** A stranger's text without what would move the cursor of a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '');
}

/** The first line of a plain answer, shortened; a page is of no use. */
export function reasonOf({ body, headers }: Answer): string {
  const type = headers.get('content-type')?.[0] ?? '';
  const line = printable(body.split('\n', 1)[0]).trim();
  return line === '' || type.includes('html') ? '.' : `: ${line.length > 200 ? `${line.slice(0, 200)}...` : line}`;
}
