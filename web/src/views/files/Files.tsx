/** The files of a message: pictures as pictures, text and PDF with a preview on demand, the rest to download. */
import { useState } from "react";
import { bytes } from "../../i18n/bytes.ts";
import { t } from "../../i18n/t.ts";
import { fileUrl, thumbnailUrl } from "../../sync/http.ts";
import type { FileRef } from "../../wire/types.ts";
import { Icon } from "../parts/Icon.tsx";
import { TextPreview } from "./TextPreview.tsx";

/** A picture is shown within this, in CSS pixels. */
const PICTURE = { width: 420, height: 300 };
/** Text beyond this many bytes is only downloaded. */
const TEXT_BYTES_MAX = 256 * 1024;

export function Files({ files }: { readonly files: readonly FileRef[] }) {
  return (
    <ul className="files">
      {files.map((file) => (
        <li key={file.id}>
          {thumbnailUrl(file) === null ? <FileCard file={file} /> : <Picture file={file} />}
        </li>
      ))}
    </ul>
  );
}

/** Its place is kept while it loads, so that nothing moves. */
function Picture({ file }: { readonly file: FileRef }) {
  const width = file.width ?? PICTURE.width;
  const height = file.height ?? PICTURE.height;
  const scale = Math.min(1, PICTURE.width / width, PICTURE.height / height);
  return (
    <a
      className="picture"
      href={fileUrl(file)}
      target="_blank"
      rel="noopener"
      aria-label={t("file.open", { name: file.name })}
    >
      <img
        src={thumbnailUrl(file) ?? fileUrl(file)}
        alt={file.name}
        width={Math.max(24, Math.round(width * scale))}
        height={Math.max(24, Math.round(height * scale))}
        loading="lazy"
        decoding="async"
      />
    </a>
  );
}

/** A file by its name and size. */
export function FileCard({ file }: { readonly file: FileRef }) {
  const [shown, setShown] = useState(false);
  const text = isText(file) && file.size <= TEXT_BYTES_MAX;
  const pdf = file.mime === "application/pdf";
  // Phones show PDF only on a page of its own.
  const inPlace = text || (pdf && navigator.pdfViewerEnabled);
  return (
    <div className="file">
      <div className="file-card">
        <Icon name={file.mime.startsWith("image/") ? "image" : "file"} />
        <a
          className="file-name"
          href={fileUrl(file)}
          target="_blank"
          rel="noopener"
          title={file.name}
        >
          {file.name}
        </a>
        <span className="faint file-size">{bytes(file.size)}</span>
        {inPlace && (
          <button
            type="button"
            className="link-button"
            aria-expanded={shown}
            onClick={() => setShown(!shown)}
          >
            {t(shown ? "file.preview_hide" : "file.preview_show")}
          </button>
        )}
        {pdf && !inPlace && (
          <a className="link-button" href={fileUrl(file)} target="_blank" rel="noopener">
            {t("file.preview_show")}
          </a>
        )}
        <a
          className="icon-button small"
          href={fileUrl(file)}
          download={file.name}
          aria-label={t("file.download", { name: file.name })}
          title={t("file.download", { name: file.name })}
        >
          <Icon name="download" />
        </a>
      </div>
      {shown && text && <TextPreview file={file} />}
      {shown && pdf && <iframe className="pdf-preview" src={fileUrl(file)} title={file.name} />}
    </div>
  );
}

function isText(file: FileRef): boolean {
  return (
    file.mime.startsWith("text/") ||
    /^application\/(json|xml|toml|yaml|javascript|sql)/.test(file.mime)
  );
}
