// A value that may be there at once or come later. What is there at once is used without a promise,
// because each costs a hot path more than the work it stands for.

/** A value, or a promise of it. */
export type Eventual<Value> = Value | Promise<Value>;

/** Goes on with a value: at once where it is there, else when it comes. */
export function andThen<Value, Result>(
  value: Eventual<Value>,
  next: (value: Value) => Eventual<Result>,
): Eventual<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
