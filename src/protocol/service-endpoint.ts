/** What stands behind one of these is no part of an address, and may be a secret: a key, a password. */
const MORE_THAN_AN_ADDRESS = /[;=@?#]/;

/**
 * The address of a service, `https://` when it names no scheme [auth 1]. Undefined: the text is no such address, or holds
 * more than one, as a whole connection string does.
 */
export function parseServiceEndpoint(text: string): URL | undefined {
  if (MORE_THAN_AN_ADDRESS.test(text)) return undefined;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined;
}

/** Without a slash at its end. */
export function formatServiceEndpoint({ href }: URL): string {
  return href.replace(/\/$/, '');
}
