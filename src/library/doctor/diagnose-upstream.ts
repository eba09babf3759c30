import { randomUUID } from 'node:crypto';
import type { ConnectEvent } from '../../protocol/cloud-event.js';
import { parseConnectionString } from '../../protocol/connection-string.js';
import { EVENT_HEADERS } from '../../protocol/event-headers.js';
import { encodeEventRequest } from '../../protocol/event-request.encoder.js';
import { isHubName, SYSTEM_EVENT_NAMES } from '../../protocol/names.js';
import { signConnectionId } from '../../protocol/signature.js';
import { UrlTemplate } from '../../protocol/url-template.js';
import { badHubName } from '../service-client/service-client.messages.js';
import { DESCRIBE_HUBS_TYPE } from '../web-pubsub.constants.js';
import { forgeryAccepted, forgeryRefused, judgeConnect } from './connect.findings.js';
import {
  addressIsWrong,
  hubsDescribed,
  judgeFailure,
  judgeSpeed,
  judgeValidation,
  keyRefused,
  NO_HUB,
  NO_KEY,
} from './findings.js';
import { readDescription } from './hub-description.reader.js';
import { type HubEventHandler, hubSettingsFor } from './hub-settings.js';
import { judgeLargeBody, judgeLargeState, LARGE_BODY_BYTES, LARGE_STATE_BYTES, SIZES_PASS } from './size.findings.js';
import type { UpstreamDiagnosis, UpstreamFinding } from './upstream-diagnosis.js';
import { type ProbeRequest, type ProbeResult, probeUpstream } from './upstream-probe.js';

/**
 * Which application is examined, and as which service.
 *
 * @publicApi
 */
export interface DiagnoseUpstreamOptions {
  /** Where the service would send events; `{hub}` and `{event}` are filled in as the service does [upstream-events 2]. */
  url: string;
  /**
   * Hubs to try, with the events to put into the printed settings; a name alone stands for all events. The data of
   * `describeHubs()` fit. Default: what the application says when it is asked with the access key.
   */
  hubs?: readonly (string | HubEventHandler)[] | undefined;
  /** Of the service: its key signs, its host is the origin. */
  connectionString?: string | undefined;
  /** In the place of a connection string. */
  accessKey?: string | undefined;
  /** Host that the events claim to come from. Default: that of the connection string, else `localhost`. */
  origin?: string | undefined;
  /** Patience with each answer. Milliseconds; default 10 000, that of the service with a validation [upstream-events 3]. */
  timeoutMs?: number | undefined;
  /** From when on a right answer is called slow. Milliseconds; default 2 000. */
  slowMs?: number | undefined;
}

/** What an examination needs at every step. */
interface Examination {
  readonly urlTemplate: UrlTemplate;
  readonly origin: string;
  readonly accessKey: string | undefined;
  readonly timeoutMs: number;
  readonly slowMs: number;
  readonly findings: UpstreamFinding[];
}

/**
 * Does to a running application what the service would do, and says in words what it would see: validates the webhook
 * (`OPTIONS`, and `GET` after a 404), asks an application of this package whether states and messages of the largest size
 * get through, and sends each hub a signed `connect` and one with a forged signature. The application's `connect` handler runs, for a connection whose id begins with `doctor-`; no `connected` follows.
 * Throws a TypeError when a hub's name or the connection string is wrong; whatever the application does is a finding.
 *
 * @publicApi
 */
export async function diagnoseUpstream(options: DiagnoseUpstreamOptions): Promise<UpstreamDiagnosis> {
  const examination = beginExamination(options);
  const { findings, urlTemplate } = examination;
  let hubs = (options.hubs ?? []).map(handlerOf);
  const problem = addressIsWrong(urlTemplate);
  if (problem) findings.push(problem);
  else if (await examineValidation(examination, hubs)) {
    if (hubs.length === 0) hubs = await askForHubs(examination);
    await examineHubs(examination, hubs);
  }
  return {
    url: urlTemplate.text,
    isHealthy: findings.every(({ kind }) => kind !== 'problem'),
    findings,
    hubs,
    ...(hubs.length > 0 && { settings: hubSettingsFor(hubs, urlTemplate.text) }),
  };
}

function beginExamination(options: DiagnoseUpstreamOptions): Examination {
  const service = options.connectionString ? parseConnectionString(options.connectionString) : undefined;
  return {
    urlTemplate: new UrlTemplate(options.url),
    origin: options.origin ?? (service ? new URL(service.endpoint).hostname : 'localhost'),
    accessKey: options.accessKey ?? service?.accessKey,
    timeoutMs: options.timeoutMs ?? 10_000,
    slowMs: options.slowMs ?? 2_000,
    findings: [],
  };
}

function handlerOf(hub: string | HubEventHandler): HubEventHandler {
  const handler =
    typeof hub === 'string'
      ? { hub, systemEvents: [...SYSTEM_EVENT_NAMES], userEvents: ['*'] }
      : { hub: hub.hub, systemEvents: [...hub.systemEvents], userEvents: [...hub.userEvents] };
  if (!isHubName(handler.hub)) throw new TypeError(badHubName(handler.hub));
  return handler;
}

/** One probe per address, as the service caches them. Whether it is worth going on. */
async function examineValidation(examination: Examination, hubs: readonly HubEventHandler[]): Promise<boolean> {
  const names = hubs.length > 0 ? hubs.map(({ hub }) => hub) : ['hub'];
  const urls = new Set(names.map((hub) => examination.urlTemplate.validationUrl(hub)));
  for (const url of urls) {
    const [method, result] = await probeValidation(examination, new URL(url));
    if (result.kind === 'failed') {
      examination.findings.push(judgeFailure('address', result.code, url, examination.timeoutMs));
      return false;
    }
    examination.findings.push(judgeValidation(method, result, examination.origin));
    judgeSpeed(examination.findings, 'The validation', result.elapsedMs, examination.slowMs);
  }
  return true;
}

