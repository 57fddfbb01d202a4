/** The files of one composer: those that are here for sending, and whether some are still on their way. */
import { useCallback, useMemo } from "react";
import type { FileRef } from "../../wire/types.ts";
import { useClient, useStore } from "../useApp.ts";

export interface ComposerFiles {
  readonly files: readonly FileRef[];
  readonly busy: boolean;
  /** They have been sent: the composer lets go of them. */
  readonly forget: () => void;
}

export function useUploads(draft: string, kept: readonly FileRef[] | undefined): ComposerFiles {
  const client = useClient();
  const uploads = useStore((state) => state.uploads);
  const mine = useMemo(
    () => [...uploads.values()].filter((upload) => upload.draft === draft),
    [uploads, draft],
  );
  const files = useMemo(() => {
    const done = mine.flatMap((upload) => (upload.file === null ? [] : [upload.file]));
    const ids = new Set(done.map((file) => file.id));
    return [...(kept ?? []).filter((file) => !ids.has(file.id)), ...done];
  }, [mine, kept]);
  const busy = mine.some((upload) => upload.state === "waiting" || upload.state === "sending");
  const forget = useCallback(() => {
    for (const upload of mine) if (upload.state === "done") client.uploads.remove(upload.key);
  }, [client, mine]);
  return { files, busy, forget };
}
