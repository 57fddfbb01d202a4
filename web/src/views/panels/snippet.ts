/** The text around found words, cut into what was found and what was not. Pure. */

export interface SnippetPiece {
  readonly text: string;
  readonly found: boolean;
}

/** The pieces of a snippet for a query; Markdown's marks are left out. */
export function snippetPieces(snippet: string, query: string): SnippetPiece[] {
  const text = snippet.replace(/\*\*|~~|`+/g, "");
  const words = wordsOf(query);
  if (words.length === 0) return [{ text, found: false }];
  const found = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map(escaped).join("|")})`, "giu");
  const out: SnippetPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(found)) {
    if (match.index > from) out.push({ text: text.slice(from, match.index), found: false });
    out.push({ text: match[0], found: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ text: text.slice(from), found: false });
  return out;
}

/** The words and phrases of a query, without its operators; longest first. */
function wordsOf(query: string): string[] {
  const plain = query.replace(/(?:^|\s)-?(?:from|in|before|after|has):\S*/giu, " ");
  const phrases = [...plain.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
  const words = plain.replace(/"[^"]*"/g, " ").match(/[\p{L}\p{N}][\p{L}\p{N}'_-]*/gu) ?? [];
  return [...phrases, ...words].sort((a, b) => b.length - a.length);
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\-]/g, "\\$&");
}
