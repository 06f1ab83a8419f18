//! Asking before something is installed.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// Whether somebody lets the command run that installs what is missing: `yes` has said so already, or the person at the terminal does.
pub fn ask(command: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::wrong_use(format!("install it with `{command}`, or answer with --yes")));
    }
    if agreed(command)? {
        return Ok(());
    }
    Err(Failure::wrong_use(format!("nothing was installed; install it with `{command}`")))
}

fn agreed(command: &str) -> Result<bool, Failure> {
    print!("run `{command}`? [y/N] ");
    let mut answer = String::new();
    io::stdout()
        .flush()
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|error| Failure::failed(format!("cannot read the answer: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
