//! The `leeward` program: reads the command line and the configuration, does one thing, and says in one
//! line what went wrong if it could not.

mod account;
mod cli;
mod config;
mod data;
mod import;
mod load;
mod log;
mod nofile;
mod operator;
mod serve;
mod status;

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
        Ok(text) => {
            // Whoever closed standard output does not want the rest.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "leeward: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the command line says. Returns what to print.
fn run(cli: &Cli) -> anyhow::Result<String> {
    let config = Config::load(&cli.flags())?;
    match &cli.command {
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
        Command::Load(load) => load::run(load),
    }
}
