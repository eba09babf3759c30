import type { UrlTemplate } from '../../protocol/url-template.js';
import { type Answer, OTHER_KEY, printable, reasonOf } from './answer-reason.js';
import type { HubEventHandler } from './hub-settings.js';
import type { UpstreamCheck, UpstreamFinding } from './upstream-diagnosis.js';

/** What the doctor says of addresses, validations, descriptions and speed: each judgement with its cure. */

export const NO_HUB: UpstreamFinding = {
  kind: 'warning',
  check: 'connect',
  summary: 'No hub is known, so that no event was sent.',
  cure:
    'Name hubs: --hub chat, or --hub chat=connect,connected,message. An application that knows the access key and has hub ' +
    'classes says so itself.',
};

export const NO_KEY: UpstreamFinding = {
  kind: 'warning',
  check: 'connect',
  summary: 'No access key is known, so that no signed event was sent.',
  cure: 'Give the connection string of the service, in the variable WebPubSubConnectionString or with --connection-string.',
};

/** What keeps the doctor from going there; undefined when nothing does. */
export function addressIsWrong(template: UrlTemplate): UpstreamFinding | undefined {
  const plain = template.expand('x', 'x');
  const url = URL.canParse(plain) ? new URL(plain) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    return {
      kind: 'problem',
      check: 'address',
      summary: `${template.text} is no http:// or https:// address.`,
      cure: 'Write the address of the event path, such as http://localhost:8080/eventhandler.',
    };
  }
  if (!template.hasPlaceholderInHost) return undefined;
  return {
    kind: 'problem',
    check: 'address',
    summary: 'The service allows no placeholders in the host of a URL template.',
    cure: 'Use {hub} and {event} in the path or query only.',
  };
}

export function hubsDescribed(hubs: readonly HubEventHandler[]): UpstreamFinding {
  const served = hubs.map(
    ({ hub, systemEvents, userEvents }) => `${hub} (${[...systemEvents, ...userEvents].join(', ')})`,
  );
  return hubs.length === 0
    ? {
        kind: 'warning',
        check: 'description',
        summary: 'The application serves no hub.',
        cure: 'Add a class with @WebPubSubHub(name) to the providers of a module.',
      }
    : { kind: 'passed', check: 'description', summary: `The application serves ${served.join(', ')}.` };
}

export function keyRefused(answer: Answer): UpstreamFinding {
  return {
    kind: 'problem',
    check: 'description',
    summary: `A signed request is refused (401)${reasonOf(answer)}`,
    cure: OTHER_KEY,
  };
}

/** No answer at all. */
export function judgeFailure(check: UpstreamCheck, code: string, url: string, timeoutMs: number): UpstreamFinding {
  const [summary, cure] = failureTexts(code, new URL(url), timeoutMs);
  return { kind: 'problem', check, summary, cure };
}

function failureTexts(code: string, { host, protocol }: URL, timeoutMs: number): [string, string] {
  if (code === 'ECONNREFUSED') {
    return [`Nothing listens on ${host}: the connection was refused.`, 'Start the application, and compare its port.'];
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return [`The host ${host} is not known.`, 'Check its spelling and DNS.'];
  if (code === 'TIMEOUT') {
    return [
      `${host} did not answer within ${timeoutMs} ms.`,
      'The service gives up too. Look for a handler, guard or middleware that never ends, or a body that was read twice.',
    ];
  }
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code)) {
    return [`The TLS certificate of ${host} is not trusted (${code}).`, 'Use a certificate of a public authority.'];
  }
  if (code === 'EPROTO' || code.startsWith('HPE_') || code.startsWith('ERR_SSL')) {
    const other = protocol === 'https:' ? 'http://' : 'https://';
    return [`${host} does not speak ${protocol}// (${code}).`, `Try ${other}, and compare the port.`];
  }
  return [
    `The connection to ${host} failed (${code}).`,
    'Check that the application is up and no proxy closes connections.',
  ];
}

/** [upstream-events 3] */
export function judgeValidation(method: string, answer: Answer, origin: string): UpstreamFinding {
  const problem = (summary: string, cure: string): UpstreamFinding => ({
    kind: 'problem',
    check: 'validation',
    summary,
    cure,
  });
  const { status } = answer;
  const lines = answer.headers.get('webhook-allowed-origin') ?? [];
  if (status === 404) {
    return problem(
      'The validation of the webhook is answered 404: nothing receives events at this path.',
      'Compare the path with the option "path" of WebPubSubModule (default /eventhandler), and import the module.',
    );
  }
  if (status === 403) {
    return problem(
      `The validation of the webhook is answered 403: ${origin} is not an allowed origin${reasonOf(answer)}`,
      'Configure the connection string of that service, or add its host to allowedOrigins.',
    );
  }
  if (status === 401) {
    return problem(
      'The validation of the webhook is answered 401; the service sends it without any credential.',
      'Let OPTIONS and GET of the event path pass whatever guard or proxy asks for one.',
    );
  }
  if (status < 200 || status >= 300) {
    return problem(
      `The validation of the webhook is answered ${status}, not 2xx${reasonOf(answer)}`,
      'Look for a proxy, redirect or middleware ahead of the event path.',
    );
  }
  if (lines.length === 0) {
    return problem(
      `The validation of the webhook is answered ${status} without WebHook-Allowed-Origin.`,
      'Something ahead of WebPubSubModule answers OPTIONS, often CORS: keep attach: "server", or exempt the event path.',
    );
  }
  const wanted = origin.toLowerCase();
  if (lines.some((line) => line.trim() === '*' || line.trim().toLowerCase() === wanted)) {
    return {
      kind: 'passed',
      check: 'validation',
      summary: `The webhook is valid for ${origin} (${method} ${status}).`,
    };
  }
  if (lines.some((line) => line.split(',').some((item) => item.trim().toLowerCase() === wanted))) {
    return problem(
      'WebHook-Allowed-Origin comes as one line with a list; the service compares whole lines.',
      'Send one header line for each origin. A proxy may have joined them.',
    );
  }
  return problem(
    `WebHook-Allowed-Origin names ${printable(lines.join(', '))}, not ${origin}.`,
    'Configure the connection string of that service, or add its host to allowedOrigins.',
  );
}

/** Adds a warning when a right answer took long. */
export function judgeSpeed(
  findings: UpstreamFinding[],
  what: string,
  elapsedMs: number,
  slowMs: number,
  hub?: string,
): void {
  if (elapsedMs <= slowMs) return;
  findings.push({
    kind: 'warning',
    check: 'speed',
    ...(hub !== undefined && { hub }),
    summary: `${what} took ${Math.round(elapsedMs)} ms.`,
    cure: 'Clients wait for it when they connect; the service gives up on a validation after 10 s.',
  });
}
