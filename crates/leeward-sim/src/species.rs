//! The kinds of clients: how long each waits before it tries again, when nobody told it a time that it
//! obeys. The profiles are those of published client libraries, by their documented constants.

/// A kind of client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Species {
    /// Leeward's own: keeps the time, the slot and the come-back hint that it was given.
    Obedient,
    /// Every second, for ever; gives an attempt up after 10 s.
    Hammer,
    /// phoenix.js: 10 ms at first, 5 s at last, no jitter.
    Phoenix,
    /// Mattermost's web app: 3 s seven times, then 3 s · n² up to 5 min, and up to 2 s more.
    Mattermost,
    /// Rocket.Chat's mobile app: 5 s.
    Rocket,
    /// tldraw: 0.5 s, half as much more each time, 2 s at most, no jitter.
    Tldraw,
    /// Socket.IO: 1 s, doubled up to 5 s, half of it more or less.
    SocketIo,
    /// Hocuspocus: at once, then 1 s doubled up to 30 s, anything below.
    Hocuspocus,
    /// Centrifugo's library: 0.5 to 20 s with full jitter.
    Centrifugo,
    /// RFC 6120, 3.3: anything up to 60 s, then exponential.
    Xmpp,
    /// Exponential with full jitter up to a minute, and deaf to what it is told.
    Exponential,
}

impl Species {
    /// Those that obey nobody, as a drill mixes them.
    pub const PROFILES: [Self; 9] = [
        Self::Hammer,
        Self::Phoenix,
        Self::Mattermost,
        Self::Rocket,
        Self::Tldraw,
        Self::SocketIo,
        Self::Hocuspocus,
        Self::Centrifugo,
        Self::Xmpp,
    ];

    /// How long to wait in milliseconds after so many attempts that failed in a row; 0 for the wait
    /// after a connection that was lost. `random` is any number, evenly distributed.
    pub fn wait_ms(self, failures: u32, random: u32) -> u32 {
        const PHOENIX: [u32; 9] = [10, 50, 100, 150, 200, 250, 500, 1_000, 2_000];
        let up_to = |most: u32| ((u64::from(most) * u64::from(random)) >> 32) as u32;
        let doubled = |first: u32, most: u32| most.min(first << failures.min(12));
        match self {
            Self::Obedient | Self::Exponential => up_to(doubled(1_000, 60_000)),
            Self::Hammer => 1_000,
            Self::Phoenix => PHOENIX.get(failures as usize).copied().unwrap_or(5_000),
            Self::Mattermost if failures < 7 => 3_000 + up_to(2_000),
            Self::Mattermost => 300_000.min(3_000 * failures * failures) + up_to(2_000),
            Self::Rocket => 5_000,
            Self::Tldraw => (0..failures.min(4)).fold(500, |ms, _| ms * 3 / 2).min(2_000),
            Self::SocketIo => {
                let middle = doubled(1_000, 5_000);
                middle / 2 + up_to(middle)
            }
            Self::Hocuspocus if failures == 0 => 0,
            Self::Hocuspocus => 1_000 + up_to(doubled(500, 30_000)),
            Self::Centrifugo => 500 + up_to(doubled(500, 19_500)),
            Self::Xmpp => up_to(doubled(60_000, 600_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_species_waits_as_its_library_says() {
        let waits = |species: Species, random| -> Vec<u32> {
            (0..12).map(|failures| species.wait_ms(failures, random)).collect()
        };
        assert_eq!(waits(Species::Phoenix, 0)[8..], [2_000, 5_000, 5_000, 5_000]);
        assert_eq!(waits(Species::Tldraw, 0)[..5], [500, 750, 1_125, 1_687, 2_000]);
        assert_eq!(waits(Species::Mattermost, 0)[6..9], [3_000, 147_000, 192_000]);
        assert_eq!(waits(Species::SocketIo, 0)[..4], [500, 1_000, 2_000, 2_500]);
        assert_eq!(waits(Species::SocketIo, u32::MAX)[3], 7_499);
        assert_eq!(waits(Species::Hocuspocus, u32::MAX)[..2], [0, 1_999]);
        assert_eq!(waits(Species::Centrifugo, u32::MAX)[11], 19_999);
        assert_eq!(waits(Species::Xmpp, u32::MAX)[0], 59_999);
        assert!(waits(Species::Hammer, 9).iter().all(|ms| *ms == 1_000));
    }
}
