import { lastValueFrom, type Observable } from 'rxjs';

/** The last value of an observable; one that completes without a value gives undefined, where RxJS rejects. */
export function lastOf(observable: Observable<unknown>): Promise<unknown> {
  return lastValueFrom(observable, { defaultValue: undefined });
}
