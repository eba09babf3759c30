import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { EntraValidator } from '../library/security/entra-validator.js';
import { UPSTREAM_SECURITY } from '../library/web-pubsub.constants.js';
import { partOf } from './module-settings.js';

const trusted = new WeakMap<EntraValidator, string>();

/**
 * An `Authorization` that the application takes for that of the service's managed identity from now on, beside those that
 * Microsoft Entra signed; undefined when it validates no bearers.
 */
export function trustTestBearer(application: INestApplication): string | undefined {
  const { entra } = partOf(application, UPSTREAM_SECURITY);
  if (!entra) return undefined;
  const known = trusted.get(entra);
  if (known !== undefined) return known;
  const own = `Bearer ${randomUUID()}`;
  const validate = entra.validate.bind(entra);
  entra.validate = async (authorization) => (authorization === own ? { kind: 'accepted' } : validate(authorization));
  trusted.set(entra, own);
  return own;
}
