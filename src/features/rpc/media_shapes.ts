// The shapes of media that clients of Core know (docs/protocol.md §14).

import * as v from "valibot";
import { CountShape, TextShape } from "./shapes.ts";

/** A tag. */
export const TagShape = v.strictObject({ type: TextShape, tag: TextShape });

/** A system; `category` where the source tells it. */
export const SystemShape = v.strictObject({
  id: TextShape,
  name: TextShape,
  category: v.optional(TextShape),
});

/** A media among results; `zapScript` launches exactly that file. */
export const MediaResultShape = v.strictObject({
  mediaId: CountShape,
  system: SystemShape,
  name: TextShape,
  path: TextShape,
  zapScript: TextShape,
  tags: v.array(TagShape),
  hasCover: v.boolean(),
});

/** The folder of a system, or a folder in it. */
export const MediaFolderShape = v.strictObject({
  name: TextShape,
  path: TextShape,
  type: v.picklist(["root", "directory"]),
  fileCount: CountShape,
  systemId: v.optional(TextShape),
  systemIds: v.array(TextShape),
  hasCover: v.literal(false),
});

/** A media in a folder. */
export const MediaEntryShape = v.strictObject({
  mediaId: CountShape,
  name: TextShape,
  path: TextShape,
  type: v.literal("media"),
  systemId: TextShape,
  zapScript: TextShape,
  tags: v.array(TagShape),
  hasCover: v.boolean(),
});

/** Which part of a whole an answer is; `nextCursor` asks for the next one. */
export const PaginationShape = v.strictObject({
  hasNextPage: v.boolean(),
  pageSize: CountShape,
  nextCursor: v.optional(TextShape),
});

/** What the source says of a media: a text, or the path of a file. */
export const PropertyShape = v.strictObject({
  text: TextShape,
  contentType: TextShape,
  extension: v.optional(TextShape),
});

/** All that is known of a media. */
export const MediaMetaShape = v.strictObject({
  path: TextShape,
  parentDir: TextShape,
  isMissing: v.boolean(),
  tags: v.array(TagShape),
  properties: v.record(v.string(), PropertyShape),
  title: v.strictObject({
    slug: TextShape,
    name: TextShape,
    slugLength: CountShape,
    slugWordCount: CountShape,
    system: v.strictObject({ id: TextShape, name: TextShape }),
    tags: v.array(TagShape),
    properties: v.record(v.string(), PropertyShape),
  }),
});

/** The index of the library; the counts of a scan only while it runs. */
export const DatabaseShape = v.strictObject({
  exists: v.boolean(),
  indexing: v.boolean(),
  optimizing: v.literal(false),
  totalMedia: CountShape,
  totalSteps: v.optional(CountShape),
  currentStep: v.optional(CountShape),
  currentStepDisplay: v.optional(TextShape),
  totalFiles: v.optional(CountShape),
});
