/** The files that go with the message being written, and how far their upload is. */
import { removeUpload } from "../../actions/removeUpload.ts";
import { retryUpload } from "../../actions/retryUpload.ts";
import { bytes } from "../../i18n/bytes.ts";
import { t } from "../../i18n/t.ts";
import type { Upload } from "../../sync/model.ts";
import { Icon } from "../parts/Icon.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";

export function Uploads({ draft }: { readonly draft: string }) {
  const client = useClient();
  const uploads = useStore((state) => state.uploads);
  const kept = useStore((state) => state.drafts.get(draft)?.files);
  const mine = [...uploads.values()].filter((upload) => upload.draft === draft);
  const shown = new Set(mine.map((upload) => upload.file?.id));
  const rest = (kept ?? []).filter((file) => !shown.has(file.id));
  if (mine.length === 0 && rest.length === 0) return null;
  return (
    <ul className="uploads">
      {rest.map((file) => (
        <li key={file.id} className="upload" data-state="done">
          <Icon name="file" size={16} />
          <span className="upload-name">{file.name}</span>
          <span className="faint">{bytes(file.size)}</span>
          <Remove
            name={file.name}
            onClick={() =>
              client.drafts.write(draft, {
                files: (kept ?? []).filter((other) => other.id !== file.id),
              })
            }
          />
        </li>
      ))}
      {mine.map((upload) => (
        <OneUpload key={upload.key} upload={upload} />
      ))}
    </ul>
  );
}

function OneUpload({ upload }: { readonly upload: Upload }) {
  const perform = usePerform();
  const percent = upload.size === 0 ? 100 : Math.floor((100 * upload.sent) / upload.size);
  return (
    <li className="upload" data-state={upload.state}>
      <Icon name={upload.state === "failed" ? "warning" : "file"} size={16} />
      <span className="upload-name">{upload.name}</span>
      <span className="faint" role={upload.state === "failed" ? "alert" : undefined}>
        {state(upload, percent)}
      </span>
      {upload.state === "failed" && (
        <button
          type="button"
          className="link-button"
          onClick={() => void perform(retryUpload, { key: upload.key })}
        >
          {t("common.retry")}
        </button>
      )}
      <Remove name={upload.name} onClick={() => void perform(removeUpload, { key: upload.key })} />
      {upload.state === "sending" && (
        <progress max={100} value={percent} aria-label={t("file.uploading", { percent })} />
      )}
    </li>
  );
}

function Remove({ name, onClick }: { readonly name: string; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      className="icon-button small"
      aria-label={t("file.remove", { name })}
      onClick={onClick}
    >
      <Icon name="close" size={16} />
    </button>
  );
}

function state(upload: Upload, percent: number): string {
  switch (upload.state) {
    case "waiting":
      return t("file.paused");
    case "sending":
      return t("file.uploading", { percent });
    case "failed":
      return t("file.failed", { why: upload.why?.message ?? "" });
    case "done":
      return bytes(upload.size);
    default:
      return upload.state satisfies never;
  }
}
