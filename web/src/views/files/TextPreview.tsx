/** The text of a file, fetched when asked for and shown as code. */
import { useEffect, useState } from "react";
import { t } from "../../i18n/t.ts";
import { fileUrl } from "../../sync/http.ts";
import type { FileRef } from "../../wire/types.ts";
import { CodeBlock } from "../markdown/CodeBlock.tsx";

const EXTENSIONS: Readonly<Record<string, string>> = {
  rs: "rust",
  ts: "typescript",
  tsx: "typescript",
  js: "javascript",
  py: "python",
  sh: "bash",
  yml: "yaml",
  yaml: "yaml",
  json: "json",
  toml: "ini",
  sql: "sql",
  css: "css",
  html: "xml",
  xml: "xml",
  go: "go",
  diff: "diff",
  patch: "diff",
};

export function TextPreview({ file }: { readonly file: FileRef }) {
  const [text, setText] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    fetch(fileUrl(file), { signal: stop.signal })
      .then((answer) =>
        answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status))),
      )
      .then(setText)
      .catch(() => {
        if (!stop.signal.aborted) setFailed(true);
      });
    return () => stop.abort();
  }, [file]);
  if (failed) return <p className="quiet">{t("file.preview_failed")}</p>;
  if (text === null) return <p className="quiet">{t("app.loading")}</p>;
  return (
    <CodeBlock
      code={text}
      lang={EXTENSIONS[file.name.split(".").at(-1)?.toLowerCase() ?? ""] ?? ""}
    />
  );
}
