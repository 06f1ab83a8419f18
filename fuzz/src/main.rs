//! Gives files to a target, each once: `recordplayer-fuzz TARGET FILE…`. Needs no nightly compiler, and says where it stops.

use std::process::ExitCode;

use recordplayer_fuzz::TARGETS;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!(
            "usage: recordplayer-fuzz TARGET FILE…\nThere is no target {name:?}; there are: {}",
            names.join(", ")
        );
        return ExitCode::from(2);
    };
    for file in arguments {
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("cannot read {file}: {error}");
                return ExitCode::from(2);
            }
        };
        println!("{file}: {} bytes", bytes.len());
        (target.run)(&bytes);
    }
    ExitCode::SUCCESS
}
