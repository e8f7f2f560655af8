// The media of a system that a title means: by the beginning of its name first, by its words then.

import type { IndexedMedia } from "../../features/library/media.ts";
import { sortKeyOf, titleRank, withoutBrackets } from "../../features/library/media_name.ts";
import type { LibraryDatabase } from "./library_database.ts";
import { joinParts, type MediaPlan, planMedia } from "./media_query.ts";
import { listMedia } from "./media_rows.ts";

// How many media are looked at for each way to find them.
const MAX_CANDIDATES = 500;

/** The best fit of a title in a system; of equals that with the shortest path. */
export function searchTitle(
  database: LibraryDatabase,
  { systemId, title }: { systemId: string; title: string },
): IndexedMedia | undefined {
  const bare = withoutBrackets(title);
  const beginnings = new Set([sortKeyOf(title), sortKeyOf(bare)]);
  const byName = [...beginnings].flatMap((key) =>
    candidates(
      database,
      planMedia(database, { query: { systemIds: [systemId] }, sort: "name-asc" }),
      {
        key,
      },
    )
  );
  return bestFit(byName, title) ?? bestFit(
    candidates(
      database,
      planMedia(database, { query: { systemIds: [systemId], text: title }, sort: "name-asc" }),
    ),
    title,
  );
}

function candidates(
  database: LibraryDatabase,
  plan: MediaPlan | undefined,
  { key }: { key?: string } = {},
): IndexedMedia[] {
  if (plan === undefined) return [];
  const covered = key === undefined ? plan.covered : joinParts([
    plan.covered,
    { sql: "m.sort_key >= ? AND m.sort_key < ?", values: [key, `${key}\u{10ffff}`] },
  ]);
  const options = { sort: "name-asc", cursor: undefined, limit: MAX_CANDIDATES } as const;
  return listMedia(database, { ...plan, covered }, options).map(({ media }) => media);
}

function bestFit(media: readonly IndexedMedia[], title: string): IndexedMedia | undefined {
  const ranked = media.flatMap((one) => {
    const rank = titleRank(one.name, title);
    return rank === undefined ? [] : [{ one, rank }];
  });
  return ranked.toSorted((a, b) =>
    a.rank - b.rank || a.one.path.length - b.one.path.length || (a.one.path < b.one.path ? -1 : 1)
  )[0]?.one;
}
