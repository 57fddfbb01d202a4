/** One thing to do, in a menu. */
import { Icon, type IconName } from "./Icon.tsx";
import { Keys } from "./Keys.tsx";

interface Props {
  readonly icon: IconName;
  readonly label: string;
  readonly keys?: string | undefined;
  readonly danger?: boolean;
  readonly onClick: () => void;
}

export function MenuItem({ icon, label, keys, danger = false, onClick }: Props) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className="menu-item"
      data-danger={danger || undefined}
      onClick={onClick}
    >
      <Icon name={icon} />
      <span>{label}</span>
      {keys !== undefined && <Keys keys={keys} />}
    </button>
  );
}
