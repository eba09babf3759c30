import type { AzureKeyCredential, TokenCredential } from '@azure/core-auth';
import type { WebPubSubServiceClientOptions } from '@azure/web-pubsub';
import type { IdempotencyOptions } from './idempotency/idempotency-store.interface.js';

/**
 * Options of `WebPubSubModule.forRoot` and of the factories of `forRootAsync`.
 *
 * @publicApi
 */
export interface WebPubSubModuleOptions {
  /**
   * Connection string of the service, or several. The first calls the service; the keys of all verify signatures, so
   * that a key can be rotated and replicas can send events.
   */
  connectionString?: string | readonly string[] | undefined;
  /** Address of the service, in the place of a connection string; with `credential`. */
  endpoint?: string | undefined;
  /** With `endpoint`. Signatures are checked with the live key of an `AzureKeyCredential`. */
  credential?: TokenCredential | AzureKeyCredential | undefined;
  /** It and every path below it receive events. Default `/eventhandler`. */
  path?: string | undefined;
  /** Hubs to make service clients for, beside those of hub classes. Default: none. */
  hubs?: readonly string[] | undefined;
  /** How the service proves itself to the application. Default: by signatures with the access keys that are known. */
  upstreamAuth?: UpstreamAuthOptions | undefined;
  /**
   * Hosts that may send events, in the place of the default: the hosts of the configured endpoints. A request that names
   * several origins passes when one of them is allowed. `'*'` allows any.
   */
  allowedOrigins?: readonly string[] | undefined;
  /** What a user event without a handler is answered: 404 (`reject`, the default) or 204 (`accept`). */
  unhandledUserEvents?: 'reject' | 'accept' | undefined;
  /**
   * `server` (default) takes events at the HTTP server's `request` event, ahead of the framework and whatever the host
   * installed in it; `route` lets them go through the host's middleware to a route, with their body read before.
   * Validation requests are answered ahead of the framework in both.
   */
  attach?: 'server' | 'route' | undefined;
  /** Whether globally registered guards, pipes, interceptors and filters apply to hub handlers. Default true. */
  globalEnhancers?: boolean | undefined;
  /** Largest body of an event. Bytes; default 1 MiB + 64 KiB. More is answered 413. */
  maxBodyBytes?: number | undefined;
  /** How connection state is written: `json` is read by the JavaScript SDK (default), `dotnet` by the .NET SDK. */
  stateCodec?: 'json' | 'dotnet' | undefined;
  /**
   * Largest encoded connection state. Bytes; default 8 192. A handler that would exceed it fails with an error that names
   * hub, event and size, before a header grows past what proxies accept.
   */
  maxStateBytes?: number | undefined;
  /** Answers repeated events without running the handler again. Default: off. */
  idempotency?: IdempotencyOptions | undefined;
  /**
   * `auto` (default) makes a span and metrics of every event when `@opentelemetry/api` is installed, which the application's
   * SDK collects; `off` does not look for it.
   */
  observability?: 'auto' | 'off' | undefined;
  /** Handed to every `WebPubSubServiceClient`. Default: none; `allowInsecureConnection` for a service of this machine. */
  serviceClientOptions?: WebPubSubServiceClientOptions | undefined;
}

/**
 * What an event must bring along to be believed. What is set must hold together.
 *
 * @publicApi
 */
export interface UpstreamAuthOptions {
  /**
   * `required`: every event must carry a signature made with one of the known keys; the default as soon as a key is
   * known. `off` accepts events from anyone who reaches the path, unless `entra` is set.
   */
  signature?: 'required' | 'off' | undefined;
  /** Validation of the bearer token of a managed identity [auth 9.3]. With `signature: 'required'`, both must hold. */
  entra?: EntraOptions | undefined;
}

/**
 * Whose bearer tokens prove that the service sends an event.
 *
 * @publicApi
 */
export interface EntraOptions {
  /** Directory (tenant) id. */
  tenantId: string;
  /** The application id or App ID URI chosen as the resource in the event handler's setting. */
  audience: string | readonly string[];
  /** Callers (`appid`, `azp` or `oid`) that may send events. Default: any identity of the tenant. */
  allowedAppIds?: readonly string[] | undefined;
  /** Accepted issuers. Default: the v1 and v2 issuers of the tenant. */
  issuer?: string | readonly string[] | undefined;
  /** Where the signing keys are. Default: as the tenant's discovery document says. */
  jwksUri?: string | undefined;
}

/**
 * A class that `forRootAsync` asks for the options: its `useClass` or `useExisting`.
 *
 * @publicApi
 */
export interface WebPubSubOptionsFactory {
  createWebPubSubOptions(): Promise<WebPubSubModuleOptions> | WebPubSubModuleOptions;
}
