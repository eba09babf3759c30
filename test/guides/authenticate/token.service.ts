import { Inject, Injectable, UnauthorizedException } from '@nestjs/common';
import { jwtVerify } from 'jose';

export const TOKEN_SECRET = 'TOKEN_SECRET';

/** Whom a token of the application names. */
export interface Account {
  readonly id: string;
  readonly rooms: string[];
}

@Injectable()
export class TokenService {
  private readonly key: Uint8Array;

  constructor(@Inject(TOKEN_SECRET) secret: string | undefined) {
    if (!secret) throw new Error('TOKEN_SECRET is not set.');
    this.key = new TextEncoder().encode(secret);
  }

  async verify(token: string | undefined): Promise<Account> {
    if (!token) throw new UnauthorizedException('Sign in first.');
    try {
      const { payload } = await jwtVerify<{ sub: string; rooms?: string[] }>(token, this.key, {
        algorithms: ['HS256'],
        audience: 'chat',
        requiredClaims: ['sub', 'exp'],
      });
      return { id: payload.sub, rooms: payload.rooms ?? [] };
    } catch {
      throw new UnauthorizedException('The token is not valid.');
    }
  }
}
