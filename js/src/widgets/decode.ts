/** Checks of data that came over the wire, put together by the generated modules. */

export type Check<T> = (value: unknown) => value is T;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const isString: Check<string> = (value) => typeof value === "string";
export const isNumber: Check<number> = (value) => typeof value === "number";
export const isBoolean: Check<boolean> = (value) => typeof value === "boolean";
export const isNull: Check<null> = (value) => value === null;
export const isUnknown: Check<unknown> = (value): value is unknown => value !== undefined;

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

export function oneOf<T extends string>(...values: T[]): Check<T> {
  return (value): value is T => values.includes(value as T);
}

export function either<T extends unknown[]>(
  ...checks: { [I in keyof T]: Check<T[I]> }
): Check<T[number]> {
  return (value): value is T[number] => checks.some((check) => check(value));
}

export function listOf<T>(check: Check<T>): Check<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(check);
}

export function tupleOf<T extends unknown[]>(...checks: { [I in keyof T]: Check<T[I]> }): Check<T> {
  return (value): value is T =>
    Array.isArray(value) &&
    value.length === checks.length &&
    checks.every((check, index) => check(value[index]));
}

export function dictOf<T>(check: Check<T>): Check<Record<string, T>> {
  return (value): value is Record<string, T> =>
    isRecord(value) && Object.values(value).every(check);
}

/** An object with at least these members. */
export function record<T>(checks: { [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const entries = Object.entries(checks) as [string, Check<unknown>][];
  return (value): value is T =>
    isRecord(value) && entries.every(([name, check]) => check(value[name]));
}
