//! The `leeward` program: reads the command line and the configuration, does one thing, and says in one
//! line what went wrong if it could not.

mod account;
mod answer;
mod cli;
mod config;
mod console;
mod data;
mod doctor;
mod document;
mod drain;
mod drill;
mod gate;
mod import;
mod load;
mod log;
mod nofile;
mod operator;
mod serve;
mod status;
mod top;
mod units;

use answer::Answer;
use clap::Parser as _;
use cli::{Cli, Command};
use config::Config;
use std::io::Write as _;
use std::process::ExitCode;

/// Gives the memory of a burst back within a second; its settings are in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // What is written here are messages, passwords' hashes and keys: for this user alone.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    match run(&Cli::parse()) {
        Ok(answer) => {
            // Whoever closed standard output does not want the rest.
            let _ = std::io::stdout().write_all(answer.text.as_bytes());
            ExitCode::from(answer.status)
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "leeward: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the command line says. Returns what to print, and the exit status.
fn run(cli: &Cli) -> anyhow::Result<Answer> {
    let config = Config::load(&cli.flags())?;
    let text = match &cli.command {
        Command::Serve(_) => serve::run(&config).map(|()| String::new()),
        Command::Config { markdown: true, .. } => Ok(config::as_markdown()),
        Command::Config { output, .. } if output.json => {
            Ok(format!("{:#}\n", config::as_json(&config)))
        }
        Command::Config { .. } => Ok(config::as_text(&config)),
        Command::Account(account) => account::run(&config, account),
        Command::Backup { dir, output } => data::backup(&config, dir, *output),
        Command::Restore { dir, verify, output } => data::restore(&config, dir, *verify, *output),
        Command::Export { dir, output } => data::export(&config, dir, *output),
        Command::Import { from, path, output } => data::import(&config, *from, path, *output),
        Command::Status { output } => status::run(&config, *output),
        Command::Console { output } => console::run(&config, *output),
        Command::Doctor { output } => return doctor::run(&config, *output),
        Command::Gate(gate) => return gate::run(&config, gate),
        Command::Rate { rate, output } => return gate::fix(&config, *rate, *output),
        Command::Drain(drain) => return drain::run(&config, drain),
        Command::Top(top) => return top::run(&config, top),
        Command::Drill(drill) => return Ok(drill::run(&config, drill)),
        Command::Load(load) => load::run(load),
    };
    text.map(Answer::from)
}
