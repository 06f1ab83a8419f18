//! `recordplayer`: RecordPlayer Kanban. All of it is in the library `recordplayer-app`.

fn main() -> std::process::ExitCode {
    recordplayer_app::headless::main(std::env::args_os())
}
