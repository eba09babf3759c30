/** A request in the form in which it is copied. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
}

/** Stands for the tunnel's end, which nobody but the tunnel tool knows. */
const TUNNEL_TARGET = 'http://localhost:8080';

/** The request as a command for a POSIX shell; secrets that the record blanked are named, not invented. */
export function formatCurl(request: CurlRequest): string {
  const notes: string[] = [];
  let url = request.url;
  if (url.startsWith('tunnel:')) {
    url = url.replace(/^tunnel:\/{2,3}/, `${TUNNEL_TARGET}/`);
    notes.push(
      `# The emulator sends this through a tunnel; put the address behind the tunnel in the place of ${TUNNEL_TARGET}.`,
    );
  }
  const isBlanked = url.includes('***') || request.headers.some(([, value]) => value.includes('***'));
  if (isBlanked) notes.push('# *** stands for a secret that the record does not show.');
  const words = [`curl -i -X ${request.method} ${quote(url)}`];
  for (const [name, value] of request.headers) words.push(`-H ${quote(`${name}: ${value}`)}`);
  const { before, argument } = bodyArgument(request.body);
  if (argument !== undefined) words.push(argument);
  return [...notes, before + words.join(' \\\n  ')].join('\n');
}

function bodyArgument(body: Uint8Array | undefined): { before: string; argument?: string } {
  if (!body || body.length === 0) return { before: '' };
  const text = Buffer.from(body).toString();
  const isText = Buffer.from(text).equals(body) && !text.includes('\0');
  if (isText) return { before: '', argument: `--data-raw ${quote(text)}` };
  const base64 = Buffer.from(body).toString('base64');
  return { before: `printf %s ${quote(base64)} | base64 -d | `, argument: '--data-binary @-' };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
