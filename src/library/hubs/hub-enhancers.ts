import { ApplicationConfig, type NestContainer } from '@nestjs/core';
import { ENHANCER_METADATA } from '../nest-metadata.js';
import type { HandlerMethod } from './handler-method.js';
import { pipesOfParams } from './hub-params.factory.js';

const FILTERS_METADATA = '__exceptionFilters__';
/** What a filter catches. */
const CAUGHT_METADATA = '__filterCatchExceptions__';

export function hasOwnEnhancers(hubClass: object, method: object): boolean {
  return ENHANCER_METADATA.some((key) => Reflect.hasMetadata(key, hubClass) || Reflect.hasMetadata(key, method));
}

/** Names of enhancer classes that a method or its class asks for and Nest has made no instance of, which it would leave out. */
export function enhancersWithoutInstance(
  hubClass: Function,
  { name, method }: HandlerMethod,
  isMade: (enhancer: Function) => boolean,
): string[] {
  const listed = ENHANCER_METADATA.flatMap((key) =>
    [hubClass, method].flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as unknown[]),
  );
  return [...listed, ...pipesOfParams(hubClass, name)]
    .filter((enhancer): enhancer is Function => typeof enhancer === 'function' && !isMade(enhancer))
    .map((enhancer) => enhancer.name);
}

export function hasGlobalEnhancers(config: ApplicationConfig | undefined): boolean {
  if (!config) return false;
  return (
    config.getGlobalGuards().length > 0 ||
    config.getGlobalInterceptors().length > 0 ||
    config.getGlobalPipes().length > 0 ||
    config.getGlobalFilters().length > 0 ||
    scopedGlobalEnhancers(config).length > 0
  );
}

/** An enhancer that is no singleton, as Nest knows it. */
type ScopedEnhancer = ReturnType<ApplicationConfig['getGlobalRequestGuards' | 'getGlobalRequestFilters']>[number];

/** Global enhancers that are request-scoped or transient; Nest keeps both in one list. */
export function scopedGlobalEnhancers(config: ApplicationConfig | undefined): ScopedEnhancer[] {
  if (!config) return [];
  return [
    ...config.getGlobalRequestGuards(),
    ...config.getGlobalRequestInterceptors(),
    ...config.getGlobalRequestPipes(),
    ...config.getGlobalRequestFilters(),
  ] as ScopedEnhancer[];
}

/** Of an alias the class that it stands for; what else a factory makes has no name of its own. */
export function nameOfEnhancer({ metatype, isAlias, inject, subtype }: ScopedEnhancer): string {
  if (!inject) return metatype!.name;
  const [target] = inject as unknown[];
  return isAlias && typeof target === 'function' ? target.name : `a factory's ${subtype}`;
}

/** A container that knows the same modules and no global enhancers. */
export function withoutGlobalEnhancers(container: NestContainer): NestContainer {
  return Object.create(container, { applicationConfig: { value: new ApplicationConfig() } }) as NestContainer;
}

/** A test for errors that some exception filter of the handler takes. */
export function createCaughtTest(
  hubClass: object,
  method: object,
  config: ApplicationConfig | undefined,
): (error: unknown) => boolean {
  const listed = [hubClass, method].flatMap(
    (target) => (Reflect.getMetadata(FILTERS_METADATA, target) ?? []) as object[],
  );
  const scoped = config?.getGlobalRequestFilters().map(({ metatype }) => metatype) ?? [];
  const filters = [...listed, ...(config?.getGlobalFilters() ?? []), ...scoped];
  const caught = filters.map((filter) => {
    const filterClass = typeof filter === 'function' ? filter : (filter?.constructor ?? Object);
    return (Reflect.getMetadata(CAUGHT_METADATA, filterClass) ?? []) as Function[];
  });
  return (error) =>
    caught.some((types) => types.length === 0 || types.some((type) => error instanceof (type as new () => unknown)));
}
