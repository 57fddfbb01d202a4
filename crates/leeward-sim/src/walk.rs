//! Random walks through a model: one order of events after another, far more of them than a search
//! through every state has time for, with longer lives.

use crate::models::lease::{LeaseModel, Step};
use crate::random::Random;

/// Walks through a connection's life, as a seed decides; whether somebody ended it who should not.
pub fn falsely_expires(model: &LeaseModel, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let mut moment = model.first(random.below(2) as usize);
    let mut steps = Vec::new();
    loop {
        steps.clear();
        model.steps(&moment, &mut steps);
        // Terms change now and then, so that frames and seconds have their turn.
        if random.percent(85) && steps.iter().any(|step| !matches!(step, Step::Terms(_))) {
            steps.retain(|step| !matches!(step, Step::Terms(_)));
        }
        if steps.is_empty() || moment.is_last(model) {
            return LeaseModel::false_expiry(&moment);
        }
        moment = model.after(&moment, *random.one(&steps));
    }
}
