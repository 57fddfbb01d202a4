//! From text to the tokens that are indexed and looked for: words in lower case without diacritics,
//! and pairs of characters in scripts that do not separate words.
//!
//! The database's own tokeniser then has nothing left to decide but where the spaces are, so that any
//! database gives the same answers.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Longest token, in characters: beyond that it is no word but a key or a hash.
const TOKEN_CHARS_MAX: usize = 64;

/// A token and where in the text it begins, in bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) at: usize,
}

/// The tokens of a text, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut run = Run::default();
    for (at, word) in text.unicode_word_indices() {
        if word.chars().all(is_unspaced) {
            if run.end != at {
                run.flush(&mut found);
            }
            run.add(at, word);
        } else {
            run.flush(&mut found);
            fold(at, word, &mut found);
        }
    }
    run.flush(&mut found);
    found
}

/// Characters that belong together although nothing separates words among them.
#[derive(Default)]
struct Run {
    chars: Vec<(usize, String)>,
    end: usize,
}

impl Run {
    fn add(&mut self, at: usize, word: &str) {
        let chars = word.char_indices().map(|(i, c)| (at + i, c.nfkc().collect()));
        self.chars.extend(chars);
        self.end = at + word.len();
    }

    /// Every pair, and the last character alone: the beginning of a token then finds each one.
    fn flush(&mut self, into: &mut Vec<Token>) {
        for (i, (at, first)) in self.chars.iter().enumerate() {
            let second = self.chars.get(i + 1).map_or("", |(_, c)| c.as_str());
            into.push(Token { text: format!("{first}{second}"), at: *at });
        }
        self.chars.clear();
    }
}

/// Whether a character is of a script that does not separate words: Han, Hiragana, Katakana.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

fn fold(at: usize, word: &str, into: &mut Vec<Token>) {
    let folded: String =
        word.nfkd().filter(|c| !is_diacritic(*c)).flat_map(char::to_lowercase).collect();
    for piece in folded.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()) {
        into.push(Token { text: piece.chars().take(TOKEN_CHARS_MAX).collect(), at });
    }
}

/// Marks above and below letters. The vowel signs of other scripts are letters in all but name.
fn is_diacritic(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn case_and_diacritics_do_not_matter() {
        assert_eq!(words("Ein Café für ÅSA"), ["ein", "cafe", "fur", "asa"]);
        assert_eq!(words("ﬁle １２"), ["file", "12"]);
    }

    #[test]
    fn what_joins_words_separates_tokens() {
        assert_eq!(
            words("can't foo_bar 3.14 a-b"),
            ["can", "t", "foo", "bar", "3", "14", "a", "b"]
        );
        assert_eq!(words("https://example.org/x?y=1"), ["https", "example", "org", "x", "y", "1"]);
        assert_eq!(words(" ,;! 🎉 "), Vec::<String>::new());
    }

    #[test]
    fn scripts_without_spaces_are_cut_in_pairs() {
        assert_eq!(words("東京都"), ["東京", "京都", "都"]);
        assert_eq!(words("東京 is カタカナ"), ["東京", "京", "is", "カタ", "タカ", "カナ", "ナ"]);
        assert_eq!(words("犬"), ["犬"]);
    }

    #[test]
    fn a_token_knows_where_it_begins() {
        let found = tokens("ÄÖ, über");
        assert_eq!(found[1], Token { text: "uber".into(), at: "ÄÖ, ".len() });
    }

    #[test]
    fn other_scripts_keep_their_letters() {
        assert_eq!(words("Привет МИР"), ["привет", "мир"]);
        assert!(!words("한국어 हिन्दी").is_empty());
    }
}
