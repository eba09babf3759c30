import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type Account, TokenService } from './token.service.js';

/** For routes: takes the token from `Authorization: Bearer ...`, and leaves the account on the request. */
@Injectable()
export class TokenGuard implements CanActivate {
  constructor(private readonly tokens: TokenService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined>; account?: Account }>();
    request.account = await this.tokens.verify(request.headers['authorization']?.replace(/^Bearer /i, ''));
    return true;
  }
}
