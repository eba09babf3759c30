/** Start-up errors of the security settings: what is wrong, and the cure. */

export const NOTHING_AUTHENTICATES =
  'Nothing authenticates the service: anyone who reaches the event path could send events. ' +
  'Give WebPubSubModule a connectionString (or endpoint with an AzureKeyCredential) to check signatures, or ' +
  "upstreamAuth: { entra } to check bearer tokens; or write upstreamAuth: { signature: 'off' } to accept everybody.";

export const CONNECTION_STRING_EMPTY =
  'The connectionString of WebPubSubModule is undefined or empty. Is the environment variable set, and an .env file read ' +
  `before forRoot is called? ${NOTHING_AUTHENTICATES}`;

export const SIGNATURE_WITHOUT_KEY =
  "upstreamAuth.signature is 'required', but no access key is known. Add a connectionString, whose key verifies " +
  'signatures, or use an AzureKeyCredential as the credential.';

export const entraTenantMissing = (tenantId: unknown): string =>
  `upstreamAuth.entra.tenantId must be the id or a domain of one directory, not ${JSON.stringify(tenantId)}. ` +
  'Find it with "az account show --query tenantId".';

export const ENTRA_AUDIENCE_MISSING =
  'upstreamAuth.entra.audience is missing: it is the application id or App ID URI that the event handler setting names ' +
  'as the resource of its managed identity.';

export const entraJwksUriUnsafe = (jwksUri: string): string =>
  `upstreamAuth.entra.jwksUri must be an https:// address (http:// for loopback hosts only), not ${JSON.stringify(jwksUri)}.`;
