//! What the limiter has to know of the life before: how fast it could let people in, and which life it
//! was.

use leeward_store::{Note, Store, StoreError};

/// What is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Kept {
    /// Larger at each start: slots of an earlier life are told from those of this one.
    pub(crate) epoch: u32,
    /// Admissions a second that the node could finish, if that was ever measured.
    pub(crate) mu_per_s: Option<u32>,
}

impl Kept {
    pub(crate) fn of(epoch: u32, mu_per_s: u32) -> Self {
        Self { epoch, mu_per_s: (mu_per_s > 0).then_some(mu_per_s) }
    }

    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        Ok(store.note(Note::Storm).await?.map(|bytes| Self::parse(&bytes)).unwrap_or_default())
    }

    /// Begins another life, and says so on disk before anything is promised in it.
    pub(crate) async fn begin(self, store: &Store) -> Result<Self, StoreError> {
        let next = Self { epoch: self.epoch.wrapping_add(EPOCHS_PER_LIFE), ..self };
        next.write(store).await?;
        Ok(next)
    }

    pub(crate) async fn write(self, store: &Store) -> Result<(), StoreError> {
        store.keep_note(Note::Storm, self.bytes().into()).await
    }

    fn bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[4..].copy_from_slice(&self.mu_per_s.unwrap_or(0).to_be_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Self {
        let number = |from: usize| {
            let bytes = bytes.get(from..)?.first_chunk()?;
            Some(u32::from_be_bytes(*bytes))
        };
        Self::of(number(0).unwrap_or(0), number(4).unwrap_or(0))
    }
}

/// A limiter that takes another's place within a life has an epoch of its own; there is room for so
/// many.
const EPOCHS_PER_LIFE: u32 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_damaged_is_nothing() {
        let kept = Kept::of(5, 9_000);
        assert_eq!(Kept::parse(&kept.bytes()), kept);
        assert_eq!(Kept::parse(&Kept::of(5, 0).bytes()).mu_per_s, None);
        assert_eq!(Kept::parse(&[]), Kept::default());
        assert_eq!(Kept::parse(&[0, 0, 0, 7, 1]), Kept { epoch: 7, mu_per_s: None });
    }
}
