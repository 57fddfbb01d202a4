//! Dates and times as XMPP writes them (XEP-0082).

use leeward_core::id::Millis;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// A moment in UTC: `2026-11-29T06:30:00.123Z`.
pub fn date_time(at: Millis) -> String {
    let (days, ms) = (at.0 / DAY_MS, at.0 % DAY_MS);
    let (year, month, day) = date(days);
    let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
    let (second, ms) = (ms / 1_000 % 60, ms % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// Reads one, with any offset.
pub fn parse(text: &str) -> Option<Millis> {
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let mark = |at: usize| text.as_bytes().get(at).copied();
    if [mark(4), mark(7), mark(13), mark(16)] != [Some(b'-'), Some(b'-'), Some(b':'), Some(b':')] {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let digits =
        rest.strip_prefix('.').map_or(0, |f| f.bytes().take_while(u8::is_ascii_digit).count());
    let fraction = rest.get(1..1 + digits.min(3)).filter(|_| digits > 0).unwrap_or("0");
    let ms = fraction.parse::<u64>().ok()? * [1, 100, 10, 1][digits.min(3)];
    let zone = rest.get(if digits > 0 { digits + 1 } else { 0 }..)?;
    let clock = ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
    let at = days(year, month, day) * DAY_MS + clock;
    offset_ms(zone).and_then(|offset| at.checked_add_signed(-offset)).map(Millis)
}

fn offset_ms(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let of_two_digits = |text: &str, max| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| digits && *number <= max)
    };
    let ms = (of_two_digits(hours, 23)? * 60 + of_two_digits(minutes, 59)?) * 60_000;
    match sign {
        "+" => Some(ms),
        "-" => Some(-ms),
        _ => None,
    }
}

/// Year, month and day of a day since 1970-01-01, by counting in years that begin in March, as the
/// Gregorian calendar repeats every 400 of them.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_and_read() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_933_845_123, "2026-11-29T06:30:45.123Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(date_time(Millis(ms)), text);
            assert_eq!(parse(text), Some(Millis(ms)), "{text}");
        }
        assert_eq!(parse("2026-11-29T08:30:45.5+02:00"), parse("2026-11-29T06:30:45.500Z"));
        assert_eq!(parse("2026-11-29T06:30:45Z"), Some(Millis(1_795_933_845_000)));
        for bad in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-11-29 06:30",
            "2026-11-29T06:30:45",
            "2026-11-29T06:30:45+9000000000000000:00",
            "2026-11-29T06:30:45+-1:00",
            "\u{e9}",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_itself() {
        for day in 0..146_097 {
            let (year, month, d) = date(day);
            assert_eq!(days(year, month, d), day);
        }
    }
}
