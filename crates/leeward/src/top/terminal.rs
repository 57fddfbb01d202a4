//! The terminal: another screen, no echo, and everything as it was when it is dropped, whatever the
//! reason.

use super::screen::{Line, Size, Style};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{Read as _, Stdin, Stdout, Write as _};
use tokio::sync::mpsc;

/// Another screen without a cursor, and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// From the upper left; the rest of a line; the rest of the screen.
const HOME: &str = "\x1b[H";
const END_OF_LINE: &str = "\x1b[K";
const END_OF_SCREEN: &str = "\x1b[J";

/// The terminal of this process, as long as it shows the picture.
pub(super) struct Terminal {
    input: Stdin,
    output: Stdout,
    /// How it was; none where the keys come from elsewhere.
    before: Option<Termios>,
}

impl Terminal {
    /// Takes it over. Ctrl-C goes on being a signal.
    pub(super) fn enter() -> Self {
        let (input, output) = (std::io::stdin(), std::io::stdout());
        let before = tcgetattr(&input).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
            // Where it cannot be set, keys need Enter, and that is all.
            let _ = tcsetattr(&input, OptionalActions::Now, &quiet);
        }
        let terminal = Self { input, output, before };
        terminal.write(ENTER);
        terminal
    }

    /// How large it is at this moment.
    pub(super) fn size(&self) -> Size {
        size(&self.output)
    }

    /// Puts a picture in the place of the last one.
    pub(super) fn show(&self, lines: &[Line], last: &str) {
        let mut text = String::from(HOME);
        for line in lines {
            text.push_str(&coloured(line));
            text.push_str(END_OF_LINE);
            text.push('\n');
        }
        text.push_str(&format!("\x1b[2m{last}\x1b[0m{END_OF_LINE}{END_OF_SCREEN}"));
        self.write(&text);
    }

    /// The keys that are pressed, from a thread that ends with the process.
    pub(super) fn keys(&self) -> std::io::Result<mpsc::Receiver<u8>> {
        let (pressed, keys) = mpsc::channel(16);
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
            for key in std::io::stdin().lock().bytes() {
                let Ok(key) = key else { return };
                if pressed.blocking_send(key).is_err() {
                    return;
                }
            }
        })?;
        Ok(keys)
    }

    fn write(&self, text: &str) {
        let mut output = self.output.lock();
        // A terminal that has gone is noticed by its signal.
        let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.write(LEAVE);
        if let Some(before) = &self.before {
            let _ = tcsetattr(&self.input, OptionalActions::Now, before);
        }
    }
}

/// How large the terminal of standard output is; the usual where it is none.
pub(super) fn size(output: &Stdout) -> Size {
    match tcgetwinsize(output) {
        Ok(found) if found.ws_col > 0 && found.ws_row > 0 => {
            Size { columns: found.ws_col.into(), lines: found.ws_row.into() }
        }
        Ok(_) | Err(_) => Size::USUAL,
    }
}

/// A line with its colour, for a terminal.
fn coloured(line: &Line) -> String {
    let code = match line.style {
        Style::Plain => return line.text.clone(),
        Style::Strong => 1,
        Style::Faint => 2,
        Style::Red => 31,
        Style::Amber => 33,
    };
    format!("\x1b[{code}m{}\x1b[0m", line.text)
}
