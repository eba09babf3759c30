/** Errors of the service client: what is wrong, and the cure. None names a key. */

export const badConnectionString = (index: number, count: number, problem: string): string =>
  `${count > 1 ? `connectionString[${index}]` : 'connectionString'} is wrong: ${problem} ` +
  'Copy it from the Keys page of the Web PubSub resource; it looks like Endpoint=https://<name>.webpubsub.azure.com;AccessKey=<key>;Version=1.0;';

/** A problem of a connection string. */
export const QUOTED = 'It is wrapped in quotes, which are no part of it; take them away.';

export const ENDPOINT_MISSING =
  'WebPubSubModule has a credential but no endpoint. Add endpoint: "https://<name>.webpubsub.azure.com".';

export const CREDENTIAL_MISSING =
  'WebPubSubModule has an endpoint but no credential. Add a credential (new DefaultAzureCredential(), or ' +
  'new AzureKeyCredential(key)), or use a connectionString instead of both.';

export const CREDENTIAL_UNKNOWN =
  'The credential of WebPubSubModule is neither an AzureKeyCredential (with a key) nor a TokenCredential (with getToken). ' +
  'Use new DefaultAzureCredential(), or new AzureKeyCredential(key).';

export const CREDENTIAL_EMPTY =
  'The access key in the credential of WebPubSubModule is empty: with it anybody could sign events. Is the secret that it ' +
  'comes from set?';

/** Without the text that was given: it may be a connection string, or hold a password. */
export const ENDPOINT_NOT_ADDRESS =
  'The endpoint of WebPubSubModule must be an https:// address and nothing more: no user name, no query. Write it as in ' +
  'https://<name>.webpubsub.azure.com. A whole connection string goes into connectionString, instead of endpoint and credential.';

export const insecureEndpoint = (endpoint: string): string =>
  `The endpoint ${endpoint} is not encrypted and not on this machine: keys and messages would be readable on the way. ` +
  'Use https://, or, on a network that you trust, write serviceClientOptions: { allowInsecureConnection: true }.';

export const tokenOverHttp = (endpoint: string): string =>
  `A TokenCredential is never sent over http://, and the endpoint is ${endpoint}. ` +
  'Use an https:// endpoint, or an AzureKeyCredential or connection string with a local emulator.';

export const SERVICE_UNKNOWN =
  'There is no service to call: WebPubSubModule has neither a connectionString nor an endpoint with a credential. ' +
  'Give it one of them.';

export const badHubName = (hub: unknown): string =>
  `${JSON.stringify(hub)} is no hub name: it begins with a letter, followed by at most 127 letters, digits or any of _ \` , . [ ].`;

export const badExpiration = (minutes: unknown): string =>
  `expirationTimeInMinutes must be a positive number of minutes, not ${String(minutes)}.`;
