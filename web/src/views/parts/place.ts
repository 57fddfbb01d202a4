/** Puts a floating box beside what it belongs to, inside of the window. */

/** Kept free to the edges of the window and to the anchor, in CSS pixels. */
const GAP_PX = 6;

/** Below the anchor and in line with its nearer side; above where there is no room below. */
export function placeBeside(box: HTMLElement, anchor: HTMLElement): void {
  const from = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const { innerWidth, innerHeight } = window;
  const rightHalf = from.left + from.width / 2 > innerWidth / 2;
  const left = rightHalf ? from.right - width : from.left;
  const below = from.bottom + GAP_PX;
  const above = from.top - GAP_PX - height;
  const top = below + height <= innerHeight - GAP_PX || above < GAP_PX ? below : above;
  box.style.left = `${clamp(left, GAP_PX, innerWidth - width - GAP_PX)}px`;
  box.style.top = `${clamp(top, GAP_PX, innerHeight - height - GAP_PX)}px`;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
