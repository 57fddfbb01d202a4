//! `leeward console`: the link to the console of the server that serves the data directory, with the
//! secret that its buttons need.

use crate::cli::Output;
use crate::config::Config;
use crate::operator::{self, Door};
use anyhow::Result;
use serde_json::json;

/// Finds the server and prints its link.
pub(crate) fn run(config: &Config, output: Output) -> Result<String> {
    let link = link(&operator::serving(config)?);
    Ok(if output.json { format!("{:#}\n", json!({"link": link})) } else { format!("{link}\n") })
}

/// Behind the `#`, so that the secret is sent to nobody and stands in no log.
fn link(door: &Door) -> String {
    format!("http://{}/#secret={}", door.address, door.secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_opens_the_console_with_its_buttons() {
        let address = "[::1]:8081".parse().expect("an address");
        let door = Door { address, secret: "0123abcd".to_owned() };
        assert_eq!(link(&door), "http://[::1]:8081/#secret=0123abcd");
    }
}
