/** A block of code with its language and a copy button. Colours arrive when their chunk has. */
import { useEffect, useState } from "react";
import { t } from "../../i18n/t.ts";
import { CopyButton } from "../parts/CopyButton.tsx";
import type { Span } from "./highlight.ts";

export function CodeBlock({ code, lang }: { readonly code: string; readonly lang: string }) {
  const name = lang.split(/[\s,{]/)[0]?.toLowerCase() ?? "";
  const spans = useSpans(code, name);
  return (
    <figure className="code">
      <figcaption className="code-head">
        <span>{name}</span>
        <CopyButton text={code} label={t("code.copy")} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable */}
      <pre tabIndex={0}>
        <code>
          {spans === null
            ? code
            : spans.map((span, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the spans of one text never move
                <span key={i} data-kind={span.kind === "" ? undefined : span.kind.split(/[._]/)[0]}>
                  {span.text}
                </span>
              ))}
        </code>
      </pre>
    </figure>
  );
}

function useSpans(code: string, lang: string): readonly Span[] | null {
  const [spans, setSpans] = useState<readonly Span[] | null>(null);
  useEffect(() => {
    if (lang === "") return;
    let wanted = true;
    import("./highlight.ts").then(
      ({ highlight }) => {
        if (wanted) setSpans(highlight(code, lang));
      },
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [code, lang]);
  return spans;
}
