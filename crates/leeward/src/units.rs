//! How people write times and paces on the command line, and how they read them: `30s`, `50/s`.

/// A time such as `500ms`, `30s`, `2m` or `1h`, in milliseconds.
pub(crate) fn duration_ms(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is no time: write it like `500ms`, `30s`, `2m` or `1h`");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let each: u32 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(each).ok_or_else(|| format!("`{text}` is longer than 49 days"))
}

/// A pace such as `50/s`, in events per second.
pub(crate) fn per_second(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is no pace: write how many a second, like `50/s`");
    let number = text.strip_suffix("/s").unwrap_or(text);
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    match number.parse() {
        Ok(0) => Err("a pace of 0 lets nobody in: say `close`, or at least `1/s`".to_owned()),
        Ok(n) => Ok(n),
        Err(_) => Err(wrong()),
    }
}

/// A count with its thousands apart: `12,345`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A time for people, in its largest unit: `3 days`, `12 s`, `250 ms`.
pub(crate) fn span(ms: u64) -> String {
    const SECOND: u64 = 1_000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match ms {
        ms if ms < SECOND => format!("{ms} ms"),
        ms if ms < 10 * SECOND && !ms.is_multiple_of(SECOND) => {
            format!("{}.{} s", ms / SECOND, ms % SECOND / 100)
        }
        ms if ms < 2 * MINUTE => format!("{} s", ms / SECOND),
        ms if ms < 2 * HOUR => format!("{} min", ms / MINUTE),
        ms if ms < 2 * DAY => format!("{} h", ms / HOUR),
        ms => format!("{} days", ms / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_paces_are_read_as_people_write_them() {
        assert_eq!(duration_ms("500ms"), Ok(500));
        assert_eq!(duration_ms("30s"), Ok(30_000));
        assert_eq!(duration_ms("2m"), Ok(120_000));
        assert_eq!(duration_ms("0s"), Ok(0));
        assert_eq!(per_second("50/s"), Ok(50));
        assert_eq!(per_second("50"), Ok(50));
    }

    #[test]
    fn nonsense_is_answered_with_what_would_be_right() {
        for text in ["", "soon", "30", "-1s", "1.5s", "s", "30 s", "99999999999s"] {
            assert!(duration_ms(text).is_err_and(|e| e.contains("`30s`")), "{text}");
        }
        assert!(duration_ms("2000h").is_err_and(|e| e.contains("49 days")));
        for text in ["", "fast", "-5/s", "5/m", "1.5/s", "/s", "99999999999/s"] {
            assert!(per_second(text).is_err_and(|e| e.contains("`50/s`")), "{text}");
        }
        assert!(per_second("0/s").is_err_and(|e| e.contains("`close`")));
    }

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        let written = [0, 999, 1_500, 12_345, 119_999, 120_000, 7_200_000, 200_000_000].map(span);
        assert_eq!(written, ["0 ms", "999 ms", "1.5 s", "12 s", "119 s", "2 min", "2 h", "2 days"]);
    }
}