async function probeValidation(examination: Examination, url: URL): Promise<['OPTIONS' | 'GET', ProbeResult]> {
  // [upstream-events 3] no signature, no bearer; GET only after a 404
  const headers = { [EVENT_HEADERS.requestOrigin]: examination.origin, [EVENT_HEADERS.awpsVersion]: '1.0' };
  const options = await probeUpstream(url, { method: 'OPTIONS', headers }, examination.timeoutMs);
  if (options.kind === 'failed' || options.status !== 404) return ['OPTIONS', options];
  return ['GET', await probeUpstream(url, { method: 'GET', headers }, examination.timeoutMs)];
}

/** An application of this package says which hubs it serves to whoever knows the access key. */
async function askForHubs(examination: Examination): Promise<HubEventHandler[]> {
  const { accessKey, findings } = examination;
  if (accessKey === undefined) return [];
  const answer = await askForDescription(examination, accessKey);
  const hubs = readDescription(answer);
  if (hubs) findings.push(hubsDescribed(hubs), ...(await examineSizes(examination, accessKey)));
  else if (answer.kind === 'answered' && answer.status === 401) findings.push(keyRefused(answer));
  return hubs ?? [];
}

/** The same question with much beside it: no handler runs, and whoever refuses it would refuse events too. */
async function examineSizes(examination: Examination, accessKey: string): Promise<UpstreamFinding[]> {
  const state = 'A'.repeat(LARGE_STATE_BYTES);
  const answerWithState = await askForDescription(examination, accessKey, { state });
  const answerToBody = await askForDescription(examination, accessKey, { body: largeBody() });
  const findings = [judgeLargeState(answerWithState, state), judgeLargeBody(answerToBody)].filter(
    (finding) => finding !== undefined,
  );
  return findings.length > 0 ? findings : [SIZES_PASS];
}

/** JSON, as parsers ahead of the module expect from its content type. */
function largeBody(): Uint8Array {
  const [begin, end] = ['{"data":"', '"}'];
  return Buffer.from(begin + 'a'.repeat(LARGE_BODY_BYTES - begin.length - end.length) + end);
}

function askForDescription(
  examination: Examination,
  accessKey: string,
  { state, body }: { readonly state?: string; readonly body?: Uint8Array } = {},
): Promise<ProbeResult> {
  const changes = {
    headers: {
      [EVENT_HEADERS.type]: DESCRIBE_HUBS_TYPE,
      [EVENT_HEADERS.eventName]: 'describe-hubs',
      ...(state !== undefined && { [EVENT_HEADERS.connectionState]: state }),
    },
    ...(body && { body }),
  };
  return send(examination, connectEvent('hub', examination.origin), accessKey, changes);
}

async function examineHubs(examination: Examination, hubs: readonly HubEventHandler[]): Promise<void> {
  const { findings, accessKey } = examination;
  if (hubs.length === 0) findings.push(NO_HUB);
  if (accessKey === undefined) findings.push(NO_KEY);
  for (const { hub } of hubs) {
    const forged = await sendConnect(examination, hub, randomUUID() + randomUUID());
    const signed = accessKey === undefined ? forged : await sendConnect(examination, hub, accessKey);
    if (accessKey !== undefined) findings.push(connectFinding(examination, hub, signed, forged));
    if (signed.kind === 'answered')
      judgeSpeed(findings, 'The connect event', signed.elapsedMs, examination.slowMs, hub);
    const isForgeryAccepted = forged.kind === 'answered' && forged.status >= 200 && forged.status < 300;
    if (isForgeryAccepted) findings.push(forgeryAccepted(hub));
    else if (forged.kind === 'answered' && forged.status === 401) findings.push(forgeryRefused(hub));
  }
}

function connectFinding(
  { origin, timeoutMs, urlTemplate }: Examination,
  hub: string,
  signed: ProbeResult,
  forged: ProbeResult,
): UpstreamFinding {
  if (signed.kind === 'failed') {
    return { ...judgeFailure('connect', signed.code, urlTemplate.expand(hub, 'connect'), timeoutMs), hub };
  }
  const isSameAsForged = forged.kind === 'answered' && forged.status === signed.status && forged.body === signed.body;
  return judgeConnect(hub, signed, { origin, isSameAsForged });
}

function sendConnect(examination: Examination, hub: string, accessKey: string): Promise<ProbeResult> {
  return send(examination, connectEvent(hub, examination.origin), accessKey);
}

function send(
  examination: Examination,
  event: ConnectEvent,
  accessKey: string,
  changes: { readonly headers?: Readonly<Record<string, string>>; readonly body?: Uint8Array } = {},
): Promise<ProbeResult> {
  const { hub, connectionId } = event.context;
  const { method, headers, body } = encodeEventRequest(event, signConnectionId(connectionId, [accessKey]));
  const request: ProbeRequest = {
    method,
    headers: { ...headers, ...changes.headers },
    body: changes.body ?? body,
  };
  return probeUpstream(new URL(examination.urlTemplate.expand(hub, 'connect')), request, examination.timeoutMs);
}

function connectEvent(hub: string, origin: string): ConnectEvent {
  const connectionId = `doctor-${randomUUID()}`;
  return {
    kind: 'connect',
    context: {
      hub,
      connectionId,
      userId: 'doctor',
      eventName: 'connect',
      eventId: '0',
      source: `/hubs/${hub}/client/${connectionId}`,
      time: new Date(),
      origins: [origin],
    },
    claims: { sub: ['doctor'] },
    query: {},
    headers: {},
    subprotocols: [],
    clientCertificates: [],
  };
}
