/** How well a name fits what was typed: beginnings before middles, whole words before scattered letters. */

/** Higher is better; null: not at all. */
export function nearness(name: string, typed: string): number | null {
  const text = name.toLowerCase();
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return 0;
  if (text === wanted) return 100;
  if (text.startsWith(wanted)) return 80;
  if (text.split(/[\s._-]+/).some((word) => word.startsWith(wanted))) return 60;
  if (text.includes(wanted)) return 40;
  return scattered(text, wanted) ? 10 : null;
}

function scattered(text: string, wanted: string): boolean {
  let from = 0;
  for (const char of wanted) {
    const at = text.indexOf(char, from);
    if (at < 0) return false;
    from = at + 1;
  }
  return wanted.length > 2;
}
