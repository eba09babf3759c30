import { reasonOf } from './answer-reason.js';
import type { UpstreamFinding } from './upstream-diagnosis.js';
import type { ProbeResult } from './upstream-probe.js';

/** What the doctor says of events as large as they become: proxies and body parsers have limits of their own. */

/** Encoded bytes: by default states of connections may have so many, in a header of the event and of its answer. */
export const LARGE_STATE_BYTES = 8 * 1024;
/** The largest message of the service. */
export const LARGE_BODY_BYTES = 1024 * 1024;

/** How those who refuse a request for its headers say so; 494 is of nginx. */
const HEADERS_TOO_LARGE: ReadonlySet<number> = new Set([400, 414, 431, 494]);

/** Undefined: it came back whole. */
export function judgeLargeState(result: ProbeResult, state: string): UpstreamFinding | undefined {
  if (result.kind === 'answered' && HEADERS_TOO_LARGE.has(result.status)) {
    return sizeWarning(
      `A request with ${LARGE_STATE_BYTES} bytes of connection state in its headers is answered ${result.status}${reasonOf(result)}`,
      'Let what stands before the application take 16 KiB of headers (nginx: large_client_header_buffers 4 16k).',
    );
  }
  const returned = result.kind === 'answered' ? result.headers.get('ce-connectionstate')?.[0] : undefined;
  if (returned === state) return undefined;
  const seen = result.kind === 'answered' ? `the service would see ${result.status}` : result.code;
  return sizeWarning(
    `An answer with ${LARGE_STATE_BYTES} bytes of connection state in its headers does not come back (${seen}).`,
    'The handler would run at each attempt of the service. Let what stands before the application pass answers with 16 KiB ' +
      'of headers (nginx: proxy_buffer_size 16k and proxy_buffers 8 16k).',
  );
}

/** Undefined: it arrived. */
export function judgeLargeBody(result: ProbeResult): UpstreamFinding | undefined {
  if (result.kind === 'answered' && result.status === 200) return undefined;
  const seen = result.kind === 'answered' ? `answered ${result.status}${reasonOf(result)}` : `lost (${result.code}).`;
  return sizeWarning(
    `An event of 1 MiB, the largest message of the service, is ${seen}`,
    'Let every proxy and body parser ahead of the module take 1 MiB + 64 KiB (nginx: client_max_body_size 2m).',
  );
}

export const SIZES_PASS: UpstreamFinding = {
  kind: 'passed',
  check: 'size',
  summary: 'Connection states of 8 KiB and messages of 1 MiB get through.',
};

function sizeWarning(summary: string, cure: string): UpstreamFinding {
  return { kind: 'warning', check: 'size', summary, cure };
}
