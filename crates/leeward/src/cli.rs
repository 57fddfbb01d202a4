//! The command line, as clap reads it. Nothing is done here.

use crate::config::Flags;
use crate::drain::Drain;
use crate::drill::Drill;
use crate::gate::{Gate, Rate, rate};
use crate::load::Load;
use crate::top::Top;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Self-hosted team chat that rides out the storm.
#[derive(Parser, Debug)]
#[command(name = "leeward", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// The configuration file (`leeward.toml` in the current directory, if it exists)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Where the data is
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<String>,
    /// Any key of the configuration, such as `limits.file_bytes_max=1000000`
    #[arg(long, value_name = "KEY=VALUE", global = true, value_parser = key_value)]
    set: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("there is no `=` in it")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// What the program can do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Serve the workspace until told to stop
    Serve(Serve),
    /// Show every key of the configuration, its value and where that came from
    Config {
        #[command(flatten)]
        output: Output,
        /// The table of keys for the documentation
        #[arg(long, hide = true, conflicts_with = "json")]
        markdown: bool,
    },
    /// Accounts: add, import, list, passwords and tokens
    #[command(subcommand)]
    Account(Account),
    /// Copy everything into an empty directory, while serving or not
    Backup {
        /// A directory that is empty or does not exist
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Put a backup in the place of an empty data directory
    Restore {
        /// The directory that `backup` filled
        dir: PathBuf,
        /// Only prove that the backup can be restored; the data directory is not touched
        #[arg(long)]
        verify: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Write the whole workspace as JSON lines and files
    Export {
        /// A directory that is empty or does not exist
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Take over the history of another program; repeating it changes nothing
    Import {
        /// Which program it comes from
        from: Source,
        /// Slack: the export's zip file or directory. Mattermost: the bulk export, `.jsonl` or zip
        path: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// What the running server says about itself
    Status {
        #[command(flatten)]
        output: Output,
    },
    /// Print the link to the console of the running server, with the secret that its buttons need
    Console {
        #[command(flatten)]
        output: Output,
    },
    /// What will go wrong on this machine, and the line to change; works with a server and without
    ///
    /// Exit status: 0 nothing worse than a notice, 1 it could not look, 3 a warning, 4 critical.
    Doctor {
        #[command(flatten)]
        output: Output,
    },
    /// Hold people back at the door, by class; whoever is in stays in
    #[command(subcommand)]
    Gate(Gate),
    /// Fix how many are let in a second, or have it measured again
    Rate {
        /// How many, such as `200/s`; `auto` to have it measured
        #[arg(value_name = "N/s|auto", value_parser = rate)]
        rate: Rate,
        #[command(flatten)]
        output: Output,
    },
    /// Send everybody away, each with a time to come back, before the server is stopped
    Drain(Drain),
    /// Watch the server: who comes and goes, how fast, and what the guard does
    Top(Top),
    /// Hold an outage on purpose, and see which promises are kept
    ///
    /// Starts a server of its own unless it is pointed at one. Exit status: 0 all promises held,
    /// 1 one broke, 2 the drill could not be held.
    Drill(Box<Drill>),
    /// Put a server under load with synthetic people; it has to be started with `allow_load`
    Load(Load),
}

/// How the answer is written.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flags of `serve`.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Where people connect
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where the operator connects
    #[arg(long, value_name = "ADDRESS:PORT")]
    operator_listen: Option<String>,
    /// Take commands that break the server on purpose, for `leeward drill`
    #[arg(long)]
    allow_drills: bool,
    /// Let everybody in at once, as the control of a drill; needs `--allow-drills`
    #[arg(long, value_enum, value_name = "ON|OFF")]
    storm_control: Option<Switch>,
}

/// Something that is on or off.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Switch {
    On,
    Off,
}

fn on_off(switch: Switch) -> String {
    matches!(switch, Switch::On).to_string()
}

/// What can be done with accounts.
#[derive(Subcommand, Debug)]
pub(crate) enum Account {
    /// Add one account; its password is read from standard input, or made and printed
    Add {
        /// What is typed after `@`
        name: String,
        /// What is shown
        #[arg(long)]
        display: Option<String>,
        /// What it may do
        #[arg(long, value_enum, default_value = "member")]
        role: RoleName,
        /// Read the password from standard input (one line)
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Add the accounts of a file: one JSON object per line with `name`, and if wanted `display`, `role`, `password`
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        /// Sign each in, and print its token
        #[arg(long)]
        tokens: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Set a password, read from standard input or made and printed; every session of the account ends
    Passwd {
        /// Whose
        name: String,
        /// Read the password from standard input (one line)
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Make a token for a bot, which is added if there is none of that name
    Token {
        /// The bot's name
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// List all accounts
    List {
        #[command(flatten)]
        output: Output,
    },
}

/// The roles, as written on the command line.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum RoleName {
    Guest,
    Member,
    Moderator,
    Admin,
    Owner,
}

/// Programs whose exports can be taken over.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Slack,
    Mattermost,
}

impl Cli {
    /// The flags that set keys of the configuration; the more special come later and win.
    pub(crate) fn flags(&self) -> Flags {
        let mut set: Vec<(String, String, String)> = Vec::new();
        for (key, value) in &self.settings.set {
            set.push((key.clone(), value.clone(), "--set".to_owned()));
        }
        let mut flag = |key: &str, value: &Option<String>, name: &str| {
            if let Some(value) = value {
                set.push((key.to_owned(), value.clone(), name.to_owned()));
            }
        };
        flag("data_dir", &self.settings.data_dir, "--data-dir");
        if let Command::Serve(serve) = &self.command {
            flag("listen", &serve.listen, "--listen");
            flag("operator_listen", &serve.operator_listen, "--operator-listen");
            flag("storm.control", &serve.storm_control.map(on_off), "--storm-control");
            let allowed = serve.allow_drills.then(|| "true".to_owned());
            flag("drills.allowed", &allowed, "--allow-drills");
        }
        Flags { file: self.settings.config.clone(), set }
    }
}
