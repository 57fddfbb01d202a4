/** Files dragged over a part of the page: whether there are any, and what to do with them when dropped. */
import { useEffect, useRef, useState } from "react";

/** `within` selects the part of the page that takes files. */
export function useDrop(onFiles: (files: readonly File[]) => void, within: string): boolean {
  const [over, setOver] = useState(false);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    const inside = (event: DragEvent) =>
      event.dataTransfer?.types.includes("Files") === true &&
      event.target instanceof Element &&
      event.target.closest(within) !== null;
    const drag = (event: DragEvent) => {
      // Without this, the browser leaves the page for the file.
      if (event.dataTransfer?.types.includes("Files") === true) event.preventDefault();
      setOver(inside(event));
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      if (inside(event)) take.current([...(event.dataTransfer?.files ?? [])]);
    };
    document.addEventListener("dragover", drag);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragover", drag);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
    };
  }, [within]);
  return over;
}
