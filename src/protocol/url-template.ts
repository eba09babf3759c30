const PLACEHOLDER = /\{(hub|event)\}/gi;
const KEY_VAULT_REFERENCE = /\{@Microsoft\.KeyVault\(/i;
const SCHEME_AND_HOST = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i;

/** An event handler's URL template, taken apart once. */
export class UrlTemplate {
  /** What is wrong with it, in words that may stand behind a colon; undefined when events can be sent to it. */
  readonly problem: string | undefined;
  /** Literal text at even places, `hub` or `event` at odd ones. */
  readonly #parts: readonly string[];

  constructor(readonly text: string) {
    this.#parts = text.split(PLACEHOLDER);
    this.problem = this.#findProblem();
  }

  /** [upstream-events 2] placeholders may stand after the host only. */
  get hasPlaceholderInHost(): boolean {
    const [, , host = ''] = SCHEME_AND_HOST.exec(this.text) ?? [];
    return /[{}]/.test(host);
  }

  /** `{hub}` and `{event}`, in any case, replaced by percent-encoded values; anything else in braces is literal [assumed]. */
  expand(hub: string, event: string): string {
    const parts = this.#parts;
    let url = parts[0];
    for (let index = 1; index < parts.length; index += 2) {
      url += encodeValue(parts[index].toLowerCase() === 'hub' ? hub : event) + parts[index + 1];
    }
    return url;
  }

  /** Where the service asks whether it may send events of a hub: the event is called `validate` [upstream-events 2]. */
  validationUrl(hub: string): string {
    return this.expand(hub, 'validate');
  }

  /** It must be an absolute `http:`, `https:` or `tunnel:///` URL [upstream-events 2]. */
  #findProblem(): string | undefined {
    if (KEY_VAULT_REFERENCE.test(this.text)) return 'the emulator has no Key Vault; write the secret itself';
    const [, scheme, host] = SCHEME_AND_HOST.exec(this.text) ?? [];
    if (scheme === undefined) return 'must be an absolute URL that begins with http://, https:// or tunnel:///';
    if (this.hasPlaceholderInHost) return 'has a placeholder in the host; {hub} and {event} may stand after it only';
    switch (scheme.toLowerCase()) {
      case 'http':
      case 'https':
        if (host === '') return 'is not a URL';
        break;
      case 'tunnel':
        if (host !== '') return 'tunnel URLs have no host: tunnel:///path, with three slashes';
        break;
      default:
        return `begins with ${scheme}:// where http://, https:// or tunnel:/// is needed`;
    }
    return URL.canParse(this.expand('hub', 'event')) ? undefined : 'is not a URL';
  }
}

/** Leaves only what RFC 3986 calls unreserved; `encodeURIComponent` alone lets a few more through. */
function encodeValue(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
