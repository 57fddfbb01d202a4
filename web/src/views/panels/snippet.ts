/** The text around found words, cut where the server marked them: U+0002 opens, U+0003 closes. */

export interface SnippetPiece {
  readonly text: string;
  readonly found: boolean;
}

export function snippetPieces(snippet: string): SnippetPiece[] {
  const out: SnippetPiece[] = [];
  let found = false;
  let text = "";
  const flush = () => {
    if (text !== "") out.push({ text, found });
    text = "";
  };
  for (const char of snippet) {
    if (char === "\u0002" || char === "\u0003") {
      flush();
      found = char === "\u0002";
    } else {
      text += char;
    }
  }
  flush();
  return out;
}
