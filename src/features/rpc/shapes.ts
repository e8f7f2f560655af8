// What results and notifications are made of, and the type of a value that has a shape.

import * as v from "valibot";

/** A text. */
export const TextShape = v.string();

/** A whole number from 0. */
export const CountShape = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A moment in Unix seconds. */
export const SecondsShape = CountShape;

/** A moment of RFC 3339 in UTC. */
export const MomentShape = v.pipe(v.string(), v.isoTimestamp());

/** What a call answers that has nothing to tell. */
export const NothingShape = v.null();

/** A value of a shape, of which nothing is written to. */
export type Shown<Shape extends v.GenericSchema> = Unwritten<v.InferOutput<Shape>>;

/** A value and all in it, not to be written to. */
export type Unwritten<Value> = Value extends readonly (infer Item)[] ? readonly Unwritten<Item>[]
  : Value extends object ? { readonly [Name in keyof Value]: Unwritten<Value[Name]> }
  : Value;
