/**
 * Names of other scripts in Latin letters, close to how they sound: Cyrillic, Greek, kana, Hangul
 * (Revised Romanization), and the letters of the Latin script that are no plain letter with a mark.
 * What it does not know it leaves as it is. Pure; takes lower case in composed form.
 */

const LETTERS: Readonly<Record<string, string>> = {
  ...pairs("ø o æ ae œ oe ß ss ł l đ d ð d þ th ı i ə e ŋ ng"),
  ...pairs("а a б b в v г g д d е e ё yo ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u"),
  ...pairs("ф f х kh ц ts ч ch ш sh щ shch ы y э e ю yu я ya і i ї yi є ye ґ g ў u"),
  ...pairs("ђ dj ј j љ lj њ nj ћ c џ dz ѓ gj ќ kj ѕ dz ә a ғ gh қ q ң ng ө o ұ u ү u һ h"),
  ъ: "",
  ь: "",
  ...pairs("α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y"),
  ...pairs("φ f χ ch ψ ps ω o ά a έ e ή i ί i ό o ύ y ώ o ϊ i ϋ y ΐ i ΰ y"),
  ...pairs("あ a い i う u え e お o か ka き ki く ku け ke こ ko が ga ぎ gi ぐ gu げ ge ご go"),
  ...pairs(
    "さ sa し shi す su せ se そ so ざ za じ ji ず zu ぜ ze ぞ zo た ta ち chi つ tsu て te",
  ),
  ...pairs("と to だ da ぢ ji づ zu で de ど do な na に ni ぬ nu ね ne の no は ha ひ hi ふ fu"),
  ...pairs("へ he ほ ho ば ba び bi ぶ bu べ be ぼ bo ぱ pa ぴ pi ぷ pu ぺ pe ぽ po ま ma み mi"),
  ...pairs(
    "む mu め me も mo や ya ゆ yu よ yo ら ra り ri る ru れ re ろ ro わ wa ゐ i ゑ e を o",
  ),
  ...pairs("ん n ゔ vu ぁ a ぃ i ぅ u ぇ e ぉ o"),
};

/** Small kana that melt into the syllable before: き and ゃ are kya. */
const MELTING: Readonly<Record<string, string>> = pairs("ゃ ya ゅ yu ょ yo");

const INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".split(" ");
const VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split(" ");
const FINALS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split(" ");

const HANGUL = 0xac00;
const HANGUL_END = 0xd7a3;
/** Katakana stand as far above their hiragana. */
const KATAKANA_OFFSET = 0x60;

export function spell(text: string): string {
  let spelt = "";
  let doubled = false;
  for (const given of text) {
    const letter = hiragana(given);
    if (letter === "っ") {
      doubled = true;
      continue;
    }
    const melting = MELTING[letter];
    if (melting !== undefined && /[a-z]i$/.test(spelt)) {
      const open = spelt.slice(0, -1);
      spelt = open + (/(sh|ch|j)$/.test(open) ? melting.slice(1) : melting);
      continue;
    }
    const next = melting ?? LETTERS[letter] ?? hangul(letter) ?? letter;
    // っち is tchi, every other っ doubles what follows.
    spelt += doubled ? next.charAt(0).replace("c", "t") + next : next;
    doubled = false;
  }
  return spelt;
}

function hiragana(letter: string): string {
  if (letter === "ー") return "";
  return /^[ァ-ヴ]$/.test(letter)
    ? String.fromCharCode(letter.charCodeAt(0) - KATAKANA_OFFSET)
    : letter;
}

/** A syllable block is its initial, vowel and final in one number. */
function hangul(letter: string): string | undefined {
  const code = letter.charCodeAt(0);
  if (code < HANGUL || code > HANGUL_END) return undefined;
  const at = code - HANGUL;
  const parts = [
    INITIALS[Math.floor(at / (VOWELS.length * FINALS.length))],
    VOWELS[Math.floor(at / FINALS.length) % VOWELS.length],
    FINALS[at % FINALS.length],
  ];
  return parts.join("").replaceAll("-", "");
}

/** `a b c d` as `{a: b, c: d}`. */
function pairs(text: string): Record<string, string> {
  const words = text.split(" ");
  const letters: Record<string, string> = {};
  for (let i = 0; i + 1 < words.length; i += 2) letters[words[i] ?? ""] = words[i + 1] ?? "";
  return letters;
}
