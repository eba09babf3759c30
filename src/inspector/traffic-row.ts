import type { ClientTraffic, RestTraffic, TrafficEntry, UpstreamTraffic } from '../emulator/traffic-log.js';

/** One line of the timeline: what the list shows and what its filters look at; bodies are asked for one by one. */
export interface TrafficRow {
  readonly id: number;
  readonly time: number;
  readonly door: TrafficEntry['door'];
  readonly hub: string;
  /** Of the client door, what happened; of the others, `call`. */
  readonly action: string;
  readonly connectionId?: string;
  readonly userId?: string;
  /** The event's name; of upstream calls only. */
  readonly event?: string;
  readonly summary: string;
  readonly outcome: 'ok' | 'failed' | 'fault';
  readonly status?: number;
  readonly durationMs?: number;
  readonly receivers?: number;
  readonly attempt?: number;
  readonly resentFrom?: number;
  /** Why it failed and what to do, or what a fault switch did. */
  readonly problem?: string;
  /** The beginning of the payload, on one line. */
  readonly preview?: string;
}

const PREVIEW_LENGTH = 160;

export function describeRow(entry: TrafficEntry): TrafficRow {
  switch (entry.door) {
    case 'client':
      return describeClient(entry);
    case 'rest':
      return describeRest(entry);
    case 'upstream':
      return describeUpstream(entry);
  }
}

function describeClient(entry: ClientTraffic): TrafficRow {
  // The client door writes what was refused, then why.
  const [, refused, reason] = (entry.action === 'refused' && /^([^:]*refused): (.*)$/s.exec(entry.summary)) || [];
  const summary = entry.action === 'connected' ? `new connection: ${entry.summary}` : entry.summary;
  return compact({
    id: entry.id,
    time: entry.time,
    door: entry.door,
    hub: entry.hub,
    action: entry.action,
    connectionId: entry.connectionId,
    userId: entry.userId,
    summary: refused ?? summary,
    outcome: judgeClient(entry),
    status: entry.status,
    receivers: entry.receivers,
    problem: reason,
    preview: preview(payloadOf(entry.frame)),
  });
}

function judgeClient({ action, summary }: ClientTraffic): TrafficRow['outcome'] {
  if (action === 'fault') return 'fault';
  const isRefusal = action === 'refused' || /^ack \S+ (Forbidden|InternalServerError|BadRequest)/.test(summary);
  return isRefusal ? 'failed' : 'ok';
}

function describeRest(entry: RestTraffic): TrafficRow {
  return compact({
    id: entry.id,
    time: entry.time,
    door: entry.door,
    hub: entry.hub,
    action: 'call',
    summary: `${entry.method} ${entry.path}`,
    outcome: entry.status >= 400 ? 'failed' : 'ok',
    status: entry.status,
    durationMs: entry.durationMs,
    problem: entry.reason,
    preview: preview(entry.requestBody),
  });
}

function describeUpstream(entry: UpstreamTraffic): TrafficRow {
  const times = entry.attempt > 1 ? `, attempt ${entry.attempt}` : '';
  const again = entry.resentFrom === undefined ? '' : ', sent again by hand';
  return compact({
    id: entry.id,
    time: entry.time,
    door: entry.door,
    hub: entry.hub,
    action: 'call',
    connectionId: entry.connectionId,
    userId: entry.userId,
    event: entry.eventName,
    summary: `${entry.eventName} → ${entry.request.url}${times}${again}`,
    outcome: entry.failure !== undefined ? 'failed' : entry.fault !== undefined ? 'fault' : 'ok',
    status: entry.response?.status,
    durationMs: entry.durationMs,
    attempt: entry.attempt,
    resentFrom: entry.resentFrom,
    problem: entry.failure ?? entry.fault,
    preview: preview(entry.request.body),
  });
}

function compact(row: { [K in keyof TrafficRow]: TrafficRow[K] | undefined }): TrafficRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as unknown as TrafficRow;
}

/** Of a JSON frame only its data: the summary says the rest. */
function payloadOf(frame: string | Uint8Array | undefined): string | Uint8Array | undefined {
  if (typeof frame !== 'string' || !frame.startsWith('{"')) return frame;
  const at = frame.indexOf('"data":');
  return at < 0 ? undefined : frame.slice(at + '"data":'.length).replace(/\}\s*$/, '');
}

function preview(payload: string | Uint8Array | undefined): string | undefined {
  if (payload === undefined || payload.length === 0) return undefined;
  const beginning =
    typeof payload === 'string'
      ? payload.slice(0, PREVIEW_LENGTH)
      : Buffer.from(payload.subarray(0, PREVIEW_LENGTH)).toString();
  // oxlint-disable-next-line no-control-regex
  return beginning.replace(/\s+/g, ' ').replace(/[\u0000-\u001f\ufffd]/g, '·');
}
