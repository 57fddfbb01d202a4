//! Dates as XMPP writes them (XEP-0082), in UTC.

use leeward_core::id::Millis;

const DAY_MS: u64 = 86_400_000;

/// `2026-11-29T06:39:08.123Z`.
pub(crate) fn stamp(at: Millis) -> String {
    let (days, ms) = (at.0 / DAY_MS, at.0 % DAY_MS);
    let (year, month, day) = date(days);
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", ms % 1_000)
}

/// Reads a date with its time, in any zone. What is before 1970 reads as its beginning.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    let (date, time) = text.trim().split_once('T')?;
    let mut date = date.splitn(3, '-').map(number);
    let days = days(date.next()??, date.next()??, date.next()??)?;
    let zone = time.find(['Z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':').map(number);
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let ms: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let local = ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000 + ms;
    let offset_ms = offset(zone)?;
    Some(Millis(local.saturating_add_signed(-offset_ms)))
}

/// How far a zone is ahead of UTC, in milliseconds.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let minutes = number(hours)?.checked_mul(60)? + number(minutes)?;
    (minutes < 1_440).then(|| i64::try_from(minutes).ok().map(|m| sign * m * 60_000))?
}

fn number(text: &str) -> Option<u64> {
    let short = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if short { text.parse().ok() } else { None }
}

/// The date so many days after 1970-01-01. Years are counted from March, so that the day that is put
/// in is the last of one; 400 years have 146 097 days.
fn date(days: u64) -> (u64, u64, u64) {
    let from_march = days + 719_468;
    let (era, day_of_era) = (from_march / 146_097, from_march % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Days from 1970-01-01 to a date; 0 for what is before.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era).saturating_sub(719_468))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_are_written_as_the_calendar_has_them() {
        assert_eq!(stamp(Millis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(stamp(Millis(951_782_400_000)), "2000-02-29T00:00:00.000Z");
        assert_eq!(stamp(Millis(1_790_000_000_123)), "2026-09-21T14:13:20.123Z");
        assert_eq!(stamp(Millis(4_107_542_399_999)), "2100-02-28T23:59:59.999Z");
    }

    #[test]
    fn dates_are_read_in_every_zone_and_nonsense_is_not() {
        let at = Some(Millis(1_790_000_000_000));
        for text in [
            "2026-09-21T14:13:20Z",
            "2026-09-21T14:13:20.000Z",
            "2026-09-21T16:13:20+02:00",
            "2026-09-21T09:43:20.0001-04:30",
        ] {
            assert_eq!(parse(text), at, "{text}");
        }
        assert_eq!(parse("1969-01-01T00:00:00Z"), Some(Millis(0)));
        for text in [
            "",
            "T",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-09-21T25:00:00Z",
            "2026-09-21T1:1Z",
            "2026-09-21T14:13:20",
            "2026-09-21T14:13:20+99:99",
            "é026-09-21T14:13:20.éZ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_it_was(ms in 0_u64..253_402_300_800_000) {
            prop_assert_eq!(parse(&stamp(Millis(ms))), Some(Millis(ms)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = parse(&text);
        }
    }
}
