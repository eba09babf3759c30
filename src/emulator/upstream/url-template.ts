const PLACEHOLDER = /\{(hub|event)\}/gi;
const KEY_VAULT_REFERENCE = /\{@Microsoft\.KeyVault\(/i;
const SCHEME_AND_HOST = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i;

/**
 * What is wrong with an event handler's URL template, in words; undefined when it can be used. It must be an absolute
 * `http:`, `https:` or `tunnel:///` URL, with placeholders after the host only [upstream-events 2].
 */
export function describeUrlTemplateProblem(template: string): string | undefined {
  if (KEY_VAULT_REFERENCE.test(template)) {
    return 'it refers to a Key Vault, which the emulator has not: write the secret itself';
  }
  const [, scheme, host = ''] = SCHEME_AND_HOST.exec(template) ?? [];
  switch (scheme?.toLowerCase()) {
    case 'http':
    case 'https':
      break;
    case 'tunnel':
      if (host !== '') return 'a tunnel URL has no host: write tunnel:///path, with three slashes';
      break;
    default:
      return 'it must be an absolute URL that begins with http://, https:// or tunnel:///';
  }
  if (/[{}]/.test(host)) return 'it has a placeholder in the host: {hub} and {event} may stand after the host only';
  const sample = template.replace(/\{hub\}/gi, 'hub').replace(/\{event\}/gi, 'event');
  return URL.canParse(sample) ? undefined : 'it is not a URL';
}

/** An event handler's URL template, taken apart once. */
export class UrlTemplate {
  /** Literal text at even places, `hub` or `event` at odd ones. */
  readonly #parts: readonly string[];

  /** Throws a TypeError with the words of `describeUrlTemplateProblem`. */
  constructor(readonly text: string) {
    const problem = describeUrlTemplateProblem(text);
    if (problem !== undefined) throw new TypeError(problem);
    this.#parts = text.split(PLACEHOLDER);
  }

  /**
   * `{hub}` and `{event}`, in any case, replaced by percent-encoded values; anything else in braces is literal [assumed].
   * The event of a validation is `validate`.
   */
  expand(hub: string, event: string): string {
    const parts = this.#parts;
    let url = parts[0];
    for (let index = 1; index < parts.length; index += 2) {
      url += encodeValue(parts[index].toLowerCase() === 'hub' ? hub : event) + parts[index + 1];
    }
    return url;
  }
}

/** Leaves only what RFC 3986 calls unreserved; `encodeURIComponent` alone lets a few more through. */
function encodeValue(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
