import type { UpstreamResponse, UpstreamTransport } from '../emulator/core/upstream-transport.js';
import type { EmulatorContext } from '../emulator/emulator-context.js';
import type { UpstreamTraffic } from '../emulator/traffic-log.js';
import { originalRequest } from '../emulator/upstream/secrets.js';
import { describeNoTransport, describeRefusal, describeTimeout } from '../emulator/upstream/upstream-failures.js';

/** As for any event [upstream-events 8.1]. */
const TIMEOUT_MS = 100_000;

/**
 * Sends an upstream event of the record again as it was: same id, headers, body and signature, secrets included. One
 * attempt, as an entry of its own; the answer is for the person who looks, no client gets it.
 */
export class EventResender {
  constructor(
    private readonly context: EmulatorContext,
    private readonly transports: readonly UpstreamTransport[],
  ) {}

  /** Resolves when the call has ended, well or not; the traffic record says how. */
  async resend(entry: UpstreamTraffic): Promise<void> {
    const startedAt = this.context.clock.now();
    const outcome = await this.#send(entry);
    const { hub, eventName, connectionId, userId, request } = entry;
    this.context.traffic.record({
      door: 'upstream',
      hub,
      eventName,
      ...(connectionId !== undefined && { connectionId }),
      ...(userId !== undefined && { userId }),
      attempt: 1,
      request,
      durationMs: this.context.clock.now() - startedAt,
      resentFrom: entry.id,
      ...outcome,
    });
  }

  async #send({ hub, request }: UpstreamTraffic): Promise<{ response?: UpstreamResponse; failure?: string }> {
    const original = originalRequest(request);
    if (!URL.canParse(original.url)) return { failure: describeNoTransport(original.url) };
    const url = new URL(original.url);
    const transport = this.transports.find((candidate) => candidate.carries(url));
    if (!transport) return { failure: describeNoTransport(original.url) };
    const ending = new AbortController();
    const timer = this.context.clock.schedule(TIMEOUT_MS, () => ending.abort());
    try {
      const response = await transport.send(hub, original, ending.signal);
      const isSuccess = response.status >= 200 && response.status < 300;
      return isSuccess ? { response } : { response, failure: describeRefusal(original.url, response, 1) };
    } catch (error) {
      if (ending.signal.aborted) return { failure: describeTimeout(original.url, TIMEOUT_MS) };
      return { failure: error instanceof Error ? error.message : String(error) };
    } finally {
      timer.cancel();
    }
  }
}
