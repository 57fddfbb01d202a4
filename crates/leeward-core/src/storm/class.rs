//! Classes: who goes first when not everybody can go at once.
//!
//! A class is a share, never a wall: what one does not use is the others', and none is so low that it
//! gets nothing.

/// Who knocks, first in line first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// The operator; some room is kept for this class alone.
    Operator,
    /// Resumes a session of this node.
    ResumeHere,
    /// Resumes a session of another node.
    ResumeElsewhere,
    /// Has a sign-in token and no session.
    SignIn,
    /// A guest with a token.
    Guest,
    /// Runs a build of the app that is not the one served: will reload, so that it costs twice.
    Stale,
    /// Has shown nothing yet.
    Stranger,
}

impl Class {
    /// Every class, first in line first.
    pub const ALL: [Self; 7] = [
        Self::Operator,
        Self::ResumeHere,
        Self::ResumeElsewhere,
        Self::SignIn,
        Self::Guest,
        Self::Stale,
        Self::Stranger,
    ];

    /// The class as it stands in commands, metrics and tickets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::ResumeHere => "resume_here",
            Self::ResumeElsewhere => "resume_elsewhere",
            Self::SignIn => "sign_in",
            Self::Guest => "guest",
            Self::Stale => "stale",
            Self::Stranger => "stranger",
        }
    }

    /// The class of a name; hyphens pass for underscores.
    pub fn parse(name: &str) -> Option<Self> {
        let same = |class: &Self| {
            class.as_str().bytes().eq(name.bytes().map(|b| if b == b'-' { b'_' } else { b }))
        };
        Self::ALL.into_iter().find(same)
    }

    /// Its part of the admissions while every class waits, of [`Self::WEIGHTS`] parts.
    pub fn weight(self) -> u32 {
        match self {
            Self::Operator => 32,
            Self::ResumeHere => 16,
            Self::ResumeElsewhere => 8,
            Self::SignIn => 4,
            Self::Guest | Self::Stale => 2,
            Self::Stranger => 1,
        }
    }

    /// All weights together.
    pub const WEIGHTS: u32 = 65;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_name_of_its_own_and_a_part() {
        for class in Class::ALL {
            assert_eq!(Class::parse(class.as_str()), Some(class));
            assert!(class.weight() >= 1);
        }
        assert_eq!(Class::parse("sign-in"), Some(Class::SignIn));
        assert_eq!(Class::parse("sign in"), None);
        assert_eq!(Class::ALL.iter().map(|c| c.weight()).sum::<u32>(), Class::WEIGHTS);
    }
}
