//! Randomness that a seed decides: the same seed gives the same world on every machine. Never used
//! for anything that must not be guessed.

/// A stream of numbers (SplitMix64; Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators").
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        finish(self.0)
    }

    /// The next number, as the machines of the core want theirs.
    pub fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// A number from 0 to `end` - 1; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// A number that belongs to a client at a moment: whichever model of the client asks for it, and in
/// whatever order.
pub fn draw(seed: u64, client: u32, at_ms: u32) -> u32 {
    (finish(finish(seed ^ (u64::from(client) << 32) ^ u64::from(at_ms)).wrapping_add(GOLDEN)) >> 32)
        as u32
}

/// A fixed number of a client.
pub fn number_of(seed: u64, client: u32) -> u64 {
    finish(seed.wrapping_add(GOLDEN.wrapping_mul(u64::from(client) + 1)))
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn finish(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fill_their_range_evenly() {
        let mut random = Random::new(1);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[random.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (850..1_150).contains(n)), "{seen:?}");
        let mean = (0..10_000).map(|c| u64::from(draw(7, c, 99))).sum::<u64>() / 10_000;
        assert!((1u64 << 31).abs_diff(mean) < 1 << 26, "{mean}");
    }
}
